# Deep nesting is refused, and does not use up the stack.
# $ python3 -c "print('graph g(x: f32[4]) -> (y: f32[4]) {\n  y[i] = ' + ('(' * 70 + '\n') * 2000 + 'x[i]' + ')' * 140000 + ';\n}')" >b.graph; frit compile b.graph --dump-ir=fuse
--- err
b.graph:9:10: error: brackets are nested deeper than 500
    ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((
             ^
--- end
