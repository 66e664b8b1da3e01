# A scalar is scaled by the instruction that vectors use: by any power of 2, where the integer form knows only those of normal numbers.
# $ frit compile case.graph --target=x86-64-v4 --dump-ir=c | grep -o '_mm_scalef_ss'
graph g(x: f32[1]) -> (y: f32[1]) { y = exp(x); }
--- out
_mm_scalef_ss
--- end
