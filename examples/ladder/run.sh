#!/bin/sh
# run.sh [RUNG ...] [--size=N] [--target=aarch64|riscv64v]: climbs the ladder (README.md): builds, checks and times every rung, prints the table and the
# schedule that frit found, and draws build/ladder.svg. For another target the rungs run under qemu, and instructions are counted in place of time.
cd "$(dirname "$0")/../.." || exit 1
[ "$FRIT" ] || sh scripts/packages.sh gcc python3 python3-numpy || echo "ladder: goes on without them"
[ -x "${FRIT:-build/frit}" ] || sh scripts/build.sh build || exit 1
exec env OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python3 examples/ladder/ladder.py "$@"
