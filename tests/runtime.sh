#!/bin/sh
# runtime.sh FRIT TEST_RUNTIME: builds an artefact and a foreign shared object, and runs the test on them.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
printf 'graph g(x: f32[stream t]) -> (y: f32[t]) {\n  y[t] = x[t] + 0.5 * (y[t - 1] or 0);\n}\n' >"$dir/g.graph"
"$1" compile "$dir/g.graph" -o "$dir/g.so" || exit 1
echo 'int nothing;' >"$dir/f.c" && cc -shared -fPIC "$dir/f.c" -o "$dir/f.so"
"$2" "$dir/g.so" "$dir/f.so"
