# SPDX-License-Identifier: BSD-2-Clause
# Sourced by the scripts that read the kernel's sources: unpacks what they use into $linux, once.
linux_source_unpack() {
	[ -d "$linux" ] && return
	if [ ! -r /usr/src/linux-source-6.1.tar.xz ]; then
		echo "No /usr/src/linux-source-6.1.tar.xz: install the package linux-source-6.1." >&2
		exit 3
	fi
	mkdir -p "$cache/unpack"
	tar -C "$cache/unpack" -xJf /usr/src/linux-source-6.1.tar.xz linux-source-6.1/samples/bpf \
		linux-source-6.1/tools linux-source-6.1/include
	mv "$cache/unpack/linux-source-6.1" "$linux"
}
