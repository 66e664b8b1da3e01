#!/bin/sh
# golden.sh FRIT [--update] [case.t ...]: runs golden tests; prints only what differs.
#
# A case is one file: comments, one "# $ command" line (shell, run in an empty folder with frit on the PATH), the input (there as
# case.graph), then "--- out" (standard output, exit 0) or "--- err" (standard error, exit not 0) and the exact text.
# --update rewrites that text; review it with git diff before committing.
bin=$(cd "$(dirname "$1")" && pwd); shift
update=; [ "${1:-}" = --update ] && { update=1; shift; }
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- $(find "$here/golden" -name '*.t' | sort)
PATH=$bin:$PATH EXAMPLES=$here/../examples NO_COLOR=1
export PATH EXAMPLES NO_COLOR
dir=$(mktemp -d) pass=0 fail=0
trap 'rm -rf "$dir"' EXIT

for t; do
	case $t in /*) ;; *) t=$PWD/$t ;; esac
	cmd=$(sed -n 's/^# \$ //p' "$t" | head -1)
	what=$(sed -n 's/^--- \(out\|err\)$/\1/p' "$t" | head -1)
	[ "$what" ] || { echo "$t: no '--- out' or '--- err' line" >&2; exit 2; }
	rm -rf "$dir/case"; mkdir "$dir/case"
	sed '/^--- \(out\|err\)$/,$d' "$t" | sed '/^# \$ /d' >"$dir/case/case.graph"
	(cd "$dir/case" && timeout 20 sh -c "$cmd" >"$dir/out" 2>"$dir/err"; echo $? >"$dir/rc")
	rc=$(cat "$dir/rc")
	cp "$dir/$what" "$dir/got"
	[ "$what" = out ] && [ "$rc" -ne 0 ] && { echo "(exit $rc)"; cat "$dir/err"; } >>"$dir/got"
	[ "$what" = err ] && [ "$rc" -eq 0 ] && echo "(no error)" >>"$dir/got"
	[ "$rc" -ge 124 ] && echo "(crashed or hung: exit $rc)" >>"$dir/got"
	if [ "$update" ]; then
		{ sed '/^--- \(out\|err\)$/,$d' "$t"; echo "--- $what"; cat "$dir/got"; echo "--- end"; } >"$dir/new"
		cmp -s "$dir/new" "$t" || cp "$dir/new" "$t"
	fi
	if sed '1,/^--- \(out\|err\)$/d; /^--- end$/,$d' "$t" | diff -u --label "$t" - --label got "$dir/got"; then
		pass=$((pass + 1))
	else
		fail=$((fail + 1))
	fi
done
echo "$pass passed, $fail failed"
[ "$fail" -eq 0 ]
