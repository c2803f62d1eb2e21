/* Why the kernel says no to bpf(), in words that name what to change. The errno alone does not tell a missing capability
 * from a filter, a lockdown or a security module. */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/bpf_facts.h"

#define LOCKDOWN        "/sys/kernel/security/lockdown"
#define NO_SUCH_COMMAND 0x7fffffff
#define LITTLE_MEMLOCK  (64u << 20) /* what one of our programs and its maps stay below */

static uint64_t effective_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	if (syscall(SYS_capget, &head, data) < 0)
		return 0;
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

static int has(uint64_t capabilities, int one)
{
	return (capabilities >> one & 1) != 0;
}

/* The number behind a name in /proc/self/status, -1 = not there. */
static int status_of(const char *name)
{
	char text[8192], *line;
	int value = -1;

	if (pcf_text_read("/proc/self/status", text, sizeof text) < 0)
		return -1;
	line = strstr(text, name);
	if (line)
		(void)sscanf(line + strlen(name), " %d", &value);
	return value;
}

/* The kernel itself knows no such command (EINVAL, or E2BIG from an old one); a filter forbids it like any other. */
static int filter_forbids_bpf(void)
{
	union bpf_attr attr = {0};

	return syscall(SYS_bpf, NO_SUCH_COMMAND, &attr, sizeof attr) < 0 &&
	       (errno == EPERM || errno == EACCES || errno == ENOSYS);
}

static int in_user_namespace(void)
{
	char text[256];
	unsigned inside, outside, count;

	return pcf_text_read("/proc/self/uid_map", text, sizeof text) > 0 &&
	       sscanf(text, "%u %u %u", &inside, &outside, &count) == 3 &&
	       (inside != 0 || outside != 0 || count != 4294967295u);
}

static int is_locked_down(void)
{
	char text[128];

	return pcf_text_read(LOCKDOWN, text, sizeof text) > 0 && strstr(text, "[confidentiality]") != NULL;
}

static int missing_capabilities(char *reason, size_t size)
{
	uint64_t mine = effective_capabilities();
	int bpf = has(mine, CAP_BPF), perfmon = has(mine, CAP_PERFMON);

	if (has(mine, CAP_SYS_ADMIN) || (bpf && perfmon))
		return 0;
	snprintf(reason, size, "%s missing (CAP_SYS_ADMIN holds both)",
		 bpf       ? "CAP_PERFMON is"
		 : perfmon ? "CAP_BPF is"
			   : "CAP_BPF and CAP_PERFMON are");
	return 1;
}

static int is_memlock_little(char *reason, size_t size)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > LITTLE_MEMLOCK)
		return 0;
	snprintf(reason, size,
		 "RLIMIT_MEMLOCK is %llu KiB, and this kernel charges eBPF to it: LimitMEMLOCK=infinity, or "
		 "CAP_SYS_RESOURCE",
		 (unsigned long long)limit.rlim_cur / 1024);
	return 1;
}

/* EPERM or EACCES: from the first that explains all to what is left. */
static void not_permitted(const char *what, char *reason, size_t size)
{
	if (missing_capabilities(reason, size))
		return;
	if (in_user_namespace())
		snprintf(reason, size, "capabilities of a user namespace do not count for eBPF");
	else if (is_locked_down())
		snprintf(reason, size, "kernel lockdown (confidentiality) forbids reading kernel memory");
	else if (status_of("\nSeccomp:") > 0)
		snprintf(reason, size, "a seccomp filter is in force and forbids this use of bpf()");
	else if (!is_memlock_little(reason, size))
		snprintf(reason, size, "%s: not permitted, by a security module (SELinux, AppArmor)?", what);
}

void pcf_bpf_refusal(int code, const char *what, char *reason, size_t size)
{
	int is_filtered = filter_forbids_bpf();

	if (is_filtered && status_of("\nSeccomp:") > 0)
		snprintf(reason, size, "a seccomp filter forbids bpf()");
	else if (code == -ENOSYS)
		snprintf(reason, size, "the kernel has no bpf() (CONFIG_BPF_SYSCALL)");
	else if (code == -EPERM || code == -EACCES)
		not_permitted(what, reason, size);
	else if (is_locked_down())
		snprintf(reason, size, "kernel lockdown (confidentiality) forbids reading kernel memory");
	else if (!missing_capabilities(reason, size))
		snprintf(reason, size, "%s: %s%s", what, strerror(-code),
			 access(LOCKDOWN, F_OK) < 0 ? " (or lockdown: " LOCKDOWN " is not there to tell)" : "");
}
