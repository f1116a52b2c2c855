#!/usr/bin/env bash
# Installs what Linnet is built and tested with: Debian 12 packages, nothing else. Does nothing when all is there.
#
#   tools/setup.sh [--list]      --list prints the package names, one a line, and installs nothing
set -euo pipefail

# The one place where packages are named; CMakeLists.txt finds the libraries themselves.
packages=(
  g++ cmake ninja-build ccache pkg-config   # build
  libxtensor-dev libxsimd-dev               # elementwise expressions, and their SIMD
  libxtensor-blas-dev libopenblas-dev       # matrix products
  libdnnl-dev                               # the same by oneDNN, if LINNET_BLAS=onednn asks for it
  libhdf5-dev hdf5-tools                    # .weights.h5 files, and h5diff to compare them
  nlohmann-json3-dev libicu-dev zlib1g-dev  # configs; Unicode; checksums
  libcurl4-openssl-dev libarchive-dev       # presets from hubs: HTTP, archives; .keras files
  libssl-dev                                # their checksums
  libcli11-dev libboost-test-dev            # the program's flags; tests
  python3 python3-pip python3-venv          # checks, the tests' hub; the quickstart's weights; real KerasHub for tools/interop.sh
  openssl                                   # a certificate for the tests' hub
  clang-14 libclang-rt-14-dev llvm-14       # sanitizers, fuzzing, coverage
  valgrind                                  # memory checks
)

case "${1:-}" in
  "") ;;
  --list) printf '%s\n' "${packages[@]}"; exit ;;
  *) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; [ "$1" = --help ]; exit ;;
esac

if ! command -v dpkg-query > /dev/null || ! command -v apt-get > /dev/null; then
  printf 'setup: needs a Debian 12 system (dpkg-query and apt-get); elsewhere install these by hand: %s\n' "${packages[*]}" >&2
  exit 1
fi

declare -A installed=()
while read -r name status; do
  [ "$status" = installed ] && installed[$name]=yes
done < <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${packages[@]}" 2> /dev/null)

missing=()
for package in "${packages[@]}"; do
  [ "${installed[$package]:-}" ] || missing+=("$package")
done
if [ ${#missing[@]} = 0 ]; then
  echo "setup: all ${#packages[@]} packages are installed"
  exit
fi

as_root=()
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo > /dev/null; then
    printf 'setup: to install packages, run this as root or install sudo; missing: %s\n' "${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get --quiet=2 -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)

echo "setup: installing ${#missing[@]} of ${#packages[@]} packages: ${missing[*]}"
"${apt[@]}" update
"${apt[@]}" install --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" > /dev/null
echo "setup: done"
