/* libpcf: what every container on a Linux host does, many times a second, for almost nothing.
 * The one header a program includes. It knows nothing of Python. Apache-2.0. */
#ifndef PCF_H
#define PCF_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library is compiled with -fvisibility=hidden: what these headers declare is its interface. */
#pragma GCC visibility push(default)
#include "pcf/base.h"
#include "pcf/ring.h"
#include "pcf/host.h"
#include "pcf/events.h"
#include "pcf/collector.h"
#include "pcf/watch.h"
#include "pcf/usage.h"
#include "pcf/encode.h"
#include "pcf/cadvisor_json.h"
#include "pcf/exposition.h"
#pragma GCC visibility pop

/* Group and column numbers: PCF_GROUP_CPU is an index into pcf_groups; PCF_CPU_USAGE_NS an index
 * into a row of that group. */
enum pcf_group_index {
#define PCF_GROUP(ID, name, number, key, interval_ms, help) PCF_GROUP_##ID,
#define PCF_COLUMN(GROUP, ID, name, number, cell, kind, v1, v2, root, help)
#include "pcf/columns.def"
#undef PCF_GROUP
#undef PCF_COLUMN
	PCF_GROUP_COUNT
};

#ifdef __cplusplus
}
#endif
#endif
