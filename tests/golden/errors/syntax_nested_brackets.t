# Deep nesting is refused, and does not use up the stack.
# $ python3 -c "print('graph g(x: f32[4]) -> (y: f32[4]) { y[i] = ' + '(' * 100000 + 'x[i]' + ')' * 100000 + '; }')" | cut -c1-400 >b.graph; frit compile b.graph --dump-ir=fuse
--- err
b.graph:1:401: error: expected an expression after '(', found the end of the file
    ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((
                                                                                    ^
  b.graph:1:400: note: '(' was opened here
    (((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((
                                                                                    ^
--- end
