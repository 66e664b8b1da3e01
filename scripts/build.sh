#!/bin/sh
# build.sh [DIR [cmake options...]]: installs what the build needs and builds frit at DIR/frit (build by default).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
dir=${1:-$root/build}
[ $# -gt 0 ] && shift
sh "$root/scripts/packages.sh" gcc libc6-dev cmake ninja-build pkg-config flex bison libjansson-dev llvm-19-dev lld-19 binutils
cmake -S "$root" -B "$dir" -G Ninja "$@" >"$dir.log" 2>&1 || { cat "$dir.log"; exit 1; }
cmake --build "$dir" >>"$dir.log" 2>&1 || { tail -40 "$dir.log"; exit 1; }
echo "built $dir/frit"
