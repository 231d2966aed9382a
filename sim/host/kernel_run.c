/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/host/kernel_run.h"

#include "base/bits.h"
#include "frontend/kernel_load.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENT_PAGES 64
#define EVENTS_MAX  64u
#define EVENT_BYTES (64u << 10) /* of one packet's events */
#define OUT_BYTES   4096u
#define LO_IFINDEX  1u

struct sim_kernel {
	struct cx *cx;
	const struct fe_object *obj;
	const struct fe_prog *prog;
	const struct sim_kernel_prog *loaded;
	int cpu, n_cpus;
	int xsk; /* -1: none */
	bool bound;
	cpu_set_t before;
	uint8_t *value; /* of a per-CPU map: all CPUs' */
	uint8_t out[OUT_BYTES];
	struct perf_buffer **buffers; /* per map; NULL: no events */
	struct ring_buffer **rings;   /* the same */
	size_t buffer_map;            /* map whose buffer is being read */
	struct sim_event events[EVENTS_MAX];
	size_t n_events;
	uint8_t event_mem[EVENT_BYTES];
	size_t event_used;
};

static bool is_percpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

/* ---- what it does not take ---------------------------------------------------------------------- */

static const char *why_not(const struct fe_prog *prog)
{
	if (prog->attach_type == BPF_XDP_DEVMAP || prog->attach_type == BPF_XDP_CPUMAP)
		return "BPF_PROG_TEST_RUN does not accept programs with device or CPU maps";
	return NULL;
}

/* A socket for maps of sockets: nobody receives on it, since nothing is redirected in a test run. */
static const char *open_socket(struct sim_kernel *k)
{
	bool wanted = false;

	for (size_t i = 0; i < k->obj->n_maps; i++)
		wanted |= k->obj->maps[i].type == BPF_MAP_TYPE_XSKMAP && k->loaded->map_fds[i] >= 0;
	k->xsk = wanted ? socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0) : -1;
	return wanted && k->xsk < 0 ? "no AF_XDP sockets for a map of them" : NULL;
}

/* ---- events ------------------------------------------------------------------------------------- */

static void on_event(void *priv, int cpu, void *data, uint32_t size)
{
	struct sim_kernel *k = priv;
	uint8_t *copy = k->event_mem + k->event_used;

	(void)cpu;
	if (k->n_events == EVENTS_MAX || size > EVENT_BYTES - k->event_used)
		return;
	memcpy(copy, data, size);
	k->event_used += size;
	k->events[k->n_events++] =
		(struct sim_event){ .map = k->buffer_map, .data = copy, .data_len = size };
}

static int on_record(void *priv, void *data, size_t size)
{
	on_event(priv, 0, data, (uint32_t)size);
	return 0;
}

static const char *open_rings(struct sim_kernel *k)
{
	k->rings = ARENA_ARRAY(k->cx->arena, struct ring_buffer *, k->obj->n_maps + 1);
	for (size_t i = 0; i < k->obj->n_maps; i++) {
		if (k->obj->maps[i].type != BPF_MAP_TYPE_RINGBUF || k->loaded->map_fds[i] < 0)
			continue;
		k->rings[i] = ring_buffer__new(k->loaded->map_fds[i], on_record, k, NULL);
		if (!k->rings[i])
			return "ring buffers cannot be read";
	}
	return NULL;
}

static const char *open_buffers(struct sim_kernel *k)
{
	k->buffers = ARENA_ARRAY(k->cx->arena, struct perf_buffer *, k->obj->n_maps + 1);
	for (size_t i = 0; i < k->obj->n_maps; i++) {
		if (k->obj->maps[i].type != BPF_MAP_TYPE_PERF_EVENT_ARRAY ||
		    k->loaded->map_fds[i] < 0)
			continue;
		k->buffers[i] = perf_buffer__new(k->loaded->map_fds[i], EVENT_PAGES, on_event, NULL,
						 k, NULL);
		if (!k->buffers[i])
			return "perf events cannot be read";
	}
	return NULL;
}

static void take_events(struct sim_kernel *k)
{
	k->n_events = k->event_used = 0;
	for (k->buffer_map = 0; k->buffer_map < k->obj->n_maps; k->buffer_map++) {
		if (k->buffers[k->buffer_map])
			perf_buffer__consume(k->buffers[k->buffer_map]);
		if (k->rings[k->buffer_map])
			ring_buffer__consume(k->rings[k->buffer_map]);
	}
}

/* ---- set-up ------------------------------------------------------------------------------------- */

static const char *bind_cpu(struct sim_kernel *k)
{
	cpu_set_t one;

	if (sched_getaffinity(0, sizeof(k->before), &k->before))
		return "CPUs cannot be asked for";
	for (k->cpu = 0; k->cpu < CPU_SETSIZE && !CPU_ISSET((size_t)k->cpu, &k->before); k->cpu++)
		;
	CPU_ZERO(&one);
	CPU_SET((size_t)k->cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		return "the process cannot be bound to a CPU";
	k->bound = true;
	return NULL;
}

static const char *alloc_value(struct sim_kernel *k)
{
	size_t size = 8;

	k->n_cpus = libbpf_num_possible_cpus();
	if (k->n_cpus <= k->cpu)
		return "CPUs cannot be counted";
	for (size_t i = 0; i < k->obj->n_maps; i++) {
		size_t s = bits_round_up(k->obj->maps[i].value_size, 8);

		if (is_percpu(k->obj->maps[i].type))
			s *= (size_t)k->n_cpus;
		size = s > size ? s : size;
	}
	k->value = calloc(1, size);
	return k->value ? NULL : "no memory left";
}

struct sim_kernel *sim_kernel_new(struct cx *cx, const struct fe_object *obj,
				  const struct fe_prog *prog, const struct sim_kernel_prog *loaded,
				  const char **why)
{
	struct sim_kernel *k = ARENA_NEW(cx->arena, struct sim_kernel);

	*k = (struct sim_kernel){ .cx = cx, .obj = obj, .prog = prog, .loaded = loaded, .xsk = -1 };
	*why = why_not(prog);
	*why = *why ? *why : open_socket(k);
	*why = *why ? *why : bind_cpu(k);
	*why = *why ? *why : alloc_value(k);
	*why = *why ? *why : open_buffers(k);
	*why = *why ? *why : open_rings(k);
	if (!*why)
		return k;
	sim_kernel_free(k);
	return NULL;
}

void sim_kernel_free(struct sim_kernel *k)
{
	if (!k)
		return;
	for (size_t i = 0; k->buffers && i < k->obj->n_maps; i++)
		perf_buffer__free(k->buffers[i]);
	for (size_t i = 0; k->rings && i < k->obj->n_maps; i++)
		ring_buffer__free(k->rings[i]);
	if (k->bound)
		sched_setaffinity(0, sizeof(k->before), &k->before);
	if (k->xsk >= 0)
		close(k->xsk);
	free(k->value);
}

/* ---- packets ------------------------------------------------------------------------------------ */

bool sim_kernel_run(struct sim_kernel *k, const struct sim_host_packet *pkt,
		    struct sim_host_run *run)
{
	struct __sk_buff skb = { .ifindex = LO_IFINDEX, .ingress_ifindex = LO_IFINDEX };
	struct bpf_test_run_opts o = { .sz = sizeof(o),
				       .data_in = pkt->data,
				       .data_size_in = pkt->len,
				       .data_out = k->out,
				       .data_size_out = OUT_BYTES,
				       .repeat = 1 };

	if (k->prog->type != BPF_PROG_TYPE_XDP) {
		o.ctx_in = &skb;
		o.ctx_size_in = sizeof(skb);
	}
	*run = (struct sim_host_run){ 0 };
	if (bpf_prog_test_run_opts(k->loaded->fd, &o))
		return false;
	take_events(k);
	run->verdict = o.retval;
	run->packet = k->out;
	run->packet_len = o.data_size_out;
	run->events = k->events;
	run->n_events = k->n_events;
	return true;
}

/* ---- maps --------------------------------------------------------------------------------------- */

bool sim_kernel_readable(const struct sim_kernel *k, size_t map)
{
	switch (k->obj->maps[map].type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_LPM_TRIE: return k->loaded->map_fds[map] >= 0;
	default: return false;
	}
}

static uint8_t *this_cpus(struct sim_kernel *k, size_t map)
{
	const struct fe_map *m = &k->obj->maps[map];

	return k->value +
	       (is_percpu(m->type) ? (size_t)k->cpu * bits_round_up(m->value_size, 8) : 0);
}

bool sim_kernel_get(struct sim_kernel *k, size_t map, const void *key, uint8_t *value)
{
	if (bpf_map_lookup_elem(k->loaded->map_fds[map], key, k->value))
		return false;
	memcpy(value, this_cpus(k, map), k->obj->maps[map].value_size);
	return true;
}

/* A map that only a map of maps leads to is made when it is put in. */
static bool put_inner(struct sim_kernel *k, size_t map, const void *key, uint32_t inner)
{
	int *fds = k->loaded->map_fds;

	if (inner >= k->obj->n_maps)
		return false;
	if (fds[inner] < 0)
		fds[inner] = fe_kernel_make_map(k->obj, inner);
	return fds[inner] >= 0 && !bpf_map_update_elem(fds[map], key, &fds[inner], BPF_ANY);
}

bool sim_kernel_put(struct sim_kernel *k, size_t map, const void *key, const uint8_t *value)
{
	const struct fe_map *m = &k->obj->maps[map];
	uint32_t one = LO_IFINDEX;

	if (k->loaded->map_fds[map] < 0)
		return true; /* not the program's */
	if (m->type == BPF_MAP_TYPE_ARRAY_OF_MAPS || m->type == BPF_MAP_TYPE_HASH_OF_MAPS)
		return put_inner(k, map, key, load_le32(value));
	memset(k->value, 0,
	       is_percpu(m->type) ? (size_t)k->n_cpus * bits_round_up(m->value_size, 8)
				  : m->value_size);
	memcpy(this_cpus(k, map), value, m->value_size);
	if (m->type == BPF_MAP_TYPE_DEVMAP || m->type == BPF_MAP_TYPE_DEVMAP_HASH)
		memcpy(k->value, &one, sizeof(one)); /* an interface that exists */
	if (m->type == BPF_MAP_TYPE_XSKMAP)
		memcpy(k->value, &k->xsk, sizeof(k->xsk));
	return !bpf_map_update_elem(k->loaded->map_fds[map], key, k->value, BPF_ANY);
}

void sim_kernel_delete(struct sim_kernel *k, size_t map, const void *key)
{
	bpf_map_delete_elem(k->loaded->map_fds[map], key);
}

bool sim_kernel_next_key(struct sim_kernel *k, size_t map, const void *key, void *next)
{
	return !bpf_map_get_next_key(k->loaded->map_fds[map], key, next);
}
