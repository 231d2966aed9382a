# SPDX-License-Identifier: BSD-2-Clause
# Machine code that a kernel made (tests/data/hostjit), under Unicorn, against the device, our JIT and
# the interpreter; and an image with one wrong bit, which must be noticed.
. "$(dirname "$0")/../cli/lib.sh"
data=$(dirname "$0")/../data/hostjit
peer=$(dirname "$0")/../data/peer-nfp-jit/objects
packets=${HOSTS_PACKETS:-2000}

for image in "$data"/*.hostjit; do
	name=$(basename "$image" .hostjit)
	case $name in
	peer_ipip) object=$peer/ipip.v3.o ;;
	*) object=$data/$name.o ;;
	esac
	expect 0 ": equal, $packets packets, 0 mismatches" "$tool" test --firmware generous --packets "$packets" \
		--host="jit,interp,$image" "$object"
	grep -q "host image: $packets packets, 0 mismatches" "$work/out" || fail "$name: the image did not run"
	# leading where there is a device behind it
	expect 0 ": equal" "$tool" test --firmware generous --packets "$packets" --host="$image" "$object"
done

# cmp edi, 8 (is it IPv4?) becomes cmp edi, 9
sed 's/83fa08/83fa09/' "$data/portfilter.hostjit" >"$work/wrong.hostjit"
cmp -s "$data/portfilter.hostjit" "$work/wrong.hostjit" && fail "nothing to make wrong"
expect 1 "image, verdict" "$tool" test --packets 2000 --host="jit,$work/wrong.hostjit" "$data/portfilter.o"
expect 1 "DIFFERS" "$tool" test --packets 2000 --host="$work/wrong.hostjit" "$data/portfilter.o"

# what is no image, or another program's
expect 1 "image-other-program" "$tool" test --host="$data/l4lb.hostjit" "$data/portfilter.o"
expect 1 "image-format" "$tool" test --host="$data/PROVENANCE.md" "$data/portfilter.o"
sed 's/__htab_map_lookup_elem/some_other_function/' "$data/portfilter.hostjit" >"$work/unknown.hostjit"
expect 1 "some_other_function(), which the simulator does not have" \
	"$tool" test --host="$work/unknown.hostjit" "$data/portfilter.o"
sed '$d' "$data/portfilter.hostjit" >"$work/cut.hostjit"
expect 1 "its end is missing" "$tool" test --host="$work/cut.hostjit" "$data/portfilter.o"
finish
