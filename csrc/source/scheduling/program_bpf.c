/* Loading, attaching, and what it costs. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/shared_btf.h"
#include "latency.skel.h"
#include "schema/clock.h"
#include "schema/error.h"
#include "source/identity.h"
#include "source/scheduling/scheduling.h"

#define MEASUREMENTS    8       /* the least counts: what interrupts a program counts as its time */
#define MEASURED_ROUNDS 250     /* two switches each */
#define MEASURED_NS     2500000 /* at most, each */

struct pcf_latency_program {
	struct pcf_latency *programs;
	struct pcf_latency_counts *counts; /* by slot; the map's memory */
	size_t bytes;
};

/* What the programs rest on, by name. */
static int check_kernel(const pcf_btf *btf, pcf_error *err)
{
	/* context, preempted, previous, next, previous' state */
	if (pcf_btf_parameters(btf, "btf_trace_sched_switch") != 5)
		return pcf_error_say(err, -ENOTSUP, "tracepoint sched_switch does not tell the state of who stops");
	if (pcf_btf_enum(btf, "bpf_map_type", "BPF_MAP_TYPE_TASK_STORAGE") < 0)
		return pcf_error_say(err, -ENOTSUP, "this kernel has no task storage for eBPF");
	if (!pcf_btf_has_member(btf, "task_struct", "cgroups"))
		return pcf_error_say(err, -ENOTSUP, "this kernel has no cgroups");
	return 0;
}

static int find_subsys(const pcf_btf *btf, int controller, int *out, pcf_error *err)
{
	const char *name = pcf_identity_enum(controller);
	int64_t id = name ? pcf_btf_enum(btf, "cgroup_subsys_id", name) : -1;

	*out = (int)id;
	if (name && id < 0)
		return pcf_error_say(err, -ENOTSUP, "no %s in this kernel's BTF", name);
	return 0;
}

static int map_counts(pcf_latency_program *program, uint32_t slots)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *counts;

	program->bytes = (slots * sizeof *program->counts + page - 1) / page * page;
	counts = mmap(NULL, program->bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		      bpf_map__fd(program->programs->maps.counts), 0);
	if (counts == MAP_FAILED)
		return -errno;
	program->counts = counts;
	return 0;
}

static int load(pcf_latency_program *program, int subsys, uint32_t slots, pcf_error *err)
{
	int code;

	pcf_bpf_log_begin();
	program->programs = pcf_latency__open_opts(pcf_bpf_open_options());
	if (!program->programs)
		return pcf_error_say(err, -errno, "eBPF program latency: %s", strerror(errno));
	program->programs->rodata->pcf_latency_subsys = subsys;
	bpf_map__set_max_entries(program->programs->maps.slots, slots);
	bpf_map__set_max_entries(program->programs->maps.counts, slots);
	code = pcf_latency__load(program->programs);
	if (code < 0)
		return pcf_error_say(err, code, "eBPF program latency is refused: %s: %s", strerror(-code),
				     pcf_bpf_log_reason());
	code = map_counts(program, slots);
	return code < 0 ? pcf_error_say(err, code, "counts of eBPF program latency: %s", strerror(-code)) : 0;
}

int pcf_latency_program_open(pcf_latency_program **out, int controller, uint32_t slots, pcf_error *err)
{
	pcf_latency_program *program = calloc(1, sizeof *program);
	const pcf_btf *btf;
	int subsys, code;

	*out = NULL;
	if (!program)
		return pcf_error_say(err, -ENOMEM, "no memory for eBPF program latency");
	pcf_shared_btf_begin();
	code = pcf_shared_btf(&btf, err);
	if (code == 0)
		code = check_kernel(btf, err);
	if (code == 0)
		code = find_subsys(btf, controller, &subsys, err);
	pcf_shared_btf_end();
	if (code == 0)
		code = load(program, subsys, slots, err);
	if (code < 0)
		pcf_latency_program_close(program);
	else
		*out = program;
	return code;
}

void pcf_latency_program_close(pcf_latency_program *program)
{
	if (!program)
		return;
	if (program->counts)
		munmap(program->counts, program->bytes);
	pcf_latency__destroy(program->programs);
	free(program);
}

/* Gives each task that is there a note; those to come get theirs from a tracepoint, which is attached before. */
static int visit_tasks(struct bpf_program *visitor)
{
	struct bpf_link *link = bpf_program__attach_iter(visitor, NULL);
	char nothing[64];
	int fd, code = 0;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0 || read(fd, nothing, sizeof nothing) < 0)
		code = -errno;
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return code;
}

int pcf_latency_program_attach(pcf_latency_program *program, pcf_error *err)
{
	struct pcf_latency *p = program->programs;
	const struct {
		struct bpf_program *program;
		struct bpf_link **link;
	} all[] = {
		{p->progs.pcf_latency_newtask, &p->links.pcf_latency_newtask},
		{p->progs.pcf_latency_wakeup_new, &p->links.pcf_latency_wakeup_new},
		{p->progs.pcf_latency_wakeup, &p->links.pcf_latency_wakeup},
		{p->progs.pcf_latency_switch, &p->links.pcf_latency_switch},
	};
	int code;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		*all[i].link = bpf_program__attach(all[i].program);
		if (!*all[i].link)
			return pcf_error_say(err, -errno, "eBPF program %s cannot be attached: %s",
					     bpf_program__name(all[i].program), strerror(errno));
	}
	code = visit_tasks(p->progs.pcf_latency_tasks);
	return code < 0 ? pcf_error_say(err, code, "tasks cannot be visited: %s", strerror(-code)) : 0;
}

int pcf_latency_program_follow(pcf_latency_program *program, uint32_t slot, uint64_t cgroup_id)
{
	memset(&program->counts[slot], 0, sizeof program->counts[slot]);
	if (bpf_map_update_elem(bpf_map__fd(program->programs->maps.slots), &cgroup_id, &slot, BPF_ANY) < 0)
		return -errno;
	__atomic_fetch_add(&program->programs->bss->pcf_latency_epoch, 1, __ATOMIC_RELEASE);
	return 0;
}

void pcf_latency_program_forget(pcf_latency_program *program, uint64_t cgroup_id)
{
	(void)bpf_map_delete_elem(bpf_map__fd(program->programs->maps.slots), &cgroup_id);
	__atomic_fetch_add(&program->programs->bss->pcf_latency_epoch, 1, __ATOMIC_RELEASE);
}

const struct pcf_latency_counts *pcf_latency_program_counts(const pcf_latency_program *program, uint32_t slot)
{
	return &program->counts[slot];
}

/* ---- cost ---- */

typedef struct {
	uint64_t runs, ns;
} run_time;

static run_time run_time_of(const struct bpf_program *program)
{
	struct bpf_prog_info info = {0};
	uint32_t bytes = sizeof info;

	if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &bytes) < 0)
		return (run_time){0};
	return (run_time){info.run_cnt, info.run_time_ns};
}

static void *answer(void *arg)
{
	const int *ends = arg; /* reads 0, writes 3 */
	char byte;

	while (read(ends[0], &byte, 1) == 1 && byte && write(ends[3], &byte, 1) == 1)
		;
	return NULL;
}

/* Two threads that wake each other: each round is two switches. */
static void switch_often(void)
{
	uint64_t until = pcf_now_ns(CLOCK_MONOTONIC) + MEASURED_NS;
	int ends[4] = {-1, -1, -1, -1};
	pthread_t thread;
	char byte = 1;

	if (pipe(ends) == 0 && pipe(ends + 2) == 0 && pthread_create(&thread, NULL, answer, ends) == 0) {
		for (int i = 0; i < MEASURED_ROUNDS && pcf_now_ns(CLOCK_MONOTONIC) < until; i++)
			if (write(ends[1], &byte, 1) != 1 || read(ends[2], &byte, 1) != 1)
				break;
		byte = 0;
		if (write(ends[1], &byte, 1) == 1)
			pthread_join(thread, NULL);
	}
	for (int i = 0; i < 4; i++)
		if (ends[i] >= 0)
			close(ends[i]);
}

/* ns a switch, with the wake-ups that belong to it; 0: none was counted. */
static double measure_once(const struct pcf_latency *programs)
{
	run_time switches_before = run_time_of(programs->progs.pcf_latency_switch),
		 wakes_before = run_time_of(programs->progs.pcf_latency_wakeup), switches, wakes;

	switch_often();
	switches = run_time_of(programs->progs.pcf_latency_switch);
	wakes = run_time_of(programs->progs.pcf_latency_wakeup);
	if (switches.runs == switches_before.runs)
		return 0;
	return (double)(switches.ns - switches_before.ns + wakes.ns - wakes_before.ns) /
	       (double)(switches.runs - switches_before.runs);
}

double pcf_latency_program_measure(pcf_latency_program *program)
{
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	double least = 0;

	for (int i = 0; i < MEASUREMENTS && stats >= 0; i++) {
		double ns = measure_once(program->programs);

		if (ns > 0 && (least == 0 || ns < least))
			least = ns;
	}
	if (stats >= 0)
		close(stats);
	return least;
}
