# A string ends on its line.
# $ frit compile case.graph --dump-ir=fuse
weights "amp.safetensors;
graph g(x: f32[4]) -> (y: f32[4]) { y[i] = x[i]; }
--- err
case.graph:2:9: error: this string has no end: expected '"' on the same line
    weights "amp.safetensors;
            ^
--- end
