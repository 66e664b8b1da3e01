# A number of threads that makes no sense.
# $ frit compile case.graph --threads=0 --dump-ir=kernel
graph g(x: f32[20]) -> (y: f32[20]) { y[i] = x[i]; }
--- err
frit: --threads wants a whole number from 1 to 256, not '0'
--- end
