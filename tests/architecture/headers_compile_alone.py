#!/usr/bin/env python3
"""Compiles every header on its own, with the flags of its neighbours: each includes what it needs.
Usage: headers_compile_alone.py BUILD_DIR. About a second a header and core; run by .ci/run."""
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
commands = {entry["file"]: entry for entry in json.loads(pathlib.Path(sys.argv[1], "compile_commands.json").read_text())}


def flags_like(source):
    """The compiler and flags of `source`, without its input and output."""
    words = shlex.split(commands[str(ROOT / source)]["command"])
    words = [word for word in words if not word.endswith("ccache")]
    return [word for i, word in enumerate(words) if word not in {"-o", "-c"} and words[i - 1] not in {"-o", "-c"}]


library, tests = flags_like("framework/core/tensor.cpp"), flags_like("tests/core/tensor_test.cpp")
kernels = library + ["-DLINNET_KERNEL_NAMESPACE=portable"]


def compile_alone(header):
    name = header.relative_to(ROOT).as_posix()
    flags = tests if name.startswith(("tests/", "tools/")) else kernels if name.startswith("framework/kernels/") else library
    run = subprocess.run([*flags, "-fsyntax-only", "-x", "c++", "-include", str(header), "/dev/null"], capture_output=True, text=True)
    return name, run.returncode, run.stderr


headers = sorted(header for folder in ("framework", "models", "tests", "tools") for header in (ROOT / folder).rglob("*.h"))
failed = 0
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    for name, code, message in pool.map(compile_alone, headers):
        if code:
            failed += 1
            print(f"{name} does not compile alone:\n{message}")
print(f"headers: {len(headers)} compiled alone, {failed} failed")
sys.exit(bool(failed) or not headers)
