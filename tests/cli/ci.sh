# SPDX-License-Identifier: BSD-2-Clause
# Options for continuous integration: JUnit, shards, time, reproducers; trace and timing of run.
. "$(dirname "$0")/lib.sh"
need_examples
data=$(cd "$(dirname "$0")/../data" && pwd)
cd "$work" || exit 3

expect 0 "equal, 500 packets" "$tool" test --packets 1000 --shard 2/2 --junit r.xml "$examples/portfilter.o"
grep -q 'tests="1" failures="0"' r.xml || fail "r.xml does not count one test"
expect 0 "equal" "$tool" test --packets 100 --time 1 "$examples/portfilter.o"
expect 2 "--shard takes I/N" "$tool" test --shard 3/2 "$examples/portfilter.o"
expect 2 "--shard divides generated packets" "$tool" test --shard 1/2 --pcap x.pcap "$examples/portfilter.o"

# Another program's words in place of ours: a difference that one packet shows.
expect 0 "" "$tool" compile --emit words -o . "$examples/macswap.o"
expect 1 "DIFFERS" "$tool" test --packets 200 --device-words macswap.words --junit r.xml --repro corpus \
	"$examples/portfilter.o"
grep -q '<failure message="verdict">' r.xml || fail "r.xml has no failure"
[ -x corpus/portfilter-1.sh ] || fail "no reproducer"
mkdir bin
ln -s "$tool" bin/bpf-offload
PATH=$work/bin:$PATH expect 1 "DIFFERS, 1 packets" sh corpus/portfilter-1.sh

# What is nothing for the comparison is skipped by name.
expect 0 "probe: skipped, not comparable: neither" "$tool" test --prog probe "$data/objects/everything.o"
expect 0 '"not_compared":"not comparable: neither' "$tool" test --json --prog probe "$data/objects/everything.o"

# run: trace, timing, rate.
expect 0 "" "$tool" compile -o . "$examples/portfilter.o"
expect 0 "cycle, word, instruction" "$tool" run --trace --pcap corpus/portfilter-1.pcap portfilter.nfp
expect 0 "gprA_" "$tool" run --trace --pcap corpus/portfilter-1.pcap portfilter.nfp
echo "engines = 1 # one" >timing
expect 0 "on 1 engines" "$tool" run --timing timing --pcap corpus/portfilter-1.pcap portfilter.nfp
expect 0 '"bound_by"' "$tool" run --json --pcap corpus/portfilter-1.pcap portfilter.nfp
echo "speed = 1" >timing
expect 2 "unknown key" "$tool" run --timing timing --pcap corpus/portfilter-1.pcap portfilter.nfp
expect 2 "unknown key" "$tool" test --timing timing "$examples/portfilter.o"
finish
