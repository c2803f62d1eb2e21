/* What boxes tell, as records: cgroups, and containers with their last numbers. */
#include <stdio.h>
#include <string.h>

#include "event/events.h"

static uint64_t or_absent(uint64_t seen)
{
	return seen ? seen : PCF_ABSENT;
}

/* The text shows the time ticks saw in each mode, scaled to what the scheduler measured (cputime_adjust,
 * kernel/sched/cputime.c). */
static void split_cpu(pcf_event_container *to, const struct pcf_bpf_numbers *from)
{
	to->cpu_ns = from->cpu_ns;
	to->cpu_user_ns = to->cpu_system_ns = PCF_ABSENT;
	if (from->cpu_ns == PCF_ABSENT)
		return;
	if (from->system_ns == 0)
		to->cpu_system_ns = 0;
	else if (from->user_ns == 0)
		to->cpu_system_ns = from->cpu_ns;
	else
		to->cpu_system_ns = (uint64_t)((unsigned __int128)from->cpu_ns * from->system_ns /
					       (from->user_ns + from->system_ns));
	to->cpu_user_ns = from->cpu_ns - to->cpu_system_ns;
}

static void put_status(pcf_event_container *to, const pcf_box *box)
{
	const pcf_box_end *end = box->init.pid ? &box->init : box->first.pid ? &box->first : NULL;

	to->exit_code = to->last_code = PCF_EVENT_NO_CODE;
	to->runtime_code = box->runtime_code;
	to->pid = end ? end->pid : box->pid;
	memcpy(to->comm, end ? end->comm : box->comm, sizeof to->comm);
	if (box->has_last)
		to->last_code = box->last_status;
	if (!end)
		return;
	to->signal = end->status & 0x7f;
	to->is_core_dumped = (end->status & 0x80) != 0;
	if (!to->signal)
		to->exit_code = end->status >> 8 & 0xff;
}

typedef struct {
	int has_any;
	struct pcf_bpf_counters sum;
} totals;

/* A process comes into the hierarchies one after another and may have been counted in each; the rest happens in one. */
static totals add_up(const pcf_box *box)
{
	totals all = {0};

	for (int i = 0; i < box->node_count; i++) {
		const struct pcf_bpf_counters *one = &box->nodes[i].counters;

		if (!box->nodes[i].has_counters)
			continue;
		all.has_any = 1;
		all.sum.forks += one->forks;
		all.sum.execs += one->execs;
		all.sum.exits += one->exits;
		all.sum.threads += one->threads;
		all.sum.oom_kills += one->oom_kills;
		all.sum.exit_cpu_ns += one->exit_cpu_ns;
		all.sum.exit_read_bytes += one->exit_read_bytes;
		all.sum.exit_write_bytes += one->exit_write_bytes;
		if (one->moved_in > all.sum.moved_in)
			all.sum.moved_in = one->moved_in;
	}
	return all;
}

static void put_counters(pcf_event *event, const pcf_box *box)
{
	pcf_event_container *to = &event->of.container;
	totals all = add_up(box);

	if (!all.has_any) {
		to->processes = to->threads = to->execs = to->exits = PCF_ABSENT;
		return;
	}
	to->processes = all.sum.forks + all.sum.moved_in;
	to->threads = all.sum.threads;
	to->execs = all.sum.execs;
	to->exits = all.sum.exits;
	if (to->oom_kills == PCF_ABSENT)
		to->oom_kills = all.sum.oom_kills;
	if (to->cpu_ns == PCF_ABSENT && all.sum.exit_cpu_ns != PCF_ABSENT) {
		to->cpu_ns = all.sum.exit_cpu_ns;
		event->flags |= PCF_EVENT_CPU_OF_TASKS;
	}
	if (to->read_bytes == PCF_ABSENT && all.sum.exit_read_bytes != PCF_ABSENT) {
		to->read_bytes = all.sum.exit_read_bytes;
		to->write_bytes = all.sum.exit_write_bytes;
		event->flags |= PCF_EVENT_IO_OF_TASKS;
	}
}

static void put_container(pcf_event *event, const pcf_box *box)
{
	pcf_event_container *to = &event->of.container;
	const struct pcf_bpf_numbers *from = &box->numbers;

	to->created_ns = or_absent(box->created_ns);
	to->started_ns = or_absent(box->started_ns);
	to->emptied_ns = or_absent(box->emptied_ns);
	to->removed_ns = or_absent(box->removed_ns);
	split_cpu(to, from);
	to->memory_usage_bytes = from->memory_bytes;
	to->memory_peak_bytes = from->peak_bytes;
	to->memory_limit_bytes = from->limit_bytes;
	to->ooms = from->ooms;
	to->oom_kills = from->oom_kills;
	to->pids_peak = from->pids_peak;
	to->periods = from->periods;
	to->throttled_periods = from->throttled;
	to->throttled_ns = from->throttled_ns;
	to->read_bytes = from->read_bytes;
	to->write_bytes = from->write_bytes;
	to->read_ops = from->read_ops;
	to->write_ops = from->write_ops;
	put_status(to, box);
	put_counters(event, box);
	if (box->is_older)
		event->flags |= PCF_EVENT_BEFORE_START;
}

static uint32_t hierarchies_of(const pcf_box *box)
{
	return box->node_count ? (uint32_t)box->node_count : 1;
}

uint64_t pcf_event_tell_box(void *arg, int kind, const pcf_box *box, const pcf_box_note *note)
{
	int is_container = kind == PCF_EVENT_CONTAINER_START || kind == PCF_EVENT_CONTAINER_EXIT;
	pcf_event event = {.kind = (uint16_t)kind,
			   .source = (uint16_t)(is_container ? PCF_EVENT_SOURCE_DERIVED : note->source),
			   .flags = note ? note->flags : 0,
			   .monotonic_ns = note ? note->ns : box->emptied_ns};

	/* A container has exited when its last process was gone, whenever that is told. */
	if (kind == PCF_EVENT_CONTAINER_EXIT && box->emptied_ns)
		event.monotonic_ns = box->emptied_ns;
	if (note && note->cgroup_id) {
		event.cgroup_id = note->cgroup_id;
		event.hierarchy_id = note->hierarchy_id;
	}
	pcf_event_of_box(&event, box);
	if (is_container)
		put_container(&event, box);
	else
		event.of.cgroup = (pcf_event_cgroup){.level = box->level ? box->level : note->level,
						     .hierarchies = hierarchies_of(box)};
	return pcf_event_write(arg, &event);
}
