#include "sim/kernel_prog.h"

#include "base/bits.h"
#include "frontend/libbpf_log.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool prog_uses_map(const struct fe_prog *prog, size_t map)
{
	for (size_t i = 0; i < prog->n_insns; i++) {
		const struct bpf_insn *in = &prog->insns[i];

		if (!ebpf_is_ld_imm64(in))
			continue;
		if ((in->src_reg == EBPF_IMM_MAP_IDX || in->src_reg == EBPF_IMM_MAP_IDX_VALUE) &&
		    (uint32_t)in->imm == map)
			return true;
		i++;
	}
	return false;
}

/* libbpf fills program arrays that the object declares with contents, which takes all its programs. */
static bool needs_others(const struct fe_object *obj, const struct fe_prog *prog)
{
	for (size_t i = 0; i < obj->n_maps; i++) {
		if (obj->maps[i].n_slots && obj->maps[i].type == BPF_MAP_TYPE_PROG_ARRAY &&
		    prog_uses_map(prog, i))
			return true;
	}
	return false;
}

static struct bpf_program *select_program(const struct fe_object *obj, const struct fe_prog *prog,
					  struct bpf_object *bpf)
{
	bool others = needs_others(obj, prog);
	struct bpf_program *p, *found = NULL;

	bpf_object__for_each_program (p, bpf) {
		bool selected = !found && !strcmp(bpf_program__name(p), prog->name);

		bpf_program__set_autoload(p, selected || others);
		if (!selected)
			continue;
		found = p;
		if (bpf_program__type(p) != prog->type) { /* sections that libbpf does not know */
			bpf_program__set_type(p, prog->type);
			bpf_program__set_expected_attach_type(p, prog->attach_type);
		}
	}
	return found;
}

/* Both lists of maps are libbpf's. */
static bool select_maps(const struct fe_object *obj, const struct fe_prog *prog,
			struct bpf_object *bpf, struct bpf_map **maps)
{
	struct bpf_map *m;
	size_t n = 0;

	bpf_object__for_each_map (m, bpf) {
		if (n == obj->n_maps || bpf_map__key_size(m) != obj->maps[n].key_size ||
		    bpf_map__value_size(m) != obj->maps[n].value_size)
			return false;
		bpf_map__set_pin_path(m, NULL);
		bpf_map__set_autocreate(m, bpf_map__is_internal(m) || prog_uses_map(prog, n) ||
						   needs_others(obj, prog));
		maps[n++] = m;
	}
	return n == obj->n_maps;
}

/* Program arrays are empty, as those of the simulated sides. */
static void empty_program_arrays(const struct fe_object *obj, const struct sim_kernel_prog *k)
{
	for (size_t i = 0; i < obj->n_maps; i++) {
		const struct fe_map *m = &obj->maps[i];

		for (size_t s = 0; s < m->n_slots && k->map_fds[i] >= 0; s++) {
			if (m->type == BPF_MAP_TYPE_PROG_ARRAY)
				bpf_map_delete_elem(k->map_fds[i], &m->slots[s].index);
		}
	}
}

static const char *load(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
			const char *btf_path, struct sim_kernel_prog *k)
{
	struct bpf_object_open_opts opts = { .sz = sizeof(opts),
					     .relaxed_maps = true,
					     .btf_custom_path = btf_path };
	struct bpf_map **maps = ARENA_ARRAY(cx->arena, struct bpf_map *, obj->n_maps + 1);
	struct bpf_program *p;
	int err;

	k->bpf = bpf_object__open_file(obj->path, &opts);
	if (!k->bpf)
		return "libbpf refuses the file";
	p = select_program(obj, prog, k->bpf);
	if (!p || !select_maps(obj, prog, k->bpf, maps))
		return "libbpf sees other programs or maps";
	err = bpf_object__load(k->bpf);
	if (err == -EPERM || err == -EACCES)
		return geteuid() ? "no CAP_BPF" : "the kernel rejects the program";
	if (err)
		return "the kernel does not take the program";
	k->fd = bpf_program__fd(p);
	k->map_fds = ARENA_ARRAY(cx->arena, int, obj->n_maps + 1);
	for (size_t i = 0; i < obj->n_maps; i++)
		k->map_fds[i] = bpf_map__fd(maps[i]) < 0 ? -1 : bpf_map__fd(maps[i]);
	empty_program_arrays(obj, k);
	return NULL;
}

/* NULL: bpf(2) loads programs here. */
static const char *why_unusable(struct cx *cx)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, NULL, "GPL", insns, ARRAY_SIZE(insns), NULL);

	if (fd == -EPERM || fd == -EACCES)
		return "no CAP_BPF";
	if (fd < 0)
		return arena_printf(cx->arena, "bpf(2) loads no program: %s", strerror(-fd));
	close(fd);
	return NULL;
}

/* The last line of what libbpf printed that is not a figure or a frame around the verifier's log. */
static const char *last_words(struct cx *cx, const char *said)
{
	const char *best = "", *at = said;

	while (*at) {
		size_t len = strcspn(at, "\n");
		const char *line = arena_strndup(cx->arena, at, len);

		if (len && !strstr(line, "libbpf") && !strstr(line, "processed ") &&
		    !strstr(line, "-- ") && !strstr(line, "verification time") &&
		    !strstr(line, "failed to load") && !strstr(line, "stack depth"))
			best = line;
		at += len + (at[len] == '\n');
	}
	return best;
}

const char *sim_kernel_load(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
			    const char *btf_path, struct sim_kernel_prog *k)
{
	struct fe_libbpf_log said;
	const char *why, *words;

	*k = (struct sim_kernel_prog){ .fd = -1 };
	why = why_unusable(cx);
	if (why)
		return why;
	fe_libbpf_log_begin(&said, cx->arena);
	why = load(cx, obj, prog, btf_path, k);
	fe_libbpf_log_end(&said);
	if (!why)
		return NULL;
	words = last_words(cx, fe_libbpf_log_text(&said, cx->arena));
	sim_kernel_unload(k);
	return *words ? arena_printf(cx->arena, "%s: %s", why, words) : why;
}

void sim_kernel_unload(struct sim_kernel_prog *k)
{
	if (k->bpf)
		bpf_object__close(k->bpf);
	k->bpf = NULL;
	k->fd = -1;
}
