/* Which key of cAdvisor's objects takes which column, in the order of the fields of its structs (info/v1, info/v2).
 * Objects that its omitempty cannot omit are always there; numbers that this host does not give are 0. */
#include "encode/cadvisor_json_steps.h"

/* clang-format off */
#define PRESSURE_LINE(k, W, L)                                                                                         \
	OBJECT(k), NUMBER("total", PRESSURE, W##_##L##_USEC), PERCENT("avg10", PRESSURE, W##_##L##_AVG10),             \
	PERCENT("avg60", PRESSURE, W##_##L##_AVG60), PERCENT("avg300", PRESSURE, W##_##L##_AVG300), END
/* Totals are microseconds, the kernel's own numbers, whatever the comments in cAdvisor's structs say. */
#define PSI(W) OBJECT("psi"), PRESSURE_LINE("full", W, FULL), PRESSURE_LINE("some", W, SOME), END

static const struct pcf_json_step cpu[] = {
	OBJECT("cpu"),
		OBJECT("usage"),
			NUMBER("total", CPU, USAGE_NS),
			ADDED(pcf_json_per_cpu),
			NUMBER("user", CPU, USER_NS),
			NUMBER("system", CPU, SYSTEM_NS),
		END,
		OBJECT("cfs"),
			NUMBER("periods", CPU, PERIODS),
			NUMBER("throttled_periods", CPU, THROTTLED_PERIODS),
			NUMBER("throttled_time", CPU, THROTTLED_NS),
			NUMBER("bursts_periods", CPU, BURSTS),
			NUMBER("burst_time", CPU, BURST_NS),
		END,
		OBJECT("schedstat"),
			NUMBER("run_time", SCHEDSTAT, RUN_NS),
			NUMBER("runqueue_time", SCHEDSTAT, WAIT_NS),
			NUMBER("run_periods", SCHEDSTAT, SLICES),
		END,
		LITERAL("load_average", "0"), /* its load reader is off by default and refused on cgroup v2 */
		LITERAL("load_d_average", "0"),
		PSI(CPU),
	END,
	END_OF_TABLE,
};

static const struct pcf_json_step cpu_and_instant[] = {PART(cpu), ADDED(pcf_json_cpu_instant), END_OF_TABLE};

static const struct pcf_json_step disk_io[] = {
	OBJECT("diskio"), LED(pcf_json_disk_lists), PSI(IO), END,
	END_OF_TABLE,
};

static const struct pcf_json_step memory[] = {
	OBJECT("memory"),
		NUMBER("usage", MEMORY, USAGE_BYTES),
		VALUE("max_usage", pcf_json_max_usage),
		NUMBER("cache", MEMORY_STAT, FILE_BYTES),
		NUMBER("rss", MEMORY_STAT, ANON_BYTES),
		EITHER("swap", MEMORY, SWAP_BYTES, MEMORY_STAT, SWAP_BYTES),
		NUMBER("mapped_file", MEMORY_STAT, FILE_MAPPED_BYTES),
		VALUE("working_set", pcf_json_working_set),
		NUMBER("total_active_file", MEMORY_STAT, ACTIVE_FILE_BYTES),
		NUMBER("total_inactive_file", MEMORY_STAT, INACTIVE_FILE_BYTES),
		NUMBER("file_dirty", MEMORY_STAT, FILE_DIRTY_BYTES),
		NUMBER("file_writeback", MEMORY_STAT, FILE_WRITEBACK_BYTES),
		NUMBER("pgscan", MEMORY_STAT, PGSCAN),
		NUMBER("pgsteal", MEMORY_STAT, PGSTEAL),
		NUMBER("workingset_refault_file", MEMORY_STAT, WORKINGSET_REFAULT_FILE),
		NUMBER("workingset_refault_anon", MEMORY_STAT, WORKINGSET_REFAULT_ANON),
		EITHER("failcnt", LIMITS, MEMORY_FAILCNT, MEMORY_EVENTS, MAX), /* v2 has it as an event */
		EITHER("kernel", MEMORY_STAT, KERNEL_BYTES, MEMORY_KERNEL, USAGE_BYTES),
		OBJECT("container_data"), /* v1: of the cgroup alone; v2 has no such numbers */
			EITHER("pgfault", MEMORY_STAT, LOCAL_PGFAULT, MEMORY_STAT, PGFAULT),
			EITHER("pgmajfault", MEMORY_STAT, LOCAL_PGMAJFAULT, MEMORY_STAT, PGMAJFAULT),
			VALUE("numa_stats", pcf_json_numa_local),
		END,
		OBJECT("hierarchical_data"),
			NUMBER("pgfault", MEMORY_STAT, PGFAULT),
			NUMBER("pgmajfault", MEMORY_STAT, PGMAJFAULT),
			VALUE("numa_stats", pcf_json_numa),
		END,
		PSI(MEMORY),
		OBJECT("events"),
			NUMBER("high", MEMORY_EVENTS, HIGH),
			NUMBER("max", MEMORY_EVENTS, MAX),
		END,
	END,
	END_OF_TABLE,
};

static const struct pcf_json_step hugetlb[] = {ADDED(pcf_json_hugetlb), END_OF_TABLE};

static const struct pcf_json_step network_v1[] = {
	OBJECT("network"), LED(pcf_json_interface_first), PART(pcf_json_sockets), END,
	END_OF_TABLE,
};

static const struct pcf_json_step network_v2[] = {
	OBJECT("network"), LED(pcf_json_interfaces_led), PART(pcf_json_sockets), END,
	END_OF_TABLE,
};

static const struct pcf_json_step processes[] = {
	OBJECT("processes"),
		NUMBER("process_count", TASKS, PROCESSES),
		NUMBER("fd_count", TASKS, FDS),
		NUMBER("socket_count", TASKS, SOCKETS),
		ADDED(pcf_json_task_limits),
	END,
	END_OF_TABLE,
};

static const struct pcf_json_step filesystem[] = {ADDED(pcf_json_filesystem), END_OF_TABLE};

#define NO_LOAD "{\"nr_sleeping\":0,\"nr_running\":0,\"nr_stopped\":0,\"nr_uninterruptible\":0,\"nr_io_wait\":0}"

static const struct pcf_json_step v1[] = {
	VALUE("timestamp", pcf_json_timestamp),
	PART(cpu),
	PART_OF(disk_io, IO),
	PART(memory),
	PART(hugetlb),
	PART(network_v1),
	PART(filesystem),
	LITERAL("task_stats", NO_LOAD),
	ADDED(pcf_json_accelerators),
	PART(processes),
	LITERAL("resctrl", "{}"),
	OBJECT("cpuset"), NUMBER("memory_migrate", CPUSET, MEMORY_MIGRATE), END,
	ADDED(pcf_json_oom_events),
	OBJECT("health"), VALUE("status", pcf_json_health), END,
	END_OF_TABLE,
};

static const struct pcf_json_step v20[] = {
	VALUE("timestamp", pcf_json_timestamp),
	FLAG("has_cpu", CPU),
	PART(cpu_and_instant),
	FLAG("has_diskio", DISKIO),
	PART(disk_io),
	FLAG("has_memory", MEMORY),
	PART(memory),
	FLAG("has_hugetlb", HUGETLB),
	PART(hugetlb),
	FLAG("has_network", NETWORK),
	PART(network_v2),
	FLAG("has_processes", PROCESSES),
	PART(processes),
	FLAG("has_filesystem", FILESYSTEM),
	PART(filesystem),
	LITERAL("has_load", "false"),
	LITERAL("load_stats", NO_LOAD),
	LITERAL("has_custom_metrics", "false"),
	LITERAL("resctrl", "{}"),
	END_OF_TABLE,
};

static const struct pcf_json_step v21[] = {
	VALUE("timestamp", pcf_json_timestamp),
	PART_IF(cpu_and_instant, CPU),
	PART_IF(disk_io, DISKIO),
	PART_IF(memory, MEMORY),
	PART_IF(hugetlb, HUGETLB),
	PART_IF(network_v2, NETWORK),
	PART_IF(processes, PROCESSES),
	PART_IF(filesystem, FILESYSTEM),
	ADDED(pcf_json_accelerators),
	LITERAL("resctrl", "{}"),
	END_OF_TABLE,
};

static const struct pcf_json_step machine[] = {
	VALUE("timestamp", pcf_json_timestamp),
	PART_IF(cpu_and_instant, CPU),
	PART_IF(memory, MEMORY),
	PART_IF(network_v2, NETWORK),
	PART_IF(filesystem, FILESYSTEM),
	END_OF_TABLE,
};
/* clang-format on */

const struct pcf_json_step *const pcf_json_shapes[PCF_JSON_SHAPES] = {
	[PCF_JSON_V1] = v1,
	[PCF_JSON_V20] = v20,
	[PCF_JSON_V21] = v21,
	[PCF_JSON_MACHINE] = machine,
};
