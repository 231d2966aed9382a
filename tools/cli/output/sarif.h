/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CLI_OUTPUT_SARIF_H
#define TOOLS_CLI_OUTPUT_SARIF_H

#include "offload/inspect.h"

/* All findings about an object as SARIF 2.1.0 on standard output, which code hosts show as
 * annotations. One rule per reason (base/reasons.def), one result per message. */
void sarif_print(const struct bpf_offload_object *obj);

#endif
