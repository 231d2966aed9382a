# SPDX-License-Identifier: BSD-2-Clause
# compile, disasm and run on an example: what is written, what is refused.
. "$(dirname "$0")/lib.sh"
need_examples

expect 0 "portfilter (xdp): device" "$tool" compile -o "$work/new" "$examples/portfilter.o"
[ -s "$work/new/portfilter.nfp" ] || fail "no image"
[ ! -e "$work/new/portfilter.words" ] || fail "words although nobody asked"
expect 0 "wrote" "$tool" compile -o "$work/new" --emit=words "$examples/portfilter.o"
[ -s "$work/new/portfilter.words" ] || fail "no words"
[ "$(ls "$work/new")" = "portfilter.manifest.json
portfilter.nfp
portfilter.words" ] || fail "leftovers: $(ls "$work/new")"

# the same input gives the same bytes
expect 0 "device" "$tool" compile -o "$work/again" --emit=words "$examples/portfilter.o"
cmp -s "$work/new/portfilter.nfp" "$work/again/portfilter.nfp" || fail "image differs between two runs"
cmp -s "$work/new/portfilter.words" "$work/again/portfilter.words" || fail "words differ between two runs"

expect 0 "portfilter.bpf.c:" "$tool" disasm "$work/new/portfilter.nfp"
expect 0 "mem[read32" "$tool" disasm "$work/new/portfilter.words"
expect 0 '"placement":"device"' "$tool" compile --json -o "$work/new" "$examples/portfilter.o"
expect 0 "define i32 @prog" "$tool" compile --stop-after=lift --dump=lift "$examples/portfilter.o"
expect 0 "portfilter (xdp): accepted" "$tool" check "$examples/portfilter.o"
expect 0 "device" "$tool" compile -O0 -o "$work/O0" "$examples/portfilter.o"
expect 0 "device" "$tool" compile --firmware generous --check-each -o "$work/g" "$examples/portfilter.o"
expect 2 "no program 'nobody'" "$tool" compile --prog nobody "$examples/portfilter.o"
expect 2 "firmware" "$tool" compile --firmware "$work/none.fw" "$examples/portfilter.o"
: >"$work/file"
expect 3 "a file of that name exists" "$tool" compile -o "$work/file" "$examples/portfilter.o"
finish
