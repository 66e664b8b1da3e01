# An argument by name twice, and by name and place.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4, 4]) -> (y) { y = softmax(x, axes = [1], axes = [0]); z = softmax(x, x = x); }
--- err
case.graph:2:59: error: 'axes' is given twice to 'softmax'
    graph g(x: f32[4, 4]) -> (y) { y = softmax(x, axes = [1], axes = [0]); z = softmax(x, x = x); }
                                                              ^
case.graph:2:87: error: 'x' is given twice to 'softmax'
    graph g(x: f32[4, 4]) -> (y) { y = softmax(x, axes = [1], axes = [0]); z = softmax(x, x = x); }
                                                                                          ^
--- end
