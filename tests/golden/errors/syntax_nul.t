# A byte 0 does not end the file.
# $ printf 'graph g(x: f32[4]) -> (y: f32[4]) { y[i] = \000 x[i]; }\n' >b.graph; frit compile b.graph --dump-ir=fuse
--- err
b.graph:1:44: error: byte 0x00 is no text of this language
    graph g(x: f32[4]) -> (y: f32[4]) { y[i] = ? x[i]; }
                                               ^
--- end
