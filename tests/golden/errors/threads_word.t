# A number of threads that is none.
# $ frit compile case.graph --threads=many --dump-ir=kernel
graph g(x: f32[20]) -> (y: f32[20]) { y[i] = x[i]; }
--- err
frit: --threads wants a whole number from 1 to 256, not 'many'
--- end
