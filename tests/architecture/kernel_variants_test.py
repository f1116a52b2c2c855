#!/usr/bin/env python3
"""Code for one instruction set stays within its variant's namespace: what runs on any CPU must not have been compiled for a
newer one. Usage: kernel_variants_test.py LIBRARY NM OBJDUMP VARIANT=OBJECT;OBJECT… …

Looks at each variant's objects for symbols that the linker could merge with another's, and at the linked library for AVX and
BMI instructions outside of the variants that are for them."""
import re
import subprocess
import sys

library, nm, objdump = sys.argv[1:4]
variants = {name: objects.split(";") for name, objects in (argument.split("=", 1) for argument in sys.argv[4:])}
FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")
# Every VEX or EVEX mnemonic begins with v, but for the mask registers' k… and those of BMI1 and BMI2.
NEWER = re.compile(r"^\s*[0-9a-f]+:\s+(?:\{\w+\} )?(v[a-z]|k(?:mov|or|and|xor|xnor|not|test|shift|unpck|add)[bwdq]|(?:andn|bextr|blsi|blsmsk|blsr|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx)\s)")


def prefix(variant):
    """The mangled beginning of everything in linnet::kernels::<variant>."""
    return f"_ZN6linnet7kernels{len(variant)}{variant}"


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


errors = []
for variant, objects in variants.items():
    symbols = {line.split()[-1] for line in run(nm, "--defined-only", "--extern-only", *objects) if len(line.split()) == 3}
    errors += [f"{variant}: {symbol} lies outside of linnet::kernels::{variant}" for symbol in sorted(symbols) if not symbol.startswith(prefix(variant))]
    if not symbols:
        errors.append(f"{variant}: no symbols")

allowed = tuple(prefix(variant) for variant in variants if variant != "portable")
function, newer = "", {}
for line in run(objdump, "--disassemble", "--no-show-raw-insn", library):
    if found := FUNCTION.match(line):
        function = found[1]
    elif NEWER.match(line):
        newer.setdefault(function, line.strip())
errors += [f"{library}: {name} uses {line}" for name, line in newer.items() if not name.startswith(allowed)]
inside = sum(name.startswith(allowed) for name in newer) if allowed else 0
if len(variants) > 1 and not inside:
    errors.append(f"{library}: found no AVX code at all, so this check sees nothing")
print("\n".join(errors) or f"kernel variants: ok, {inside} functions use newer instructions, all within {' '.join(variants)}")
sys.exit(bool(errors))
