# An escape that does not exist.
# $ frit compile case.graph --dump-ir=fuse
weights "a\q.safetensors";
graph g(x: f32[4]) -> (y: f32[4]) { y[i] = x[i]; }
--- err
case.graph:2:9: error: '\q' is no escape: they are \" \\ \n
    weights "a\q.safetensors";
            ^
--- end
