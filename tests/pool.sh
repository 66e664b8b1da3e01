#!/bin/sh
# pool.sh FRIT: the pool and an artefact that threads share, plain and under TSan.
cd "$(dirname "$0")/.." || exit 1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/g.graph" <<'G'
graph g(x: f32[96, 96]) -> (y: f32[96, 96]) {
  const w[k < 96, n < 96]: f32 = sin(f32(k + 3 * n));
  y = tanh(matmul(x, w)) + softmax(x);
}
G
"$1" compile "$dir/g.graph" --threads=8 -o "$dir/g.so" || exit 1
pass=0 fail=0
for flags in -O2 "-O1 -g -fsanitize=thread"; do
	cc -std=gnu11 -Wall -Wextra $flags -pthread tests/pool.c runtime/pool.c runtime/load.c -ldl -o "$dir/pool" || exit 1
	case $flags in *thread*) run="setarch -R" ;; *) run= ;; esac
	said=$($run "$dir/pool" "$dir/g.so" 2>&1) || { fail=$((fail + 1)); echo "$flags:"; echo "$said" | head -40; continue; }
	pass=$((pass + $(echo "$said" | sed -n 's/ passed.*//p')))
done
echo "$pass passed, $fail failed"
[ "$fail" -eq 0 ]
