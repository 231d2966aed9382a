/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* memory_test TOOL FEW MANY: explain of an object with 18 times as many programs takes less than half as
 * much memory again. A ratio, because sanitizers multiply both. */

/* Peak in kB of `explain -q` over an object; 0: it failed. */
static long peak_of(const char *tool, const char *object)
{
	struct rusage use;
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(127);
		execl(tool, tool, "explain", "-q", object, (char *)NULL);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &use) < 0 || !WIFEXITED(status) ||
	    WEXITSTATUS(status))
		return 0;
	return use.ru_maxrss;
}

int main(int argc, char **argv)
{
	long few, many;

	if (argc != 4)
		return 2;
	/* freed memory would wait in the sanitizer's quarantine */
	setenv("ASAN_OPTIONS", "quarantine_size_mb=1", 1);
	few = peak_of(argv[1], argv[2]);
	many = peak_of(argv[1], argv[3]);
	printf("8 programs: %ld kB, 144 programs: %ld kB\n", few, many);
	return few && many && many < few + few / 2 ? 0 : 1;
}
