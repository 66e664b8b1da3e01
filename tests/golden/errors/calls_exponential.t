# Definitions that double at each step are stopped.
# $ frit compile case.graph --dump-ir=fuse
op a(x) = x + x; op b(x) = a(a(a(a(a(x))))); op c(x) = b(b(b(b(b(x))))); op d(x) = c(c(c(c(c(x)))));
graph g(x: f32[4]) -> (y: f32[4]) { y = d(x); }
--- err
(no error)
--- end
