# Legacy packet loads, which C has no way to write: in and out of the packet, at known and unknown
# offsets.
	.section tc,"ax",@progbits
	.globl legacy_loads
	.type legacy_loads,@function
legacy_loads:
	r6 = r1
	r0 = *(u16 *)skb[12]
	r7 = r0
	r0 = *(u8 *)skb[23]
	r8 = r0
	r0 = *(u32 *)skb[26]
	r9 = r0
	r8 &= 63
	r0 = *(u32 *)skb[r8]
	r9 ^= r0
	r9 += r7
	r9 &= 1
	r0 = 2
	if r9 == 0 goto done
	r0 = -1
done:
	exit
end:
	.size legacy_loads, end-legacy_loads
	.section license,"aw",@progbits
	.asciz "GPL"
