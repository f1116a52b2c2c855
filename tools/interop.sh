#!/usr/bin/env bash
# Checks Linnet against real KerasHub: presets of either are loaded by the other. Needs no GPU and little memory.
#
#   tools/interop.sh [--preset NAME] [CTEST_ARGUMENT…]
#
# Keras and KerasHub come from the Python package index, in pinned versions (tests/interop/requirements.txt), into
# ${XDG_CACHE_HOME:-~/.cache}/linnet/interop-venv, where they stay for the next run. LINNET_TRANSFORMERS_PYTHON may name a Python
# with torch, transformers and h5py for the tests of exported checkpoints; LINNET_INTEROP_SHAPES lists presets' names whose
# shapes are to be tried besides the small ones (bert_large_en takes 10 GB of memory).
set -euo pipefail
cd "$(dirname "$0")/.."
preset=release
case "${1:-}" in
  -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit ;;
  --preset) preset=$2; shift 2 ;;
esac
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE

tools/setup.sh
venv=${LINNET_INTEROP_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/linnet/interop-venv}
requirements=tests/interop/requirements.txt
mkdir -p "$(dirname "$venv")"
exec 9> "$venv.lock"
flock 9  # two runs at once share one environment
if ! cmp -s "$requirements" "$venv/requirements.txt"; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
  cp "$requirements" "$venv/requirements.txt"  # last: an environment without it is not whole
fi
flock -u 9

cmake --preset "$preset"
cmake --build --preset "$preset" --parallel "$(nproc)" --target linnet_interop linnet_program
export LINNET_INTEROP_PYTHON=$venv/bin/python
ctest --test-dir "build/$preset" -L interop --output-on-failure --no-tests=error --parallel "$(nproc)" --timeout 1800 "$@"
log=build/$preset/Testing/Temporary/LastTest.log
grep -E '^(skipped|reached):' "$log" || true
