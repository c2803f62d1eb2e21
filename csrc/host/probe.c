/* pcf_host_probe: everything a plan depends on. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "host/bpf_facts.h"
#include "host/probe.h"
#include "schema/error.h"

#define MOUNTINFO_BYTES (1u << 20) /* a host with a thousand overlay mounts has about 700 KiB */

/* One more than the last core of a list such as "0-3,8-11"; fallback where there is none. */
static int cores_of(const char *sysroot, const char *list, int fallback)
{
	char path[512], text[1024];
	const char *last;
	long length;

	snprintf(path, sizeof path, "%s/sys/devices/system/cpu/%s", sysroot, list);
	length = pcf_text_read(path, text, sizeof text);
	if (length <= 0 || text[0] < '0' || text[0] > '9')
		return fallback;
	last = text + strcspn(text, "\n");
	while (last > text && last[-1] >= '0' && last[-1] <= '9')
		last--;
	return atoi(last) + 1;
}

static void probe_machine(pcf_host *host, const char *sysroot)
{
	struct utsname name;
	char path[512], text[256];
	long n;

	if (uname(&name) == 0)
		snprintf(host->kernel, sizeof host->kernel, "%s", name.release);
	snprintf(path, sizeof path, "%s/proc/sys/kernel/random/boot_id", sysroot);
	if (pcf_text_read(path, text, sizeof text) > 0)
		snprintf(host->boot_id, sizeof host->boot_id, "%.*s", (int)strcspn(text, "\n"), text);
	snprintf(path, sizeof path, "%s/proc/meminfo", sysroot);
	if (pcf_text_read(path, text, sizeof text) > 0 && strncmp(text, "MemTotal:", 9) == 0)
		host->memory_bytes = strtoull(text + 9, NULL, 10) * 1024;
	n = sysconf(_SC_NPROCESSORS_ONLN);
	host->cores_online = n > 0 ? (int)n : 1;
	host->cores_present = cores_of(sysroot, "present", host->cores_online);
	host->cores_possible = cores_of(sysroot, "possible", host->cores_present);
	host->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	host->is_root = geteuid() == 0;
}

/* With a prefix the mounts are those of the host's first process, and below the prefix. Where a container shows the
 * host's root but /sys as its own mount, our own mounts are the ones that work. */
static int read_mounts(pcf_host *host, const char *sysroot, char *text, size_t size)
{
	static const char *const views[] = {"/proc/1/mountinfo", "/proc/self/mountinfo"};
	char path[512];
	long n = -ENOENT;

	for (int view = *sysroot ? 0 : 1; view < 2; view++) {
		snprintf(path, sizeof path, "%s%s", sysroot, views[view]);
		n = pcf_text_read(path, text, size);
		if (n > 0)
			break;
	}
	if (n < 0)
		return (int)n;
	pcf_mounts_parse(host, text, sysroot);
	for (int c = 0; *sysroot && c < PCF_CTL_NAMED; c++)
		if (host->controllers[c].version && access(host->controllers[c].mount, F_OK) < 0) {
			if (pcf_text_read(views[1], text, size) > 0)
				pcf_mounts_parse(host, text, "");
			break;
		}
	return 0;
}

int pcf_host_probe(pcf_host *out, const char *sysroot, pcf_error *err)
{
	char *text = malloc(MOUNTINFO_BYTES), controllers[512] = "", path[320];
	int code;

	if (!text)
		return pcf_error_say(err, -ENOMEM, "no memory to read the mount table");
	if (!sysroot || strcmp(sysroot, "/") == 0)
		sysroot = "";
	memset(out, 0, sizeof *out);
	code = read_mounts(out, sysroot, text, MOUNTINFO_BYTES);
	free(text);
	if (code < 0)
		return pcf_error_say(
			err, code,
			"cannot read %s/proc/self/mountinfo: %s; mount proc there, or give another system root",
			sysroot, strerror(-code));
	snprintf(path, sizeof path, "%s/cgroup.controllers", out->controllers[PCF_CTL_UNIFIED].mount);
	if (out->controllers[PCF_CTL_UNIFIED].version)
		(void)pcf_text_read(path, controllers, sizeof controllers);
	pcf_mounts_unified(out, controllers);
	probe_machine(out, sysroot);
	pcf_limits_probe(out);
	pcf_facts_probe(out, sysroot);
	pcf_bpf_facts_probe(out);
	pcf_cgroup_files_probe(out, sysroot);
	return 0;
}
