#!/usr/bin/env python3
"""Every public declaration of framework/ and models/ has a contract, and Doxygen can read them all. Prints what is missing.

  check_contracts.py [ROOT]

A contract is a /// comment. It also covers the declarations below it, up to the next blank line; that of a class covers its
constructors and nested types. What says all by its name needs none: data members, accessors (const, without parameters),
fields(), comparing, copying and moving, the Options of an op and the Kernels of a family. Passes when Doxygen is not installed, and says so.
"""
import pathlib
import re
import shutil
import subprocess
import sys

MISSING = re.compile(r"^(?:Member|Compound) (.+?)(?: \((\w+)\) of (?:class|struct|namespace|file) (\S+))? is not documented")


def speaks_for_itself(what, kind, owner):
    name = what.split("(")[0].split()[-1].split("::")[-1]
    own = (owner or "").split("::")[-1].split("<")[0]
    if kind is None:
        within_class = what.count("::") > 1 and what.split("::")[-2][0].isupper()
        return within_class or name.endswith(("Config", "Options", "Kernels"))
    return kind == "variable" or kind == "typedef" and own[:1].isupper() or "() const" in what or name in {own, "~" + own, "operator=", "operator==", "fields"}


def covered(lines, number):
    """A contract stands above the line, with declarations alone in between."""
    for line in reversed(lines[:number - 1]):
        if not line.strip() or line.strip() in {"public:", "protected:"}:
            return False
        if line.strip().startswith("///"):
            return True
    return False


def main(root):
    if not shutil.which("doxygen"):
        print("contracts: doxygen is not installed, nothing was checked")
        return False
    settings = (root / "Doxyfile").read_text() + "\n".join(
        ["", "WARN_IF_UNDOCUMENTED=YES", "WARN_AS_ERROR=NO", "GENERATE_HTML=NO", "GENERATE_XML=YES", "OUTPUT_DIRECTORY=build/contracts"])
    (root / "build").mkdir(exist_ok=True)
    run = subprocess.run(["doxygen", "-"], input=settings, capture_output=True, text=True, cwd=root)
    shutil.rmtree(root / "build/contracts", ignore_errors=True)
    errors = []
    for line in sorted(set(run.stderr.splitlines())):
        found = re.match(rf"{re.escape(str(root))}/(\S+?):(\d+): (?:warning: |error: )?(.*)", line)
        if not found:
            errors.append(line)
            continue
        file, number, text = found[1], int(found[2]), found[3]
        missing = MISSING.match(text)
        if missing and (speaks_for_itself(*missing.groups()) or covered((root / file).read_text().splitlines(), number)):
            continue
        errors.append(f"{file}:{number}: {text}")
    print("\n".join(errors) or "contracts: ok")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1]).resolve()))
