# SPDX-License-Identifier: BSD-2-Clause
# Every example program but the one that is made to be split goes to the device whole and behaves as on the host, at both levels.
. "$(dirname "$0")/lib.sh"
need_examples

for object in "$examples"/*.o; do
	[ "$(basename "$object")" = xsk_classifier.o ] && continue # its redirect is the host's: nic.sh
	expect 0 "device" "$tool" compile --check-each -o "$work" "$object"
	grep -q ': host' "$work/out" && fail "$object: stays on the host"
	expect 0 ": equal" "$tool" test --packets 3000 "$object"
	expect 0 ": equal" "$tool" test --packets 1000 -O0 --seed 7 "$object"
done
finish
