#!/bin/sh
# house.sh LIBFRIT.a: the shape of the house. Who includes whom, no mutable globals, no operator names below the frontend, no exit, file sizes.
cd "$(dirname "$0")/.." || exit 1
pass=0 fail=0
check() { if [ -z "$2" ]; then pass=$((pass + 1)); else fail=$((fail + 1)); printf '%s:\n%s\n' "$1" "$2"; fi; }

# Each folder includes from itself and from ir; passes also from backend/target.h, driver from all.
includes() { grep -Hn '^#include "\.\./' $1/*.[chly] | grep -vE "$2"; }
check "ir includes from outside" "$(includes ir '^$')"
check "frontend includes from outside ir" "$(includes frontend '"\.\./ir/')"
check "passes include from outside ir and target.h" "$(includes passes '"\.\./(ir/|backend/target\.h)')"
check "backend includes from outside ir" "$(includes backend '"\.\./ir/')"
check "runtime includes from outside" "$(includes runtime '^$')"
check "mutable globals in the library" "$(nm "$1" 2>/dev/null | awk '$2 ~ /^[bBdDC]$/ { print $3 }' | grep -v '^yy')"
check "operator names in passes and backend" "$(grep -rnE '"(conv[123]?d?|matmul|relu|softmax|layer_norm|gelu|silu|sigmoid|max_pool2d|max_pool|batch_norm)"' passes backend --include='*.[ch]' --include='*.def' --include='*.rules')"
check "the library ends the process" "$(grep -nE '(^|[^a-z_])(exit|abort) *\(' frontend/*.[chly] ir/*.[ch] passes/*.[ch] backend/*.[ch] runtime/*.[ch])"
check "files over 700 lines" "$(wc -l frontend/*.[chly] ir/*.[ch] passes/*.[ch] backend/*.[ch] runtime/*.[ch] driver/*.[ch] | awk '$2 != "total" && $1 > 700')"
check "functions over 80 lines" "$(for f in frontend/*.c ir/*.c passes/*.c backend/*.c runtime/*.c driver/*.c; do
	awk -v f="$f" '/^[a-zA-Z_].*\)[ ]*\{?$/ { name = $0; start = NR } /^\}/ { if (start && NR - start > 80) print f ":" start ": " NR - start " lines: " name; start = 0 }' "$f"; done)"
check "unfinished by its own words" "$(grep -nE 'TODO|FIXME|(^|[^X])XXX([^X]|$)' frontend/*.[chly] ir/*.[ch] passes/*.[ch] backend/*.[ch] runtime/*.[ch] driver/*.[ch])"
check "a second list of the functions of numbers" "$(grep -lE '"expm1".*"log1p"|"log1p".*"expm1"' frontend/*.[chly] passes/*.[ch] backend/*.[ch])"
echo "$pass passed, $fail failed"
[ "$fail" -eq 0 ]
