#!/usr/bin/env bash
# The long forms of the targets in docs/reliability.md.
#
#   tools/soak.sh [--hours H] [PART…]      the parts, by default all of them
#   tools/soak.sh --list                   their names and minutes on two cores
#
# A part of fixed work takes the minutes listed. An open-ended one (fuzzing, killing) takes its share of the H hours (default 8)
# that the others leave. Every part ends with one line, `soak: PART passed|FAILED (SECONDS s)` and the lines of its output that
# began with `reached:`; its whole output is in build/soak/PART.log.
set -uo pipefail
cd "$(dirname "$0")/.."
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE

# name|minutes, or * for an open-ended one|command; $SECONDS_EACH is what an open-ended one may take.
parts=(
  'gradients|3|build/release/bin/linnet_unit_tests --run_test=op_cases,gradcheck,encoder_directions'
  'parity|3|build/release/bin/linnet_golden_tests'
  'low_precision|15|tests/slow/low_precision.py'
  'memory|3|build/release/bin/linnet_slow_tests --run_test=memory,training_peak'
  'fuzz|*|tools/fuzz.sh --seconds $((SECONDS_EACH / $(ls tests/fuzz/*_fuzz.cpp | wc -l)))'
  'downloads|4|tests/hub/poisoned_cache_test.py build/release/bin/linnet 1000'
  'random_texts|1|build/release/bin/linnet_slow_tests --run_test=random_texts'
  'tokenizer_lines|3|LINNET_TOKENIZER_LINES=40000 tools/interop.sh -R tokenizer_lines'
  'random_configs|20|LINNET_RANDOM_CONFIGS=300 tools/interop.sh -R random_configs'
  'races|15|tools/races.sh'
  # But for what measures time and resident size.
  'sanitizers|50|ASAN_OPTIONS=strict_string_checks=1 tools/test.sh --preset sanitizers -L "unit|golden|slow" -E "slow\.(memory|training_|start_up)"'
  'steps|2|build/release/bin/linnet_slow_tests --run_test=training_memory'
  'kills|30|tests/fault/kill_runs.py'
  'repeats|5|tests/fault/repeat_runs.py'
  'system_calls|5|tests/fault/system_calls.py'
  'allocations|1|build/release/bin/linnet_allocations'
  'concurrent|15|tests/fault/concurrent.py'
  'directories|2|tests/fault/directories.py'
  'memcheck|4|tools/memcheck.sh'
  'mutants|60|tools/mutate.py'
)

hours=8 wanted=()
while [ $# -gt 0 ]; do
  case $1 in
    --hours) hours=$2; shift ;;
    --list) printf '%s\n' "${parts[@]}" | while IFS='|' read -r name minutes _; do printf '%-20s %s\n' "$name" "${minutes/\*/open-ended}"; done; exit ;;
    -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit ;;
    -*) echo "soak: unknown option $1 (see --help)" >&2; exit 2 ;;
    *) wanted+=("$1") ;;
  esac
  shift
done
for name in "${wanted[@]}"; do
  printf '%s\n' "${parts[@]}" | grep -q "^$name|" || { echo "soak: unknown part '$name' (--list names them)" >&2; exit 2; }
done

chosen() { [ ${#wanted[@]} = 0 ] || [[ " ${wanted[*]} " == *" $1 "* ]]; }

fixed=0 open=0
for part in "${parts[@]}"; do
  IFS='|' read -r name minutes _ <<< "$part"
  chosen "$name" || continue
  if [ "$minutes" = '*' ]; then open=$((open + 1)); else fixed=$((fixed + minutes)); fi
done
left=$(awk "BEGIN { print int($hours * 3600 - $fixed * 60) }")
if [ $open -gt 0 ] && [ "$left" -lt $((60 * open)) ]; then
  echo "soak: these parts need more than $hours hours: $fixed minutes, and at least one for each of $open open-ended ones" >&2
  exit 2
fi
SECONDS_EACH=$((open > 0 ? left / open : 0))
export SECONDS_EACH

cmake --preset release > /dev/null && cmake --build --preset release --parallel "$(nproc)" > /dev/null || exit 1
mkdir -p build/soak
status=0
for part in "${parts[@]}"; do
  IFS='|' read -r name _ command <<< "$part"
  chosen "$name" || continue
  begin=$SECONDS outcome=passed
  bash -c "$command" > "build/soak/$name.log" 2>&1 || { outcome=FAILED; status=1; }
  echo "soak: $name $outcome ($((SECONDS - begin)) s)$(sed -n 's/^reached:/;/p' "build/soak/$name.log" | tr -d '\n')"
done
exit $status
