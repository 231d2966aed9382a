/* SPDX-License-Identifier: BSD-2-Clause
 * Existence tests of kernel functions and variables that are declared weak: what the kernel lacks is a null address, and the
 * call behind the test is dead. A call that is reached all the same is rejected.
 *
 * RUN: check --prog present
 * EXIT: 0
 * SAYS: present \(xdp\): accepted
 *
 * RUN: check --prog absent
 * EXIT: 0
 * SAYS: absent \(xdp\): accepted
 *
 * RUN: check --prog several
 * BUILD: -mcpu=v1 -O1
 * EXIT: 0
 * SAYS: several \(tc\): accepted
 *
 * RUN: check --prog several
 * BUILD: -mcpu=v4
 * EXIT: 0
 * SAYS: several \(tc\): accepted
 *
 * RUN: check --prog in_function
 * BUILD: -mcpu=v2
 * EXIT: 0
 * SAYS: in_function \(tc\): accepted
 *
 * RUN: check --prog variables
 * EXIT: 0
 * SAYS: variables \(tc\): accepted
 *
 * RUN: check --prog untested
 * EXIT: 1
 * SAYS: 'no_such_function', which this kernel does not have
 * SAYS: kfunc-absent
 *
 * RUN: check --prog reached
 * EXIT: 1
 * SAYS: kfunc-absent
 *
 * RUN: check --prog variable_untested
 * EXIT: 1
 *
 * RUN: check --verifier=both --prog several
 * NEEDS: bpf
 * EXIT: 0
 * SAYS: kernel: accepted
 *
 * RUN: check --verifier=both --prog reached
 * NEEDS: bpf
 * EXIT: 1
 * SAYS: kernel: rejected
 *
 * RUN: compile -o out --prog absent
 * EXIT: 0
 * SAYS: absent \(xdp\): host
 * SAYS: device-ld-imm
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct task_struct;

extern int bpf_dynptr_from_xdp(struct xdp_md *x, __u64 flags, struct bpf_dynptr *d) __ksym __weak;
extern struct task_struct *bpf_task_from_pid(int pid) __ksym __weak;
extern void bpf_task_release(struct task_struct *t) __ksym __weak;
extern int no_such_function(void *ctx) __ksym __weak;
extern int nor_this(void *ctx) __ksym __weak;
extern const int no_such_variable __ksym __weak;
extern const void no_such_symbol __ksym __weak;
extern int CONFIG_NO_SUCH_OPTION __kconfig __weak;

SEC("xdp")
int present(struct xdp_md *ctx)
{
	struct bpf_dynptr d;

	if (!bpf_dynptr_from_xdp)
		return XDP_DROP;
	return bpf_dynptr_from_xdp(ctx, 0, &d) ? XDP_ABORTED : XDP_PASS;
}

SEC("xdp")
int absent(struct xdp_md *ctx)
{
	return no_such_function ? no_such_function(ctx) : XDP_PASS;
}

SEC("tc")
int several(struct __sk_buff *skb)
{
	void *volatile kept = (void *)no_such_function;
	struct task_struct *t;
	int n = 0;

	if (nor_this == 0)
		n++;
	if (no_such_function != 0 && nor_this)
		n += no_such_function(skb) + nor_this(skb);
	if (kept)
		n += no_such_function(skb);
	if (bpf_task_from_pid && bpf_task_release) {
		t = bpf_task_from_pid(1);
		if (t)
			bpf_task_release(t);
	}
	return CONFIG_NO_SUCH_OPTION + n;
}

static __attribute__((noinline)) int ask(struct __sk_buff *skb)
{
	if (nor_this)
		return nor_this(skb);
	return 1;
}

SEC("tc")
int in_function(struct __sk_buff *skb)
{
	return ask(skb) + (no_such_function ? no_such_function(skb) : 0);
}

SEC("tc")
int variables(struct __sk_buff *skb)
{
	int n = 0;

	if (&no_such_variable)
		n = no_such_variable;
	if (&no_such_symbol)
		n++;
	return n;
}

SEC("tc")
int untested(struct __sk_buff *skb)
{
	return no_such_function(skb);
}

SEC("tc")
int reached(struct __sk_buff *skb)
{
	if (!no_such_function || skb->len > 100)
		return nor_this(skb);
	return 0;
}

SEC("tc")
int variable_untested(struct __sk_buff *skb)
{
	return no_such_variable;
}

char _license[] SEC("license") = "GPL";
