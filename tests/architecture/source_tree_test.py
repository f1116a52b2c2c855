#!/usr/bin/env python3
"""Rules for the text of the tree: file sizes, the length of the reading list of docs/afternoon.md, no machine's own paths."""
import pathlib
import re
import statistics
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ["framework", "models", "tests", "tools", "docs", "data", ".ci"]
SOURCES = {".h", ".cpp", ".py", ".sh"}
LONGEST_FILE = 600
LONGEST_AFTERNOON = 1500
# What somebody who reads for an afternoon must have met. The reading list is what docs/afternoon.md links in bold; it may add.
AFTERNOON = [
    "framework/core/tensor.h", "framework/autograd/tape.h", "framework/autograd/tape.cpp", "framework/ops/layer_norm.h",
    "framework/ops/layer_norm.cpp", "framework/layers/layer.h", "framework/layers/layer.cpp", "framework/layers/transformer_encoder.h",
    "framework/layers/transformer_encoder.cpp", "models/bert/bert_backbone.h", "models/bert/bert_backbone.cpp",
    "docs/examples/finetune_sst2.cpp",
]


def files():
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file
    yield from (file for file in sorted(ROOT.iterdir()) if file.is_file() and file.suffix in {".md", ".txt", ".json"})


def lines_of(file):
    return file.read_text(encoding="utf-8").count("\n")


class SourceTree(unittest.TestCase):
    def test_no_source_file_is_too_long(self):
        sizes = {file.relative_to(ROOT).as_posix(): lines_of(file) for file in files() if file.suffix in SOURCES}
        ordered = sorted(sizes.values())
        print(f"file sizes: {len(sizes)} files, median {statistics.median(ordered):.0f}, p90 {ordered[len(ordered) * 9 // 10]}, "
              f"longest {max(sizes, key=sizes.get)} with {ordered[-1]} lines")
        self.assertEqual([f"{name}: {size} lines" for name, size in sizes.items() if size > LONGEST_FILE], [])

    def test_the_framework_can_be_read_in_an_afternoon(self):
        text = (ROOT / "docs/afternoon.md").read_text()
        links = re.findall(r"\*\*\[[^]]*\]\(([^)#]+)\)\*\*", text)
        listed = [(ROOT / "docs" / link).resolve().relative_to(ROOT).as_posix() for link in links]
        self.assertEqual([name for name in AFTERNOON if name not in listed], [], "not linked from docs/afternoon.md")
        self.assertEqual([name for name in listed if not (ROOT / name).is_file()], [], "linked from docs/afternoon.md, but not there")
        total = sum(lines_of(ROOT / name) for name in listed)
        print(f"afternoon: {len(listed)} files, {total} lines")
        self.assertLessEqual(total, LONGEST_AFTERNOON)

    def test_no_file_names_a_path_of_one_machine(self):
        own = re.compile(rb"(?<![\w.~}*-])/(work|home|root|opt|Users|mnt)/\w")
        found = []
        for file in files():
            for number, line in enumerate(file.read_bytes().splitlines(), 1):
                if file.suffix in SOURCES | {".md", ".txt", ".json", ".toml", ".yml", ".cmake", ""} and own.search(line):
                    found.append(f"{file.relative_to(ROOT)}:{number}: {line.decode(errors='replace')[:120]}")
        self.assertEqual(found, [])


if __name__ == "__main__":
    unittest.main()
