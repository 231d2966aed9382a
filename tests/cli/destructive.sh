# SPDX-License-Identifier: BSD-2-Clause
# Programs that call a destructive kernel function (crash_kexec): refused, or allowed and then the host's, and
# never given to a kernel. tests/data/objects/destructive.bpf.c has one of each kind.
. "$(dirname "$0")/lib.sh"

object=$(dirname "$0")/../data/objects/destructive.o
allow=--allow-destructive
refused="call of the destructive kernel function 'crash_kexec' [destructive]"
not_for="is not available to this program type, even with --allow-destructive [destructive-prog]"

# without --allow-destructive: every command that takes the option, every type
for prog in on_packet on_classify on_action on_probe on_tracepoint on_socket; do
	expect 1 "$refused" "$tool" check --prog $prog "$object"
	expect 1 "$refused" "$tool" explain --prog $prog "$object"
	expect 1 "$refused" "$tool" test --prog $prog "$object"
	expect 1 "$refused" "$tool" compile --prog $prog -o "$work/refused" "$object"
done
[ -e "$work/refused" ] && [ -n "$(ls "$work/refused")" ] && fail "a refused program left files behind"
expect 1 '"accepted":false' "$tool" check --json --prog on_packet "$object"
expect 1 '"id":"destructive"' "$tool" check --json --prog on_packet "$object"
expect 1 '"ruleId":"destructive"' "$tool" check --sarif --prog on_packet "$object"
expect 0 "harmless (xdp): accepted" "$tool" check --prog harmless "$object"

# with it: types that the kernel offers it to
expect 0 "on_packet (xdp): accepted" "$tool" check $allow --prog on_packet "$object"
expect 0 "on_classify (tc): accepted" "$tool" check $allow --prog on_classify "$object"
for prog in on_probe on_tracepoint; do
	expect 1 "host only, not verified" "$tool" check $allow --prog $prog "$object"
	expect 0 "host only, not verified" "$tool" check $allow --allow-unverified --prog $prog "$object"
done
for prog in on_action on_socket; do
	expect 1 "$not_for" "$tool" check $allow --prog $prog "$object"
	expect 1 "$not_for" "$tool" compile $allow --prog $prog -o "$work/refused" "$object"
done

# … and then all of it stays on the host, with the reason
for prog in on_packet on_classify; do
	expect 0 "[device-destructive]" "$tool" explain $allow --prog $prog "$object"
	grep -qE '^ +(device|both) ' "$work/out" && fail "part of $prog is on the card"
	expect 0 "[device-destructive]" "$tool" compile $allow --prog $prog -o "$work/host" "$object"
	expect 0 "skipped" "$tool" test $allow --prog $prog "$object"
	expect 1 "[device-destructive]" "$tool" compile $allow --require-device --prog $prog -o "$work/host" "$object"
done
[ -e "$work/host" ] && find "$work/host" -name '*.nfp' | grep -q . && fail "an image of a host program"
expect 0 '"placement":"host"' "$tool" explain $allow --json --prog on_packet "$object"
expect 0 "programs of type kprobe run on the host only" "$tool" explain $allow --prog on_probe "$object"

# a kernel never sees one
for verifier in kernel both; do
	expect 3 "kernel: no verdict" "$tool" check $allow --verifier $verifier --prog on_packet "$object"
done
expect 0 "kernel: no verdict" "$tool" check $allow --allow-unverified --verifier both --prog on_packet "$object"
expect 1 "kernel: no verdict" "$tool" check --verifier both --prog on_packet "$object"
expect 3 "capture-failed" "$tool" capture --prog on_packet -o "$work/image" "$object"
[ -e "$work/image" ] && fail "an image of a destructive program"
finish
