# frit --help.
# $ frit --help
--- out
frit 0.1.0: a graph compiler with kernel fusion

  compile   write code for a model (.so .o .a .c .s .ll .graph, by the output's suffix), or show a stage
  run       run a model on files
  check     compare the compiled model with the reference interpreter
  bench     time a model; --machine prints this machine's peaks
  tune      measure trees for every kernel and write the fastest, for --tune=FILE
  inspect   describe a model or an artefact
  explain   the ledger: what was fused or rewritten, what not, and why
  ops       list the operators, or print one
  targets   list the targets

`frit COMMAND --help` shows a command's options.
--- end
