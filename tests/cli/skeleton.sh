# SPDX-License-Identifier: BSD-2-Clause
# --skeleton: bpftool takes the host half, the header compiles, and with a kernel it loads.
. "$(dirname "$0")/lib.sh"
need_examples
pin=--pin=public_ports=host
PATH=$PATH:/usr/sbin

expect 0 "split" "$tool" compile $pin --skeleton "$work/half.o" -o "$work/o" "$examples/portfilter.o"
cmp -s "$work/half.o" "$work/o/portfilter.host.o" || fail "--skeleton FILE.o is not the host half"
expect 1 "no host half" "$tool" compile --skeleton "$work/none.o" -o "$work/o" "$examples/portfilter.o"
[ ! -e "$work/none.o" ] || fail "a skeleton of nothing"
command -v bpftool >/dev/null || {
	echo "skipped: no bpftool"
	finish
	exit
}

# ---- every host half is taken
for object in "$examples"/*.o /usr/lib/x86_64-linux-gnu/bpf/xdp*.o; do
	[ -f "$object" ] || continue
	for seed in 0 1 2; do
		rm -rf "$work/s"
		"$tool" compile -q --cut-seed $seed -o "$work/s" "$object" >/dev/null 2>&1
		for half in "$work"/s/*.host.o; do
			[ -f "$half" ] || continue
			bpftool gen skeleton "$half" >"$work/skel.h" 2>"$work/err" || {
				fail "bpftool does not take the host half of $object, --cut-seed $seed"
				head -3 "$work/err"
			}
		done
	done
done

# ---- the header compiles, opens and loads; global data is in it by name
cat >"$work/use.c" <<'C'
#include "skel.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct NAME *s = FN(NAME, open)();
	int err;

	(void)argv;
	if (!s || bpf_program__type(s->progs.NAME) != BPF_PROG_TYPE_XDP)
		return 1;
	USE
	err = argc > 1 ? FN(NAME, load)(s) : 0;
	if (err)
		fprintf(stderr, "load: %s\n", strerror(-err));
	FN(NAME, destroy)(s);
	return err ? 2 : 0;
}
C

try_skeleton() { # NAME USE PIN OBJECT
	expect 0 "split" "$tool" compile $3 --skeleton "$work/skel.h" -o "$work/o" "$4"
	cc -w -DNAME="$1" -D'FN2(n,f)=n##__##f' -D'FN(n,f)=FN2(n,f)' -D"USE=$2" -I"$work" "$work/use.c" \
		-o "$work/use" -lbpf >"$work/err" 2>&1 || {
		fail "the skeleton of $1 does not compile"
		head -5 "$work/err"
		return
	}
	"$work/use" || fail "the skeleton of $1 does not open"
	if [ "$(id -u)" != 0 ] || [ ! -d /sys/fs/bpf ] || ! bpftool prog show >/dev/null 2>&1; then
		echo "skipped: $1 is not loaded, no CAP_BPF"
	else
		"$work/use" load || fail "the skeleton of $1 does not load"
	fi
}

try_skeleton portfilter_host "if (!s->maps.public_ports) return 3;" $pin "$examples/portfilter.o"
try_skeleton variables_host "s->bss->counts[15] = s->rodata_compiled_in->limits[1]; if (s->data->total != 1000) return 3;" \
	"--prog variables --cut-seed 1" "$examples/../tests/programs/globals.v3.o"
expect 2 "select one with --prog" "$tool" compile --cut-seed 1 --skeleton "$work/two.o" -o "$work/o" \
	"$examples/../tests/programs/globals.v3.o"
finish
