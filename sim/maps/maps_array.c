/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps whose key is an index: arrays, where every element exists, and arrays of programs, devices,
 * sockets or maps, where an element exists once it was set. Also maps without elements. */
#include "sim/maps/maps_internal.h"

#include "base/bits.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

static const char *array_check(const struct sim_map_spec *s)
{
	return s->key_size == 4 ? NULL : "the key of an array has 4 bytes";
}

static void array_clear(struct sim_map *m)
{
	if (m->spec.init)
		memcpy(m->values, m->spec.init, m->spec.value_size);
}

static int64_t array_lookup(struct sim_map *m, const void *key)
{
	uint32_t i = load_le32(key);

	return i < m->slots ? (int64_t)i : -1;
}

static int array_update(struct sim_map *m, const void *key, const void *value, uint64_t flags)
{
	uint32_t i = load_le32(key);
	int rc = sim_map_check_flags(true, flags);

	if (flags <= BPF_EXIST && i >= m->slots)
		return -E2BIG;
	if (rc)
		return rc;
	memcpy(sim_map_value(m, i), value, m->spec.value_size);
	return 0;
}

static int array_erase(struct sim_map *m, const void *key)
{
	(void)m;
	(void)key;
	return -EINVAL;
}

static bool array_next(struct sim_map *m, size_t *iter, const uint8_t **key, int64_t *slot)
{
	if (*iter >= m->slots)
		return false;
	store_le32(&m->iter_key, (uint32_t)*iter);
	*key = (const uint8_t *)&m->iter_key;
	*slot = (int64_t)(*iter)++;
	return true;
}

const struct sim_map_ops sim_map_array_ops = {
	.check = array_check,
	.clear = array_clear,
	.lookup = array_lookup,
	.update = array_update,
	.erase = array_erase,
	.next = array_next,
};

static bool slots_open(struct sim_map *m)
{
	m->present = sim_map_alloc(m->slots);
	return m->present;
}

static void slots_close(struct sim_map *m)
{
	sim_map_release(m->present, m->slots);
}

static void slots_clear(struct sim_map *m)
{
	array_clear(m);
	memset(m->present, 0, m->slots);
}

static int64_t slots_lookup(struct sim_map *m, const void *key)
{
	int64_t i = array_lookup(m, key);

	return i >= 0 && m->present[i] ? i : -1;
}

static int slots_update(struct sim_map *m, const void *key, const void *value, uint64_t flags)
{
	uint32_t i = load_le32(key);
	int rc;

	if (i >= m->slots)
		return -E2BIG;
	rc = sim_map_check_flags(m->present[i], flags);
	if (rc)
		return rc;
	memcpy(sim_map_value(m, i), value, m->spec.value_size);
	m->present[i] = 1;
	return 0;
}

static int slots_erase(struct sim_map *m, const void *key)
{
	uint32_t i = load_le32(key);

	if (i >= m->slots)
		return -EINVAL;
	if (!m->present[i])
		return -ENOENT;
	m->present[i] = 0;
	memset(sim_map_value(m, i), 0, m->stride - m->gap);
	return 0;
}

static bool slots_next(struct sim_map *m, size_t *iter, const uint8_t **key, int64_t *slot)
{
	while (*iter < m->slots && !m->present[*iter])
		(*iter)++;
	return array_next(m, iter, key, slot);
}

const struct sim_map_ops sim_map_slots_ops = {
	.check = array_check,
	.open = slots_open,
	.close = slots_close,
	.clear = slots_clear,
	.lookup = slots_lookup,
	.update = slots_update,
	.erase = slots_erase,
	.next = slots_next,
};

static int64_t empty_lookup(struct sim_map *m, const void *key)
{
	(void)m;
	(void)key;
	return -1;
}

static int empty_update(struct sim_map *m, const void *key, const void *value, uint64_t flags)
{
	(void)m;
	(void)key;
	(void)value;
	(void)flags;
	return -EINVAL;
}

static bool empty_next(struct sim_map *m, size_t *iter, const uint8_t **key, int64_t *slot)
{
	(void)m;
	(void)iter;
	(void)key;
	(void)slot;
	return false;
}

const struct sim_map_ops sim_map_empty_ops = {
	.lookup = empty_lookup,
	.update = empty_update,
	.erase = array_erase,
	.next = empty_next,
};
