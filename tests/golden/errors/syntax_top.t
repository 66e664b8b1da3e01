# Outside a block stand operators and graphs.
# $ frit compile case.graph --dump-ir=fuse
grahp g(x: f32[4]) -> (y: f32[4]) { y[i] = x[i]; }
--- err
case.graph:1:1: error: this file has no graph: write `graph name(inputs) -> (results) { ... }`
    # Outside a block stand operators and graphs.
    ^
--- end
