/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BPF_OFFLOAD_H
#define BPF_OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* libbpf_offload: eBPF programs on SmartNICs. Open an object, verify its programs in user space, compile
 * each one for the device's firmware, and get the reasons why instructions stay on the host.
 *
 *     struct bpf_offload_object *obj = bpf_offload_object__open("prog.o", NULL);
 *     struct bpf_offload_program *p = bpf_offload_object__program(obj, 0);
 *     if (obj && p && !bpf_offload_program__compile(p, NULL) &&
 *         bpf_offload_program__placement(p) == BPF_OFFLOAD_DEVICE)
 *             bpf_offload_program__write_image(p, "prog.nfp");
 *     bpf_offload_object__close(obj);
 *
 * Conventions
 * - Handles are opaque. An object owns its programs and all strings and arrays that it returns; they live
 *   until bpf_offload_object__close().
 * - Functions that can fail return 0 or a negative errno: -EINVAL invalid argument, -ENOEXEC invalid eBPF
 *   object, -EACCES rejected by the verifier, -EOPNOTSUPP not for the device, -EIO output not written. The
 *   messages of the object describe the error.
 * - No global state (except libbpf's print callback, which is set while a file is opened): objects may be
 *   used from several threads, one thread per object at a time. Out of memory ends the process.
 * - Neither root, a kernel nor a card is needed.
 */

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BPF_OFFLOAD_API __attribute__((visibility("default")))
#else
#define BPF_OFFLOAD_API
#endif

struct bpf_offload_object;
struct bpf_offload_program;

enum bpf_offload_placement {
	BPF_OFFLOAD_DEVICE,   /* the whole program runs on the device */
	BPF_OFFLOAD_SPLIT,    /* the first part runs on the device, the rest on the host */
	BPF_OFFLOAD_HOST,     /* the whole program runs on the host */
	BPF_OFFLOAD_REJECTED, /* the verifier refuses the program */
};

/* Why an instruction stays on the host, or why the program was rejected. */
struct bpf_offload_reason {
	int64_t insn;       /* index of the BPF instruction; -1: the program as a whole */
	const char *file;   /* source file from BTF; NULL: unknown */
	uint32_t line;      /* source line; 0: unknown */
	const char *source; /* text of that line; NULL: unknown */
	const char *id;     /* stable name, e.g. "helper-unsupported" */
	const char *text;   /* the fault, with values */
	const char *advice; /* how to fix it; may be "" */
	const char *
		detail; /* further lines: state, path, output of libbpf or the kernel; NULL: none */
};

/* Placement of a map, after compile. */
struct bpf_offload_map_home {
	const char *map;  /* name in the object */
	const char *home; /* "device", "host", "replicated", "summed", "compiled-in" */
	const char *why;  /* the reason, as a sentence */
	const char *
		duty; /* task of user space: "use-device", "use-host", "write-both", "add-up", "recompile" */
	const char *text; /* the task as a sentence */
};

/* A message about the object or one of its programs. */
struct bpf_offload_message {
	bool error;          /* false: a warning */
	const char *program; /* NULL: the object */
	struct bpf_offload_reason what;
};

struct bpf_offload_open_opts {
	size_t sz;            /* sizeof(struct bpf_offload_open_opts) */
	const char *btf_path; /* kernel BTF for CO-RE; NULL: the running kernel's, if readable */
	/* Where errors and warnings are printed as they happen; NULL: nowhere. */
	FILE *messages_to;
	/* "xdp", "xdp.frags", "tc" or "action": type of programs whose section has none;
	 * "SECTION=TYPE": type of the programs of one section. */
	const char *const *types;
	size_t n_types;
	/* "NAME=VALUE": initial values of global variables, as a skeleton sets them before loading; NAME may be
	 * followed by .member and [index]. */
	const char *const *sets;
	size_t n_sets;
};

struct part_profiler;
struct bpf_offload_compile_opts {
	size_t sz;              /* sizeof(struct bpf_offload_compile_opts) */
	const char *firmware;   /* profile: a shipped name or a path; NULL: "corenic" */
	unsigned opt_level;     /* 0 or 2 */
	const char *dump;       /* passes to print, comma-separated, or "all"; NULL: none */
	const char *stop_after; /* stop after this pass, without an image; NULL: run all */
	FILE *dump_to;          /* NULL: standard output */
	bool check_each;        /* run the IR checkers after each pass */
	bool allow_destructive; /* accept programs that call destructive kernel functions */
	uint64_t cut_seed;      /* other than 0: split at a random legal cut; for tests */
	unsigned
		max_handoff; /* maximum size of a hand-off record in bytes; 0: the device's limit */
	bool require_device; /* do not split */
	const char *pins;    /* "SYMBOL=host|device,…": sides of maps and functions; NULL: none */
	const char *costs;   /* cost table for the choice of a cut; NULL: defaults */
	/* Execution frequencies (partitioner/profile.h); NULL: estimated. Not part of the stable interface. */
	const struct part_profiler *profiler;
	bool keep_tail_calls; /* do not follow tail calls that are known at compile time */
	bool untagged; /* tc: assume that no frame with a VLAN tag arrives (docs/handoff.md) */
};

/* Opens `path`. NULL with errno set: -ENOEXEC's positive value or what open(2) said. Opts may be NULL. */
BPF_OFFLOAD_API struct bpf_offload_object *
bpf_offload_object__open(const char *path, const struct bpf_offload_open_opts *opts);
BPF_OFFLOAD_API void bpf_offload_object__close(struct bpf_offload_object *obj);

BPF_OFFLOAD_API size_t bpf_offload_object__nr_programs(const struct bpf_offload_object *obj);
/* NULL if idx is out of range. */
BPF_OFFLOAD_API struct bpf_offload_program *
bpf_offload_object__program(struct bpf_offload_object *obj, size_t idx);

/* Messages so far, in order; the array is valid until the next call on the object. */
BPF_OFFLOAD_API const struct bpf_offload_message *
bpf_offload_object__messages(struct bpf_offload_object *obj, size_t *n);

BPF_OFFLOAD_API const char *bpf_offload_program__name(const struct bpf_offload_program *prog);
BPF_OFFLOAD_API const char *bpf_offload_program__section(const struct bpf_offload_program *prog);
/* "xdp", "tc", or the name of a program type that only the host can run. */
BPF_OFFLOAD_API const char *bpf_offload_program__type(const struct bpf_offload_program *prog);
/* Instructions, 8 bytes each, subprograms included. */
BPF_OFFLOAD_API size_t bpf_offload_program__insn_cnt(const struct bpf_offload_program *prog);

/* Verifies as the kernel would. 0, or -EACCES: rejected, see reasons. Done once; later calls are cheap.
 * Programs that are neither XDP nor tc are not verified: 0, placement host, one reason. */
BPF_OFFLOAD_API int bpf_offload_program__verify(struct bpf_offload_program *prog,
						bool allow_destructive);
/* True after verify or compile if the program's type runs only on the host. */
BPF_OFFLOAD_API bool bpf_offload_program__host_only(const struct bpf_offload_program *prog);
/* Verifies and places the program, and generates microcode if the device can run it. 0 also if it stays
 * on the host; see placement and reasons. Opts may be NULL (corenic, level 2). */
BPF_OFFLOAD_API int bpf_offload_program__compile(struct bpf_offload_program *prog,
						 const struct bpf_offload_compile_opts *opts);
BPF_OFFLOAD_API enum bpf_offload_placement
bpf_offload_program__placement(const struct bpf_offload_program *prog);
BPF_OFFLOAD_API const char *bpf_offload_placement__name(enum bpf_offload_placement p);
/* Sorted by instruction. */
BPF_OFFLOAD_API const struct bpf_offload_reason *
bpf_offload_program__reasons(const struct bpf_offload_program *prog, size_t *n);
/* Maps that the program uses, in the object's order; none before compile. The manifest that the command line
 * writes (docs/json.md) has more details. */
BPF_OFFLOAD_API const struct bpf_offload_map_home *
bpf_offload_program__map_homes(struct bpf_offload_program *prog, size_t *n);
/* Program of the host half that continues at the cut point; NULL: placement is not split. */
BPF_OFFLOAD_API const char *bpf_offload_program__host_name(const struct bpf_offload_program *prog);
/* Number of instruction words; 0 without microcode. */
BPF_OFFLOAD_API size_t bpf_offload_program__device_words(const struct bpf_offload_program *prog);

/* Writes the image (ELF, machine 250), or the words relocated for the profile's vNIC with ECC, one per
 * line in hexadecimal. A temporary file is renamed to `path`, so no partial file remains. */
BPF_OFFLOAD_API int bpf_offload_program__write_image(struct bpf_offload_program *prog,
						     const char *path);
/* Placement split: the host half as an eBPF object that libbpf loads; program "<name>_host". */
BPF_OFFLOAD_API int bpf_offload_program__write_host(struct bpf_offload_program *prog,
						    const char *path);
BPF_OFFLOAD_API int bpf_offload_program__write_words(struct bpf_offload_program *prog,
						     const char *path);

#ifdef __cplusplus
}
#endif

#endif
