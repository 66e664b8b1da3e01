# One equation of very many terms.
# $ python3 -c "print('graph g(x: f32[4]) -> (y: f32[4]) {\n  y[i] = sum(l < 100: ' + ' + '.join('x[(i + l * %d) %% 4]' % k for k in range(300)) + ') + unknown;\n}')" >b.graph; frit compile b.graph --dump-ir=fuse 2>&1 >/dev/null | cut -c1-200 >&2; exit 1
--- err
b.graph:2:3: error: the extent of index 'i' cannot be found: it stands bare in no read of a tensor of known shape; write i < extent
      y[i] = sum(l < 100: x[(i + l * 0) % 4] + x[(i + l * 1) % 4] + x[(i + l * 2) % 4] + x[(i + l * 3) % 4] + x[(i + l * 4) % 4] + x[(i + l * 5) % 4] + x[(i + l * 6
      ^
--- end
