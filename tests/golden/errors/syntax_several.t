# One run reports every mistake: three statements, three errors.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  a[i] = x[i] +;
  b[i] = * a[i];
  c[i] = b[i];
  y[i] = c[i] d;
}
--- err
case.graph:3:16: error: expected an expression after '+', found ';'
      a[i] = x[i] +;
                   ^
case.graph:4:10: error: expected an expression after '=', found '*'
      b[i] = * a[i];
             ^
case.graph:6:15: error: expected ';' or an operator after ']', found 'd'
      y[i] = c[i] d;
                  ^
--- end
