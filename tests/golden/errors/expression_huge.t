# One equation of very many terms.
# $ python3 -c "print('graph g(x: f32[4]) -> (y: f32[4]) {\n  y[i] = sum(l < 100: ' + ' + '.join('x[(i + l * %d) %% 4]' % k for k in range(300)) + ') + unknown;\n}')" >b.graph; frit compile b.graph --dump-ir=fuse 2>&1 >/dev/null | cut -c1-200 >&2; exit 1
--- err
--- end
