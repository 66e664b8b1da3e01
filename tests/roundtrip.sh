#!/bin/sh
# roundtrip.sh FRIT: every graph-level dump of every example (and of the .nam models, where ../shared is) parses again and prints the same;
# the fuse, schedule and plan dumps compile to the same bytes.
frit=$1 pass=0 fail=0
root=$(cd "$(dirname "$0")/.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
ok() { pass=$((pass + 1)); }
bad() { fail=$((fail + 1)); echo "$*"; }

one() {	# one MODEL: in a folder of its own, so that the weights are found beside the dumps
	name=$(basename "$1")
	rm -rf "$dir/w"; mkdir "$dir/w"; cp "$(dirname "$1")"/*.safetensors "$dir/w" 2>/dev/null; cp "$1" "$dir/w"
	cd "$dir/w" || exit 1
	for s in parse expand stream simplify fuse layout schedule plan; do
		if ! "$frit" compile "$name" --dump-ir=$s >a.graph 2>err; then bad "$name $s: no dump: $(head -1 err)"; continue; fi
		if ! "$frit" compile a.graph --dump-ir=$s >b.graph 2>err; then bad "$name $s: does not parse again: $(head -1 err)"; continue; fi
		if cmp -s a.graph b.graph; then ok; else bad "$name $s: differs"; diff a.graph b.graph | head -4; fi
	done
	"$frit" compile "$name" -o a.so 2>err || { bad "$name: does not compile: $(head -1 err)"; return; }
	"$frit" compile "$name" -o c.so && cmp -s a.so c.so && ok || bad "$name: two builds differ"
	for s in fuse schedule plan; do
		"$frit" compile "$name" --dump-ir=$s >d.graph && "$frit" compile d.graph -o b.so 2>err && cmp -s a.so b.so && ok || bad "$name: the $s dump gives other bytes $(head -1 err)"
	done
}
for g in "$root"/examples/*/*.graph; do one "$g"; done
if [ -d "$root/../shared/models/nam" ]; then
	for m in wavenet wavenet_a1_standard; do one "$root/../shared/models/nam/$m.nam"; done
else
	echo "models of ../shared: skipped (the folder is absent)"
fi
echo "$pass passed, $fail failed"
[ "$fail" -eq 0 ]
