#!/usr/bin/env python3
"""Writes docs/gradients.md from the contracts of framework/ops/*.h: every op, what it computes, what it saves for backward.

  make_gradients.py [--check] [ROOT]      --check writes nothing and fails if the page is not up to date
"""
import pathlib
import re
import sys
import textwrap

PAGE = "docs/gradients.md"
HEAD = """# Ops and their gradients

<!-- Written by tools/make_gradients.py from the contracts in framework/ops/*.h. Do not edit. -->

Every op that a tape records: what it computes, and what it keeps in memory until backward has run. Weights and targets of a loss
stay alive anyway; all else that is not named under "saves" is freed as soon as nobody uses it. The gradient stands below the
forward computation, in the same file. Shapes, dtypes and errors are in the contract.
"""
DECLARATION = re.compile(r"^(?:inline )?(?:Tensor|std::vector<Tensor>|TopK|AttentionWithScores) (\w+)\(", re.MULTILINE)
SENTENCE = re.compile(r"(?<=\.)\s+(?=[^\s\d])")


def declarations(text):
    """(name, parameters, contract) of each op of a header; declarations without a blank line between share a contract."""
    found, contract = [], ""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("///"):
            fresh = not (number and lines[number - 1].startswith("///"))
            contract = ("" if fresh else contract + " ") + line[3:].strip()
        elif not line.strip():
            contract = ""
        elif match := DECLARATION.match(line):
            whole = "\n".join(lines[number:])
            found.append((match[1], parameters(whole[match.end() - 1:]), contract))
    return found


def parameters(text):
    """The names in a parameter list that `text` begins with."""
    depth, parts, part = 0, [], ""
    for letter in text[1:]:
        if letter in ")>}" and depth == 0:
            break
        depth += (letter in "(<{") - (letter in ")>}")
        if letter == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += letter
    return [re.search(r"(\w+)\s*$", part.split("=")[0])[1] for part in [*parts, part] if part.strip()]


def saves(contract, section):
    for text in (contract, section):
        if found := re.search(r"\b(?:[Ss]aves|They save) ([^.;]+)", text):
            return found[1]
    return None


def wrapped(text, indent):
    return textwrap.fill(text, 116, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False) + "\n"


def page(root):
    text, missing = [HEAD], []
    for header in sorted((root / "framework/ops").glob("*.h")):
        source = header.read_text()
        section = " ".join(re.findall(r"^// ?(.*)$", source, re.MULTILINE))
        ops = declarations(source)
        if not ops:
            continue
        text.append(f"## {header.stem}\n\n[Contract](../framework/ops/{header.name}), [code](../framework/ops/{header.stem}.cpp)\n\n```text")
        shared = {}  # contract -> calls
        for name, names, contract in ops:
            if contract and saves(contract, section):
                shared.setdefault(contract, []).append(f"{name}({', '.join(names)})")
            else:
                missing.append(f"framework/ops/{header.name}: the contract of {name} must say what it computes and what it saves")
        entries = [wrapped(", ".join(calls), "") + wrapped(SENTENCE.split(contract)[0], "    ") + wrapped("saves " + saves(contract, section), "    ")
                   for contract, calls in shared.items()]
        text.append("\n".join(entries).rstrip())
        text.append("```\n")
    return "\n".join(text), missing


def main(arguments):
    check = "--check" in arguments
    names = [argument for argument in arguments if not argument.startswith("--")]
    root = pathlib.Path(names[0] if names else pathlib.Path(__file__).parents[1]).resolve()
    text, missing = page(root)
    if missing:
        print("\n".join(missing))
        return True
    file = root / PAGE
    if not check:
        file.write_text(text)
    elif not file.is_file() or file.read_text() != text:
        print(f"{PAGE} is not up to date: run tools/make_gradients.py")
        return True
    print(f"gradients: {len(DECLARATION.findall(''.join(header.read_text() for header in (root / 'framework/ops').glob('*.h'))))} ops")
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
