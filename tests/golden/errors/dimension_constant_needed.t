# A parameter's shape is constant.
# $ frit compile case.graph --dump-ir=fuse
weights "w.safetensors";
graph g(x: f32[N, 4] where N in 1..16) -> (y: f32[N, 4]) {
  param w: f32[N];
  y[i, j] = x[i, j] * w[i];
}
--- err
case.graph:2:9: error: cannot read weights file 'w.safetensors': No such file or directory
    weights "w.safetensors";
            ^
  help: a relative path starts at the folder of the graph
case.graph:4:9: error: the parameter 'w' needs constant extents
      param w: f32[N];
            ^
--- end
