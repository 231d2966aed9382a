/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/random/kernel_guard.h"

#include "ebpf/insn.h"

static bool may_split(const struct bpf_insn *in)
{
	if (ebpf_is_call(in))
		return in->src_reg == EBPF_CALL_SUBPROG;
	return ebpf_is_alu(in) && (ebpf_op(in) == BPF_AND || ebpf_op(in) == BPF_OR);
}

bool breaks_kernel(const struct bpf_insn *insns, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		int64_t to = ebpf_jump_target(&insns[i], i);

		if (!ebpf_is_cond_jump(&insns[i]) && !ebpf_is_ja(&insns[i]))
			continue;
		for (int64_t k = to < 0 ? 0 : to; k < i; k++) {
			if (may_split(&insns[k]))
				return true;
		}
	}
	return false;
}
