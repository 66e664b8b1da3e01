# A tensor of very many dimensions.
# $ python3 -c "print('graph g(x: f32[' + '1, ' * 99 + '4]) -> (y: f32[4]) { y[i] = 1.0; }')" >b.graph; frit compile b.graph --dump-ir=fuse
--- err
--- end
