#!/bin/sh
# frit tune: the file it writes compiles to the same results; changed trees are taken; other models and targets are refused; a stop leaves a whole file.
frit=$(realpath "$1"); passed=0; failed=0
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir" || exit 1
say() { if [ "$1" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED $2"; cat log; fi; }
want() { "$@" >log 2>&1; say $? "$*"; }
refuse() { text=$1; shift; "$@" >log 2>&1 && say 1 "accepted: $*" || { grep -q "$text" log; say $? "$*"; }; }
cat >m.graph <<'G'
graph m(x: f32[45, 70], w: f32[70, 50]) -> (y: f32[45, 90]) {
  const v[i < 50, j < 90]: f32 = ((i * 7 + j * 3) % 11 - 5) / 4.0;
  h = relu(matmul(x, w));
  y = tanh(matmul(h, v) * 0.05);
}
G
sed 's/ 0.05/ 0.06/' m.graph >other.graph
for p in llvm c; do
  want "$frit" tune m.graph -o m.tune --time 0.02 --printer=$p
  want "$frit" check m.graph --tune=m.tune --printer=$p
done
mkdir sub; want "$frit" tune m.graph -o sub/m.tune --time 0.02; want "$frit" check m.graph --tune=sub/m.tune
"$frit" compile m.graph --tune=m.tune --dump-ir=schedule >log 2>&1; tail -n +2 m.tune | cmp -s - log; say $? "the dump is the file"
sed 's/for i\/[0-9]* even/for i\/3 even/' m.tune >edit.tune; want "$frit" check m.graph --tune=edit.tune
"$frit" compile m.graph --tune=edit.tune --dump-ir=schedule >log 2>&1; grep -q 'for i/3 even' log; say $? "a changed tree is taken"
refuse "another model or target" "$frit" check other.graph --tune=m.tune
refuse "another model or target" "$frit" compile m.graph --tune=m.tune --target=aarch64 -o m.o
refuse "no file that frit tune wrote" "$frit" check m.graph --tune=m.graph
refuse "cannot read" "$frit" check m.graph --tune=missing.tune
refuse "cannot write" "$frit" tune m.graph -o missing/m.tune --time 100
refuse "wants -o FILE" "$frit" tune m.graph
want "$frit" tune m.graph -o threads.tune --time 0.02 --threads=2; want "$frit" check m.graph --tune=threads.tune --threads=2
printf 'graph s(x: f32[4, stream t], w: f32[16, 4]) -> (y: f32[16, t]) {\n  y = tanh(matmul(w, x));\n}\n' >s.graph
want "$frit" tune s.graph -o s.tune --time 0.02 --block 64; grep -q '[2-4] trees' log; say $? "a stream has several trees"
want "$frit" check s.graph --tune=s.tune
"$frit" tune m.graph -o stop.tune --time 3 >log 2>&1 & pid=$!
sleep 1; kill -INT $pid; sleep 0.2; wait $pid; say $? "stopped"; want "$frit" check m.graph --tune=stop.tune
echo "$passed passed, $failed failed"; [ $failed = 0 ]
