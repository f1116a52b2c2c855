#!/usr/bin/env python3
"""tools/check_docs.py finds errors planted in a small project, and nothing else."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = {"framework/loop.h": "int loop() {\n  return 1;\n}\nint other();\n", "framework/loop.cpp": '#include "framework/loop.h"\n',
           "framework/lonely.h": "int lonely();\n", "tools/run.sh": "#!/bin/sh\necho '--fast  be quick'\n"}
SOUND = "See [the loop](../framework/loop.h).\n```cpp framework/loop.h\nint loop() {\n\n    return 1;\n}\n```\n```sh\ntools/run.sh --fast  # quick\n```\n"


class CheckDocs(unittest.TestCase):
    def offences(self, page):
        """The lines that the check prints for docs/page.md; [] if it passes."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            commands = [{"file": str(root / "framework/loop.cpp")}]
            for name, text in {**SOURCES, "docs/page.md": page, "build/compile_commands.json": json.dumps(commands)}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            (root / "tools/run.sh").chmod(0o755)
            run = subprocess.run([sys.executable, ROOT / "tools/check_docs.py", root / "build", root], capture_output=True, text=True)
            sound = run.stdout.endswith(": ok\n")
            self.assertEqual(run.returncode, 0 if sound else 1, run.stdout + run.stderr)
            return [] if sound else run.stdout.splitlines()

    def test_a_sound_page_passes(self):
        self.assertEqual(self.offences(SOUND), [])

    def test_a_changed_line_is_found(self):
        self.assertEqual(self.offences(SOUND.replace("return 1", "return 2")), ["docs/page.md:2: not in framework/loop.h: return 2;"])

    def test_lines_out_of_order_are_found(self):
        page = SOUND.replace("int loop() {\n\n    return 1;\n}", "int other();\nint loop() {")
        self.assertEqual(self.offences(page), ["docs/page.md:2: the lines stand in framework/loop.h, but not in this order, one after the other"])

    def test_a_file_that_is_not_compiled_is_found(self):
        page = "```cpp framework/lonely.h\nint lonely();\n```\n"
        self.assertEqual(self.offences(page), ["docs/page.md:1: framework/lonely.h is not compiled by the build"])

    def test_fences_without_a_source_a_language_or_an_end_are_found(self):
        self.assertEqual(self.offences("```cpp\nint loop() {\n```\n"), ["docs/page.md:1: a cpp fence must name the file that it quotes"])
        self.assertEqual(self.offences("```\nint loop() {\n```\n"), ["docs/page.md:1: the fence must say its language"])
        self.assertEqual(self.offences("```text\nint\n"), ["docs/page.md:1: the fence is never closed"])
        self.assertEqual(self.offences("```cpp framework/gone.h\nint\n```\n"), ["docs/page.md:1: there is no framework/gone.h to quote"])

    def test_a_program_or_flag_that_does_not_exist_is_found(self):
        self.assertEqual(self.offences("```sh\ntools/walk.sh\n```\n"), ["docs/page.md:1: there is no program tools/walk.sh"])
        self.assertEqual(self.offences("```sh\nX=1 tools/run.sh --slow\n```\n"), ["docs/page.md:1: tools/run.sh knows no --slow"])

    def test_a_link_that_leads_nowhere_is_found(self):
        self.assertEqual(self.offences("a\n[b](c.md#d)\n"), ["docs/page.md:2: the link to c.md leads nowhere"])

    def test_words_that_do_not_stand_in_the_file_are_found(self):
        self.assertEqual(self.offences("`loop()` in\n[loop.h](../framework/loop.h)\n"), [])
        self.assertEqual(self.offences("`lap()` in [loop.h](../framework/loop.h)\n"), ["docs/page.md: `lap()` does not stand in ../framework/loop.h"])


if __name__ == "__main__":
    unittest.main()
