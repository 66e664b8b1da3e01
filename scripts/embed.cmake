# embed.cmake: writes IN as the C array frit_prelude to OUT.
file(READ "${IN}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
file(WRITE "${OUT}" "#include <stddef.h>\nextern const char frit_prelude[];\nextern const size_t frit_prelude_size;\nconst char frit_prelude[] = {\n${bytes}0x00 };\nconst size_t frit_prelude_size = sizeof frit_prelude - 1;\n")
