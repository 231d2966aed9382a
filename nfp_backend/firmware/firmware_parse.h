/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_FIRMWARE_FIRMWARE_PARSE_H
#define NFP_BACKEND_FIRMWARE_FIRMWARE_PARSE_H

/* Private to the firmware*.c files. */

#include "base/file.h"
#include "nfp_backend/firmware.h"

#define NFP_CODE_STORE_MAX  16383u /* highest address of a branch's 14-bit field */
#define NFP_LOCAL_MEM_BYTES 4096u  /* per engine, nfp.md 1.3 */

/* A shipped profile; NULL: none of that name. */
const struct nfp_firmware *nfp_firmware_shipped(const char *name);

/* Both set `fw` from a file's content; `path` is for messages. firmware_text.c, firmware_tlv.c */
bool nfp_firmware_parse_text(struct cx *cx, const char *path, const struct file_bytes *file,
			     struct nfp_firmware *fw);
bool nfp_firmware_parse_tlv(struct cx *cx, const char *path, const struct file_bytes *file,
			    struct nfp_firmware *fw);

/* Defaults of keys that a file omits: no capability, ABI 2, the vNIC values of "corenic". */
void nfp_firmware_defaults(const char *name, struct nfp_firmware *fw);

#endif
