#!/usr/bin/env bash
# How much of framework/ and models/ the unit and golden tests run.
#
#   tools/coverage.sh [--html DIR]      --html also writes a page per source
#
# Branches are counted without those that only an exception takes and those of lines without code of their own (gcovr's
# --exclude-throw-branches and --exclude-unreachable-branches). Ends with a line `reached: lines …, branches …`; fails below 92 % of the
# lines or 80 % of the branches. Whether the tests pass is tools/test.sh's matter: counters slow down those that limit their time.
set -euo pipefail
cd "$(dirname "$0")/.."
html=()
case "${1:-}" in
  -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit ;;
  --html) mkdir -p "$2"; html=(--html-details "$2/index.html") ;;
esac
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE  # some machine images pin a slow kernel by them
lines=92 branches=80 build=build/coverage

tools/setup.sh
cmake --preset coverage
cmake --build --preset coverage --parallel "$(nproc)"
find "$build" -name '*.gcda' -delete  # counters add up over runs
ctest --test-dir "$build" -L 'unit|golden' -E '^unit\.fuzz_' --no-tests=error --parallel "$(nproc)" --timeout 600 --progress || true

summary=$(gcovr --root . --filter framework/ --filter models/ -j "$(nproc)" --exclude-throw-branches --exclude-unreachable-branches \
  --txt "$build/coverage.txt" "${html[@]}" --print-summary "$build")
awk -v lines=$lines -v branches=$branches '
  # lines: 93.1% (11000 out of 11800)
  $1 == "lines:" { l = $2 + 0; of_lines = $(NF) + 0 }
  $1 == "branches:" { b = $2 + 0; of_branches = $(NF) + 0 }
  END {
    printf "reached: lines %.1f %% of %d (at least %d %%), branches %.1f %% of %d (at least %d %%)\n", l, of_lines, lines, b, of_branches, branches
    exit l < lines || b < branches
  }' <<< "$summary"
