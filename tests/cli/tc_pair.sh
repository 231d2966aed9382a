# SPDX-License-Identifier: BSD-2-Clause
# Both programs of a tc host half in the running kernel, behind the card in software: real frames, with and without a
# VLAN tag. What arrives is what UDP counts as sent to a port that nobody listens on.
. "$(dirname "$0")/lib.sh"
need_examples

skip() {
	echo "skipped: $*"
	exit 77
}
[ "$(id -u)" = 0 ] || skip "not root"
[ -c /dev/net/tun ] || skip "no /dev/net/tun"
command -v ip >/dev/null && command -v bash >/dev/null || skip "no ip, or no bash"
host=bo-tc-host-$$ far=bo-tc-far-$$ nic=
tear_down() {
	[ -z "$nic" ] || { kill "$nic" 2>/dev/null && wait "$nic" 2>/dev/null; }
	ip netns del "$host" 2>/dev/null
	ip netns del "$far" 2>/dev/null
	rm -rf "$work"
}
trap tear_down EXIT
trap 'exit 1' INT TERM
ip netns add "$host" 2>/dev/null && ip netns add "$far" || skip "network namespaces are not permitted"
ip netns exec "$host" true 2>/dev/null || skip "no command can be run in a network namespace"
ip link add wire0 netns "$host" type veth peer name far0 netns "$far" 2>/dev/null || skip "no veth"

expect 0 "wrote" "$tool" compile -o "$work" "$examples/tc_mark.o"
cat >"$work/maps" <<EOF
# port  mark
port_mark 5000 7
port_mark 5002 9
EOF
ip netns exec "$host" "$tool" nic --image "$work/tc_mark.nfp" --host "$work/tc_mark.host.o" --tap nic0 \
	--wire wire0 --maps "$work/maps" --dump-maps "$work/dump" --json >"$work/nic.json" 2>"$work/nic.err" &
nic=$!

# wait_for COMMAND...: until it succeeds, two minutes at most, which only a failure takes.
wait_for() {
	tries=2400
	while ! "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.05
	done
}
attached() { ip -n "$host" link show nic0 | grep -q 'prog/xdp'; }
if ! wait_for attached; then
	cat "$work/nic.err"
	grep -q nic-privilege "$work/nic.err" && skip "CAP_NET_ADMIN or CAP_BPF is missing"
	fail "the host half is not attached"
	finish
fi

# up NAMESPACE DEVICE NUMBER: 10.77.5.NUMBER on the device, 10.77.6.NUMBER behind VLAN tag 6.
up() {
	ip -n "$1" addr add "10.77.5.$3/24" dev "$2"
	ip -n "$1" link set "$2" up
	[ -n "$vlan" ] || return 0
	ip -n "$1" link add link "$2" name "v$3" type vlan id 6
	ip -n "$1" addr add "10.77.6.$3/24" dev "v$3"
	ip -n "$1" link set "v$3" up
}
vlan=yes
ip -n "$far" link add link far0 name try type vlan id 7 2>/dev/null && ip -n "$far" link del try || {
	echo "not run: this kernel has no VLAN interfaces"
	vlan=
}
up "$host" nic0 1
up "$far" far0 2
addresses="10.77.5.1 ${vlan:+10.77.6.1}"
for ip in $addresses; do # who has it is answered before anything is counted
	wait_for ip netns exec "$far" ping -c 1 -W 1 $ip || fail "no answer from $ip"
done

arrived() { ip netns exec "$host" awk '$1 == "Udp:" { if (n++) print $3 }' /proc/net/snmp; }

# sends ADDRESS PORT EXPECTED WHAT: five datagrams, so many arrive.
sends() {
	before=$(arrived)
	for i in 1 2 3 4 5; do
		ip netns exec "$far" bash -c "echo $i >/dev/udp/$1/$2" 2>/dev/null
	done
	reach() { [ $(($(arrived) - before)) -ge 5 ]; }
	if [ "$3" = 5 ]; then wait_for reach; else sleep 0.3; fi
	got=$(($(arrived) - before))
	[ $got = "$3" ] || fail "$4: $got of 5 arrive, not $3"
}
for ip in $addresses; do
	sends $ip 5000 5 "$ip, a port with a mark"
	sends $ip 5001 0 "$ip, a port without"
	sends $ip 5002 5 "$ip, another mark"
done
# The host half sets marks: now one of them leads nowhere, before the table of local addresses is asked.
ip -n "$host" rule add pref 100 lookup local
ip -n "$host" rule add pref 50 fwmark 9 blackhole
ip -n "$host" rule del pref 0
for ip in $addresses; do
	sends $ip 5000 5 "$ip, beside the rule"
	sends $ip 5002 0 "$ip, a mark that leads nowhere"
done

kill -INT $nic
wait $nic || fail "the NIC ends with $?"
nic=
number() { tr -d ' \n' <"$work/nic.json" | grep -o "\"$1\":[0-9]*" | grep -o '[0-9]*$'; }
packets() { tr -d ' \n' <"$work/nic.json" | grep -o "\"$1\":{\"packets\":[0-9]*" | grep -o '[0-9]*$'; }
# per address 25 datagrams: 5 without a mark are dropped by the card, if untagged; 20 go on at the host
[ "$(number handed)" -ge 20 ] || fail "the host half continued only $(number handed) packets"
[ "$(packets dropped)" -ge 5 ] || fail "the device dropped only $(packets dropped) packets"
grep -q '"fault[^:]*": *[1-9]' "$work/nic.json" && fail "the simulated card faults"
finish
