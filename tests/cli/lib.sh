# SPDX-License-Identifier: BSD-2-Clause
# Sourced by the scripts here: $1 is the program, $2 the folder of example objects.
tool=$1
examples=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
	echo "FAIL: $*"
	failures=$((failures + 1))
}

# expect CODE WORDS COMMAND...: exit code, and a piece of what it prints (both streams).
expect() {
	code=$1
	words=$2
	shift 2
	got=0
	"$@" >"$work/out" 2>&1 </dev/null || got=$?
	if [ "$got" != "$code" ]; then
		fail "exit $got, not $code: $*"
		sed 's/^/    /' "$work/out" | head -20
	elif ! grep -qF -- "$words" "$work/out"; then
		fail "does not say '$words': $*"
		sed 's/^/    /' "$work/out" | head -20
	fi
}

need_examples() {
	[ -f "$examples/portfilter.o" ] || {
		echo "skipped: no clang, so no example objects"
		exit 77
	}
}

finish() {
	[ "$failures" = 0 ] || {
		echo "$failures failed"
		exit 1
	}
	echo "ok"
}
