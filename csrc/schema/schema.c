/* The tables made from columns.def. */
#include "pcf.h"

#include <string.h>

#include "schema/enums.h"

#define PCF_GROUP(ID, name, number, key, interval_ms, help)                                                            \
	{#name, number, PCF_KEY_##key, interval_ms, PCF_FIRST_##ID, PCF_##ID##_COUNT, help},
#define PCF_COLUMN(GROUP, ID, name, number, cell, kind, v1, v2, root, help)
static const pcf_group_def groups[] = {
#include "columns.def"
};
#undef PCF_GROUP
#undef PCF_COLUMN

#define PCF_GROUP(ID, name, number, key, interval_ms, help)
#define PCF_COLUMN(GROUP, ID, name, number, cell, kind, v1, v2, root, help)                                            \
	{PCF_GROUP_##GROUP, PCF_##GROUP##_##ID, number, PCF_CELL_##cell, PCF_KIND_##kind, #name, v1, v2, root, help},
static const pcf_column_def columns[] = {
#include "columns.def"
};
#undef PCF_GROUP
#undef PCF_COLUMN

int pcf_group_count(void)
{
	return PCF_GROUP_COUNT;
}

int pcf_column_count(void)
{
	return (int)(sizeof columns / sizeof columns[0]);
}

const pcf_group_def *pcf_group_at(int index)
{
	return index >= 0 && index < PCF_GROUP_COUNT ? &groups[index] : NULL;
}

const pcf_column_def *pcf_column_at(int index)
{
	return index >= 0 && index < pcf_column_count() ? &columns[index] : NULL;
}

int pcf_group_find(const char *name)
{
	for (int i = 0; i < PCF_GROUP_COUNT; i++)
		if (strcmp(groups[i].name, name) == 0)
			return i;
	return -1;
}

const char *pcf_version(void)
{
	return PCF_VERSION; /* from pycadvisor_fast/__init__.py, by CMakeLists.txt */
}
