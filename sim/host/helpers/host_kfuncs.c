/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel functions (kfuncs), by name. Those that tell what the network card knows of a packet answer as for a card
 * that knows nothing: -EOPNOTSUPP. */
#include "sim/host/environment/host_internal.h"

#include "base/bits.h"
#include "sim/host/helpers/host_helpers.h"
#include "sim/host/unwritten/unwritten.h"

#include <errno.h>
#include <string.h>

#define ERR(e) ((uint64_t)(int64_t)(-(e)))

#define LOOPS_MAX (1 << 23) /* BPF_MAX_LOOPS */

uint64_t sim_helper_zero(struct sim_host *h, const uint64_t *a)
{
	(void)h, (void)a;
	return 0;
}

uint64_t sim_helper_no_metadata(struct sim_host *h, const uint64_t *a)
{
	(void)h, (void)a;
	return ERR(EOPNOTSUPP);
}

/* ---- struct bpf_iter_num: the current number, then the end ------------------------------------- */

static void set_iter(uint8_t *it, uint32_t cur, uint32_t end)
{
	store_le32(it, cur);
	store_le32(it + 4, end);
}

/* bpf_iter_num_new(iterator, start, end) */
uint64_t sim_helper_iter_num_new(struct sim_host *h, const uint64_t *a)
{
	int32_t start = (int32_t)a[1], end = (int32_t)a[2];
	uint8_t *it = sim_guest_ptr(h, a[0], 8);

	if (!it)
		return 0;
	sim_unwritten_written(h, a[0], 8);
	set_iter(it, 0, 0);
	if (start > end)
		return ERR(EINVAL);
	if ((int64_t)end - start > LOOPS_MAX)
		return ERR(E2BIG);
	set_iter(it, (uint32_t)start - 1, (uint32_t)end);
	return 0;
}

/* Address of the number; 0: there is no more. */
uint64_t sim_helper_iter_num_next(struct sim_host *h, const uint64_t *a)
{
	uint8_t *it = sim_guest_ptr(h, a[0], 8);
	uint32_t next;

	if (!it)
		return 0;
	next = load_le32(it) + 1;
	if ((int32_t)next >= (int32_t)load_le32(it + 4)) {
		set_iter(it, 0, 0);
		return 0;
	}
	store_le32(it, next);
	return a[0];
}

uint64_t sim_helper_iter_num_destroy(struct sim_host *h, const uint64_t *a)
{
	uint8_t *it = sim_guest_ptr(h, a[0], 8);

	if (it)
		set_iter(it, 0, 0);
	return 0;
}

/* ---- by name ---------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	uint64_t (*fn)(struct sim_host *h, const uint64_t *a);
} rows[] = {
#define SIM_KFUNC(name, function) { #name, sim_helper_##function },
#include "sim/host/helpers/host_kfuncs.def"
#undef SIM_KFUNC
};

uint32_t sim_kfunc_id(const struct fe_object *obj, int32_t ext)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows) && (uint32_t)ext < obj->n_externs; i++) {
		if (!strcmp(rows[i].name, obj->externs[ext].name))
			return SIM_KFUNC_FIRST + (uint32_t)i;
	}
	return 0;
}

bool sim_kfunc_call(struct sim_host *h, uint64_t id, const uint64_t *a, uint64_t *ret)
{
	if (id < SIM_KFUNC_FIRST || id - SIM_KFUNC_FIRST >= ARRAY_SIZE(rows))
		return false;
	*ret = rows[id - SIM_KFUNC_FIRST].fn(h, a);
	return true;
}
