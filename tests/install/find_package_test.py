#!/usr/bin/env python3
"""Installs Linnet into a folder of its own and builds and runs tests/install/outside against it, as a user would; then looks
that no other library's header or CMake target came along. Usage: find_package_test.py BUILD_DIR CXX"""
import pathlib
import re
import subprocess
import sys
import tempfile

OUTSIDE = pathlib.Path(__file__).resolve().parent / "outside"
LEAKS = r"nlohmann/json\.hpp|xtensor|xtl/|xflens|hdf5\.h|H5public|unicode/|cblas|boost/|CLI/|curl/"
build, compiler = sys.argv[1:]


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


with tempfile.TemporaryDirectory() as folder:
    prefix, outside = pathlib.Path(folder, "prefix"), pathlib.Path(folder, "outside")
    run("cmake", "--install", build, "--prefix", prefix)
    run("cmake", "-S", OUTSIDE, "-B", outside, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_CXX_COMPILER={compiler}", "-DCMAKE_BUILD_TYPE=Release")
    run("cmake", "--build", outside)
    printed = run(outside / "outside")
    assert printed == "2 4 6 8 ", f"the gradient of sum(x * x) at 1 2 3 4 must be 2 4 6 8, got {printed}"

    used = run("ninja", "-C", outside, "-t", "deps")
    assert "framework/core/tensor.h" in used, used
    assert str(prefix) in used, used
    leaked = sorted({line.strip() for line in used.splitlines() if re.search(LEAKS, line)})
    assert not leaked, f"framework/linnet.h brings in {leaked}"
    package = "".join(file.read_text() for file in prefix.rglob("linnet-config*.cmake"))
    leaked = sorted(set(re.findall(r"nlohmann|xtensor|hdf5|ICU::|OPENBLAS|CLI11|" + re.escape(build), package, re.IGNORECASE)))
    assert not leaked, f"the installed package names {leaked}"
    programs = [file for file in (prefix / "bin").glob("*")] if (prefix / "bin").exists() else []
    for program in programs:
        run(program, "--help")
    print(f"install: ok, {len(list(prefix.rglob('*.h')))} headers, programs: {' '.join(p.name for p in programs) or 'none'}")
