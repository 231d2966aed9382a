/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints the cases of the kernel's verifier selftest, for rawcheck. Not part of the build:
 * tools/verifier-reject-cases compiles it against the sources of the kernel that are installed on the
 * machine, whose tables it includes.
 *
 * A case is lines of "KEY VALUES", up to "end":
 *   case DESCRIPTION
 *   prog TYPE ATTACH EXPECTED      EXPECTED: accept or reject
 *   map INSN KIND                  instruction that wants a map of that kind
 *   kfunc INSN NAME
 *   btf HEX                        raw BTF of the program's functions
 *   func INSN TYPE                 function that starts there
 *   insn HEX                       8 bytes, one line each, in order */
#define main selftest_main
#include "test_verifier.c"
#undef main

static void dump_hex(const void *data, size_t size)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < size; i++)
		printf("%02x", p[i]);
}

static void dump_fixups(const struct bpf_test *t)
{
#define MAPS(kind)                                                                                 \
	for (int i = 0; i < MAX_FIXUPS && t->fixup_##kind[i]; i++)                                 \
		printf("map %d %s\n", t->fixup_##kind[i], #kind);
	MAPS(map_hash_8b)
	MAPS(map_hash_48b)
	MAPS(map_hash_16b)
	MAPS(map_array_48b)
	MAPS(map_sockmap)
	MAPS(map_sockhash)
	MAPS(map_xskmap)
	MAPS(map_stacktrace)
	MAPS(prog1)
	MAPS(prog2)
	MAPS(map_in_map)
	MAPS(cgroup_storage)
	MAPS(percpu_cgroup_storage)
	MAPS(map_spin_lock)
	MAPS(map_array_ro)
	MAPS(map_array_wo)
	MAPS(map_array_small)
	MAPS(sk_storage_map)
	MAPS(map_event_output)
	MAPS(map_reuseport_array)
	MAPS(map_ringbuf)
	MAPS(map_timer)
	MAPS(map_kptr)
#undef MAPS
	for (int i = 0; i < MAX_FIXUPS && t->fixup_kfunc_btf_id[i].kfunc; i++)
		printf("kfunc %d %s\n", t->fixup_kfunc_btf_id[i].insn_idx,
		       t->fixup_kfunc_btf_id[i].kfunc);
}

static void dump_btf(const struct bpf_test *t)
{
	size_t n = 0;

	if (!t->func_info_cnt)
		return;
	while (n < MAX_BTF_TYPES && t->btf_types[n] != BTF_END_RAW)
		n++;
	struct btf_header hdr = { .magic = BTF_MAGIC,
				  .version = BTF_VERSION,
				  .hdr_len = sizeof(hdr),
				  .type_len = n * sizeof(t->btf_types[0]),
				  .str_off = n * sizeof(t->btf_types[0]),
				  .str_len = sizeof(t->btf_strings) };
	printf("btf ");
	dump_hex(&hdr, sizeof(hdr));
	dump_hex(t->btf_types, hdr.type_len);
	dump_hex(t->btf_strings, sizeof(t->btf_strings));
	putchar('\n');
	for (int i = 0; i < t->func_info_cnt; i++)
		printf("func %u %u\n", t->func_info[i].insn_off, t->func_info[i].type_id);
}

static void dump_case(struct bpf_test *t)
{
	struct bpf_insn *insns = t->insns;
	int n = 0;

	if (t->fill_helper) {
		insns = t->fill_insns = calloc(MAX_TEST_INSNS, sizeof(*insns));
		t->fill_helper(t);
		n = t->prog_len;
	} else {
		n = probe_filter_length(insns);
	}
	printf("case %s\n", t->descr);
	printf("prog %d %d %s\n", t->prog_type, t->expected_attach_type,
	       t->result == REJECT ? "reject" : "accept");
	dump_fixups(t);
	dump_btf(t);
	for (int i = 0; i < n; i++) {
		printf("insn ");
		dump_hex(&insns[i], sizeof(insns[i]));
		putchar('\n');
	}
	printf("end\n");
	free(t->fill_insns);
}

int main(void)
{
	bpf_semi_rand_init();
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		dump_case(&tests[i]);
	return 0;
}
