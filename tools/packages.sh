# SPDX-License-Identifier: BSD-2-Clause
# Sourced by quickstart and run-tests: the Debian 12 packages the project needs, and how to get them.

packages_needed="cmake ninja-build gcc pkg-config libc6-dev linux-libc-dev
	libbpf-dev libelf-dev zlib1g-dev llvm-19-dev clang-19 libunicorn-dev libpcap-dev libjson-c-dev
	libcmocka-dev libxdp-dev iproute2 iputils-ping iperf3 curl"

say() { printf '\n== %s\n' "$*"; }

# Names of the packages that are not installed, one line; empty when all are there.
packages_missing() {
	for p in $packages_needed; do
		dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$p"
	done
}

# Installs what is missing. Without apt it prints the list and goes on: cmake then says what it lacks.
packages_install() {
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		echo "No apt here. These packages (Debian names) must be installed already:" $packages_needed
		return 0
	fi
	missing=$(packages_missing)
	if [ -z "$missing" ]; then
		echo "All Debian packages are installed."
		return 0
	fi
	echo "Missing Debian packages: $missing"
	as_root=""
	if [ "$(id -u)" != 0 ]; then
		if ! command -v sudo >/dev/null; then
			echo "Run as root: apt-get update && apt-get install $missing" >&2
			return 1
		fi
		as_root=sudo
	fi
	$as_root apt-get update -qq
	DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends \
		$missing >/dev/null
}
