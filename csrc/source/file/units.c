/* The files a container has on this host, group by group, as the plan has them on. */
#include <stdio.h>
#include <string.h>

#include "source/file/file_source.h"

const char *pcf_unit_name(const pcf_unit *unit, int family)
{
	const char *name = unit->names[unit->has_families ? family : 0];

	return *name ? name : NULL;
}

static pcf_unit *unit_for(pcf_file_source *source, int group, const pcf_kernel_file *file)
{
	int last = source->unit_count - 1;

	/* Families of one file stand next to each other in the list. */
	if (file->blkio_family >= 0 && last >= source->group_units[group].first &&
	    source->units[last].parser == file->parser)
		return &source->units[last];
	if (source->unit_count == PCF_UNITS_MAX)
		return NULL;
	source->group_units[group].count++;
	source->units[source->unit_count] = (pcf_unit){.parser = file->parser,
						       .group = group,
						       .controller = file->controller,
						       .kept = -1,
						       .has_families = file->blkio_family >= 0};
	return &source->units[source->unit_count++];
}

/* What only bfq or cfq count (queue lengths, waiting times) has no other family to choose from. */
static void settle_family(pcf_unit *unit)
{
	for (int family = 0; family < PCF_BLKIO_FAMILIES; family++)
		if (*unit->names[family]) {
			memmove(unit->names[0], unit->names[family], sizeof unit->names[0]);
			break;
		}
	unit->has_families = 0;
}

/* What the walk gives is read once in a while only; of v1 block IO it tells no more than who has any. */
void pcf_units_keep(pcf_file_source *source)
{
	for (int u = 0; u < source->unit_count; u++)
		if (source->env.plan->group[source->units[u].group].keep_open &&
		    (!source->units[u].is_walked || source->units[u].has_families))
			source->units[u].kept = (int)source->kept_count++;
}

void pcf_units_make(pcf_file_source *source)
{
	pcf_kernel_file files[PCF_KERNEL_FILES_MAX];

	source->io_unit = source->usage_unit = -1;
	for (int g = 0; g < PCF_GROUP_COUNT; g++) {
		const pcf_group_plan *plan = &source->env.plan->group[g];
		int count = 0;

		source->group_units[g].first = source->unit_count;
		if (plan->interval_ns && (plan->source == PCF_SOURCE_FILE || plan->source == PCF_SOURCE_BPF))
			count = pcf_container_files(source->env.host, g, files, PCF_KERNEL_FILES_MAX);
		for (int i = 0; i < count; i++) {
			pcf_unit *unit = unit_for(source, g, &files[i]);

			if (!unit)
				break;
			snprintf(unit->names[files[i].blkio_family < 0 ? 0 : files[i].blkio_family],
				 sizeof unit->names[0], "%s", files[i].name);
			snprintf(unit->key, sizeof unit->key, "%s", files[i].key);
			source->wanted |= 1u << unit->controller;
			if (strcmp(unit->names[0], "cpuacct.usage") == 0)
				source->usage_unit = (int)(unit - source->units);
		}
		for (int u = source->group_units[g].first; u < source->unit_count; u++)
			if (source->units[u].has_families && g != PCF_GROUP_IO)
				settle_family(&source->units[u]);
			else if (source->units[u].has_families && source->io_unit < 0)
				source->io_unit = u;
	}
}
