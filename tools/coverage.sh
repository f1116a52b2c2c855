#!/usr/bin/env bash
# The unit and golden tests under AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer, and how much of framework/ and models/
# they run.
#
#   tools/coverage.sh [--html DIR]      --html also writes a page per source
#
# A branch is a condition that came out true, or false. Ends with a line `reached: lines …, branches …`; fails if a test does, or below
# 92 % of the lines or 80 % of the branches.
set -euo pipefail
cd "$(dirname "$0")/.."
html=
case "${1:-}" in
  -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit ;;
  --html) html=$2 ;;
esac
build=build/sanitizers profiles=build/sanitizers/profiles

rm -rf "$profiles"  # counters add up over runs
ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 \
  tools/test.sh --preset sanitizers -L 'unit|golden'

llvm-profdata-14 merge -sparse -o "$build/coverage.profdata" "$profiles"/*.profraw
counted=(-instr-profile="$build/coverage.profdata" "$build/lib/liblinnet.so")
for program in linnet_unit_tests linnet_golden_tests linnet; do counted+=(-object "$build/bin/$program"); done
counted+=(-ignore-filename-regex='/\.\./\.\./(docs|tests|tools)/')  # names are ones from the build directory
if [ -n "$html" ]; then llvm-cov-14 show -format=html -output-dir="$html" "${counted[@]}"; fi
llvm-cov-14 report "${counted[@]}" > "$build/coverage.txt"
llvm-cov-14 export -summary-only "${counted[@]}" | python3 -c '
import json, sys
totals = json.load(sys.stdin)["data"][0]["totals"]
reached = {name: 100 * totals[name]["covered"] / totals[name]["count"] for name in ("lines", "branches")}
wanted = {"lines": 92, "branches": 80}
print("reached:", ", ".join(f"{name} {reached[name]:.1f} % of {totals[name]['\''count'\'']} (at least {wanted[name]} %)" for name in wanted))
sys.exit(any(reached[name] < wanted[name] for name in wanted))'
