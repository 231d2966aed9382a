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
 * - Functions that can fail return 0 or a negative errno: -EINVAL bad argument, -ENOEXEC no usable eBPF
 *   object, -EACCES rejected by the verifier, -EOPNOTSUPP not for the device, -EIO output not written.
 *   bpf_offload_strerror() has a sentence for each; the object's messages give place and values.
 * - No global state (except libbpf's print callback, which is set while a file is opened): objects may be
 *   used from several threads, one thread per object at a time. Out of memory ends the process.
 * - Neither root, a kernel nor a card is needed.
 */

#define BPF_OFFLOAD_MAJOR_VERSION 0
#define BPF_OFFLOAD_MINOR_VERSION 2

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

/* Options structs carry their size, so that programs built with an older header keep working. Use
 * BPF_OFFLOAD_OPTS(), which zeroes the rest: a field that this library does not know must be zero, or the
 * call fails with EINVAL.
 *
 *     BPF_OFFLOAD_OPTS(bpf_offload_compile_opts, opts, .opt_level = 2, .require_device = true);
 */
#define BPF_OFFLOAD_OPTS(type, name, ...)                                                          \
	struct type name = { .sz = sizeof(struct type), __VA_ARGS__ }

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
	/* Called with each error and warning as it happens; NULL: not. Must not call into the library. */
	void (*message)(void *priv, const struct bpf_offload_message *m);
	void *message_priv;
	const char *object_name; /* open_mem: the object's name in messages; NULL: "memory" */
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

/* ---- library ---------------------------------------------------------------------------------- */

/* @return "0.2", the version of the library; compare with BPF_OFFLOAD_MAJOR_VERSION, _MINOR_VERSION */
BPF_OFFLOAD_API const char *bpf_offload_version_string(void);

/* @param err what a function returned, 0 or a negative errno
 * @return a sentence without a period, never NULL; the object's messages say more */
BPF_OFFLOAD_API const char *bpf_offload_strerror(int err);

/* @return name of the firmware profile `idx` that the library ships, for compile_opts.firmware; NULL: there
 *         are fewer */
BPF_OFFLOAD_API const char *bpf_offload_firmware_profile(size_t idx);

/* ---- object ------------------------------------------------------------------------------------- */

/* @param path an eBPF object file
 * @param opts may be NULL
 * @return the object, or NULL with errno: EINVAL bad argument or opts, ENOEXEC not a usable eBPF object or
 *         not readable (opts.messages_to or opts.message get the reason), ENOMEM */
BPF_OFFLOAD_API struct bpf_offload_object *
bpf_offload_object__open(const char *path, const struct bpf_offload_open_opts *opts);

/* As bpf_offload_object__open() for an object file in memory.
 * @param data  bytes of the file; they are copied
 * @param size  number of bytes */
BPF_OFFLOAD_API struct bpf_offload_object *
bpf_offload_object__open_mem(const void *data, size_t size,
			     const struct bpf_offload_open_opts *opts);

/* Frees the object and all that it has handed out.
 * @param obj may be NULL */
BPF_OFFLOAD_API void bpf_offload_object__close(struct bpf_offload_object *obj);

/* @return number of programs; 0 for NULL */
BPF_OFFLOAD_API size_t bpf_offload_object__nr_programs(const struct bpf_offload_object *obj);

/* @return program `idx` in the order of the file; NULL: idx is out of range, or obj is NULL */
BPF_OFFLOAD_API struct bpf_offload_program *
bpf_offload_object__program(struct bpf_offload_object *obj, size_t idx);

/* @return the program (C function) of that name; NULL: there is none */
BPF_OFFLOAD_API struct bpf_offload_program *
bpf_offload_object__find_program_by_name(struct bpf_offload_object *obj, const char *name);

/* @param n out: number of messages so far
 * @return the messages in order. The array may move with the next call on the object; the strings stay. */
BPF_OFFLOAD_API const struct bpf_offload_message *
bpf_offload_object__messages(struct bpf_offload_object *obj, size_t *n);

/* ---- program -------------------------------------------------------------------------------------- */

/* @return name of the C function */
BPF_OFFLOAD_API const char *bpf_offload_program__name(const struct bpf_offload_program *prog);

/* @return name of the ELF section */
BPF_OFFLOAD_API const char *bpf_offload_program__section(const struct bpf_offload_program *prog);

/* @return "xdp", "tc", or the program type's name if only the host can run it */
BPF_OFFLOAD_API const char *bpf_offload_program__type(const struct bpf_offload_program *prog);

/* @return number of instructions of 8 bytes, subprograms included */
BPF_OFFLOAD_API size_t bpf_offload_program__insn_cnt(const struct bpf_offload_program *prog);

/* Verifies the program as the kernel would. The first call decides; later calls return its result.
 * A program that is neither XDP nor tc is not verified: 0, placement host, one reason.
 * @param allow_destructive accept calls of destructive kernel functions
 * @return 0, or -EACCES: rejected, see bpf_offload_program__reasons() */
BPF_OFFLOAD_API int bpf_offload_program__verify(struct bpf_offload_program *prog,
						bool allow_destructive);

/* @return true after verify or compile if no device runs programs of this type */
BPF_OFFLOAD_API bool bpf_offload_program__host_only(const struct bpf_offload_program *prog);

/* Verifies and places the program, and makes the image of its device part. May be called again with other
 * options: the earlier result is replaced.
 * @param opts may be NULL: profile "corenic", optimisation level 2
 * @return 0, also if the program stays on the host (see placement and reasons); -EACCES rejected by the
 *         verifier; -EINVAL bad opts, firmware or costs; -EOPNOTSUPP bad pins, or an internal limit */
BPF_OFFLOAD_API int bpf_offload_program__compile(struct bpf_offload_program *prog,
						 const struct bpf_offload_compile_opts *opts);

/* ---- result of a compilation ------------------------------------------------------------------------ */

/* @return where the program runs; before compile REJECTED or HOST */
BPF_OFFLOAD_API enum bpf_offload_placement
bpf_offload_program__placement(const struct bpf_offload_program *prog);

/* @return "device", "split", "host" or "rejected" */
BPF_OFFLOAD_API const char *bpf_offload_placement__name(enum bpf_offload_placement p);

/* @param n out: number of reasons
 * @return why the program was rejected, or what keeps instructions on the host; sorted by instruction */
BPF_OFFLOAD_API const struct bpf_offload_reason *
bpf_offload_program__reasons(const struct bpf_offload_program *prog, size_t *n);

/* @param n out: number of maps
 * @return placement of the maps that the program uses, in the object's order; none before compile. The
 *         manifest of the command line (docs/json.md) has more. */
BPF_OFFLOAD_API const struct bpf_offload_map_home *
bpf_offload_program__map_homes(struct bpf_offload_program *prog, size_t *n);

/* Where control passes from device to host. */
struct bpf_offload_cut {
	uint32_t insn;    /* the host continues before this instruction of the compiled form */
	uint8_t id;       /* in the hand-off record, from 1; 0 means: the device has decided */
	const char *file; /* source file; NULL: unknown */
	uint32_t line;    /* source line; 0: unknown */
	double share;     /* part of all packets, estimated or from a profile: 0 to 1 */
};

/* @param n out: number of cuts
 * @return the cuts of a split program, sorted by instruction; none for other placements */
BPF_OFFLOAD_API const struct bpf_offload_cut *
bpf_offload_program__cuts(struct bpf_offload_program *prog, size_t *n);

/* @param bytes  out: length of the record that the device puts before a packet (docs/handoff.md)
 * @param cookie out: names the pair of image and host half; both carry it
 * @return 0, or -ENOENT: the program is not split */
BPF_OFFLOAD_API int bpf_offload_program__handoff(const struct bpf_offload_program *prog,
						 uint32_t *bytes, uint32_t *cookie);

/* @return name of the host half's program, which continues after the hand-off; NULL: not split */
BPF_OFFLOAD_API const char *bpf_offload_program__host_name(const struct bpf_offload_program *prog);

/* @return number of instruction words of the microcode; 0: there is none */
BPF_OFFLOAD_API size_t bpf_offload_program__device_words(const struct bpf_offload_program *prog);

/* The image (ELF, machine 250) as bytes.
 * @param size out: number of bytes
 * @return the bytes, owned by the object until it is closed; NULL with errno: ENOENT nothing of the
 *         program is on the device, EIO */
BPF_OFFLOAD_API const void *bpf_offload_program__image(struct bpf_offload_program *prog,
						       size_t *size);

/* The host half as an eBPF object file that libbpf loads; its program is bpf_offload_program__host_name().
 * @return as bpf_offload_program__image(); ENOENT: the program is not split */
BPF_OFFLOAD_API const void *bpf_offload_program__host_object(struct bpf_offload_program *prog,
							     size_t *size);

/* The microcode, relocated for the profile's vNIC, with ECC.
 * @param n out: number of 64-bit words
 * @return as bpf_offload_program__image() */
BPF_OFFLOAD_API const uint64_t *bpf_offload_program__words(struct bpf_offload_program *prog,
							   size_t *n);

/* The same as files; words as text, one hexadecimal word per line. A temporary file is renamed over `path`,
 * so that no half-written file remains.
 * @return 0; -EINVAL: path is NULL, or there is no such result; -EIO: not written */
BPF_OFFLOAD_API int bpf_offload_program__write_image(struct bpf_offload_program *prog,
						     const char *path);
BPF_OFFLOAD_API int bpf_offload_program__write_host(struct bpf_offload_program *prog,
						    const char *path);
BPF_OFFLOAD_API int bpf_offload_program__write_words(struct bpf_offload_program *prog,
						     const char *path);

#ifdef __cplusplus
}
#endif

#endif
