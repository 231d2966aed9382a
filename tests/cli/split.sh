# SPDX-License-Identifier: BSD-2-Clause
# Split programs: both halves together behave as the whole, whichever cut; host halves load.
. "$(dirname "$0")/lib.sh"
need_examples

# Accepted by our verifier, and by the kernel's where it may be asked.
loads() {
	expect 0 "accepted" "$tool" check "$1"
	"$tool" check --verifier=kernel "$1" >"$work/kernel" 2>&1 || {
		grep -q kernel-unavailable "$work/kernel" || {
			fail "the kernel does not take $1"
			tail -5 "$work/kernel"
		}
	}
}

for object in "$examples"/*.o; do
	for seed in 1 2 3 4 5; do
		rm -f "$work"/*.host.o
		# nothing may be left for the card, when it refuses some of the program
		expect 0 "" "$tool" test --cut-seed $seed --packets 500 "$object"
		grep -q ": equal\|stays on the host" "$work/out" || fail "$object, cut $seed: differs"
		expect 0 "" "$tool" compile --cut-seed $seed -o "$work" "$object"
		for half in "$work"/*.host.o; do
			[ -f "$half" ] && loads "$half"
		done
	done
done

# tc: two programs on the host, and the action in the record
expect 0 "split," "$tool" explain "$examples/tc_mark.o"
expect 0 ": equal" "$tool" test --packets 3000 "$examples/tc_mark.o"
expect 0 "tc_mark.host.o" "$tool" compile -o "$work" "$examples/tc_mark.o"
expect 0 "tc_mark_strip" "$tool" check "$work/tc_mark.host.o"
expect 0 "tc_mark_host" "$tool" check "$work/tc_mark.host.o"
loads "$work/tc_mark.host.o"

pin=--pin=public_ports=host
expect 0 "split," "$tool" explain $pin "$examples/portfilter.o"
expect 0 "map 'public_ports': host" "$tool" explain $pin "$examples/portfilter.o"
expect 0 "the host continues here" "$tool" explain $pin "$examples/portfilter.o"
expect 0 ": equal" "$tool" test $pin --packets 3000 "$examples/portfilter.o"
expect 0 "not split" "$tool" explain $pin --max-handoff 7 "$examples/portfilter.o"
expect 0 ": device" "$tool" explain --pin public_ports=device "$examples/portfilter.o"
expect 1 "pin-unknown" "$tool" explain --pin nothing=host "$examples/portfilter.o"
expect 1 "pin-syntax" "$tool" explain --pin public_ports "$examples/portfilter.o"
rm -f "$work"/*
expect 1 ": host" "$tool" compile --require-device $pin -o "$work" "$examples/portfilter.o"
[ -e "$work/portfilter.nfp" ] && fail "--require-device writes an image"
expect 0 ": device" "$tool" compile --require-device -o "$work" "$examples/portfilter.o"
finish
