# SPDX-License-Identifier: BSD-2-Clause
# check: both verifiers, states per instruction, and findings for CI.
. "$(dirname "$0")/lib.sh"
need_examples

data=$(dirname "$0")/../data
good=$examples/portfilter.o
bad=$data/objects/broken.o

expect 2 "unknown verifier 'none'" "$tool" check --verifier none "$good"
expect 2 "not both" "$tool" check --json --sarif "$good"
expect 0 "accepted" "$tool" check "$good"
expect 1 "host only, not verified" "$tool" check "$data/objects/everything.o" --prog probe
expect 0 "host only, not verified" "$tool" check --allow-unverified "$data/objects/everything.o" --prog probe

# --log: source line, state, instruction, and the figures at the end
expect 0 "R1=ctx() R10=fp+0" "$tool" check --log "$good"
expect 0 "  ; " "$tool" check --log "$good"
expect 0 "walked" "$tool" check --log "$good"
expect 0 '"state":"R1=ctx() R10=fp+0"' "$tool" check --log --json "$good"

# --sarif: one result a finding, none for a program without fault
expect 0 '"version":"2.1.0"' "$tool" check --sarif "$good"
grep -q '"ruleId"' "$work/out" && fail "results for $good"
expect 1 '"ruleId":"prog-broken"' "$tool" check --sarif "$bad"
expect 1 '"ruleId":"file-unreadable"' "$tool" check --sarif "$work/missing.o"

# the kernel: a verdict where bpf(2) is allowed, else a warning and the embedded verdict alone
expect 0 "kernel: " "$tool" check --verifier both --allow-unverified "$good"
if grep -qF "kernel: accepted" "$work/out"; then
	expect 0 "kernel: accepted" "$tool" check --verifier kernel "$good"
	expect 0 '"kernel_accepted":true' "$tool" check --verifier both --json "$good"
	expect 1 "allows stores to rx_queue_index only" \
		"$tool" check --verifier both --prog qsel "$data/peer-nfp-jit/objects/misc.v3.o"
	expect 1 "THEY DIFFER" "$tool" check --verifier both --prog qsel "$data/peer-nfp-jit/objects/misc.v3.o"
	expect 1 "kernel-rejects" "$tool" check --verifier kernel --prog qsel "$data/peer-nfp-jit/objects/misc.v3.o"
else
	expect 3 "kernel-unavailable" "$tool" check --verifier kernel "$good"
	expect 3 '"kernel_accepted":null' "$tool" check --verifier both --json "$good"
	expect 0 '"kernel_accepted":null' "$tool" check --verifier both --allow-unverified --json "$good"
fi
finish
