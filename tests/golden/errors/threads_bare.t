# Bare metal has no threads.
# $ frit compile case.graph --target cortex-m7 --threads=2 --dump-ir=kernel
graph g(x: f32[20]) -> (y: f32[20]) { y[i] = x[i]; }
--- err
error: target 'cortex-m7' has no threads
  help: leave --threads out
--- end
