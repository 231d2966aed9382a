# SPDX-License-Identifier: BSD-2-Clause
# carried.sh PROGRAM OBJECT: each of its programs is split, behaves, and its host half loads and has a skeleton.
. "$(dirname "$0")/../cli/lib.sh"
object=$2

# What stays on the host is in the object: maps of maps with their elements, kernel functions, variables.
has() {
	readelf -sW "$work/$1.host.o" 2>/dev/null | grep -q " $2\$" || fail "$1: no symbol $2"
}

for seed in 0 1 2 3; do
	rm -f "$work"/*.host.o
	expect 0 "global_data (xdp): split" "$tool" compile --cut-seed $seed -o "$work" "$object"
	for name in inner_maps kernel_functions global_data; do
		half=$work/$name.host.o
		[ -f "$half" ] || {
			fail "$name: no host half (cut seed $seed)"
			continue
		}
		expect 0 "accepted" "$tool" check "$half"
		"$tool" check --verifier=kernel "$half" >"$work/kernel" 2>&1 ||
			grep -q kernel-unavailable "$work/kernel" || {
			fail "the kernel does not take $name.host.o (cut seed $seed)"
			tail -5 "$work/kernel"
		}
	done
done
expect 0 "[device-attach]" "$tool" explain --prog after_redirect "$object"
for seed in 0 1 2; do
	expect 0 "after_redirect (xdp/devmap): host" "$tool" compile --cut-seed $seed --prog after_redirect -o "$work" "$object"
done
rm -f "$work"/*.host.o
expect 0 "wrote" "$tool" compile -o "$work" "$object"
has inner_maps by_protocol
has inner_maps tcp_ports
has inner_maps udp_ports
has kernel_functions bpf_rcu_read_lock
has global_data limits
has global_data shift
for name in inner_maps global_data; do
	expect 0 "$name: equal" "$tool" test --prog $name --packets 2000 "$object"
done
if command -v bpftool >/dev/null; then
	expect 0 "struct bpf_map *by_protocol" bpftool gen skeleton "$work/inner_maps.host.o"
	expect 0 "struct limits limits" bpftool gen skeleton "$work/global_data.host.o"
fi
finish
