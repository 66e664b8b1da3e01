# Bytes that are no text.
# $ printf 'graph g(x: f32[4]) -> (y: f32[4]) { y[i] = x[i] \200; }\n' >b.graph; frit compile b.graph --dump-ir=fuse
--- err
b.graph:1:49: error: byte 0x80 is no text of this language
    graph g(x: f32[4]) -> (y: f32[4]) { y[i] = x[i] €; }
                                                    ^
--- end
