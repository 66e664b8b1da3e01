# The stage stands before everything else.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) { y[i < 4]: f32 = x[i]; }
stage fuse;
--- err
case.graph:3:7: error: 'stage' must be the first statement of a file
    stage fuse;
          ^
--- end
