/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Options are rows of options.def; getopt_long does the splitting. */

enum kind { STR, U64, FLAG, LEVEL, LIST, MANY };

#define COMMAND(name, operand, help) CMD_##name = 1 << CLI_BIT_##name,
enum { CLI_COMMANDS(COMMAND) CMD_ALL = (1 << CLI_N_COMMANDS) - 1 };
#undef COMMAND

static const struct option_row {
	size_t offset; /* of the field in struct cli_args */
	enum kind kind;
	char letter;
	const char *name, *arg;
	int commands;
	const char *help;
} rows[] = {
#define OPTION(field, kind, letter, name, arg, commands, help)                                     \
	{ offsetof(struct cli_args, field), kind, letter, name, arg, commands, help },
#include "tools/cli/options.def"
#undef OPTION
};

#define N_ROWS    (sizeof(rows) / sizeof(rows[0]))
#define LONG_BASE 256 /* getopt codes of rows: LONG_BASE + row */

static const struct {
	const char *name, *operand, *help;
} commands[] = {
#define COMMAND(name, operand, help) { #name, operand, help },
	CLI_COMMANDS(COMMAND)
#undef COMMAND
};

const char *cli_command_name(unsigned command)
{
	return commands[command].name;
}

void cli_help(unsigned command)
{
	printf("Usage: bpf-offload %s [options] %s\n\n%s.\n\nOptions:\n", commands[command].name,
	       commands[command].operand, commands[command].help);
	for (size_t i = 0; i < N_ROWS; i++) {
		const struct option_row *r = &rows[i];
		char left[64];
		int n = 0;

		if (!(r->commands & 1 << command))
			continue;
		if (r->letter)
			n = snprintf(left, sizeof(left), "-%c%s%s", r->letter,
				     r->arg && !r->name ? r->arg : "", r->name ? ", " : "");
		else
			n = snprintf(left, sizeof(left), "    ");
		if (r->name)
			snprintf(left + n, sizeof(left) - (size_t)n, "--%s%s%s", r->name,
				 r->arg ? " " : "", r->arg ? r->arg : "");
		printf("  %-28s %s\n", left, r->help);
	}
	printf("\nExit status: 0 success, 1 fault of the program, 2 wrong usage, 3 fault of the "
	       "environment.\n");
}

static bool parse_u64(const char *text, uint64_t *v)
{
	char *end;

	errno = 0;
	*v = strtoull(text, &end, 0);
	return !errno && *text >= '0' && *text <= '9' && !*end;
}

static bool usage_error(unsigned command, const char *what, const char *value)
{
	fprintf(stderr, "bpf-offload %s: %s%s%s (see bpf-offload %s --help)\n",
		commands[command].name, what, value ? " " : "", value ? value : "",
		commands[command].name);
	return false;
}

static void append(struct cli_list *list, const char *value)
{
	const char **at = realloc(list->at, (list->n + 1) * sizeof(*at));

	if (!at) {
		fputs("bpf-offload: out of memory\n", stderr);
		exit(CLI_ENVIRONMENT);
	}
	at[list->n++] = value;
	list->at = at;
}

void cli_args_free(struct cli_args *args)
{
	free(args->types.at);
	free(args->sets.at);
}

static bool store(unsigned command, const struct option_row *r, const char *value,
		  struct cli_args *args)
{
	void *field = (char *)args + r->offset;

	switch (r->kind) {
	case FLAG: *(bool *)field = true; return true;
	case STR:
	case LIST:
		if (!*value)
			return usage_error(command, "empty value for --", r->name);
		*(const char **)field = value;
		return true;
	case MANY:
		if (!*value)
			return usage_error(command, "empty value for --", r->name);
		append(field, value);
		return true;
	case LEVEL:
		if (strcmp(value, "0") && strcmp(value, "2"))
			return usage_error(command, "optimisation level must be -O0 or -O2, not -O",
					   value);
		*(unsigned *)field = (unsigned)(value[0] - '0');
		return true;
	case U64:
		if (!parse_u64(value, field))
			return usage_error(command, "not a number:", value);
		if (r->offset == offsetof(struct cli_args, run.packets))
			args->run.packets_given = true;
		return true;
	}
	return false;
}

/* getopt's two descriptions of the rows that this command takes. */
static void build_getopt(unsigned command, char *letters, struct option *longs)
{
	size_t n = 0;

	for (size_t i = 0; i < N_ROWS; i++) {
		if (!(rows[i].commands & 1 << command))
			continue;
		if (rows[i].letter) {
			*letters++ = rows[i].letter;
			if (rows[i].arg)
				*letters++ = ':';
		}
		if (rows[i].name)
			longs[n++] = (struct option){ .name = rows[i].name,
						      .has_arg = rows[i].arg ? required_argument
									     : no_argument,
						      .val = LONG_BASE + (int)i };
	}
	*letters = '\0';
	longs[n] = (struct option){ 0 };
}

static const struct option_row *row_of(unsigned command, int c)
{
	if (c >= LONG_BASE)
		return &rows[c - LONG_BASE];
	for (size_t i = 0; i < N_ROWS; i++) {
		if (rows[i].letter == c && rows[i].commands & 1 << command)
			return &rows[i];
	}
	return NULL;
}

bool cli_parse(unsigned command, int argc, char **argv, struct cli_args *args)
{
	char letters[2 * N_ROWS + 1];
	struct option longs[N_ROWS + 1];
	const struct option_row *r;
	int c;

	*args = (struct cli_args){
		.files.output = ".", .place.opt_level = 2, .run.packets = 10000, .run.seed = 1
	};
	build_getopt(command, letters, longs);
	optind = 1;
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		r = row_of(command, c);
		if (c == '?' || !r)
			return usage_error(command, "invalid option", NULL);
		if (!store(command, r, optarg, args))
			return false;
	}
	args->collect.counted.path = args->place.profile;
	args->collect.profiler =
		(struct part_profiler){ &args->collect.counted, sim_profile_count };
	if (args->help || args->place.list_costs)
		return true;
	if (!*commands[command].operand)
		return optind == argc || usage_error(command, "extra operand:", argv[optind]);
	if (optind == argc)
		return usage_error(command, "missing operand:", commands[command].operand);
	if (optind + 1 < argc)
		return usage_error(command,
				   "only one file is allowed; extra operand:", argv[optind + 1]);
	args->operand = argv[optind];
	return true;
}
