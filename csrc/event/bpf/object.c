/* The object life.bpf.c: set up for this host, loaded, attached. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "btf/btf.h"
#include "event/bpf/source.h"
#include "life.skel.h"
#include "schema/error.h"

#define CGROUP_KINDS                                                                                                   \
	(PCF_EVENT_BIT(PCF_EVENT_CGROUP_CREATED) | PCF_EVENT_BIT(PCF_EVENT_CGROUP_REMOVED) |                           \
	 PCF_EVENT_BIT(PCF_EVENT_POPULATED) | PCF_EVENT_BIT(PCF_EVENT_EMPTY))

static void set_constants(struct pcf_life *object, const pcf_events *events, const pcf_event_kernel *kernel, int cpus)
{
	for (int role = 0; role < PCF_ROLE_COUNT; role++)
		object->rodata->subsystem[role] = kernel->subsystem[role];
	for (int i = 0; i <= PCF_ROLE_COUNT; i++)
		object->rodata->identity[i] = events->hierarchies.identity[i];
	object->rodata->has_seconds = (uint32_t)kernel->has_preemptible;
	object->rodata->page_bytes = (uint32_t)sysconf(_SC_PAGESIZE);
	object->rodata->cpus = (uint32_t)cpus;
	object->rodata->memcg_oom = kernel->memcg_oom;
	object->rodata->memcg_oom_kill = kernel->memcg_oom_kill;
	object->rodata->oom_by_memcg = kernel->oom_by_memcg;
	object->rodata->oom_by_cpuset = kernel->oom_by_cpuset;
	object->rodata->oom_by_policy = kernel->oom_by_policy;
	object->rodata->counter_file = kernel->counter_file;
	object->rodata->counter_anon = kernel->counter_anon;
	object->rodata->counter_shmem = kernel->counter_shmem;
	object->rodata->time_user = kernel->time_user;
	object->rodata->time_nice = kernel->time_nice;
	object->rodata->time_system = kernel->time_system;
	object->rodata->time_softirq = kernel->time_softirq;
	object->rodata->time_irq = kernel->time_irq;
}

static uint32_t power_of_two(uint64_t wanted, uint32_t least, uint32_t most)
{
	uint32_t size = least;

	while (size < wanted && size < most)
		size *= 2;
	return size;
}

/* Room for what may come before the thread has woken up; of processes for what may come in a tenth of a second. */
static int set_sizes(struct pcf_life *object, const pcf_events_options *options, int cpus)
{
	uint32_t rare = power_of_two((uint64_t)options->max_containers * 512, 1u << 20, 1u << 23);
	uint32_t processes = power_of_two((uint64_t)cpus << 17, 1u << 19, 1u << 24);

	object->rodata->process_half = processes / 2;
	if (bpf_map__set_max_entries(object->maps.rare, rare) < 0 ||
	    bpf_map__set_max_entries(object->maps.processes, processes) < 0 ||
	    bpf_map__set_max_entries(object->maps.counters, options->max_containers * 4 + 1024) < 0 ||
	    bpf_map__set_max_entries(object->maps.pcf_cpu_offsets, (uint32_t)cpus) < 0)
		return -errno;
	return 0;
}

static void choose(struct pcf_life *object, const pcf_event_kernel *kernel)
{
	const struct {
		struct bpf_program *program;
		int is_wanted;
	} programs[] = {
		{object->progs.pcf_cgroup_made, kernel->has_cgroups},
		{object->progs.pcf_cgroup_gone, kernel->has_cgroups},
		{object->progs.pcf_cgroup_renamed, kernel->has_cgroups && kernel->has_rename},
		{object->progs.pcf_cgroup_populated, kernel->has_cgroups},
		{object->progs.pcf_process_moved, kernel->has_cgroups},
		{object->progs.pcf_process_forked, kernel->has_processes},
		{object->progs.pcf_process_began, kernel->has_processes},
		{object->progs.pcf_process_ended, kernel->has_processes},
		{object->progs.pcf_process_forked_again, kernel->has_processes && kernel->has_preemptible},
		{object->progs.pcf_process_began_again, kernel->has_processes && kernel->has_preemptible},
		{object->progs.pcf_process_ended_again, kernel->has_processes && kernel->has_preemptible},
		{object->progs.pcf_victim_task, kernel->has_victim && kernel->has_victim_task},
		{object->progs.pcf_victim_pid, kernel->has_victim && !kernel->has_victim_task},
		{object->progs.pcf_memory_out, kernel->has_oom_hooks},
		{object->progs.pcf_memory_kill, kernel->has_oom_hooks},
		{object->progs.pcf_memory_over, kernel->has_oom_hooks},
		{object->progs.pcf_memory_wait, kernel->has_notify},
	};

	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
		(void)bpf_program__set_autoload(programs[i].program, programs[i].is_wanted);
	(void)bpf_program__set_autoattach(object->progs.pcf_measure_cpus, false);
}

static int measure_cpus(struct pcf_life *object)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);

	return bpf_prog_test_run_opts(bpf_program__fd(object->progs.pcf_measure_cpus), &run) < 0 ? -errno : 0;
}

/* Where a mount shows less than the whole hierarchy, paths begin at what it shows. */
static void set_roots(struct pcf_life *object, const pcf_events *events)
{
	for (int i = 0; i < events->hierarchies.count; i++) {
		const pcf_hierarchy *hierarchy = &events->hierarchies.at[i];

		if (hierarchy->root_ino != 1)
			(void)bpf_map_update_elem(bpf_map__fd(object->maps.roots), &hierarchy->id, &hierarchy->root_ino,
						  0);
	}
}

static uint64_t served(const pcf_event_kernel *kernel)
{
	return (kernel->has_cgroups ? CGROUP_KINDS : 0) | (kernel->has_processes ? PCF_EVENT_PROCESSES : 0) |
	       (kernel->has_victim ? PCF_EVENT_BIT(PCF_EVENT_OOM_KILL) : 0) |
	       (kernel->has_oom_hooks ? PCF_EVENT_BIT(PCF_EVENT_OOM) : 0);
}

static int refused(pcf_error *err, int code, const char *what)
{
	const char *reason = pcf_bpf_log_reason();

	return pcf_error_say(err, code, "%s: %s%s%s", what, strerror(-code), reason[0] ? ": " : "", reason);
}

static int add_to_epoll(int epoll_fd, struct ring_buffer *ring)
{
	int fd = ring_buffer__epoll_fd(ring);
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_rings(pcf_event_bpf_source *source, pcf_error *err)
{
	source->rare = ring_buffer__new(bpf_map__fd(source->object->maps.rare), pcf_event_rare_record, source, NULL);
	source->processes =
		ring_buffer__new(bpf_map__fd(source->object->maps.processes), pcf_event_process_record, source, NULL);
	source->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!source->rare || !source->processes || source->epoll_fd < 0 ||
	    add_to_epoll(source->epoll_fd, source->rare) < 0 || add_to_epoll(source->epoll_fd, source->processes) < 0)
		return pcf_error_say(err, -errno, "ring buffers: %s", strerror(errno));
	return 0;
}

int pcf_event_object_open(pcf_event_bpf_source *source, const pcf_event_env *env, const pcf_event_kernel *kernel,
			  uint64_t kinds, pcf_error *err)
{
	struct pcf_life *object;
	int code;

	pcf_bpf_log_begin();
	object = source->object = pcf_life__open_opts(pcf_bpf_open_options());
	if (!object)
		return refused(err, -errno, "opening the programs");
	set_constants(object, source->events, kernel, source->cpus);
	code = set_sizes(object, env->options, source->cpus);
	if (code < 0)
		return refused(err, code, "sizing the maps");
	choose(object, kernel);
	code = pcf_life__load(object);
	if (code < 0)
		return refused(err, code, "loading the programs");
	code = measure_cpus(object);
	if (code < 0)
		return refused(err, code, "finding per-CPU data");
	set_roots(object, source->events);
	code = open_rings(source, err);
	if (code < 0)
		return code;
	code = pcf_life__attach(object);
	if (code < 0)
		return refused(err, code, "attaching the programs");
	source->base.serves = kinds & served(kernel);
	return 0;
}

void pcf_event_object_close(pcf_event_bpf_source *source)
{
	ring_buffer__free(source->rare);
	ring_buffer__free(source->processes);
	if (source->epoll_fd >= 0)
		close(source->epoll_fd);
	pcf_life__destroy(source->object);
}

void pcf_event_object_want(pcf_event_bpf_source *source, uint64_t kinds)
{
	uint64_t bits = 0;

	for (int what = PCF_BPF_FORK; what <= PCF_BPF_EXIT; what++)
		if (kinds >> pcf_event_kind_of(what) & 1)
			bits |= 1ULL << what;
	__atomic_store_n(&source->object->bss->wanted, bits, __ATOMIC_RELEASE);
}

/* From 7.x on a tracepoint's program can be preempted, and the kernel does not begin it a second time on that CPU before
 * it has ended: it counts what was missed. */
static uint64_t misses_of(const struct bpf_program *program)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof info;
	int fd = bpf_program__fd(program);

	return fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 ? info.recursion_misses : 0;
}

void pcf_event_object_misses(const pcf_event_bpf_source *source, uint64_t misses[PCF_BPF_WHATS])
{
	const struct pcf_life *object = source->object;
	const struct {
		const struct bpf_program *program;
		int what;
	} programs[] = {
		{object->progs.pcf_cgroup_made, PCF_BPF_CREATED},    {object->progs.pcf_cgroup_gone, PCF_BPF_REMOVED},
		{object->progs.pcf_cgroup_populated, PCF_BPF_EMPTY}, {object->progs.pcf_process_moved, PCF_BPF_STARTED},
		{object->progs.pcf_process_forked, PCF_BPF_FORK},    {object->progs.pcf_process_began, PCF_BPF_EXEC},
		{object->progs.pcf_process_ended, PCF_BPF_EXIT},     {object->progs.pcf_victim_task, PCF_BPF_OOM_KILL},
		{object->progs.pcf_victim_pid, PCF_BPF_OOM_KILL},
	};

	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
		misses[programs[i].what] += misses_of(programs[i].program);
}

int pcf_event_map_fd(const pcf_event_bpf_source *source, int is_counters)
{
	return bpf_map__fd(is_counters ? source->object->maps.counters : source->object->maps.counts);
}
