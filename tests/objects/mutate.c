/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object.h"

#include "base/bits.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Opens mutants of object files in-process. Each must be opened or refused with a message; what
 * opens must be whole: everything in it is walked. A crash or a sanitizer's report ends the
 * program; the last line printed under --verbose then names the mutant, and
 *     objects_mutate --only K --verbose SEED.o
 * makes it again, leaving the file behind as mutant.o.
 *
 * Mutations know the format: random bits rarely get past the first checks. */

struct rng {
	uint64_t state;
};

struct image {
	uint8_t *at;
	size_t len;
	const uint8_t *original;
	size_t original_len;
};

struct counts {
	unsigned opened, refused, broken;
};

static uint64_t next(struct rng *r) /* splitmix64 */
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static size_t below(struct rng *r, size_t n)
{
	return n ? (size_t)(next(r) % n) : 0;
}

/* Numbers that are likely to be wrong in an interesting way. */
static uint64_t odd_number(struct rng *r, uint64_t was)
{
	switch (below(r, 10)) {
	case 0: return 0;
	case 1: return 1;
	case 2: return was + 1;
	case 3: return was - 1;
	case 4: return was ^ (1ull << below(r, 32));
	case 5: return UINT32_MAX;
	case 6: return UINT64_MAX - below(r, 64);
	case 7: return INT32_MAX;
	case 8: return below(r, 64);
	default: return next(r);
	}
}

/* ---- mutations ------------------------------------------------------------------------------------ */

static void flip_bits(struct image *m, struct rng *r)
{
	for (size_t n = 1 + below(r, 8); n--;)
		m->at[below(r, m->len)] ^= (uint8_t)(1u << below(r, 8));
}

static void truncate_file(struct image *m, struct rng *r)
{
	m->len = below(r, m->len);
}

static void overwrite(struct image *m, size_t at, size_t width, uint64_t v)
{
	if (at + width <= m->len)
		memcpy(m->at + at, &v, width);
}

static uint64_t word_at(const struct image *m, size_t at, size_t width)
{
	uint64_t v = 0;

	if (at + width <= m->len)
		memcpy(&v, m->at + at, width);
	return v;
}

static void change_word(struct image *m, struct rng *r, size_t at, size_t width)
{
	overwrite(m, at, width, odd_number(r, word_at(m, at, width)));
}

static void change_header(struct image *m, struct rng *r)
{
	static const uint8_t widths[] = { 1, 2, 4, 8 };

	change_word(m, r, below(r, sizeof(Elf64_Ehdr)), widths[below(r, 4)]);
}

static Elf64_Ehdr header(const struct image *m)
{
	Elf64_Ehdr h = { 0 };

	memcpy(&h, m->original, sizeof(h)); /* the seed's: mutations do not hide the sections */
	return h;
}

static size_t shdr_offset(const struct image *m, size_t i)
{
	return header(m).e_shoff + i * sizeof(Elf64_Shdr);
}

static void change_section_header(struct image *m, struct rng *r)
{
	size_t at = shdr_offset(m, below(r, header(m).e_shnum));
	size_t field = below(r, sizeof(Elf64_Shdr) / 4) * 4;

	change_word(m, r, at + field, below(r, 2) ? 4 : 8);
}

static void copy_section_header(struct image *m, struct rng *r)
{
	size_t from = shdr_offset(m, below(r, header(m).e_shnum));
	size_t to = shdr_offset(m, below(r, header(m).e_shnum));

	if (from + sizeof(Elf64_Shdr) <= m->len && to + sizeof(Elf64_Shdr) <= m->len)
		memmove(m->at + to, m->at + from, sizeof(Elf64_Shdr));
}

/* Seed's header of the section with that name (or type); false: there is none. */
static bool find(const struct image *m, const char *name, uint32_t type, Elf64_Shdr *s)
{
	Elf64_Ehdr h = header(m);
	Elf64_Shdr names;

	memcpy(&names, m->original + shdr_offset(m, h.e_shstrndx), sizeof(names));
	for (size_t i = 1; i < h.e_shnum; i++) {
		memcpy(s, m->original + shdr_offset(m, i), sizeof(*s));
		if (name ? !strcmp((const char *)m->original + names.sh_offset + s->sh_name, name)
			 : s->sh_type == type)
			return true;
	}
	return false;
}

static void change_contents(struct image *m, struct rng *r, const char *name, uint32_t type)
{
	Elf64_Shdr s;

	if (!find(m, name, type, &s) || !s.sh_size)
		return;
	for (size_t n = 1 + below(r, 3); n--;)
		change_word(m, r, s.sh_offset + below(r, s.sh_size) / 4 * 4, 4);
}

static void change_btf(struct image *m, struct rng *r)
{
	change_contents(m, r, ".BTF", 0);
}

/* Kinds, lengths and references: the second and third word of a type. */
static void change_btf_type(struct image *m, struct rng *r)
{
	Elf64_Shdr s;
	size_t at;

	if (!find(m, ".BTF", 0, &s))
		return;
	at = s.sh_offset + 24 + below(r, s.sh_size / 2) / 4 * 4;
	if (below(r, 2))
		overwrite(m, at, 4, below(r, 80)); /* a type id, or a name */
	else
		overwrite(m, at, 4, below(r, 20) << 24 | below(r, 4)); /* kind and length */
}

static void change_btf_ext(struct image *m, struct rng *r)
{
	change_contents(m, r, ".BTF.ext", 0);
}

static void change_symbols(struct image *m, struct rng *r)
{
	change_contents(m, r, NULL, SHT_SYMTAB);
}

static void change_relocations(struct image *m, struct rng *r)
{
	change_contents(m, r, NULL, SHT_REL);
}

static void change_maps(struct image *m, struct rng *r)
{
	change_contents(m, r, below(r, 2) ? ".maps" : "maps", 0);
}

static void change_code(struct image *m, struct rng *r)
{
	static const char *const code[] = { "xdp",
					    "tc",
					    ".text",
					    "classifier",
					    "xdp_sample",
					    "xdp.frags/cpumap",
					    "?classifier/nested" };

	change_contents(m, r, code[below(r, ARRAY_SIZE(code))], 0);
}

static void change_strings(struct image *m, struct rng *r)
{
	Elf64_Shdr s;

	if (!find(m, ".strtab", 0, &s))
		return;
	for (size_t n = 1 + below(r, 4); n--;)
		overwrite(m, s.sh_offset + below(r, s.sh_size), 1, below(r, 2) ? 'x' : 0);
}

static void swap_blocks(struct image *m, struct rng *r)
{
	size_t n = 1 + below(r, 64), a = below(r, m->len), b = below(r, m->len);
	uint8_t tmp[64];

	if (a + n > m->len || b + n > m->len)
		return;
	memcpy(tmp, m->at + a, n);
	memmove(m->at + a, m->at + b, n);
	memcpy(m->at + b, tmp, n);
}

static void (*const mutations[])(struct image *, struct rng *) = {
	flip_bits,   truncate_file,   change_header,  change_section_header, copy_section_header,
	change_btf,  change_btf_type, change_btf_ext, change_symbols,        change_relocations,
	change_maps, change_code,     change_strings, swap_blocks,
};

/* ---- checks --------------------------------------------------------------------------------------- */

static void die(const char *what)
{
	fprintf(stderr, "objects_mutate: %s\n", what);
	abort();
}

static void walk_program(const struct fe_object *obj, const struct fe_prog *p, struct counts *n)
{
	uint32_t expected = 0;
	char text[128];

	if (p->broken) {
		n->broken++;
		if (p->insns || p->n_insns)
			die("a broken program has instructions");
		return;
	}
	for (size_t i = 0; i < p->n_insns; i++) {
		const struct bpf_insn *insn = &p->insns[i];
		bool map = ebpf_is_ld_imm64(insn) && (insn->src_reg == EBPF_IMM_MAP_IDX ||
						      insn->src_reg == EBPF_IMM_MAP_IDX_VALUE);

		ebpf_disasm(insn, i + 1 < p->n_insns ? insn + 1 : NULL, text, sizeof(text));
		fe_prog_at(obj, p, (int64_t)i);
		if (map && (size_t)insn->imm >= obj->n_maps && insn->imm != INT32_MIN)
			n->broken++; /* mutated code may say anything: the verifier's business */
	}
	for (size_t i = 0; i < p->n_subprogs; i++) {
		if (p->subprogs[i].start != expected || !p->subprogs[i].name)
			die("functions leave a gap");
		expected = p->subprogs[i].end;
	}
	if (expected != p->n_insns)
		die("functions do not cover the program");
	for (size_t i = 0; i < p->n_lines; i++) {
		if (p->lines[i].insn >= p->n_insns || strlen(p->lines[i].text) > 1u << 20 ||
		    !p->lines[i].file)
			die("a source line is of no instruction");
	}
}

static void walk(const struct fe_object *obj, struct counts *n)
{
	volatile uint8_t sum = 0;

	for (size_t i = 0; i < obj->n_maps; i++) {
		const struct fe_map *m = &obj->maps[i];

		if (!m->name || m->inner >= (int)obj->n_inner_maps)
			die("a map is not whole");
		for (uint32_t k = 0; m->init && k < m->value_size; k++)
			sum = (uint8_t)(sum + m->init[k]);
	}
	for (size_t i = 0; i < obj->n_externs; i++)
		sum = (uint8_t)(sum + strlen(obj->externs[i].name));
	for (size_t i = 0; i < obj->n_progs; i++)
		walk_program(obj, &obj->progs[i], n);
}

static void open_file(const char *path, const char *btf, struct counts *n)
{
	struct fe_open_options opts = { .btf_path = btf };
	struct arena arena, scratch;
	struct fe_object obj;
	struct diags diags;
	struct cx cx = { &arena, &scratch, &diags };

	arena_init(&arena);
	arena_init(&scratch);
	diags_init(&diags, &arena);
	if (fe_object_open(&cx, path, &opts, &obj)) {
		arena_reset(&scratch);
		walk(&obj, n);
		fe_object_close(&obj);
		n->opened++;
		if (diags.errors)
			die("opened in spite of an error");
	} else {
		n->refused++;
		if (!diags.errors)
			die("refused without saying why");
	}
	arena_reset(&arena);
	arena_reset(&scratch);
}

/* ---- driver ---------------------------------------------------------------------------------------- */

static struct image read_seed(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct image m = { 0 };
	uint8_t *seed;

	if (!f || fseek(f, 0, SEEK_END))
		die(path);
	m.original_len = (size_t)ftell(f);
	rewind(f);
	seed = malloc(m.original_len);
	m.at = malloc(m.original_len);
	if (!seed || !m.at || fread(seed, 1, m.original_len, f) != m.original_len)
		die(path);
	m.original = seed;
	fclose(f);
	return m;
}

static void write_file(const char *path, const struct image *m)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(m->at, 1, m->len, f) != m->len || fclose(f))
		die("cannot write the mutant");
}

static void mutate(struct image *m, uint64_t k)
{
	struct rng r = { k * 0x2545f4914f6cdd1du + m->original_len };

	memcpy(m->at, m->original, m->original_len);
	m->len = m->original_len;
	for (size_t n = 1 + below(&r, 2); n-- && m->len;)
		mutations[(k + below(&r, 2)) % ARRAY_SIZE(mutations)](m, &r);
}

struct options {
	unsigned per_seed;
	long only; /* mutant; -1: all */
	bool verbose;
	const char *dir;
	const char *btf; /* the kernel's types */
};

static void run_seed(const char *seed, const struct options *o, struct counts *n)
{
	struct image m = read_seed(seed);
	char path[4096];

	snprintf(path, sizeof(path), "%s/mutant-%d.o", o->dir, (int)getpid());
	for (unsigned k = 0; k < o->per_seed; k++) {
		if (o->only >= 0 && k != (unsigned long)o->only)
			continue;
		if (o->verbose)
			fprintf(stderr, "%s --only %u\n", seed, k);
		mutate(&m, k);
		write_file(path, &m);
		open_file(path, o->btf, n);
		if (k % 8 == 0) /* the mutant as the kernel's types */
			open_file(seed, path, n);
	}
	if (o->only < 0)
		unlink(path);
	free(m.at);
	free((void *)(uintptr_t)m.original);
}

int main(int argc, char **argv)
{
	struct options o = { .per_seed = 600, .only = -1, .dir = "." };
	struct counts n = { 0 };

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--verbose"))
			o.verbose = true;
		else if (!strcmp(argv[i], "--per-seed") && i + 1 < argc)
			o.per_seed = (unsigned)strtoul(argv[++i], NULL, 10);
		else if (!strcmp(argv[i], "--only") && i + 1 < argc)
			o.only = strtol(argv[++i], NULL, 10);
		else if (!strcmp(argv[i], "--dir") && i + 1 < argc)
			o.dir = argv[++i];
		else if (!strcmp(argv[i], "--btf") && i + 1 < argc)
			o.btf = argv[++i];
		else
			run_seed(argv[i], &o, &n);
	}
	printf("%u opened, %u refused, %u programs broken\n", n.opened, n.refused, n.broken);
	return n.opened && n.refused ? 0 : 1;
}
