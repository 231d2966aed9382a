/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/cli.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *operand, *help;
	enum cli_exit (*run)(const struct cli_args *args);
} commands[] = {
#define COMMAND(name, operand, help) { #name, operand, help, cmd_##name },
	CLI_COMMANDS(COMMAND)
#undef COMMAND
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_usage(FILE *out)
{
	fprintf(out, "bpf-offload: compile eBPF programs to SmartNIC microcode\n\n"
		     "Usage: bpf-offload COMMAND [options] FILE\n\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(out, "  %-8s %-15s %s\n", commands[i].name, commands[i].operand,
			commands[i].help);
	fprintf(out, "\nbpf-offload COMMAND --help lists the options of a command; --version "
		     "prints the version.\n"
		     "Exit status: 0 success, 1 fault of the program, 2 wrong usage, 3 fault of "
		     "the environment.\n");
}

static enum cli_exit run_command(size_t i, int argc, char **argv)
{
	struct cli_args args;
	enum cli_exit code = CLI_OK;

	if (!cli_parse((unsigned)i, argc, argv, &args))
		code = CLI_USAGE;
	else if (args.help)
		cli_help((unsigned)i);
	else
		code = commands[i].run(&args);
	cli_args_free(&args);
	return code;
}

/* All output must have been written: a full disk behind a redirection is an error. */
static int finish(enum cli_exit code)
{
	if (fflush(stdout) || ferror(stdout)) {
		perror("bpf-offload: standard output");
		return CLI_ENVIRONMENT;
	}
	return (int)code;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		print_usage(stderr);
		return CLI_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_usage(stdout);
		return finish(CLI_OK);
	}
	if (!strcmp(argv[1], "--version")) {
		printf("bpf-offload %s\n", BPF_OFFLOAD_VERSION);
		return finish(CLI_OK);
	}
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (!strcmp(argv[1], commands[i].name))
			return finish(run_command(i, argc - 1, argv + 1));
	}
	fprintf(stderr, "bpf-offload: no command '%s'\n\n", argv[1]);
	print_usage(stderr);
	return CLI_USAGE;
}
