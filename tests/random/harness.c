/* SPDX-License-Identifier: BSD-2-Clause */
#include "harness.h"

#include "base/bits.h"
#include "nfp_backend/backend.h"
#include "offload/compile.h"
#include "partitioner/split.h"
#include "sim/split_test.h"

#include <assert.h>
#include <bpf/btf.h>
#include <inttypes.h>

#define MAX_FUNCS  16u
#define INSN_LIMIT 200000u /* walked by the verifier: a program that is worse costs too much time */

/* What one run owns. */
struct run {
	const struct harness_options *o;
	struct harness_result *r;
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	const struct fe_object *obj;
	const struct fe_prog *prog;
	struct fe_subprog subprogs[MAX_FUNCS];
	struct vprog vp;
	struct nfp_firmware fw;
	struct btf *btf;
};

const char *harness_outcome_name(enum harness_outcome o)
{
	static const char *const names[] = {
		[HARNESS_EQUAL] = "equal",     [HARNESS_REJECTED] = "rejected",
		[HARNESS_REFUSED] = "refused", [HARNESS_DIFFERS] = "differs",
		[HARNESS_FAILED] = "failed",
	};

	return names[o];
}

/* ---- the object ------------------------------------------------------------------------------ */

static void make_object(struct run *x, const struct harness_case *c)
{
	struct fe_object *obj = ARENA_NEW(&x->arena, struct fe_object);
	struct fe_prog *prog = ARENA_NEW(&x->arena, struct fe_prog);

	assert(c->n_subprogs < MAX_FUNCS);
	if (c->btf)
		x->btf = btf__new(c->btf, c->btf_bytes);
	*obj = (struct fe_object){ .path = c->name,
				   .license = "GPL",
				   .maps = c->maps,
				   .n_maps = c->n_maps,
				   .btf = x->btf };
	*prog = (struct fe_prog){ .name = c->name,
				  .section = c->type == BPF_PROG_TYPE_XDP ? "xdp" : "tc",
				  .type = c->type,
				  .insns = c->insns,
				  .n_insns = c->n_insns,
				  .subprogs = x->subprogs,
				  .n_subprogs = c->n_subprogs + 1 };
	for (uint32_t i = 0; i <= c->n_subprogs; i++)
		x->subprogs[i] = (struct fe_subprog){
			.start = i ? c->subprog_at[i - 1] : 0,
			.end = i < c->n_subprogs ? c->subprog_at[i] : c->n_insns,
			.name = arena_printf(&x->arena, "f%u", i),
			.btf_func_id = c->btf ? c->func_type : 0,
		};
	obj->progs = prog;
	obj->n_progs = 1;
	x->obj = obj;
	x->prog = prog;
}

static void open_run(struct run *x)
{
	*x = (struct run){ 0 };
	arena_init(&x->arena);
	arena_init(&x->scratch);
	diags_init(&x->diags, &x->arena);
	x->cx = (struct cx){ &x->arena, &x->scratch, &x->diags };
}

static void close_run(struct run *x)
{
	btf__free(x->btf);
	arena_reset(&x->arena);
	arena_reset(&x->scratch);
}

static void disasm(const struct fe_prog *p, FILE *out)
{
	for (uint32_t i = 0, f = 1; i < p->n_insns; i++) {
		char text[160];

		if (f < p->n_subprogs && p->subprogs[f].start == i)
			fprintf(out, "      function %u:\n", f++);
		ebpf_disasm(&p->insns[i], i + 1 < p->n_insns ? &p->insns[i + 1] : NULL, text,
			    sizeof(text));
		fprintf(out, "%5u: %s\n", i, text);
		if (ebpf_is_ld_imm64(&p->insns[i]))
			i++;
	}
}

void harness_disasm(const struct harness_case *c, FILE *out)
{
	struct run x;

	open_run(&x);
	make_object(&x, c);
	disasm(x.prog, out);
	close_run(&x);
}

/* ---- results --------------------------------------------------------------------------------- */

static void print_packet(FILE *out, const struct sim_diff_mismatch *m)
{
	for (uint32_t i = 0; i < m->packet_len; i++)
		fprintf(out, "%s%02x", i % 32 ? " " : "\n      ", m->packet[i]);
	fputc('\n', out);
}

static void tell(const struct run *x)
{
	FILE *out = x->o->log;
	const struct sim_diff_result *d = &x->r->diff;

	if (!out || x->r->outcome == HARNESS_EQUAL)
		return;
	fprintf(out, "%s, -O%u: %s%s%s\n", x->prog->name, x->o->level,
		harness_outcome_name(x->r->outcome), x->r->reason ? ", " : "",
		x->r->reason ? reason_name(x->r->reason) : "");
	for (size_t i = 0; i < x->diags.list.len; i++)
		diag_print(out, &x->diags.list.at[i]);
	if (x->r->outcome == HARNESS_DIFFERS) {
		fprintf(out, "  %" PRIu64 " of %" PRIu64 " packets differ\n", d->mismatches,
			d->packets);
		for (size_t i = 0; i < d->n_kept && i < 2; i++) {
			fprintf(out, "  packet %" PRIu64 ", %s:\n%s\n      as it came:",
				d->kept[i].packet_idx, d->kept[i].what, d->kept[i].text);
			print_packet(out, &d->kept[i]);
		}
	}
	disasm(x->prog, out);
}

static void end(struct run *x, enum harness_outcome outcome, enum reason reason)
{
	x->r->outcome = outcome;
	x->r->reason = reason;
	tell(x);
}

static enum reason first_error(const struct diags *d)
{
	for (size_t i = 0; i < d->list.len; i++) {
		if (d->list.at[i].severity == DIAG_ERROR)
			return d->list.at[i].reason;
	}
	return REASON_NONE;
}

/* ---- the pipeline ---------------------------------------------------------------------------- */

static bool verify(struct run *x)
{
	struct fe_verify_options opts = { .insn_limit = INSN_LIMIT, .main_stack = true };

	bool ok = fe_verify(&x->cx, x->obj, x->prog, &opts, &x->vp);

	if (x->r)
		x->r->warnings = (uint32_t)x->diags.list.len;
	return ok;
}

static void log_refusal(const struct run *x, const struct split *split)
{
	if (x->o->log && split->n_reasons)
		fprintf(x->o->log, "insn %d: %s\n", (int32_t)split->reasons[0].insn,
			split->reasons[0].text);
}

static bool run_device(struct run *x, struct sim_diff_device *dev, uint64_t *words,
		       const struct sim_diff_options *opts)
{
	if (x->o->probe_device && !x->o->probe_device(x->o->probe_priv, dev, words))
		return true;
	return sim_diff_run(&x->cx, x->obj, x->prog, &x->fw, dev, opts, &x->r->diff);
}

static bool run_pair(struct run *x, const struct part_halves *halves,
		     const struct sim_diff_device *dev, const struct sim_diff_options *opts)
{
	struct sim_split_result res;
	bool ok = sim_split_run(&x->cx, &x->vp, halves, &x->fw, dev, opts, &res);

	x->r->diff = res.diff;
	return ok;
}

static void compare(struct run *x, const struct split *split)
{
	const struct nfp_image *img = nfp_image_of(split->image);
	struct sim_diff_options opts = { .packets = x->o->packets,
					 .seed = x->o->seed,
					 .pcap = x->o->pcap,
					 .hosts = x->o->hosts,
					 .unwritten = x->vp.reads_unwritten };
	uint32_t *tids = ARENA_ARRAY(&x->arena, uint32_t, img->n_maps);
	uint64_t *words = ARENA_ARRAY(&x->arena, uint64_t, img->code.n_words);
	struct sim_diff_device dev = {
		.words = words,
		.n_words = img->code.n_words,
		.maps = img->maps,
		.n_maps = img->n_maps,
	};

	for (size_t i = 0; i < img->n_maps; i++)
		tids[i] = (uint32_t)i + 1;
	x->r->words = (uint32_t)img->code.n_words;
	if (!nfp_ucode_relocate(&x->cx, &img->code, &x->fw, tids, img->n_maps, words) ||
	    !(split->halves ? run_pair(x, split->halves, &dev, &opts)
			    : run_device(x, &dev, words, &opts)))
		end(x, HARNESS_FAILED, first_error(&x->diags));
	else
		end(x, x->r->diff.mismatches ? HARNESS_DIFFERS : HARNESS_EQUAL, REASON_NONE);
}

static void run(struct run *x)
{
	struct nfp_target target = { .base.ops = &nfp_offload_ops,
				     .fw = &x->fw,
				     .options = { .opt_level = x->o->level,
						  .check_each = !x->o->probe,
						  .dump = x->o->dump,
						  .probe = x->o->probe,
						  .probe_priv = x->o->probe_priv } };
	struct offload_options opts = { .part = { .cut_seed = x->o->cut_seed,
						  .whole_only = !x->o->cut_seed } };
	struct offload_result result;
	const struct split *split = &result.split;

	if (!verify(x)) {
		end(x, HARNESS_REJECTED, first_error(&x->diags));
		return;
	}
	if (!nfp_firmware_load(&x->cx, x->o->firmware ? x->o->firmware : "generous", &x->fw) ||
	    !offload_compile(&x->cx, &x->vp, &target.base, &opts, &result)) {
		end(x, HARNESS_FAILED, first_error(&x->diags));
		return;
	}
	if (split->placement == PART_ALL_HOST) {
		log_refusal(x, split);
		end(x, HARNESS_REFUSED, split->n_reasons ? split->reasons[0].reason : REASON_NONE);
		return;
	}
	x->r->split = split->halves;
	x->r->reshaped = split->inlined && split->inlined->n_inlined;
	compare(x, split);
}

static void run_and_close(struct run *x, const struct harness_options *o, struct harness_result *r)
{
	*r = (struct harness_result){ 0 };
	x->o = o;
	x->r = r;
	run(x);
	r->what = r->diff.n_kept ? r->diff.kept[0].what : NULL;
	for (size_t i = 0; i < r->diff.n_kept; i++)
		r->diff.kept[i].text = NULL;
	close_run(x);
}

void harness_run(const struct harness_case *c, const struct harness_options *o,
		 struct harness_result *r)
{
	struct run x;

	open_run(&x);
	make_object(&x, c);
	run_and_close(&x, o, r);
}

void harness_run_hosts(const struct harness_case *c, const struct harness_options *o,
		       struct harness_result *r)
{
	struct sim_diff_options opts = {
		.packets = o->packets, .seed = o->seed, .pcap = o->pcap, .hosts = o->hosts
	};
	struct run x;

	open_run(&x);
	make_object(&x, c);
	*r = (struct harness_result){ 0 };
	x.o = o;
	x.r = r;
	if (!verify(&x))
		end(&x, HARNESS_REJECTED, first_error(&x.diags));
	else if (!sim_diff_run(&x.cx, x.obj, x.prog, NULL, NULL, &opts, &r->diff))
		end(&x, HARNESS_FAILED, first_error(&x.diags));
	else
		end(&x, r->diff.mismatches ? HARNESS_DIFFERS : HARNESS_EQUAL, REASON_NONE);
	close_run(&x);
}

void harness_run_prog(const struct fe_object *obj, const struct fe_prog *prog,
		      const struct harness_options *o, struct harness_result *r)
{
	struct run x;

	open_run(&x);
	x.obj = obj;
	x.prog = prog;
	run_and_close(&x, o, r);
}

bool harness_verifies(const struct harness_case *c, FILE *log, enum reason *reason)
{
	struct run x;
	bool ok;

	open_run(&x);
	make_object(&x, c);
	ok = verify(&x);
	*reason = ok ? REASON_NONE : first_error(&x.diags);
	for (size_t i = 0; log && i < x.diags.list.len; i++)
		diag_print(log, &x.diags.list.at[i]);
	close_run(&x);
	return ok;
}
