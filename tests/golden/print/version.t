# frit --version.
# $ frit --version
--- out
frit 0.1.0
--- end
