#!/bin/sh
# dots.sh: products of small integers and of bf16, constant right operand, against oneDNN. Two tables: oneDNN held to the instructions that we have, and
# free (it has AMX, which we do not). FRIT: the program; RUN: a command before the measurement (e.g. one that pins it to a core); MKL: oneDNN's folder.
set -e
here=$(cd "$(dirname "$0")" && pwd)
frit=${FRIT:-$here/../build/frit} lib=${MKL:-/usr/lib}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
g++ -O2 -std=c++17 "$here/dots.cpp" -I"$lib/../include" "$lib"/libdnnl.so.3 -Wl,-rpath,"$lib" -o "$dir/dots" 2>/dev/null ||
	g++ -O2 -std=c++17 "$here/dots.cpp" -ldnnl -o "$dir/dots" 2>/dev/null || { echo "dots: skipped (no oneDNN)"; exit 0; }
for isa in AVX512_CORE_BF16 ALL; do
	echo "| GOP/s, oneDNN with $isa | oneDNN | llvm | c | ratio |"
	echo "|---|---|---|---|---|"
	for shape in "64 64 64" "256 256 256" "512 512 512" "128 3072 768" "196 256 2304" "3136 64 64"; do
		set -- $shape
		for type in u8 i8 bf16; do
			w=i8 call="y = matmul_integer(x, w)"
			[ $type = bf16 ] && w=bf16 call="y = matmul(f32(x), f32(w))"
			echo "graph g(x: $type[$1, $3]) -> (y) { const w[p < $3, q < $2]: $w = $w((p * 7 + q * 13 + p * q) % 251 - 125); $call; }" >"$dir/g.graph"
			for printer in llvm c; do "$frit" compile "$dir/g.graph" --printer=$printer -o "$dir/$printer-$1-$2-$3-$type.so"; done
			OMP_NUM_THREADS=1 ONEDNN_MAX_CPU_ISA=$isa DNNL_MAX_CPU_ISA=$isa $RUN "$dir/dots" "$1" "$2" "$3" $type "$dir/llvm-$1-$2-$3-$type.so" "$dir/c-$1-$2-$3-$type.so"
		done
	done
	echo
done
