#!/bin/sh
# run.sh TABLE [options]: one table. gemm conv rows pointwise stream: bench.py, one thread, on the last CPU that we may use (`run.sh gemm --help` lists
# the options); all: these five; docs: all into docs/benchmarks.md. compile math threads dots ladder: scripts of their own. peers.sh installs the peers.
here=$(cd "$(dirname "$0")" && pwd)
table=${1:-help}
[ $# -gt 0 ] && shift
[ -x "${FRIT:-$here/../build/frit}" ] || sh "$here/../scripts/build.sh" build || exit 1
peers=${PEERS:-$here/../build/peers}
case $table in
gemm | conv | rows | pointwise | stream)
	export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 BLIS_NUM_THREADS=1 MKL_NUM_THREADS=1 MKL_THREADING_LAYER=SEQUENTIAL
	py=$peers/bin/python
	[ -x "$py" ] || py=python3
	exec "$py" "$here/bench.py" "$table" "$@" ;;
all) for t in gemm conv rows pointwise stream; do sh "$0" $t "$@"; echo; done ;;
docs)
	doc=$here/../docs/benchmarks.md
	{ sed '/^<!-- tables/q' "$doc" && echo && sh "$0" all "$@" && sh "$0" ladder; } >"$doc.new" && mv "$doc.new" "$doc" ;;
math | threads | dots)
	[ -f "$here/$table.sh" ] || { echo "bench: no bench/$table.sh here"; exit 0; }
	MKL=${MKL:-$peers/lib} exec sh "$here/$table.sh" "$@" ;;
compile) exec python3 "$here/compile.py" "$@" ;;
ladder) exec sh "$here/../examples/ladder/run.sh" "$@" ;;
*) echo "usage: bench/run.sh gemm|conv|rows|pointwise|stream|all|docs|compile|math|threads|dots|ladder [options]" >&2; exit 2 ;;
esac
