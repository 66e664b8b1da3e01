# A dump names its stage.
# $ frit compile case.graph --dump-ir=fuse
stage fused;
graph g(x: f32[4]) -> (y: f32[4]) { y[i < 4]: f32 = x[i]; }
--- err
case.graph:2:7: error: there is no stage 'fused'
    stage fused;
          ^
  help: did you mean 'fuse'?
--- end
