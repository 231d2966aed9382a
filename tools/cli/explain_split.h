#ifndef TOOLS_CLI_EXPLAIN_SPLIT_H
#define TOOLS_CLI_EXPLAIN_SPLIT_H

#include "nfp_backend/api.h"

/* What explain says of a split program's two halves. */

struct json_object;

/* Cuts with what they hand over, homes of maps; nothing when the program is not split. */
void explain_split_print(const struct bpf_offload_program *p);
/* "split": { … } of the JSON report (docs/json.md); NULL when the program is not split. */
struct json_object *explain_split_json(const struct bpf_offload_program *p);

#endif
