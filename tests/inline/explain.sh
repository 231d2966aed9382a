# SPDX-License-Identifier: BSD-2-Clause
# explain.sh PROGRAM FOLDER: what is told of programs that were placed in another shape.
. "$(dirname "$0")/../cli/lib.sh"
calls=$2/calls.v3.o
tails=$2/tails.v3.o

expect 0 "2 calls are inlined" "$tool" explain -q --prog in_callee "$calls"
expect 0 "calls.bpf.c:20), about" "$tool" explain -q --prog in_callee "$calls"
expect 0 "calls of 'note_flow' are not inlined: --pin names it" "$tool" explain -q --prog in_callee --pin note_flow=host "$calls"

expect 0 "chain (xdp): device" "$tool" explain -q --prog chain "$tails"
expect 0 "program array 'steps' is compiled in ([0] drop_udp, [1] count" "$tool" explain -q --prog chain "$tails"
expect 0 "tail-call-compiled-in" "$tool" compile -o "$work" --prog chain "$tails"
expect 0 "chain (xdp): host" "$tool" explain -q --prog chain --no-follow-tail-calls "$tails"
expect 0 "device-tail-call" "$tool" explain --prog chain --no-follow-tail-calls "$tails"
expect 0 "behind (xdp): split" "$tool" explain -q --prog behind "$tails"
expect 0 "not_known (xdp): split" "$tool" explain -q --prog not_known "$tails"
finish
