# How exact functions of numbers are is one of two words.
# $ frit compile case.graph --math=sloppy -o case.c
graph g(x: f32[4]) -> (y: f32[4]) { y = exp(x); }
--- err
frit: --math is exact or fast, not 'sloppy'
--- end
