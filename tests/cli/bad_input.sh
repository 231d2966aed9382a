# SPDX-License-Identifier: BSD-2-Clause
# Files that are no eBPF objects: a clear message, exit 1, nothing written.
. "$(dirname "$0")/lib.sh"

: >"$work/empty.o"
echo "int main(void) { return 0; }" >"$work/text.o"
head -c 100 /proc/self/exe >"$work/short.o"
truncate -s 2G "$work/huge.o"
head -c 4096 /dev/urandom >"$work/noise.o"
printf '\177ELF\002\001\001' >"$work/magic.o"

for command in compile check explain test bench; do
	for f in empty text short huge noise magic; do
		expect 1 "error:" "$tool" $command "$work/$f.o"
	done
	expect 1 "is not a regular file" "$tool" $command "$work"
	expect 1 "No such file" "$tool" $command "$work/absent.o"
	expect 1 "is an ELF file for machine" "$tool" $command "$tool"
done
for command in disasm "run --pcap $work/empty.o"; do
	for f in empty text short huge noise magic; do
		expect 1 "error:" "$tool" $command "$work/$f.o"
	done
done
expect 1 '"schema":' "$tool" compile --json "$work/empty.o"
expect 1 '"id":"file-unreadable"' "$tool" compile --json "$work/empty.o"

mkdir "$work/results"
expect 1 "error:" "$tool" compile -o "$work/results" "$work/short.o"
[ -z "$(ls -A "$work/results")" ] || fail "a refused file left something in the output folder"
finish
