# SPDX-License-Identifier: BSD-2-Clause
# The 24 builds that the kernel's driver takes: whole on the device, equal to the host, and not
# larger than the kernel's words in geometric mean nor more than 1.2 times for any.
. "$(dirname "$0")/lib.sh"
data=$(dirname "$0")/../data/peer-nfp-jit

tail -n +2 "$data/counts.csv" >"$work/counts"
while IFS=, read -r object program _ _ theirs _; do
	expect 0 "device" "$tool" compile --firmware generous --prog "$program" -o "$work" "$data/objects/$object"
	ours=$(sed -n 's/.* -> \([0-9]*\) instruction words/\1/p' "$work/out")
	[ -n "$ours" ] || fail "$object/$program is not on the device"
	echo "$object/$program ${ours:-9999} $theirs" >>"$work/sizes"
	expect 0 ": equal" "$tool" test --packets "${PEER_PACKETS:-1000}" --firmware generous --prog "$program" \
		"$data/objects/$object"
done <"$work/counts"
awk '{ s += log($2 / $3); if ($2 > 1.2 * $3) { print "more than 1.2 times the kernel:", $0; bad = 1 } }
     END { m = exp(s / NR); printf "%d builds, words ours/kernel: %.3f in geometric mean\n", NR, m; exit bad || m > 1 || NR != 24 }' \
	"$work/sizes" || fail "code size"
finish
