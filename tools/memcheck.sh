#!/usr/bin/env bash
# A smoke suite under valgrind's memcheck: tensors, tape, ops' memory, a small model trained and saved, every file format. Uninitialised
# values, accesses out of bounds and leaks fail it.
#
#   tools/memcheck.sh [SUITES]      suites of the unit tests, by default those below
#
# Valgrind knows no AVX-512 and says so by CPUID: kernels for AVX2 run. Tests of how long something takes are left out.
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit ;; esac
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
suites=tensor,dtype,half,widening,buffer_pool,tape,checkpoint,adam,sequential,json_value,vocabulary,word_piece_tokenizer,tsv,data_loader
suites+=,preset,safetensors,zip_file:!word_piece_tokenizer/a_hundred_kilobytes*:!safetensors/headers_of_millions*
suites=${1:-$suites}

tools/setup.sh
cmake --preset release > /dev/null
cmake --build --preset release --parallel "$(nproc)" --target linnet_unit_tests
LINNET_NUM_THREADS=2 OPENBLAS_NUM_THREADS=1 valgrind --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=definite \
  --errors-for-leak-kinds=definite \
  build/release/bin/linnet_unit_tests --catch_system_errors=no --run_test="$suites"
echo "reached: nothing found in ${suites%%:*}"
