/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/output/sarif.h"

#include "tools/cli/output/report.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define SARIF_SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

static struct json_object *message(const char *text)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "text", report_text(text));
	return o;
}

/* ---- rules --------------------------------------------------------------------------------------- */

/* Index of a reason's rule; made when it is not there yet. */
static size_t rule_index(struct json_object *rules, enum reason reason)
{
	size_t n = json_object_array_length(rules);
	struct json_object *rule, *id;

	for (size_t i = 0; i < n; i++) {
		rule = json_object_array_get_idx(rules, i);
		if (json_object_object_get_ex(rule, "id", &id) &&
		    !strcmp(json_object_get_string(id), reason_name(reason)))
			return i;
	}
	rule = json_object_new_object();
	json_object_object_add(rule, "id", report_text(reason_name(reason)));
	json_object_object_add(rule, "shortDescription", message(reason_name(reason)));
	json_object_object_add(
		rule, "help",
		message(reason_advice(reason)[0] ? reason_advice(reason) : reason_name(reason)));
	json_object_array_add(rules, rule);
	return n;
}

/* ---- results ------------------------------------------------------------------------------------- */

/* A path as URI reference; reserved characters are escaped. */
static struct json_object *uri(const char *path)
{
	char out[4096];
	size_t n = 0;

	if (path[0] == '/')
		n = (size_t)snprintf(out, sizeof(out), "file://");
	for (; *path && n + 4 < sizeof(out); path++) {
		unsigned char c = (unsigned char)*path;

		if (isalnum(c) || strchr("/-._~+@,=", c))
			out[n++] = (char)c;
		else
			n += (size_t)snprintf(out + n, 4, "%%%02X", c);
	}
	return json_object_new_string_len(out, (int)n);
}

/* The source line, or the object file where that is not known. */
static struct json_object *physical_location(const struct diag_at *at)
{
	struct json_object *o = json_object_new_object(), *file = json_object_new_object();
	bool source = at->file && at->file[0] && at->line;
	struct json_object *region;

	json_object_object_add(file, "uri", uri(source ? at->file : at->object));
	json_object_object_add(o, "artifactLocation", file);
	if (!source)
		return o;
	region = json_object_new_object();
	json_object_object_add(region, "startLine", json_object_new_int64(at->line));
	if (at->source)
		json_object_object_add(region, "snippet", message(at->source));
	json_object_object_add(o, "region", region);
	return o;
}

/* "xdp/main#12": the program and its instruction. */
static struct json_object *logical_location(const struct diag_at *at)
{
	struct json_object *o = json_object_new_object();
	char name[512];
	int n = snprintf(name, sizeof(name), "%s/%s", at->section ? at->section : "", at->prog);

	if (at->insn >= 0 && n > 0 && (size_t)n < sizeof(name))
		snprintf(name + n, sizeof(name) - (size_t)n, "#%lld", (long long)at->insn);
	json_object_object_add(o, "fullyQualifiedName", report_text(name));
	json_object_object_add(o, "kind", json_object_new_string("function"));
	return o;
}

static struct json_object *location(const struct diag_at *at)
{
	struct json_object *o = json_object_new_object(), *logical;

	if (at->object || at->file)
		json_object_object_add(o, "physicalLocation", physical_location(at));
	if (at->prog) {
		logical = json_object_new_array();
		json_object_array_add(logical, logical_location(at));
		json_object_object_add(o, "logicalLocations", logical);
	}
	return o;
}

static struct json_object *result(const struct diag *d, struct json_object *rules)
{
	struct json_object *o = json_object_new_object(), *locations = json_object_new_array();
	struct json_object *properties;

	json_object_object_add(o, "ruleId", report_text(reason_name(d->reason)));
	json_object_object_add(o, "ruleIndex",
			       json_object_new_int64((int64_t)rule_index(rules, d->reason)));
	json_object_object_add(
		o, "level",
		json_object_new_string(d->severity == DIAG_ERROR ? "error" : "warning"));
	json_object_object_add(o, "message", message(d->text));
	json_object_array_add(locations, location(&d->at));
	json_object_object_add(o, "locations", locations);
	if (d->detail) {
		properties = json_object_new_object();
		json_object_object_add(properties, "detail", report_text(d->detail));
		json_object_object_add(o, "properties", properties);
	}
	return o;
}

/* ---- the log ------------------------------------------------------------------------------------- */

static struct json_object *tool(struct json_object *rules)
{
	struct json_object *o = json_object_new_object(), *driver = json_object_new_object();

	json_object_object_add(driver, "name", json_object_new_string("bpf-offload"));
	json_object_object_add(driver, "version", json_object_new_string(BPF_OFFLOAD_VERSION));
	json_object_object_add(driver, "rules", rules);
	json_object_object_add(o, "driver", driver);
	return o;
}

void sarif_print(const struct bpf_offload_object *obj)
{
	struct json_object *log = json_object_new_object(), *runs = json_object_new_array();
	struct json_object *run = json_object_new_object(), *rules = json_object_new_array();
	struct json_object *results = json_object_new_array();

	for (size_t i = 0; i < obj->diags.list.len; i++) {
		if (obj->diags.list.at[i].severity != DIAG_NOTE)
			json_object_array_add(results, result(&obj->diags.list.at[i], rules));
	}
	json_object_object_add(run, "tool", tool(rules));
	json_object_object_add(run, "results", results);
	json_object_array_add(runs, run);
	json_object_object_add(log, "$schema", json_object_new_string(SARIF_SCHEMA));
	json_object_object_add(log, "version", json_object_new_string("2.1.0"));
	json_object_object_add(log, "runs", runs);
	report_print(log);
}
