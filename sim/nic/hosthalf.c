/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/nic_half.h"

#include "base/bits.h"
#include "frontend/libbpf_log.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <unistd.h>

#define TCX_INGRESS 46 /* BPF_TCX_INGRESS, Linux 6.6 */

static bool is_type(const struct bpf_program *p, enum bpf_prog_type type)
{
	return bpf_program__type(p) == type;
}

/* Selects the XDP program; other programs, except for tc, are not loaded. */
static struct bpf_program *choose(struct sim_nic_half *half, const struct sim_nic_half_want *want,
				  const char **why)
{
	const char *name = want->prog;
	struct bpf_program *p, *found = NULL;
	unsigned n = 0;

	bpf_object__for_each_program (p, half->obj) {
		bool xdp = is_type(p, BPF_PROG_TYPE_XDP);
		bool fits = xdp && (!name || !strcmp(name, bpf_program__name(p)));

		if (!fits && !(want->half && is_type(p, BPF_PROG_TYPE_SCHED_CLS)))
			bpf_program__set_autoload(p, false);
		if (fits) {
			found = p;
			n++;
		}
	}
	*why = n == 0  ? (name ? "has no such XDP program" : "has no XDP program")
	       : n > 1 ? "has several XDP programs"
		       : NULL;
	return n == 1 ? found : NULL;
}

/* The programs to load, in the object's order. */
static const char *names(struct cx *cx, const struct sim_nic_half *half)
{
	const char *all = NULL, *name;
	struct bpf_program *p;

	bpf_object__for_each_program (p, half->obj) {
		name = bpf_program__name(p);
		if (bpf_program__autoload(p))
			all = all ? arena_printf(cx->arena, "%s, %s", all, name)
				  : arena_strdup(cx->arena, name);
	}
	return all;
}

static bool load(struct cx *cx, const struct sim_nic_half_want *want, struct sim_nic_half *half,
		 struct fe_libbpf_log *log)
{
	const char *path = want->path;
	struct bpf_program *p;
	const char *why;
	int err;

	half->obj = bpf_object__open_file(path, NULL);
	if (!half->obj)
		return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_NIC_HOST_PROGRAM, path,
				  "is not an eBPF object that libbpf can open");
	p = choose(half, want, &why);
	if (!p)
		return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_NIC_HOST_PROGRAM, path, why);
	half->name = names(cx, half);
	err = bpf_object__load(half->obj);
	if (err == -EPERM)
		return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_NIC_PRIVILEGE,
				  "load the host's program");
	if (!err)
		return true;
	diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_NIC_HOST_LOAD, half->name, strerror(-err));
	diag_add_detail(cx->diags, fe_libbpf_log_text(log, cx->arena));
	return false;
}

bool sim_nic_half_load(struct cx *cx, const struct sim_nic_half_want *want,
		       struct sim_nic_half *half)
{
	struct fe_libbpf_log log;
	bool ok;

	*half = (struct sim_nic_half){ 0 };
	fe_libbpf_log_begin(&log, cx->arena);
	ok = load(cx, want, half, &log);
	fe_libbpf_log_end(&log);
	return ok;
}

static int keep(struct sim_nic_half *half, int link)
{
	if (link < 0)
		return link;
	if (half->n_links == SIM_NIC_LINKS) {
		close(link);
		return -E2BIG;
	}
	half->links[half->n_links++] = link;
	return 0;
}

/* Before Linux 6.6: a filter of a clsact qdisc, which we have to take away ourselves. */
static int attach_filter(struct sim_nic_half *half, const struct bpf_program *p, unsigned ifindex)
{
	struct bpf_tc_hook hook = { .sz = sizeof(hook),
				    .ifindex = (int)ifindex,
				    .attach_point = BPF_TC_INGRESS };
	struct bpf_tc_opts filter = { .sz = sizeof(filter), .prog_fd = bpf_program__fd(p) };
	int err = bpf_tc_hook_create(&hook);

	if (err) /* an existing qdisc is not removed */
		return err;
	half->clsact = ifindex;
	return bpf_tc_attach(&hook, &filter);
}

static int attach_tc(struct sim_nic_half *half, const struct bpf_program *p, unsigned ifindex)
{
	int link = bpf_link_create(bpf_program__fd(p), (int)ifindex,
				   (enum bpf_attach_type)TCX_INGRESS, NULL);

	return link == -EINVAL ? attach_filter(half, p, ifindex) : keep(half, link);
}

/* Before a tc half the XDP program leaves metadata, which a TAP takes in generic mode only before Linux 6.15. */
static int attach_xdp(struct sim_nic_half *half, const struct bpf_program *p, unsigned ifindex,
		      bool before_tc)
{
	struct bpf_link_create_opts opts = { .sz = sizeof(opts),
					     .flags = before_tc ? XDP_FLAGS_SKB_MODE : 0 };

	return keep(half, bpf_link_create(bpf_program__fd(p), (int)ifindex, BPF_XDP, &opts));
}

/* Last the program that packets meet first. */
static int attach(struct sim_nic_half *half, unsigned ifindex)
{
	struct bpf_program *p, *xdp = NULL;
	bool tc = false;
	int err = 0;

	bpf_object__for_each_program (p, half->obj) {
		if (err || !bpf_program__autoload(p))
			continue;
		if (is_type(p, BPF_PROG_TYPE_XDP)) {
			xdp = p;
			continue;
		}
		tc = true;
		err = attach_tc(half, p, ifindex);
	}
	return err ? err : attach_xdp(half, xdp, ifindex, tc);
}

bool sim_nic_half_attach(struct cx *cx, struct sim_nic_half *half, unsigned ifindex,
			 const char *ifname)
{
	struct fe_libbpf_log log;
	int err;

	fe_libbpf_log_begin(&log, cx->arena);
	err = attach(half, ifindex);
	fe_libbpf_log_end(&log);
	return !err || diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_NIC_HOST_ATTACH, ifname,
				  strerror(-err));
}

void sim_nic_half_free(struct sim_nic_half *half)
{
	struct bpf_tc_hook hook = { .sz = sizeof(hook),
				    .ifindex = (int)half->clsact,
				    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS };

	libbpf_print_fn_t before = libbpf_set_print(NULL); /* the interface may have gone */

	while (half->n_links)
		close(half->links[--half->n_links]);
	if (half->clsact)
		bpf_tc_hook_destroy(&hook);
	libbpf_set_print(before);
	bpf_object__close(half->obj);
	*half = (struct sim_nic_half){ 0 };
}
