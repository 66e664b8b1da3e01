#!/bin/sh
# math.sh [--json] [FUNCTION...]: vector functions in L1 against SLEEF, libmvec and MKL. FRIT: the program; MKL: the folder of libmkl_rt.so.3;
# TARGET: x86-64-v4 (default: host) or x86-64-v3; RUN: a command before the measurement (e.g. one that pins it to a core).
set -e
here=$(cd "$(dirname "$0")" && pwd)
frit=${FRIT:-$here/../build/frit} target=${TARGET:-host} mkl=${MKL:-/usr/lib} json=text
[ "$1" = --json ] && { json=json; shift; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
march=$target
[ "$target" = host ] && march=native
cc -O2 -std=gnu11 -march="$march" "$here/math.c" -o "$dir/math" -ldl -lm
for f in exp expm1 log log1p tanh sigmoid erf normtail gelu sin cos rsqrt reciprocal pow; do
	[ $# = 0 ] || case " $* " in *" $f "*) ;; *) continue ;; esac
	echo "graph g(x: f32[2048]) -> (y: f32[2048]) { y = $f(x); }" >"$dir/g.graph"
	[ $f = pow ] && echo "graph g(x: f32[2048], z: f32[2048]) -> (y: f32[2048]) { y = x ** z; }" >"$dir/g.graph"
	"$frit" compile "$dir/g.graph" -o "$dir/$f.llvm.so" --target="$target"
	"$frit" compile "$dir/g.graph" -o "$dir/$f.c.so" --target="$target" --printer=c
	"$frit" compile "$dir/g.graph" -o "$dir/$f.fast.so" --target="$target" --math=fast 2>/dev/null || :
done
$RUN "$dir/math" "$dir" "$mkl" $json "$@"
