# SPDX-License-Identifier: BSD-2-Clause
# An engine that crashes (SIGSEGV, SIGBUS, SIGILL, a failed assertion) ends the comparison of its program: the report so
# far is written in every form, the exit status is 1, and the object's further programs have their turn.
. "$(dirname "$0")/lib.sh"
need_examples
command -v cc >/dev/null || {
	echo "not run: needs cc"
	exit 77
}
cd "$work" || exit 3

# In place of Unicorn's: it crashes when it is entered for the CRASH_AFTERth time.
cat >crash.c <<'C'
#include <dlfcn.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int uc_emu_start(void *uc, uint64_t begin, uint64_t until, uint64_t timeout, size_t count)
{
	static int (*real)(void *, uint64_t, uint64_t, uint64_t, size_t);
	static int entered;

	if (++entered == atoi(getenv("CRASH_AFTER")))
		raise(atoi(getenv("CRASH_SIGNAL")));
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "uc_emu_start");
	return real(uc, begin, until, timeout, count);
}
C
cc -D_GNU_SOURCE -shared -fPIC -o crash.so crash.c -ldl || fail "crash.c does not compile"
ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0 # what crashed is not freed
export ASAN_OPTIONS

# crash ENTRIES SIGNAL ARGUMENTS...
crash() {
	after=$1
	number=$2
	shift 2
	got=0
	CRASH_AFTER=$after CRASH_SIGNAL=$number LD_PRELOAD=$work/crash.so \
		"$tool" test --packets 1000 "$@" >out 2>err || got=$?
	[ "$got" = 1 ] || fail "exit $got, not 1: $*"
}

says() {
	grep -qE -- "$2" "$1" || fail "$1 does not say '$2': $(head -c 300 "$1")"
}

for signal in 4:SIGILL 6:SIGABRT 7:SIGBUS 11:SIGSEGV; do
	rm -f r.xml
	crash 2 ${signal%:*} --junit r.xml "$examples/portfilter.o"
	says out "portfilter: host side jit ended with ${signal#*:} after 0 packets, 1 mismatches"
	says err "host side jit ended with ${signal#*:} in packet 0.*\[sim-crash\]"
	says r.xml 'tests="1" failures="1" skipped="0"'
	says r.xml "<failure message=\"crash\">host side jit ended with ${signal#*:}"
done
crash 2 11 --json "$examples/portfilter.o"
says out '"crashed":"host side jit ended with SIGSEGV"'
says out '"mismatches":1'
says out '"id":"sim-crash"'
says out '^}$'

# A split program enters the engine for each packet: there is something to report by then.
crash 500 11 "$examples/xsk_classifier.o"
says out 'xsk_classifier: (host side jit|the host half) ended with SIGSEGV after [1-9][0-9]* packets'
crash 500 11 --json "$examples/xsk_classifier.o"
says out '"packets":[1-9]'
finish
