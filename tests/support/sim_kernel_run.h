/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_SUPPORT_SIM_KERNEL_RUN_H
#define TESTS_SUPPORT_SIM_KERNEL_RUN_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The running kernel as an oracle: loads a program and runs it by BPF_PROG_TEST_RUN. Include after
 * cmocka.h. */

struct kernel_run {
	uint32_t verdict;
	uint8_t packet[4096];
	uint32_t packet_len;
};

static inline int sys_bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* False: the kernel does not take the program (or bpf(2) is not allowed). */
static inline bool run_in_kernel(uint32_t type, const struct bpf_insn *p, size_t n,
				 const uint8_t *in, uint32_t len, struct kernel_run *k)
{
	union bpf_attr attr = { .prog_type = type,
				.insns = (uint64_t)(uintptr_t)p,
				.insn_cnt = (uint32_t)n,
				.license = (uint64_t)(uintptr_t) "GPL" };
	int fd = sys_bpf(BPF_PROG_LOAD, &attr), rc;

	if (fd < 0)
		return false;
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)fd;
	attr.test.data_in = (uint64_t)(uintptr_t)in;
	attr.test.data_size_in = len;
	attr.test.data_out = (uint64_t)(uintptr_t)k->packet;
	attr.test.data_size_out = sizeof(k->packet);
	rc = sys_bpf(BPF_PROG_TEST_RUN, &attr);
	close(fd);
	k->verdict = attr.test.retval;
	k->packet_len = attr.test.data_size_out;
	return rc == 0;
}

static inline void skip_without_bpf(void)
{
	static const struct bpf_insn p[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	static const uint8_t packet[64];
	struct kernel_run k;

	if (!run_in_kernel(BPF_PROG_TYPE_XDP, p, 2, packet, sizeof(packet), &k)) {
		print_message("skipped: no CAP_BPF\n");
		skip();
	}
}

#endif
