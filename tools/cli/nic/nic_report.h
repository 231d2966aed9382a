/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CLI_NIC_NIC_REPORT_H
#define TOOLS_CLI_NIC_NIC_REPORT_H

#include "sim/nic.h"

/* Counters of a software NIC, as text or as a JSON row. */
struct nic_report {
	const char *name, *host_name; /* programs; NULL: none */
	const char *tap, *wire;
	const struct sim_nic_stats *stats;
	struct sim_throughput *engine; /* NULL: no image */
	const struct sim_timing *timing;
};

void nic_report_print(const struct nic_report *r);
void nic_report_json(const struct nic_report *r);

#endif
