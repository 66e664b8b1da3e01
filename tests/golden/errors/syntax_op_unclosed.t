# A parameter list that is not closed.
# $ frit compile case.graph --dump-ir=fuse
op twice(x = x * 2;
graph g(x: f32[4]) -> (y: f32[4]) { y = twice(x); }
--- err
case.graph:2:19: error: expected ')', ',' or an operator after '2', found ';'
    op twice(x = x * 2;
                      ^
  case.graph:2:9: note: '(' was opened here
    op twice(x = x * 2;
            ^
--- end
