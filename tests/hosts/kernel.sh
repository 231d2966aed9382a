# SPDX-License-Identifier: BSD-2-Clause
# All host sides with the running kernel among them; a capture made here and now.
. "$(dirname "$0")/../cli/lib.sh"
data=$(dirname "$0")/../data/hostjit
packets=${HOSTS_PACKETS:-2000}

"$tool" test --packets 1 --host=kernel "$data/portfilter.o" >"$work/out" 2>&1
if grep -q "host kernel: skipped: no CAP_BPF" "$work/out"; then
	echo "skipped: no CAP_BPF"
	exit 77
fi
# On each side, but for tc host halves in the kernel: BPF_PROG_TEST_RUN gives them no metadata.
all_alike() {
	grep -v "skipped: it loads, .* no metadata" "$work/out" | grep -q "DIFFERS\|skipped:" &&
		fail "$1: not all host sides ran alike"
}

for object in "$data"/*.o "$examples"/*.o; do
	[ -f "$object" ] || continue
	expect 0 ": equal" "$tool" test --packets "$packets" --host=all "$object"
	all_alike "$object"
done
# split programs: the original and the host half, on every side
pin=--pin=public_ports=host
expect 0 ": equal" "$tool" test $pin --packets "$packets" --host=all "$data/portfilter.o"
for side in jit interp image kernel; do
	grep -q "host half on $side: " "$work/out" || fail "no host half on $side"
done
grep -q "host half on kernel: [1-9][0-9]* packets, 0 mismatches" "$work/out" || fail "not in the kernel"
expect 0 "map references" "$tool" capture --half $pin -o "$work/half.hostjit" "$data/portfilter.o"
expect 0 ": equal" "$tool" test $pin --packets "$packets" --host="jit,$work/half.hostjit" "$data/portfilter.o"
grep -q "host half on image: [1-9][0-9]* packets, 0 mismatches" "$work/out" || fail "the captured half did not run"
expect 1 "no host half" "$tool" capture --half -o "$work/none.hostjit" "$data/portfilter.o"
for object in "$examples"/*.o; do
	[ -f "$object" ] || continue
	for seed in 1 2; do
		expect 0 ": equal" "$tool" test --cut-seed $seed --packets 500 --host=all "$object"
		all_alike "$object"
	done
done
expect 0 "map references" "$tool" capture -o "$work/here.hostjit" "$data/kinds.o"
expect 0 ": equal" "$tool" test --packets "$packets" --host="$work/here.hostjit,interp" "$data/kinds.o"
finish
