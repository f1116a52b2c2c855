#!/usr/bin/env bash
# Fuzzes what reads files, texts, flags and servers' answers: libFuzzer with ASan and UBSan on each target of tests/fuzz.
#
#   tools/fuzz.sh [--seconds N] [--no-build] [TARGET…]      N seconds a target (default 60); all targets unless named
#
# The first build compiles the library with clang (preset sanitizers), ten minutes on two cores; later ones what changed. Starts from the
# seeds, the regressions and what earlier runs found worth keeping (build/fuzz/corpus). A finding stops its target, is kept in
# build/fuzz/findings/TARGET and makes the script fail; once it is mended it belongs in tests/fuzz/regressions/TARGET.
# Ends with a line for each target and one of totals.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=60 build=yes targets=()
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=$2; shift ;;
    --no-build) build=no ;;
    -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit ;;
    *) targets+=("$1") ;;
  esac
  shift
done
if [ ${#targets[@]} = 0 ]; then
  for file in tests/fuzz/*_fuzz.cpp; do
    name=${file##*/}
    targets+=("${name%_fuzz.cpp}")
  done
fi
if [ $build = yes ]; then
  tools/setup.sh
  cmake --preset sanitizers > /dev/null
  cmake --build --preset sanitizers --parallel "$(nproc)" --target "${targets[@]/#/linnet_fuzz_}"
fi

# Targets write files: in memory where that is possible.
memory=$(mktemp -d /dev/shm/linnet-fuzz-XXXXXX 2> /dev/null || mktemp -d)
trap 'rm -rf "$memory"' EXIT
export TMPDIR=$memory
# A request for more memory than there may be is a std::bad_alloc, as outside, and not the end.
export ASAN_OPTIONS=allocator_may_return_null=1:max_allocation_size_mb=256:quarantine_size_mb=32:strict_string_checks=1:malloc_context_size=8
export UBSAN_OPTIONS=print_stacktrace=1

status=0 total=0 findings=0 lines=()
for target in "${targets[@]}"; do
  corpus=build/fuzz/corpus/$target kept=build/fuzz/findings/$target log=build/fuzz/$target.log
  mkdir -p "$corpus" "$kept"
  inputs=("$corpus")
  for more in "build/sanitizers/tests/fuzz/seeds/$target" "tests/fuzz/regressions/$target"; do
    if [ -d "$more" ]; then inputs+=("$more"); fi
  done
  longest=4096
  if [ "$target" = hdf5 ]; then longest=16384; fi  # a heap for texts alone has 4096 bytes
  outcome="no finding"
  if ! "build/sanitizers/bin/linnet_fuzz_$target" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=512 -malloc_limit_mb=512 -max_len=$longest -len_control=20 \
      -print_final_stats=1 -artifact_prefix="$kept/" "${inputs[@]}" > "$log" 2>&1; then
    outcome="A FINDING: see $log and $kept"
    findings=$((findings + 1)) status=1
    grep -E 'promise broken|ERROR: |SUMMARY: |Test unit written' "$log" | head -5
  fi
  count=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  total=$((total + ${count:-0}))
  lines+=("$(printf '%-14s %12s executions, %s' "$target" "${count:-0}" "$outcome")")
done
printf '%s\n' "${lines[@]}"
echo "reached: $total executions of ${#targets[@]} targets, $findings findings"
exit $status
