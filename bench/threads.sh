#!/bin/sh
# threads.sh [--threads N] [--rounds N] [--time SECONDS] [--printer llvm|c] [--case TEXT] [--json]: N threads (2) against one, and fork and join.
# Each round runs one thread, N threads, and N processes of one thread each, pinned: what the machine gives N cores that share nothing. Least times over
# all rounds; speed-up is one thread's time over N threads', limit that of the processes.
here=$(cd "$(dirname "$0")" && pwd)
frit=${FRIT:-$here/../build/frit} threads=2 rounds=5 time=0.1 printer=llvm only= json=
while [ $# -gt 0 ]; do
	case $1 in
	--threads) threads=$2; shift ;; --rounds) rounds=$2; shift ;; --time) time=$2; shift ;; --case) only=$2; shift ;;
	--printer) printer=$2; shift ;; --printer=*) printer=${1#*=} ;; --json) json=1 ;;
	*) sed -n '2s/^# //p' "$0" >&2; exit 2 ;;
	esac
	shift
done
[ -x "$frit" ] || sh "$here/../scripts/build.sh" >&2 || exit 1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cases() {
	for n in 512 1024 2048; do echo "gemm $n^3|x: f32[$n, $n]|y: f32[$n, $n]|w[k < $n, n < $n]: f32 = f32((k * 7 + n * 3) % 17) / 17|y = matmul(x, w)"; done
	for c in "64 56 3" "128 28 3" "256 14 3" "256 56 1" "512 28 1"; do
		set -- $c
		w="w[o < $1, c < $1, r < $3, s < $3]: f32 = f32((o * 7 + c * 3 + r + s) % 17) / 17"
		echo "conv $3x$3 $1@$2|x: f32[1, $1, $2, $2]|y: f32[1, $1, $2, $2]|$w|y = conv(x, w, pads = $(($3 / 2)))"
	done
	for c in "64 56" "128 28" "256 14" "512 7"; do
		set -- $c
		w="w[o < $1, c < $1, r < 3, s < 3]: f32 = f32((o * 7 + c * 3 + r + s) % 17) / 17"
		echo "tiles $1@$2|x: f32[$2, $2, $1]|y: f32[$2, $2, $1]|$w|y[i < $2, j < $2, o] = sum(c, r, s: (x[i + r - 1, j + s - 1, c] or 0) * w[o, c, r, s])"
	done
}
least() { "$@" --json --time "$time" | sed 's/.*"min_ns": \([0-9.]*\).*"gflops": \([0-9.]*\).*/\1 \2/'; }

cc -O2 -pthread "$here/fork_join.c" "$here/../runtime/pool.c" -o "$dir/fork_join" || exit 1
fork=$("$dir/fork_join" "$threads")
[ "$json" ] && printf '{"fork_join": %s, "threads": [' "$fork" || {
	echo "$fork" | sed 's/[{}"]//g; s/^/fork and join: /'
	printf '%-18s %10s %10s %9s %9s %9s %9s\n' "$printer" "1 thread" "$threads threads" GFLOP/s GFLOP/s speed-up limit
}
cases >"$dir/cases"
comma=
while IFS='|' read -r name in out w y; do
	case $name in *"$only"*) ;; *) continue ;; esac
	printf 'graph g(%s) -> (%s) {\n  const %s;\n  %s;\n}\n' "$in" "$out" "$w" "$y" >"$dir/g.graph"
	"$frit" compile "$dir/g.graph" --printer="$printer" -o "$dir/one.so" && "$frit" compile "$dir/g.graph" --printer="$printer" --threads="$threads" -o "$dir/all.so" || exit 1
	: >"$dir/times"
	for r in $(seq "$rounds"); do
		echo "one $(least "$frit" bench "$dir/one.so")" >>"$dir/times"
		echo "all $(least "$frit" bench "$dir/all.so" --threads "$threads")" >>"$dir/times"
		for k in $(seq "$threads"); do echo "process $(least taskset -c $((k - 1)) "$frit" bench "$dir/one.so")" >"$dir/p$k" & done
		wait
		cat "$dir"/p[0-9]* >>"$dir/times"
	done
	awk -v name="$name" -v json="$json" -v comma="$comma" -v threads="$threads" '
		!($1 in ns) || $2 < ns[$1] { ns[$1] = $2; gf[$1] = $3 }
		END {
			if (json) printf "%s\n{\"case\": \"%s\", \"one_ns\": %s, \"all_ns\": %s, \"speed_up\": %.3f, \"limit\": %.3f}", comma, name, ns["one"], ns["all"], ns["one"] / ns["all"], threads * ns["one"] / ns["process"]
			else printf "%-18s %7.1f us %7.1f us %9.1f %9.1f %8.2fx %8.2fx\n", name, ns["one"] / 1e3, ns["all"] / 1e3, gf["one"], gf["all"], ns["one"] / ns["all"], threads * ns["one"] / ns["process"]
		}' "$dir/times"
	comma=,
done <"$dir/cases"
[ "$json" ] && printf '\n]}\n'
exit 0
