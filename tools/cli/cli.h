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

struct cli_args {
	struct cli_list types, sets;
	bool allow_unverified;
	const char *timing, *junit, *shard, *repro;
	const char *output, *prog, *firmware, *emit, *dump, *stop_after, *btf, *pcap, *write;
	const char *profile, *costs;
	const char *pins, *device_words, *map_ids, *verifier, *host, *image;
	const char *nic_image, *nic_host, *tap, *wire, *maps, *dump_maps;
	uint64_t packets, seed, max_work, cut_seed, max_handoff, max_frames, max_seconds;
	bool packets_given; /* --packets was on the line */
	unsigned opt_level;
	bool half;
	bool no_attach, list_costs, trace, require_device, untagged, keep_tail_calls, check_each,
		allow_destructive, log, json, sarif, quiet, verbose, help;
	uint64_t time;
	struct sim_profile counted;       /* what --profile counts */
	struct part_profiler profiler;    /* which asks for it */
	struct junit *junit_to;           /* what --junit collects; not an option */
	const char *dot, *svg, *html;     /* files of explain */
	const char *manifest, *skeleton;  /* files of compile */
	struct compile_files *compile_to; /* what they collect; not an option */
	struct explain_files *explain_to; /* what they collect; not an option */
	const char *operand;              /* the object, image or words file */
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
