# A tensor of very many dimensions.
# $ python3 -c "print('graph g(x: f32[' + '1, ' * 99 + '4]) -> (y: f32[4]) { y[i] = 1.0; }')" >b.graph; frit compile b.graph --dump-ir=fuse
--- err
b.graph:1:9: error: a tensor of 100 dimensions: at most 64
    graph g(x: f32[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
            ^
b.graph:1:334: error: the extent of index 'i' cannot be found: it stands bare in no read of a tensor of known shape; write i < extent
    , 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4]) -> (y: f32[4]) { y[i] = 1.0; }
                                                                                    ^
--- end
