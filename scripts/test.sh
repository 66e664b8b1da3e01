#!/bin/sh
# test.sh: installs what is missing, builds (also with ASan and UBSan), and runs all tests. Debian bookworm, as root.
set -eu
cd "$(dirname "$0")/.."
sh scripts/packages.sh clang-19 qemu-user qemu-system-arm gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-riscv64-linux-gnu libc6-dev-riscv64-cross \
	gcc-arm-none-eabi libnewlib-arm-none-eabi python3 python3-numpy
sh scripts/build.sh build
sh scripts/build.sh build-asan -DFRIT_SANITIZE=ON -DCMAKE_BUILD_TYPE=Debug
ctest --test-dir build --output-on-failure -j2
