# A long row of signs is nesting too.
# $ python3 -c "print('graph g(x: f32[4]) -> (y: f32[4]) {\n y[i] =\n ' + '-' * 70 + '\n' + ('-' * 70 + '\n') * 500 + 'x[i];\n}')" >b.graph; frit compile b.graph --dump-ir=fuse
--- err
b.graph:145:48: error: this is nested too deep
    ----------------------------------------------------------------------
                                                   ^
--- end
