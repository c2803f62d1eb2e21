/* Names for indexes, made from columns.def by the preprocessor alone: PCF_GROUP_CPU, PCF_CPU_USAGE_NS (index in a
 * row of its group), PCF_CPU_COUNT (columns of the group), PCF_FIRST_CPU (its first column in the whole table). */
#ifndef PCF_SCHEMA_ENUMS_H
#define PCF_SCHEMA_ENUMS_H
#include <stddef.h>

/* A struct of chars for each group: offsetof counts its columns. */
#define PCF_GROUP(ID, name, number, key, interval_ms, help)                                                            \
	}                                                                                                              \
	;                                                                                                              \
	struct pcf_index_##ID {
#define PCF_COLUMN(GROUP, ID, name, number, cell, kind, v1, v2, root, help) char ID;
struct pcf_index_none {
	char none;
#include "columns.def"
};
#undef PCF_GROUP
#undef PCF_COLUMN

enum pcf_column_index {
#define PCF_GROUP(ID, name, number, key, interval_ms, help) PCF_##ID##_COUNT = sizeof(struct pcf_index_##ID),
#define PCF_COLUMN(GROUP, ID, name, number, cell, kind, v1, v2, root, help)                                            \
	PCF_##GROUP##_##ID = offsetof(struct pcf_index_##GROUP, ID),
#include "columns.def"
#undef PCF_GROUP
#undef PCF_COLUMN
};

/* Each group takes the number of its first column; stepping back one lets the column itself take it too. */
enum pcf_column_position {
#define PCF_GROUP(ID, name, number, key, interval_ms, help)                 PCF_FIRST_##ID, PCF_BEFORE_##ID = PCF_FIRST_##ID - 1,
#define PCF_COLUMN(GROUP, ID, name, number, cell, kind, v1, v2, root, help) PCF_AT_##GROUP##_##ID,
#include "columns.def"
#undef PCF_GROUP
#undef PCF_COLUMN
};
#endif
