/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_IMAGE_H
#define NFP_BACKEND_IMAGE_H

#include "nfp_backend/ucode.h"
#include "partitioner/device_ops.h"

/* A compiled program with everything that a loader needs, and its file format: an ELF64 file for machine 250
 * (NFP) that binutils' objdump disassembles.
 *
 *   .text.i32.me0          the words, unrelocated, little-endian, ECC of the unrelocated word
 *   .regt.mecsr.i32        one CSR initialisation that selects 4-context mode (read by objdump)
 *   .bpf_offload.reloc     struct nfp_reloc rows
 *   .bpf_offload.maps      struct nfp_image_map rows + names
 *   .bpf_offload.lines     word -> BPF instruction, source file and line
 *   .bpf_offload.needs     requirements on the firmware
 *
 * All integers little-endian; every .bpf_offload section starts with a 32-bit format version
 * (layouts: image_write.c). */

#define NFP_IMAGE_VERSION 1u

enum nfp_prog_type { NFP_PROG_XDP = 0, NFP_PROG_TC = 1 };

/* How the program uses a 4-byte word of a map's value. The engine's atomics add big-endian
 * words, so user space and firmware must byte-swap words marked ATOMIC (nfp.md 4.12). */
enum nfp_map_word_use { NFP_WORD_UNUSED = 0, NFP_WORD_READ, NFP_WORD_WRITE, NFP_WORD_ATOMIC };

struct nfp_image_map {
	const char *name;
	uint32_t type, key_size, value_size, max_entries, flags;
	uint32_t object_idx;     /* index of the map in the eBPF object */
	const uint8_t *word_use; /* enum nfp_map_word_use, one per 4 bytes of value (rounded up) */
	const uint8_t
		*init; /* initial content of element 0 (global data), value_size bytes; or NULL */
};

struct nfp_image_src { /* source position of a BPF instruction */
	uint32_t bpf_pc;
	const char *file;
	uint32_t line;
};

struct nfp_image {
	struct offload_image base; /* hand-off of a split program */
	const char *prog_name;
	enum nfp_prog_type type;
	struct nfp_ucode code;
	struct nfp_image_map *maps; /* in table-id order: maps[i] gets table id i + 1 */
	size_t n_maps;
	struct nfp_image_src *srcs;
	size_t n_srcs;
	uint32_t stack_bytes; /* local memory the program uses */
	uint32_t max_pkt_off; /* highest packet byte that it may access; limits the MTU */
	uint64_t helpers;     /* bit n: firmware helper or inline capability for BPF helper id n */
	bool queue_select;    /* writes the receive queue */
	bool adjust_tail;     /* BPF helper 65, which has no bit in `helpers` */
};

static inline const struct nfp_image *nfp_image_of(const struct offload_image *image)
{
	return (const struct nfp_image *)image;
}

/* The image file as bytes, in cx->arena. False: reported. */
struct nfp_image_bytes {
	uint8_t *data;
	size_t size;
};
bool nfp_image_encode(struct cx *cx, const struct nfp_image *img, struct nfp_image_bytes *out);
/* Writes `path` through a temporary file and rename. False: reported, and no file remains. */
bool nfp_image_write(struct cx *cx, const struct nfp_image *img, const char *path);
/* Accepts any bytes; a file that is not a well-formed image is reported. */
bool nfp_image_read(struct cx *cx, const char *path, struct nfp_image *img);
/* True if `fw` offers everything that the image needs; otherwise each missing feature is reported. */
bool nfp_image_fits(struct cx *cx, const struct nfp_image *img, const struct nfp_firmware *fw);

#endif
