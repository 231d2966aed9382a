# SPDX-License-Identifier: BSD-2-Clause
# --profile and --costs: what is measured and what it costs decide where a program is split.
. "$(dirname "$0")/lib.sh"
need_examples

hex() {
	for byte; do
		# shellcheck disable=SC2059
		printf "\\$(printf %03o "0x$byte")"
	done
}

# capture FILE PACKETS PROTOCOL: Ethernet, IPv4 and 20 bytes of what follows it.
capture() {
	{
		hex d4 c3 b2 a1 2 0 4 0 0 0 0 0 0 0 0 0 ff ff 0 0 1 0 0 0
		i=0
		while [ $((i += 1)) -le "$2" ]; do
			hex 0 0 0 0 0 0 0 0 36 0 0 0 36 0 0 0
			hex 2 0 0 0 0 1 2 0 0 0 0 2 8 0 45 0 0 28 0 1 0 0 40 "$3" 0 0 a 0 0 1 a 0 0 2
			hex 4 d2 0 50 0 0 0 1 0 0 0 2 50 2 20 0 0 0 0 0
		done
	} >"$1"
}

cd "$work" || exit 1
capture tcp.pcap 20 6
capture udp.pcap 30 11
object=$examples/portfilter.o
pin=--pin=public_ports=host

# Shares of packets: guessed, measured.
expect 0 "about 2 % of packets" "$tool" explain $pin "$object"
expect 0 "100.0 % of packets" "$tool" explain $pin --profile tcp.pcap "$object"
expect 0 "measured on 20 packets" "$tool" explain $pin --profile tcp.pcap "$object"
expect 0 " 0.0 % of packets" "$tool" explain $pin --profile udp.pcap "$object"
expect 0 '"measured_packets":30' "$tool" explain --json $pin --profile udp.pcap "$object"
expect 0 ": equal" "$tool" test $pin --profile tcp.pcap --packets 500 "$object"
expect 0 ": split" "$tool" compile $pin --profile udp.pcap "$object"
"$tool" explain $pin --profile tcp.pcap "$object" >first
"$tool" explain $pin --profile tcp.pcap "$object" >second
cmp first second || fail "two runs differ"

# A hand-off that is dear is worth it only when few packets need it.
echo "handoff_value = 1000 # cycles" >dear
expect 0 "no split is worth its hand-off" "$tool" explain $pin --costs dear --profile tcp.pcap "$object"
expect 0 ": split" "$tool" explain $pin --costs dear --profile udp.pcap "$object"
expect 0 "handoff_value  = 1000" "$tool" explain --list-costs --costs dear
"$tool" explain --list-costs >all
"$tool" explain --list-costs --costs all >again
cmp all again || fail "the printed costs do not read back"

# What is no profile, and what is no cost.
: >empty
printf 'no capture file at all, but text' >text
capture none.pcap 0 6
head -c 300 tcp.pcap >cut.pcap
for file in empty text none.pcap cut.pcap missing; do
	expect 2 "[pcap-open]" "$tool" explain --profile $file "$object"
done
expect 2 '"pcap-open"' "$tool" compile --json --profile none.pcap "$object"
while read -r line; do
	echo "$line" >bad
	expect 2 "[costs]" "$tool" explain --costs bad "$object"
	expect 2 "[costs]" "$tool" explain --list-costs --costs bad
done <<'EOF'
warp = 3
handoff
handoff = many
handoff = -1
handoff = 10001
handoff = 99999999999999999999
= 3
EOF
expect 2 "missing" "$tool" explain --costs missing "$object"
finish
