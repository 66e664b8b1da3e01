# Definitions that grow fivefold at each step are stopped.
# $ frit compile case.graph --dump-ir=fuse
op a(x[..i]) { p[..i] = x[..i] + 1; q[..i] = p[..i] * p[..i]; y = relu(q); }
op b(x[..i]) { y = a(a(a(a(a(x))))); } op c(x[..i]) { y = b(b(b(b(b(x))))); } op d(x[..i]) { y = c(c(c(c(c(x))))); }
op e(x[..i]) { y = d(d(d(d(d(x))))); } op f(x[..i]) { y = e(e(e(e(e(x))))); } op h(x[..i]) { y = f(f(f(f(f(x))))); }
op k(x[..i]) { y = h(h(h(h(h(x))))); } op l(x[..i]) { y = k(k(k(k(k(x))))); } op m(x[..i]) { y = l(l(l(l(l(x))))); }
graph g(x: f32[4]) -> (y: f32[4]) { y = m(x); }
--- err
case.graph:6:41: error: the graph expands to more than 100000 equations
    graph g(x: f32[4]) -> (y: f32[4]) { y = m(x); }
                                            ^
  case.graph:5:106: note: in m
    op k(x[..i]) { y = h(h(h(h(h(x))))); } op l(x[..i]) { y = k(k(k(k(k(x))))); } op m(x[..i]) { y = l(l(l(l(l(x))))); }
                                                                                                             ^
  case.graph:5:67: note: in l
    op k(x[..i]) { y = h(h(h(h(h(x))))); } op l(x[..i]) { y = k(k(k(k(k(x))))); } op m(x[..i]) { y = l(l(l(l(l(x))))); }
                                                                      ^
  case.graph:5:24: note: in k
    op k(x[..i]) { y = h(h(h(h(h(x))))); } op l(x[..i]) { y = k(k(k(k(k(x))))); } op m(x[..i]) { y = l(l(l(l(l(x))))); }
                           ^
  case.graph:3:65: note: in c
    op b(x[..i]) { y = a(a(a(a(a(x))))); } op c(x[..i]) { y = b(b(b(b(b(x))))); } op d(x[..i]) { y = c(c(c(c(c(x))))); }
                                                                    ^
  case.graph:3:22: note: in b
    op b(x[..i]) { y = a(a(a(a(a(x))))); } op c(x[..i]) { y = b(b(b(b(b(x))))); } op d(x[..i]) { y = c(c(c(c(c(x))))); }
                         ^
  case.graph:2:37: note: in a
    op a(x[..i]) { p[..i] = x[..i] + 1; q[..i] = p[..i] * p[..i]; y = relu(q); }
                                        ^
--- end
