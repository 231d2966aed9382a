# SPDX-License-Identifier: BSD-2-Clause
# pairs.sh PROGRAM OBJECT N: the best cut over 10,000 packets, then N at random; each host half loads.
. "$(dirname "$0")/../cli/lib.sh"
object=$2
cuts=$3

# Accepted by our verifier, and by the kernel's where it may be asked.
loads() {
	"$tool" check --verifier=both "$1" >"$work/check" 2>&1 ||
		grep -q kernel-unavailable "$work/check" || {
		fail "$1 does not load (cut seed $2)"
		tail -5 "$work/check"
	}
}

for seed in $(seq 0 "$cuts"); do
	packets=$([ "$seed" = 0 ] && echo 10000 || echo 300)
	rm -f "$work"/*.host.o
	expect 0 ": equal" "$tool" test --cut-seed "$seed" --packets "$packets" "$object"
	expect 0 "instruction words" "$tool" compile --cut-seed "$seed" -o "$work" "$object"
	[ $((seed % 5)) = 0 ] || continue
	for half in "$work"/*.host.o; do
		[ -f "$half" ] && loads "$half" "$seed"
	done
done
finish
