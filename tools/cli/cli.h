/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CLI_CLI_H
#define TOOLS_CLI_CLI_H

#include "bpf_offload.h"
#include "sim/branch_profile.h"

#include <stdbool.h>
#include <stdint.h>

/* Shared by the commands: parsed arguments, exit codes, opening and walking an object. */

enum cli_exit {
	CLI_OK = 0,
	CLI_PROGRAM = 1,     /* the program is at fault: unusable, rejected, or the sides differ */
	CLI_USAGE = 2,       /* the command line is */
	CLI_ENVIRONMENT = 3, /* the machine is: output not writable, no memory */
};

/* COMMAND(name, operand or "", one line of help) */
#define CLI_COMMANDS(COMMAND)                                                                      \
	COMMAND(compile, "prog.o", "compile programs to NFP microcode, and split them if needed")  \
	COMMAND(test, "prog.o",                                                                    \
		"run microcode and host machine code on the same packets and compare")             \
	COMMAND(check, "prog.o", "verify programs as the kernel would, in user space")             \
	COMMAND(explain, "prog.o", "show where each instruction and source line runs, and why")    \
	COMMAND(disasm, "prog.nfp|words", "print microcode")                                       \
	COMMAND(run, "prog.nfp", "run an image on a capture file in the simulator")                \
	COMMAND(capture, "prog.o", "save the running kernel's machine code for test --host=FILE")  \
	COMMAND(nic, "", "software NIC: real traffic through an image and its host half")          \
	COMMAND(bench, "prog.o", "measure compile time and the speed of simulator and comparison")

enum cli_command_bit {
#define COMMAND(name, operand, help) CLI_BIT_##name,
	CLI_COMMANDS(COMMAND)
#undef COMMAND
		CLI_N_COMMANDS
};

/* Values of an option that may be given several times. */
struct cli_list {
	const char **at;
	size_t n;
};

/* The form of the program that is compiled, and for what: compile, test, explain, bench, capture. */
struct cli_place_options {
	const char *firmware, *pins, *costs, *profile;
	unsigned opt_level;
	uint64_t max_handoff, cut_seed;
	bool require_device, untagged, keep_tail_calls, check_each, list_costs;
};

/* What is written where: compile, explain. */
struct cli_file_options {
	const char *output, *emit, *dump, *stop_after, *manifest, *skeleton;
	const char *dot, *svg, *html;
};

struct cli_check_options {
	const char *verifier;
	bool allow_unverified, log, sarif;
};

/* Packets, and who runs them: test, run, bench. */
struct cli_run_options {
	uint64_t packets, seed, max_work, time;
	bool packets_given; /* --packets was on the line */
	bool trace;
	const char *pcap, *write, *timing, *junit, *shard, *repro, *host, *device_words, *map_ids;
};

struct cli_capture_options {
	const char *image;
	bool half;
};

struct cli_nic_options {
	const char *image, *host, *tap, *wire, *maps, *dump_maps;
	uint64_t max_frames, max_seconds;
	bool no_attach;
};

/* Where a command gathers what it prints or writes after the last program. Not options. */
struct cli_collectors {
	struct sim_profile counted;       /* what --profile counts */
	struct part_profiler profiler;    /* which asks for it */
	struct junit *junit_to;           /* --junit */
	struct compile_files *compile_to; /* files of compile */
	struct explain_files *explain_to; /* files of explain */
};

/* The command line: fields are named by options.def. */
struct cli_args {
	const char *operand; /* the object, image or words file */
	struct cli_list types, sets;
	const char *prog, *btf;
	bool allow_destructive, json, quiet, verbose, help;
	struct cli_place_options place;
	struct cli_file_options files;
	struct cli_check_options check;
	struct cli_run_options run;
	struct cli_capture_options capture;
	struct cli_nic_options nic;
	struct cli_collectors collect;
};

#define COMMAND(name, operand, help) enum cli_exit cmd_##name(const struct cli_args *args);
CLI_COMMANDS(COMMAND)
#undef COMMAND

/* options.c. False: the error was printed on stderr. */
bool cli_parse(unsigned command, int argc, char **argv, struct cli_args *args);
void cli_args_free(struct cli_args *args);
void cli_help(unsigned command);
const char *cli_command_name(unsigned command);

/* each_program.c: opens the operand and calls `one` for each program that --prog selects. With --json
 * `report` is the object to add rows to, and is printed at the end; otherwise NULL. The worst exit
 * code of all programs is the command's; CLI_USAGE ends the walk. */
struct json_object;
typedef enum cli_exit cli_program_fn(const struct cli_args *args, struct bpf_offload_program *prog,
				     struct json_object *report);
enum cli_exit cli_each_program(const struct cli_args *args, cli_program_fn *one);
struct bpf_offload_compile_opts cli_compile_opts(const struct cli_args *args);

/* A line on stderr that is redrawn, on a terminal only. priv: whose packets; NULL clears the line.
 * total 0: not known. */
void cli_progress(void *priv, uint64_t done, uint64_t total);

#endif
