/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include "base/file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Values of __kconfig variables: LINUX_* ones that libbpf makes up, and options of the kernel's
 * configuration file. The file is optional: an option that is not in it counts as not set. */

bool fe_kconfig_read(struct cx *cx, const struct fe_open_options *opts, struct fe_kconfig *k)
{
	const char *path = opts->kconfig_path;
	struct file_bytes file;
	struct utsname u;

	k->text = NULL;
	k->no_running_kernel = opts->no_running_kernel;
	if (!path) {
		if (opts->no_running_kernel || uname(&u))
			return true;
		path = arena_printf(cx->arena, "/boot/config-%s", u.release);
		if (access(path, R_OK))
			return true;
	}
	if (!file_read(cx, path, FE_MAX_FILE_BYTES, &file))
		return false;
	k->text = (const char *)file.data; /* ends with a zero byte */
	return true;
}

#define OLDEST_KERNEL 0x60100 /* KERNEL_VERSION(6, 1, 0): the version that programs see here */

/* Text behind "NAME="; NULL: no such line. */
static const char *find(const struct fe_kconfig *k, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = k->text; p; p = strchr(p, '\n')) {
		if (*p == '\n')
			p++;
		if (!strncmp(p, name, n) && p[n] == '=')
			return p + n + 1;
	}
	return NULL;
}

/* KERNEL_VERSION(a, b, c) of the running kernel. */
static uint64_t kernel_version(void)
{
	unsigned a = 0, b = 0, c = 0;
	struct utsname u;

	if (uname(&u) || sscanf(u.release, "%u.%u.%u", &a, &b, &c) < 2)
		return 0;
	return ((uint64_t)a << 16) + (b << 8) + (c > 255 ? 255 : c);
}

bool fe_kconfig_number(const struct fe_kconfig *k, const char *name, uint64_t *value)
{
	const char *text;

	if (!strcmp(name, "LINUX_KERNEL_VERSION")) {
		*value = k->no_running_kernel ? OLDEST_KERNEL : kernel_version();
		return true;
	}
	if (!strcmp(name, "LINUX_HAS_BPF_COOKIE") || !strcmp(name, "LINUX_HAS_SYSCALL_WRAPPER")) {
		*value = 1;
		return true;
	}
	text = find(k, name);
	if (!text)
		return false;
	/* libbpf_tristate: no 0, yes 1, module 2 */
	if (strchr("nym", *text) && *text && !isalnum((unsigned char)text[1]))
		*value = *text == 'n' ? 0 : *text == 'y' ? 1 : 2;
	else if (isdigit((unsigned char)*text) || *text == '-')
		*value = strtoull(text, NULL, 0);
	else
		return false;
	return true;
}

bool fe_kconfig_string(const struct fe_kconfig *k, const char *name, char *buf, size_t size)
{
	const char *text = find(k, name);
	size_t n;

	if (!text || *text != '"')
		return false;
	n = strcspn(++text, "\"\n");
	if (n >= size)
		n = size - 1;
	memcpy(buf, text, n);
	buf[n] = '\0';
	return true;
}
