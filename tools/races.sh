#!/usr/bin/env bash
# Suites of several threads under ThreadSanitizer, which reports two accesses to memory that nothing orders, whatever came out: eight
# threads and 10,000 calls of one shared model, a trainer beside a logger and a reader, presets loaded and saved, the pool, the loader.
#
#   tools/races.sh [SUITES]      suites of linnet_race_tests, by default all
#
# OpenBLAS and HDF5 are not compiled for it: accesses within them are not seen, and one thread each does their work. Left out are fork(),
# after which ThreadSanitizer allows no new threads, and what starts the program, which is not built.
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit ;; esac
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
suites=${1:-'*:!parallel/a_wrong_number_of_threads_in_the_environment*'}

tools/setup.sh
cmake --preset tsan > /dev/null
cmake --build --preset tsan --parallel "$(nproc)" --target linnet_race_tests

# Eight workers even on two cores. Addresses are not randomised: ThreadSanitizer of g++ 12 knows where libraries lie on a kernel of its time only.
for blas in native openblas; do
  begin=$SECONDS
  LINNET_BLAS=$blas LINNET_NUM_THREADS=8 OPENBLAS_NUM_THREADS=1 TSAN_OPTIONS="halt_on_error=0 exitcode=9" setarch -R \
    build/tsan/bin/linnet_race_tests --catch_system_errors=no --run_test="$suites"
  echo "reached: no race with matrix products by $blas ($((SECONDS - begin)) s)"
done
