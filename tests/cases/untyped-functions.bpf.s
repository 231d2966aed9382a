# SPDX-License-Identifier: BSD-2-Clause
# Functions whose symbols have neither type nor size, as clang before 8 wrote them: two programs in a section, a static
# one, a section without any symbol, subprograms that are called by name and by offset, labels of jumps between.
#
# RUN: check --type xdp
# EXIT: 0
# SAYS: warning: functions of section .* and others have symbols without type or size .* \[elf-untyped\]
# SAYS: first \(xdp\): accepted, 16 instructions
# SAYS: second \(xdp\): accepted, 2 instructions
# SAYS: unnamed \(xdp/static\): accepted, 2 instructions
# SAYS: prog_1 \(prog/1\): accepted, 2 instructions
# SAYS: typed \(xdp_typed\): accepted, 2 instructions
# NOT: LBB
# NOT: never_called
#
# RUN: check --type xdp --verifier=both
# NEEDS: bpf
# EXIT: 0
# SAYS: first \(xdp\): accepted, kernel: accepted
# SAYS: prog_1 \(prog/1\): accepted, kernel: accepted
#
# RUN: test --type xdp --packets 500
# EXIT: 0
# SAYS: first: equal
# SAYS: second: equal
# SAYS: unnamed: equal
# SAYS: prog_1: equal
#
# RUN: compile --type xdp -o out
# EXIT: 0
# SAYS: first \(xdp\): device
	.section xdp,"ax",@progbits
	.globl first
first:
	r2 = *(u32 *)(r1 + 4)
	r1 = *(u32 *)(r1 + 0)
	r3 = r1
	r3 += 14
	r0 = 2
	if r3 > r2 goto LBB0_1
	r1 = *(u8 *)(r1 + 12)
	call by_name
LBB0_1:
	exit
	.globl second
second:
	r0 = 1
	exit
	.section xdp/static,"ax",@progbits
unnamed:
	r0 = 2
	exit
	.section prog/1,"ax",@progbits
	r0 = 1
	exit
	.section xdp_typed,"ax",@progbits
	.globl typed
	.type typed,@function
typed:
	r0 = 1
	exit
	.size typed, . - typed
	.text
never_called:
	r0 = 7
	exit
by_name:
	if r1 == 8 goto LBB2_1
	r0 = 1
	exit
LBB2_1:
	call by_offset
	exit
by_offset:
	r0 = 2
	exit
	.section license,"aw",@progbits
	.asciz "GPL"
