#!/bin/sh
# run.sh TABLE [options]: one table of bench/, one thread, on the last CPU that we may use. Tables: gemm conv rows pointwise stream (bench.py),
# all (these five), math threads (their own scripts), ladder (examples/ladder). `run.sh gemm --help` lists the options; peers.sh installs the peers.
here=$(cd "$(dirname "$0")" && pwd)
table=${1:-help}
[ $# -gt 0 ] && shift
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 BLIS_NUM_THREADS=1 MKL_NUM_THREADS=1 MKL_THREADING_LAYER=SEQUENTIAL
[ -x "$here/../build/frit" ] || sh "$here/../scripts/build.sh" build || exit 1
case $table in
gemm | conv | rows | pointwise | stream)
	py=${PEERS:-$here/../build/peers}/bin/python
	[ -x "$py" ] || py=python3
	exec "$py" "$here/bench.py" "$table" "$@" ;;
math | threads)
	[ -f "$here/$table.sh" ] || { echo "bench: no bench/$table.sh here"; exit 0; }
	exec sh "$here/$table.sh" "$@" ;;
all) for t in gemm conv rows pointwise stream; do sh "$0" $t "$@"; echo; done ;;
ladder) exec sh "$here/../examples/ladder/run.sh" "$@" ;;
*) echo "usage: bench/run.sh gemm|conv|rows|pointwise|stream|all|math|threads|ladder [options]" >&2; exit 2 ;;
esac
