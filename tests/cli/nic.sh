# SPDX-License-Identifier: BSD-2-Clause
# The software NIC: what it refuses, with which exit code; with root also short runs, in a network namespace of
# their own. Real traffic is the business of tools/nic-demo.
. "$(dirname "$0")/lib.sh"
need_examples

"$tool" compile -o "$work" "$examples/xsk_classifier.o" >/dev/null
"$tool" compile -o "$work" --pin public_ports=host "$examples/portfilter.o" >/dev/null
mkdir "$work/whole"
"$tool" compile -o "$work/whole" "$examples/portfilter.o" >/dev/null
image=$work/xsk_classifier.nfp half=$work/xsk_classifier.host.o
other=$work/portfilter.host.o
whole=$work/whole/portfilter.nfp
[ -f "$half" ] && [ -f "$other" ] || fail "no host halves"

# what is asked for
expect 2 "--tap NAME" "$tool" nic --image "$whole"
expect 2 "--image FILE or --host FILE" "$tool" nic --tap x0
expect 2 "extra operand: $whole" "$tool" nic --tap x0 "$whole"
expect 2 "not a number" "$tool" nic --tap x0 --image "$whole" --time soon
expect 0 "--dump-maps FILE" "$tool" nic --help

# files
echo "no image" >"$work/text"
expect 1 "No such file" "$tool" nic --tap x0 --image "$work/absent.nfp"
expect 1 "image-invalid" "$tool" nic --tap x0 --image "$work/text"
expect 1 "image-invalid" "$tool" nic --tap x0 --image "$half"
expect 1 "No such file" "$tool" nic --tap x0 --image "$image" --host "$work/absent.o"
expect 1 "elf-invalid" "$tool" nic --tap x0 --image "$image" --host "$work/text"

# halves that do not belong together
expect 1 "nic-host-half-missing" "$tool" nic --tap x0 --image "$image"
expect 1 "nic-host-half-other" "$tool" nic --tap x0 --image "$image" --host "$other"
expect 1 "expects none" "$tool" nic --tap x0 --image "$image" --host "$examples/portfilter.o"
expect 1 "writes none" "$tool" nic --tap x0 --image "$whole" --host "$other"
expect 1 "writes none" "$tool" nic --tap x0 --host "$other"
expect 1 "nic-host-half-other" "$tool" nic --tap x0 --no-attach --image "$image" --host "$other"

# contents of maps
echo "public_ports 80" >"$work/maps"
expect 2 "line 1: expected MAP KEY VALUE" "$tool" nic --tap x0 --image "$whole" --maps "$work/maps"
printf '# a port\nports 80 1\n' >"$work/maps"
expect 2 "line 2: there is no map 'ports'" "$tool" nic --tap x0 --image "$whole" --maps "$work/maps"
echo "public_ports 80/be8 1" >"$work/maps"
expect 2 "longer than the map's" "$tool" nic --tap x0 --image "$whole" --maps "$work/maps"
printf 'public_ports 80 1\nnic:public_ports 443 1\npublic_ports 80 -\n' >"$work/maps"

expect 2 "line 1" "$tool" run --pcap "$work/none.pcap" --maps "$work/text" "$whole"

# without privileges
unprivileged=
[ "$(id -u)" = 0 ] && unprivileged="setpriv --reuid=65534 --regid=65534 --clear-groups"
chmod -R a+rX "$work"
if $unprivileged test -x "$tool" 2>/dev/null && $unprivileged test -r "$whole"; then
	expect 3 "nic-privilege" $unprivileged "$tool" nic --tap x0 --image "$whole"
	expect 3 "nic-privilege" $unprivileged "$tool" nic --tap x0 --image "$image" --host "$half"
fi

apart="unshare -n"
[ "$(id -u)" = 0 ] && [ -c /dev/net/tun ] && $apart true 2>/dev/null || {
	echo "not run: interfaces need root, /dev/net/tun and network namespaces"
	finish
	exit
}

# interfaces
expect 3 "cannot make a TAP interface" $apart "$tool" nic --tap lo --image "$whole"
expect 3 "File name too long" $apart "$tool" nic --tap a-name-of-16-byte --image "$whole"
expect 3 "cannot find the interface" $apart "$tool" nic --tap x0 --wire x1 --image "$whole"

# short runs: an image alone, both halves, a host program alone, a half that somebody else attaches
run="$apart $tool nic --tap x0 --time 1"
expect 0 "s between x0w and x0" $run --image "$whole" --maps "$work/maps" \
	--dump-maps "$work/dump"
grep -qx "nic:public_ports 443 1" "$work/dump" || fail "the dump lacks an element"
[ "$(wc -l <"$work/dump")" = 1 ] || fail "the dump has more than that element"
expect 0 "host: xsk_classifier_host" $run --image "$image" --host "$half"
expect 0 "device: no image" $run --host "$examples/portfilter.o"
expect 0 "host: not attached by this command" $run --image "$image" --no-attach
expect 0 '"host_program":"xsk_classifier_host"' $run --json --image "$image" --host "$half"

# both programs of a tc half
if "$tool" compile -o "$work" "$examples/tc_mark.o" 2>/dev/null | grep -q host.o; then
	expect 0 "tc_mark_host" $run --image "$work/tc_mark.nfp" --host "$work/tc_mark.host.o"
fi

# an interface that goes away ends it
$apart sh -c 'ip link add w0 type veth peer name w1; ip link set w1 up
	(until grep -q ready "$0"; do sleep 0.1; done; ip link del w0) & exec "$@"' "$work/log" "$tool" nic --tap x0 --wire w0 --time 600 \
	--image "$whole" >"$work/log" 2>&1
[ $? = 3 ] && grep -q "'w0' disappeared" "$work/log" || fail "the wire goes, the NIC stays: $(cat "$work/log")"

# a signal ends it well, another one has it write its maps
$apart "$tool" nic --tap x0 --image "$whole" --maps "$work/maps" --dump-maps "$work/dump2" \
	>"$work/log" 2>&1 &
pid=$!
tries=1200
until grep -q ready "$work/log" || [ $tries = 0 ]; do
	tries=$((tries - 1))
	sleep 0.1
done
kill -USR1 $pid
until [ -s "$work/dump2" ] || [ $tries = 0 ]; do
	tries=$((tries - 1))
	sleep 0.1
done
cmp "$work/dump" "$work/dump2" || fail "SIGUSR1 writes no maps"
echo "public_ports 22 1" >"$work/maps"
kill -HUP $pid
until grep -q "public_ports 22 1" "$work/dump2" || [ $tries = 0 ]; do
	tries=$((tries - 1))
	kill -USR1 $pid
	sleep 0.1
done
kill -TERM $pid
wait $pid || fail "SIGTERM: exit $?"
grep -qx "nic:public_ports 22 1" "$work/dump2" || fail "SIGHUP does not read maps again"
# a signal while image and host half are loaded: the report says that nothing came (bit 14 of the mask: SIGTERM is caught)
for signal in TERM INT; do
	$apart "$tool" nic --json --tap x0 --image "$image" --host "$half" >"$work/log" 2>&1 &
	pid=$!
	until grep -q '^SigCgt:.*[4567cdef]...$' "/proc/$pid/status" 2>/dev/null || ! kill -0 $pid 2>/dev/null; do
		:
	done
	kill -s $signal $pid
	wait $pid || fail "exit $? after an early SIG$signal: $(cat "$work/log")"
	grep -q '"from_wire"' "$work/log" || fail "no report after an early SIG$signal: $(cat "$work/log")"
done
finish
