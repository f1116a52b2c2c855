#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test but the interop ones (tools/interop.sh).
#
#   tools/test.sh [--preset NAME] [CTEST_ARGUMENT…]      for example: tools/test.sh --preset sanitizers -L unit
#
# Ends with every line that tests began with `skipped:` or `golden:`, and a summary.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=release
case "${1:-}" in
  -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit ;;
  --preset) preset=$2; shift 2 ;;
esac
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE  # some machine images pin a slow kernel by them
begin=$SECONDS

tools/setup.sh
cmake --preset "$preset"
cmake --build --preset "$preset" --parallel "$(nproc)"

# A passing test's output stands in the log alone; the sizes keep ctest from cutting it off there.
status=0
ctest --test-dir "build/$preset" -LE interop --output-on-failure --no-tests=error --parallel "$(nproc)" --timeout 1200 \
  --test-output-size-passed 100000000 --test-output-size-failed 100000000 "$@" || status=$?
log=build/$preset/Testing/Temporary/LastTest.log
grep -E '^(skipped|golden):' "$log" || true

passed=$(grep -c '^Test Passed\.$' "$log" || true)
failed=$(grep -c '^Test Failed\.$' "$log" || true)
skipped=$(grep -c '^skipped:' "$log" || true)
echo "tools/test.sh: $passed tests passed, $failed failed, $skipped skipped lines ($preset, $((SECONDS - begin)) s)"
exit "$status"
