# An empty file holds no graph.
# $ : >b.graph; frit compile b.graph --dump-ir=fuse
--- err
b.graph:1:1: error: this file has no graph: write `graph name(inputs) -> (results) { ... }`
--- end
