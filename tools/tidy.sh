#!/usr/bin/env bash
# Runs clang-tidy 14 (apt: clang-tidy) over the sources given, or all of framework, models and tools; minutes for all.
#
#   tools/tidy.sh [FILE…]
set -euo pipefail
cd "$(dirname "$0")/.."
[ -f build/release/compile_commands.json ] || cmake --preset release > /dev/null
if [ $# = 0 ]; then
  mapfile -t files < <(git ls-files 'framework/*.cpp' 'models/*.cpp' 'tools/*.cpp')
  set -- "${files[@]}"
fi
printf '%s\0' "$@" | xargs -0 -n 1 -P "$(nproc)" clang-tidy -p build/release --quiet
