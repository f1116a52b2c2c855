#!/usr/bin/env python3
"""Checks that the pages are true: *.md and docs/*.md. Prints every offence.

  check_docs.py BUILD_DIR [ROOT]

A fence says its language. ```cpp also names the file that its lines stand in, one after the other, whitespace aside:
```cpp docs/examples/gated_dense.h. The build must compile that file. A command of an ```sh block must exist, and know its
--flags. A link to a file of the project must find it, and `words` in [file](path) must stand there.
"""
import json
import pathlib
import re
import shlex
import subprocess
import sys

FENCE = re.compile(r"^ *```(.*)$")
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)#\s]+)(?:#[^)]*)?\)")
QUOTED = re.compile(r"`([^`]+)`\s+in\s+\[[^\]]+\]\(([^)#\s]+)\)")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
PLAIN = {"text", "json", "toml", "cmake"}  # shown as they are
PROGRAMS = {"cmake", "ctest", "doxygen", "git"}  # of the system; taken on trust


def squeezed(lines):
    return [re.sub(r"\s+", "", line) for line in lines if line.strip()]


class Checker:
    def __init__(self, root, build):
        self.root, self.build, self.errors = root, build, []
        self.compiled = self.compiled_files()

    def compiled_files(self):
        """Every source of the build, and every file of the project that one includes."""
        found, open_files = set(), [pathlib.Path(entry["file"]) for entry in json.loads((self.build / "compile_commands.json").read_text())]
        while open_files:
            file = open_files.pop().resolve()
            if file in found or not file.is_file() or not file.is_relative_to(self.root):
                continue
            found.add(file)
            open_files += [self.root / name for name in INCLUDE.findall(file.read_text())]
        return {file.relative_to(self.root).as_posix() for file in found}

    def check_page(self, page):
        name, fence, blocks, text = page.relative_to(self.root).as_posix(), None, [], []
        for number, line in enumerate(page.read_text().splitlines(), 1):
            if not (found := FENCE.match(line)):
                (text if fence is None else blocks[-1][2]).append((number, line))
            elif fence is None:
                fence = found[1].split()
                blocks.append((number, fence, []))
            else:
                fence = None
        if fence is not None:
            self.errors.append(f"{name}:{blocks[-1][0]}: the fence is never closed")
        for number, words, lines in blocks:
            for message in self.block_errors(words, [line for _, line in lines]):
                self.errors.append(f"{name}:{number}: {message}")
        for number, line in text:
            for target in LINK.findall(line):
                if "://" not in target and not (page.parent / target).exists():
                    self.errors.append(f"{name}:{number}: the link to {target} leads nowhere")
        for words, target in QUOTED.findall("\n".join(line for _, line in text)):
            file = page.parent / target
            if "://" not in target and file.is_file() and words not in file.read_text():
                self.errors.append(f"{name}: `{words}` does not stand in {target}")
        return len(blocks)

    def block_errors(self, words, lines):
        if not words:
            return ["the fence must say its language"]
        if words[0] == "cpp":
            return self.cpp_errors(words[1:], lines)
        if words[0] == "sh":
            return [error for line in lines for error in self.command_errors(line)]
        return [] if words[0] in PLAIN else [f"the fence's language must be cpp, sh or one of {', '.join(sorted(PLAIN))}, got {words[0]}"]

    def cpp_errors(self, sources, lines):
        if len(sources) != 1:
            return ["a cpp fence must name the file that it quotes"]
        source = sources[0]
        if not (self.root / source).is_file():
            return [f"there is no {source} to quote"]
        if source not in self.compiled:
            return [f"{source} is not compiled by the build"]
        block, whole = squeezed(lines), squeezed((self.root / source).read_text().splitlines())
        if not block:
            return ["the block is empty"]
        if any(whole[i:i + len(block)] == block for i in range(len(whole))):
            return []
        lost = [line.strip() for line, key in zip((line for line in lines if line.strip()), block) if key not in whole]
        return [f"not in {source}: {lost[0]}" if lost else f"the lines stand in {source}, but not in this order, one after the other"]

    def command_errors(self, line):
        words = shlex.split(line, comments=True)
        while words and re.fullmatch(r"\w+=.*", words[0]):
            words.pop(0)
        if not words or words[0] in PROGRAMS:
            return []
        command = self.root / words[0]
        if words[0] == "linnet" or words[0].startswith("build/"):
            command = self.build / "bin" / command.name
        if not command.is_file() or not command.stat().st_mode & 0o111:
            return [f"there is no program {words[0]}"]
        flags = {word.split("=")[0] for word in words[1:] if word.startswith("--")}
        if not flags:
            return []
        verbs = words[1:3 if words[1:2] == ["bench"] else 2] if words[0].endswith("linnet") else []
        run = subprocess.run([command, *verbs, "--help"], capture_output=True, text=True, timeout=60)
        known = set(re.findall(r"--[\w-]+", run.stdout + run.stderr))
        return [f"{words[0]} knows no {flag}" for flag in sorted(flags - known)]


def main(arguments):
    root = pathlib.Path(arguments[1] if len(arguments) > 1 else pathlib.Path(__file__).parents[1]).resolve()
    checker = Checker(root, pathlib.Path(arguments[0]).resolve())
    pages = [*sorted(root.glob("*.md")), *sorted((root / "docs").glob("*.md"))]
    blocks = sum(checker.check_page(page) for page in pages)
    print("\n".join(checker.errors) or f"docs: {len(pages)} pages, {blocks} blocks: ok")
    return bool(checker.errors) or not pages


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
