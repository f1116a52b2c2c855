#!/usr/bin/env python3
"""Checks the sources against tools/layering.toml and prints every offence: what each folder and file may include, and that
framework/linnet.h gives a user every public header. Usage: check_layering.py [ROOT]"""
import pathlib
import re
import sys
import tomllib

UMBRELLA = "framework/linnet.h"
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)')


def folder_of(path):
    """models is one folder, whatever lies under it."""
    folder = path.rsplit("/", 1)[0]
    return "models" if folder.startswith("models/") else folder


def check_include(name, quote, target, rules):
    """What is wrong with the file `name` including `target`: a list of messages."""
    errors = []
    here, there = folder_of(name), folder_of(target)
    if quote == '"' and here != "framework" and there != here and there not in rules["may_include"][here]:
        errors.append(f"{here} may not include {there}")
    for prefix, allowed in rules["only_in"].items():
        if quote == "<" and target.startswith(prefix) and not any(re.fullmatch(pattern, name) for pattern in allowed):
            errors.append(f"<{target}> belongs in {' or '.join(allowed)}")
    return errors


def reached_from(name, includes):
    """The files that `name` includes, directly or through others."""
    reached, waiting = set(), [name]
    while waiting:
        for target in includes.get(waiting.pop(), []):
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached


def check(root):
    rules = tomllib.loads((root / "tools/layering.toml").read_text())
    headers, includes, errors = [], {}, []
    for file in sorted(f for top in ("framework", "models") for f in (root / top).rglob("*") if f.suffix in {".h", ".cpp"}):
        name = file.relative_to(root).as_posix()
        here = folder_of(name)
        if here not in rules["may_include"] and here != "framework":
            errors.append(f"{name}: folder {here} has no line in tools/layering.toml")
            continue
        if file.suffix == ".h" and name != UMBRELLA:
            headers.append(name)
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if found := INCLUDE.match(line):
                errors += [f"{name}:{number}: {error}" for error in check_include(name, found[1], found[2], rules)]
                includes.setdefault(name, []).append(found[2])
    offered = reached_from(UMBRELLA, includes)
    hidden = rules["not_public"]["opt_in"] + [h for h in headers if any(re.fullmatch(p, h) for p in rules["not_public"]["headers"])]
    errors += [f"{UMBRELLA}: does not include {h} (not_public in tools/layering.toml lists exceptions)" for h in headers if h not in offered and h not in hidden]
    errors += [f"{UMBRELLA}: reaches {h}, which is opt-in" for h in rules["not_public"]["opt_in"] if h in offered]
    return errors


if __name__ == "__main__":
    found = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "."))
    print("\n".join(found) or "layering: ok")
    sys.exit(bool(found))
