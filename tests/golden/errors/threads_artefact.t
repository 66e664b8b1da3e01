# An artefact runs on no more threads than it was compiled for.
# $ frit compile case.graph --threads=2 -o g.so && frit run g.so --threads=3
graph g(x: f32[20]) -> (y: f32[20]) { y[i] = x[i]; }
--- err
frit: g.so was compiled for 2 thread(s): do so with --threads=3
--- end
