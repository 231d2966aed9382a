/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef OFFLOAD_LIBRARY_PRIV_H
#define OFFLOAD_LIBRARY_PRIV_H

#include "offload/inspect.h"

/* library_reasons.c: what is known about a program as the public interface gives it. */

struct bpf_offload_message library_message(const struct diag *d);
/* The program's type runs on no device. */
void library_mark_host_only(struct bpf_offload_program *p);
/* The errors among the diagnostics from index `first` on. */
void library_take_reasons(struct bpf_offload_program *p, size_t first);
/* Why the program has no instructions, which was reported when the object was opened. */
void library_take_broken_reason(struct bpf_offload_program *p);
/* What the device refused. */
void library_take_split_reasons(struct bpf_offload_program *p);

#endif
