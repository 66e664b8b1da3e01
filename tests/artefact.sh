#!/bin/sh
# artefact.sh FRIT: what an artefact is made of: no undefined symbol, no needed library, small, the same bytes from two folders, no writable data.
frit=$1 pass=0 fail=0
root=$(cd "$(dirname "$0")/.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
check() { if [ -z "$2" ]; then pass=$((pass + 1)); else fail=$((fail + 1)); printf '%s: %s\n' "$1" "$2"; fi; }

cd "$dir" || exit 1
mkdir other
printf 'graph r(x: f32[1024]) -> (y: f32[1024]) {\n  y = relu(x);\n}\n' >r.graph
cp r.graph other
cp "$root"/examples/amp/amp.graph "$root"/examples/amp/amp.safetensors "$root"/examples/cnn/cnn.graph "$root"/examples/attention/attention.graph .
for m in r amp cnn attention; do
	for p in llvm c; do
		"$frit" compile $m.graph --printer=$p -o $m-$p.so 2>err || { check "$m $p" "does not compile: $(cat err)"; continue; }
		check "$m $p: undefined symbols" "$(nm -D -u $m-$p.so)"
		check "$m $p: needed libraries" "$(readelf -d $m-$p.so | grep NEEDED)"
		check "$m $p: writable data" "$(readelf -SW $m-$p.so | grep -E ' \.(data|bss) ' | awk '$7 != "000000"')"
		"$frit" compile $m.graph --printer=$p -o $m.o 2>err
		check "$m $p: undefined symbols in the object" "$(nm -u $m.o)"
	done
done
"$frit" compile r.graph -o r.so
(cd other && "$frit" compile r.graph -o r.so)
check "two folders, two files" "$(cmp r.so other/r.so 2>&1)"
size=$(stat -c %s r.so)
check "one relu" "$([ "$size" -le 10240 ] || echo "$size bytes, more than 10240")"
# No spill in a contraction's inner loop: between an FMA loop's head and its jump back nothing touches the stack.
printf 'graph m(a: f32[96, 64], b: f32[64, 96]) -> (c: f32[96, 96]) {\n  c = matmul(a, b);\n}\n' >m.graph
for t in x86-64-v3 x86-64-v4; do
	"$frit" compile m.graph --target=$t -o m.o
	check "$t: spills in the inner loop" "$(objdump -d --no-show-raw-insn m.o | python3 "$root/tests/spills.py")"
done
echo "$pass passed, $fail failed"
[ "$fail" -eq 0 ]
