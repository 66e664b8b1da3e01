# A file that is no text at all.
# $ printf '\177ELF\002\001\001\000\000\000' >b.graph; frit compile b.graph --dump-ir=fuse
--- err
b.graph:1:1: error: byte 0x7f is no text of this language
    ?ELF??????
    ^
b.graph:1:5: error: byte 0x02 is no text of this language
    ?ELF??????
        ^
--- end
