/* SPDX-License-Identifier: BSD-2-Clause
 * Programs whose target is named at run time, or is not in this kernel, are the host's; the XDP program beside them is served.
 *
 * RUN: compile -o out
 * EXIT: 0
 * SAYS: good \(xdp\): device
 * SAYS: extension \(freplace\): host
 * SAYS: entry \(fentry\): host
 * SAYS: gone \(fentry/no_such_function\): host
 * SAYS: hook \(lsm\): host
 * SAYS: point \(tp_btf\): host
 * SAYS: walker \(iter\): host
 * SAYS: ops \(struct_ops\): host
 * NOT: prog-broken
 * NOT: no program
 *
 * SH: test -s out/good.nfp
 * EXIT: 0
 *
 * RUN: test --prog good --packets 50
 * BUILD: -mcpu=v1 -O1
 * EXIT: 0
 * SAYS: good: equal
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern const int not_in_any_kernel __ksym;

#define HOST(section, name)                                                                        \
	SEC(section) int name(void *ctx)                                                           \
	{                                                                                          \
		return 0;                                                                          \
	}

HOST("freplace", extension)
HOST("freplace/some_function", extension_named)
HOST("fentry", entry)
HOST("fentry/no_such_function", gone)
HOST("fexit", leave)
HOST("fmod_ret", modify)
HOST("lsm", hook)
HOST("lsm.s", sleepy_hook)
HOST("lsm/no_such_hook", no_hook)
HOST("tp_btf", point)
HOST("tp_btf/no_such_point", no_point)
HOST("iter", walker)
HOST("raw_tp", raw)
HOST("kprobe", probe)
HOST("usdt", user)
HOST("struct_ops", ops)

SEC("tp_btf/sched_switch")
int bad(void *ctx)
{
	return not_in_any_kernel;
}

SEC("xdp")
int good(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data;

	return p + 60 > (__u8 *)(long)ctx->data_end ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
