# Operators alone are no graph.
# $ frit compile case.graph --dump-ir=fuse
op twice(x) = x * 2;
--- err
case.graph:1:1: error: this file has no graph: write `graph name(inputs) -> (results) { ... }`
    # Operators alone are no graph.
    ^
--- end
