# SPDX-License-Identifier: BSD-2-Clause
# What a newcomer meets: no arguments, help, typing mistakes.
. "$(dirname "$0")/lib.sh"

expect 2 "Usage: bpf-offload COMMAND" "$tool"
expect 0 "Usage: bpf-offload COMMAND" "$tool" --help
expect 0 "bpf-offload 0." "$tool" --version
expect 2 "no command 'compil'" "$tool" compil x.o
for c in compile test check explain disasm run bench; do
	expect 0 "Usage: bpf-offload $c" "$tool" $c --help
	expect 2 "missing operand" "$tool" $c
	expect 2 "invalid option" "$tool" $c --no-such-option x
	expect 2 "only one file is allowed" "$tool" $c a b
done
expect 2 "optimisation level must be" "$tool" compile -O1 x.o
expect 2 "not a number" "$tool" test --packets many x.o
expect 2 "not a number" "$tool" test --seed -1 x.o
expect 2 "no pass 'nonsense'" "$tool" compile --dump=nonsense x.o
expect 2 "supports \"words\"" "$tool" compile --emit=elf x.o
finish
