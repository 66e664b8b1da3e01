# The options of a command.
# $ frit compile --help
--- out
write code for a model (.so .o .a .c .s .ll .graph, by the output's suffix), or show a stage
frit compile MODEL [-o FILE] [--target=T] [--printer=llvm|c] [--math=exact|fast] [--emit=KIND] [--tune=FILE] [--dump-ir[=STAGE]]
             [--threads=N] [-fno-fuse=MOVE[@LABEL]] [--bisect-limit=N] [--delay=N] [--no-prewarm] [--verify]
             [--pick=N]: every kernel takes its N-th best plan (for tests and tuning)
--- end
