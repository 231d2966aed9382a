/* SPDX-License-Identifier: BSD-2-Clause
 * Long comparisons in constant memory: soak_test TOOL ARGS... runs `TOOL test ARGS` with 100,000 and with 200,000
 * packets and compares the largest resident sizes. A leak of 100 bytes a packet is more than what is allowed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS_MAX    32
#define ALLOWED_KIB 8192L

/* Freed memory is to be used again, also under AddressSanitizer. */
static void limit_quarantine(void)
{
	const char *have = getenv("ASAN_OPTIONS");
	char all[512];

	snprintf(all, sizeof(all), "%s:quarantine_size_mb=1", have ? have : "");
	setenv("ASAN_OPTIONS", all, 1);
}

static void run_child(int argc, char **argv, const char *packets)
{
	char *args[ARGS_MAX + 5] = { argv[1], (char *)"test", (char *)"--packets",
				     (char *)packets };

	for (int i = 2; i < argc && i < ARGS_MAX; i++)
		args[i + 2] = argv[i];
	limit_quarantine();
	execv(argv[1], args);
	perror(argv[1]);
	_exit(127);
}

/* Largest resident size in KiB; -1: the comparison failed. */
static long run(int argc, char **argv, const char *packets)
{
	struct rusage usage;
	int status;
	pid_t child = fork();

	if (!child)
		run_child(argc, argv, packets);
	if (child < 0 || wait4(child, &status, 0, &usage) != child)
		return -1;
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "%s packets: status 0x%x\n", packets, (unsigned)status);
		return -1;
	}
	printf("%s packets: %ld KiB\n", packets, usage.ru_maxrss);
	return usage.ru_maxrss;
}

int main(int argc, char **argv)
{
	long fewer, more;

	if (argc < 3) {
		fprintf(stderr, "usage: soak_test TOOL ARGS...\n");
		return 2;
	}
	fewer = run(argc, argv, "100000");
	more = fewer < 0 ? -1 : run(argc, argv, "200000");
	if (more < 0)
		return 1;
	if (more - fewer <= ALLOWED_KIB)
		return 0;
	fprintf(stderr, "%ld KiB more for 100,000 further packets\n", more - fewer);
	return 1;
}
