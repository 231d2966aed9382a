# SPDX-License-Identifier: BSD-2-Clause
# SIGINT and SIGTERM end a long run with the report so far, in every form; the exit status is 128 + signal.
. "$(dirname "$0")/lib.sh"
need_examples
cd "$work" || exit 3

# Until the process has a handler for SIGTERM (bit 15 of the mask), which it gets before it opens its object.
wait_for_handler() {
	until grep -q '^SigCgt:.*[4567cdef]...$' "/proc/$1/status" 2>/dev/null; do
		kill -0 "$1" 2>/dev/null || return
		sleep 0.1
	done
}

# interrupt SIGNAL STATUS SECONDS COMMAND...: the signal comes that long after the handler is there.
interrupt() {
	signal=$1
	status=$2
	seconds=$3
	shift 3
	got=0
	"$@" >out 2>err </dev/null &
	pid=$!
	wait_for_handler $pid
	sleep "$seconds"
	kill -s "$signal" $pid
	wait $pid || got=$?
	[ "$got" = "$status" ] || fail "exit $got, not $status: $*"
}

says() {
	grep -qE -- "$2" "$1" || fail "$1 does not say '$2': $(head -c 300 "$1")"
}

for seconds in 0 2; do
	interrupt TERM 143 $seconds "$tool" test --packets 4000000000 --junit r.xml "$examples/portfilter.o"
	says out 'portfilter: (interrupted after [0-9]+ packets, equal so far|skipped, interrupted)'
	says r.xml 'tests="1" failures="0" skipped="1"'
	says r.xml '<skipped message="interrupted'
	interrupt TERM 143 $seconds "$tool" test --packets 4000000000 --json "$examples/xsk_classifier.o"
	says out '"interrupted":true|"not_compared":"interrupted'
done



mkfifo packets
"$tool" compile -o . "$examples/portfilter.o" >/dev/null

# A pipe that has no packet yet.
sleep 1000 >packets &
writer=$!
interrupt TERM 143 0 "$tool" run --pcap packets portfilter.nfp
kill $writer
interrupt TERM 143 0 "$tool" bench --packets 4000000000 "$examples/portfilter.o"
finish
