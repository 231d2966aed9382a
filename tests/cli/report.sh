# SPDX-License-Identifier: BSD-2-Clause
# explain's graph and HTML report, compile's manifest: what they say, that they are the same each time, and that
# names and source lines of a hostile object stay text.
. "$(dirname "$0")/lib.sh"
need_examples
pin=--pin=public_ports=host
hostile=$examples/../tests/programs/hostile.o

says() { # FILE WORDS
	grep -qF -- "$2" "$1" || fail "$(basename "$1") does not say '$2'"
}
says_not() {
	if grep -qF -- "$2" "$1"; then fail "$(basename "$1") says '$2'"; fi
}

# ---- text: marks per line, cuts with state and share, reasons, what would move more
expect 0 "cut 1 before instruction" "$tool" explain $pin "$examples/portfilter.o"
cp "$work/out" "$work/text"
says "$work/text" "stack -4: scalar, 4 bytes, record bytes 8-11"
says "$work/text" "4 bytes handed over, about"
says "$work/text" "^ on the host: --pin puts it on the host"
says "$work/text" "instruction words and"
grep -qE '^  both .*portfilter.bpf.c:[0-9]+: is_public = ' "$work/text" || fail "no mark at a source line"
xdp=/usr/lib/x86_64-linux-gnu/bpf/xdpfilt_alw_ip.o
if [ -f $xdp ]; then
	expect 0 "to move more to the device:" "$tool" explain -q $xdp
fi

# ---- graph and HTML
for run in a b; do
	expect 0 "split" "$tool" explain $pin --dot "$work/$run.dot" --html "$work/$run.html" "$examples/portfilter.o"
	expect 0 '"advice"' "$tool" explain --json $pin "$examples/portfilter.o"
	cp "$work/out" "$work/$run.json"
done
for kind in dot html json; do
	cmp -s "$work/a.$kind" "$work/b.$kind" || fail "$kind differs between two runs"
done
for words in 'digraph placement {' 'cut 1' 'device 0' "map 'public_ports'" 'is_public = bpf_map_lookup_elem'; do
	says "$work/a.dot" "$(echo "$words" | sed "s/'/\&#39;/g")"
done
for words in '<!DOCTYPE html>' 'Content-Security-Policy' 'Hand-offs' 'portfilter_host' 'record bytes 8' 'mem[read32'; do
	says "$work/a.html" "$words"
done
says_not "$work/a.html" "http:/"
says_not "$work/a.html" "https:/"
for words in '"blocks":[' '"cut":1' '"payload_bytes":4' '"words_per_packet"' '"duty":"use-host"'; do
	says "$work/a.json" "$words"
done
expect 3 "cannot write" "$tool" explain --html "$work/no/such/dir.html" "$examples/portfilter.o"
expect 3 "tool-missing" env PATH="$work" "$tool" explain --svg "$work/x.svg" "$examples/portfilter.o"
[ ! -e "$work/x.svg" ] || fail "--svg without dot leaves a file"
expect 1 "file-unreadable" "$tool" explain --html "$work/none.html" "$work/none.o"
[ ! -e "$work/none.html" ] || fail "a report about nothing"
if command -v dot >/dev/null; then
	expect 0 "split" "$tool" explain $pin --svg "$work/a.svg" "$examples/portfilter.o"
	says "$work/a.svg" "</svg>"
else
	echo "skipped: --svg, no dot"
fi
expect 0 "variables" "$tool" explain --html "$work/many.html" "$examples/../tests/programs/globals.v3.o"
says "$work/many.html" '<a href="#p1">constants</a>'
says "$work/many.html" '<section id="p2">'

# ---- an object whose names and lines are markup
expect 0 "split" "$tool" explain --pin table=host --html "$work/h.html" --dot "$work/h.dot" "$hostile"
[ "$(grep -o '<script' "$work/h.html" | wc -l)" = 1 ] || fail "a script that is not ours"
for markup in '<img' '<b>&amp;</b>' '</script><' "onclick='" ' \N <b>'; do
	says_not "$work/h.html" "$markup"
	says_not "$work/h.dot" "$markup"
done
says "$work/h.html" "&lt;/script&gt;&lt;script&gt;alert(1)"
says_not "$work/h.dot" '"]; evil'
says_not "$work/h.dot" '</TABLE>>]; evil'
if command -v dot >/dev/null; then
	dot -Tcanon "$work/h.dot" >"$work/canon" 2>"$work/warnings" || fail "dot does not read the graph"
	[ ! -s "$work/warnings" ] || fail "dot warns: $(head -3 "$work/warnings")"
	if grep -qE '^[[:space:]]*"?evil"? ->' "$work/canon"; then fail "an edge that the object made up"; fi
fi

# ---- manifest
expect 0 "wrote" "$tool" compile $pin --emit=words -o "$work/m" "$examples/portfilter.o"
expect 0 "wrote" "$tool" compile $pin --emit=words -o "$work/m2" "$examples/portfilter.o"
m=$work/m/portfilter.manifest.json
cmp -s "$m" "$work/m2/portfilter.manifest.json" || fail "the manifest differs between two runs"
for words in '"manifest":1' '"placement":"split"' '"file":"portfilter.nfp"' '"name":"portfilter_host"' '"role":"continue"' \
	'"home":"host"' '"duty":"use-host"' '"adjust-head"' '"cookie":' '"payload_bytes":4'; do
	says "$m" "$words"
done
for file in portfilter.nfp portfilter.words portfilter.host.o; do
	says "$m" "\"sha256\":\"$(sha256sum "$work/m/$file" | cut -c1-64)\""
done
says "$m" "\"sha256\":\"$(sha256sum "$examples/portfilter.o" | cut -c1-64)\""
expect 0 "device" "$tool" compile --manifest "$work/all.json" -o "$work/m3" "$examples/counters.o"
[ ! -e "$work/m3/counters.manifest.json" ] || fail "--manifest leaves one beside the image, too"
says "$work/all.json" "\"file\":\"$work/m3/"
says "$work/all.json" '"table_id":1'
expect 1 "host" "$tool" compile --require-device $pin --manifest "$work/host.json" -o "$work/m4" "$examples/portfilter.o"
says "$work/host.json" '"device":null'
expect 0 "split" "$tool" compile --pin table=host -o "$work/h" "$hostile"
if grep -rqE '/sys/fs/bpf/[A-Za-z0-9_/]*[^A-Za-z0-9_/"]' "$work/h"/*.json; then fail "a path that the object made up"; fi
expect 3 "cannot write" "$tool" compile --manifest "$work/no/such/m.json" -o "$work/m5" "$examples/portfilter.o"

# ---- a tc program: two programs on the host
if "$tool" explain -q "$examples/tc_mark.o" 2>&1 | grep -q '(tc): split'; then
	expect 0 "split" "$tool" compile -o "$work/tc" "$examples/tc_mark.o"
	for words in '"role":"strip"' '"role":"continue"' '"section":"tc"' '"direct-action"' '"duty":"add-up"'; do
		says "$work/tc/tc_mark.manifest.json" "$words"
	done
	expect 0 "frames with a VLAN tag" "$tool" explain -q --dot "$work/tc.dot" --html "$work/tc.html" "$examples/tc_mark.o"
fi
finish
