#include "sim/nic_half.h"

#include "base/bits.h"
#include "frontend/libbpf_log.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define TCX_INGRESS 46 /* BPF_TCX_INGRESS, Linux 6.6 */

static bool is_type(const struct bpf_program *p, enum bpf_prog_type type)
{
	return bpf_program__type(p) == type;
}

/* Chooses the XDP program; what is neither it nor for tc is not loaded. */
static struct bpf_program *choose(struct sim_nic_half *half, const struct sim_nic_half_want *want,
				  const char **why)
{
	const char *name = want->prog;
	struct bpf_program *p, *found = NULL;
	unsigned n = 0;

	bpf_object__for_each_program (p, half->obj) {
		bool xdp = is_type(p, BPF_PROG_TYPE_XDP);
		bool fits = xdp && (!name || !strcmp(name, bpf_program__name(p)));

		if (!fits && !(want->tc && is_type(p, BPF_PROG_TYPE_SCHED_CLS)))
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
				  "is no eBPF object that libbpf opens");
	p = choose(half, want, &why);
	if (!p)
		return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_NIC_HOST_PROGRAM, path, why);
	half->name = arena_strdup(cx->arena, bpf_program__name(p));
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

static int attach_tc(struct sim_nic_half *half, const struct bpf_program *p, unsigned ifindex)
{
	int fd;

	if (half->n_tc == ARRAY_SIZE(half->tc_links))
		return -E2BIG;
	fd = bpf_link_create(bpf_program__fd(p), (int)ifindex, (enum bpf_attach_type)TCX_INGRESS,
			     NULL);
	if (fd >= 0)
		half->tc_links[half->n_tc++] = fd;
	return fd < 0 ? fd : 0;
}

static int attach(struct sim_nic_half *half, unsigned ifindex)
{
	struct bpf_program *p;
	int err = 0;

	bpf_object__for_each_program (p, half->obj) {
		if (err || !bpf_program__autoload(p))
			continue;
		if (is_type(p, BPF_PROG_TYPE_SCHED_CLS)) {
			err = attach_tc(half, p, ifindex);
		} else {
			half->xdp = bpf_program__attach_xdp(p, (int)ifindex);
			err = half->xdp ? 0 : -errno;
		}
	}
	return err;
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
	while (half->n_tc)
		close(half->tc_links[--half->n_tc]);
	bpf_link__destroy(half->xdp);
	bpf_object__close(half->obj);
	*half = (struct sim_nic_half){ 0 };
}
