# A move that does not exist cannot be refused.
# $ frit compile case.graph --dump-ir=fuse -fno-fuse=vertcal
graph g(x: f32[4]) -> (y) { y = relu(x); }
--- err
frit: -fno-fuse=vertcal is unknown (there is -fno-fuse=MOVE[@LABEL] with MOVE one of vertical, prologue, horizontal, tile, turn, winograd, narrow, and -ffuse=winograd2 .. 6)
--- end
