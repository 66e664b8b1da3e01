# frit ops NAME prints the text of an operator.
# $ frit ops relu
--- out
## x where it is positive, else 0.
op relu(x) = max(x, 0);
--- end
