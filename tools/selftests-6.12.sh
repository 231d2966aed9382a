# SPDX-License-Identifier: BSD-2-Clause
# Sourced by the scripts that compare verifiers: programs of the selftests of Linux 6.12 (package linux-source-6.12), unpacked
# and compiled in $cache, once. Wants $cache and $mcpu, and $cache/headers/vmlinux.h.
newer=$cache/linux-source-6.12
newer_selftests=$newer/tools/testing/selftests/bpf

newer_unpack() {
	[ -d "$newer" ] && return
	if [ ! -r /usr/src/linux-source-6.12.tar.xz ]; then
		echo "No /usr/src/linux-source-6.12.tar.xz: install the package linux-source-6.12." >&2
		exit 3
	fi
	mkdir -p "$cache/unpack"
	tar -C "$cache/unpack" -xJf /usr/src/linux-source-6.12.tar.xz linux-source-6.12/tools/testing/selftests/bpf \
		linux-source-6.12/tools/include linux-source-6.12/tools/lib/bpf linux-source-6.12/include/uapi \
		linux-source-6.12/scripts
	mv "$cache/unpack/linux-source-6.12" "$newer"
}

# libbpf's headers of that kernel: the selftests use newer macros than the system's may have.
newer_headers() {
	mkdir -p "$cache/headers-6.12/bpf"
	for header in bpf_helpers.h bpf_endian.h bpf_tracing.h bpf_core_read.h usdt.bpf.h; do
		cp "$newer/tools/lib/bpf/$header" "$cache/headers-6.12/bpf"
	done
	[ -s "$cache/headers-6.12/vmlinux.h" ] ||
		bpftool btf dump file /sys/kernel/btf/vmlinux format c >"$cache/headers-6.12/vmlinux.h"
	[ -s "$cache/headers-6.12/bpf/bpf_helper_defs.h" ] ||
		python3 "$newer/scripts/bpf_doc.py" --header --file "$newer/include/uapi/linux/bpf.h" \
			>"$cache/headers-6.12/bpf/bpf_helper_defs.h"
}

# newer_compile SOURCE OBJECT: or what clang said beside it.
newer_compile() {
	[ -f "$2" ] || [ -f "${2%.o}.log" ] && return
	clang-19 -target bpf -mcpu="$mcpu" -g -O2 -D__TARGET_ARCH_x86 -DENABLE_ATOMICS_TESTS -w \
		-I"$cache/headers-6.12" -I"$newer_selftests" -I"$newer_selftests/progs" \
		-I"$newer/tools/include/uapi" -I"$newer/tools/include" -idirafter /usr/include/x86_64-linux-gnu \
		-c "$1" -o "$2" 2>"${2%.o}.log" && rm "${2%.o}.log" || rm -f "$2"
}

# newer_as_tc SOURCE COPY: programs of other types than XDP and tc are made tc programs.
newer_as_tc() {
	sed -E 's@SEC\("(\??)(license|\.[^"]*|xdp[^"]*|tcx?|tcx?/[^"]*|classifier[^"]*|action[^"]*)"\)@KEEP("\1\2")@g
		s@SEC\("(\??)[^"]*"\)@SEC("\1tc")@g
		s@KEEP\(@SEC(@g' "$1" >"$2"
}

# The programs for network cards, to $1.
newer_compile_programs() {
	newer_unpack
	newer_headers
	mkdir -p "$1"
	for source in $(grep -lE 'SEC\("\??(xdp|tc|tcx|classifier|action)' "$newer_selftests"/progs/*.c |
		grep -v '/verifier_'); do
		newer_compile "$source" "$1/$(basename "$source" .c).o"
	done
}

# The verifier's own tests, to $1.
newer_compile_cases() {
	newer_unpack
	newer_headers
	mkdir -p "$1" "$cache/as-tc"
	for source in "$newer_selftests"/progs/verifier_*.c; do
		newer_as_tc "$source" "$cache/as-tc/$(basename "$source")"
		newer_compile "$cache/as-tc/$(basename "$source")" "$1/$(basename "$source" .c).o"
	done
}
