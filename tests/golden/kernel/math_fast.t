# --math=fast takes a shorter polynomial for exp: one product less than --math=exact.
# $ for m in exact fast; do frit compile case.graph --target=x86-64-v4 --math=$m --dump-ir=kernel | grep -c fma; done
graph g(x: f32[16]) -> (y: f32[16]) { y = exp(x); }
--- out
7
6
--- end
