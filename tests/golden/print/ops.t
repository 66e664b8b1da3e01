# The list of operators: each with its line of documentation.
# $ frit ops | grep -i softmax
--- out
softmax                  exp(x) divided by its sum over axes, without overflow.
log_softmax              The logarithm of softmax over axes.
--- end
