# An expression deeper than the compiler takes.
# $ python3 -c "print('graph g(x: f32[4]) -> (y: f32[4]) {\n  y[i] = x[i]' + ('\n + x[i]' * 20000) + ';\n}')" >b.graph; frit compile b.graph --dump-ir=fuse
--- err
b.graph:1001:2: error: this expression is nested deeper than 1000
     + x[i]
     ^
--- end
