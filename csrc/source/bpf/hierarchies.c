#include "source/bpf/hierarchies.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The number of the line that lists a v1 controller, 0: none does. */
static uint32_t number_of(const char *groups, const char *controller)
{
	size_t wanted = strlen(controller);

	for (const char *line = groups; *line;) {
		size_t len = strcspn(line, "\n");
		char *at;
		unsigned long number = strtoul(line, &at, 10);

		while (*at == ':' || *at == ',') {
			size_t word = strcspn(++at, ",:\n");

			if (word == wanted && memcmp(at, controller, wanted) == 0)
				return (uint32_t)number;
			at += word;
			if (*at == ':')
				break;
		}
		line += len + (line[len] == '\n');
	}
	return 0;
}

static int add(pcf_walk_hierarchies *out, struct pcf_walk_hierarchy hierarchy, int controller, uint32_t parts)
{
	int i = 0;

	while (i < out->count && (out->of[i].number != hierarchy.number || out->of[i].is_v2 != hierarchy.is_v2))
		i++;
	if (i == PCF_WALK_HIERARCHIES)
		return -1;
	if (i == out->count) {
		out->of[i] = hierarchy;
		out->controller[i] = controller;
		out->count++;
	}
	out->parts[i] |= parts;
	return i;
}

void pcf_walk_hierarchies_find(pcf_walk_hierarchies *out, const pcf_host *host, const char *groups)
{
	static const struct {
		int controller;
		const char *name;
		uint32_t v1, v2;
	} parts[] = {
		{PCF_CTL_MEMORY, "memory", PCF_WALK_MEMORY | PCF_WALK_STAT, PCF_WALK_MEMORY | PCF_WALK_STAT},
		{PCF_CTL_CPUACCT, "cpuacct", PCF_WALK_CPUACCT | PCF_WALK_CORES, 0},
		{PCF_CTL_CPU, "cpu", PCF_WALK_CFS, PCF_WALK_CFS},
		{PCF_CTL_PIDS, "pids", PCF_WALK_PIDS, PCF_WALK_PIDS},
		{PCF_CTL_IO, "blkio", PCF_WALK_IO_ANY, PCF_WALK_IO},
		{PCF_CTL_UNIFIED, "", 0, PCF_WALK_BASE | PCF_WALK_PSI},
	};
	const pcf_controller_fact *unified = &host->controllers[PCF_CTL_UNIFIED];
	struct pcf_walk_hierarchy v2 = {.is_v2 = 1};
	struct stat st;

	memset(out, 0, sizeof *out);
	if (unified->version && stat(unified->mount, &st) == 0)
		v2.root = st.st_ino;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		int version = host->controllers[parts[i].controller].version;

		if (version == 2 && v2.root && parts[i].v2) {
			(void)add(out, v2, PCF_CTL_UNIFIED, parts[i].v2);
		} else if (version == 1 && parts[i].v1) {
			struct pcf_walk_hierarchy v1 = {.number = number_of(groups, parts[i].name)};

			if (v1.number)
				(void)add(out, v1, parts[i].controller, parts[i].v1);
		}
	}
}
