/* What the programs need to know of this kernel, by one pass over its BTF: a look-up by name is such a pass each time. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "event/bpf/source.h"
#include "host/shared_btf.h"

typedef struct {
	const char *type, *name;
	uint32_t *value;
} enum_wish;

/* The kernel's BTF names each tracepoint that programs can be attached to. */
typedef struct {
	int mkdir, rmdir, rename, populated, attach, fork, exec, exit, victim;
	int out_of_memory, oom_kill_process, oom_notify;
	int guard;
} found;

static void find_enums(const struct btf *btf, const struct btf_type *type, const char *name, const enum_wish *wishes,
		       size_t count)
{
	const struct btf_enum *values = btf_enum(type);

	for (size_t w = 0; w < count; w++) {
		if (strcmp(name, wishes[w].type) != 0)
			continue;
		for (int v = 0; v < btf_vlen(type); v++)
			if (strcmp(btf__name_by_offset(btf, values[v].name_off), wishes[w].name) == 0)
				*wishes[w].value = (uint32_t)values[v].val;
	}
}

static void find_hook(const char *name, int id, int is_function, found *out)
{
	const struct {
		const char *name;
		int *id;
		int is_function;
	} hooks[] = {
		{"btf_trace_cgroup_mkdir", &out->mkdir, 0},
		{"btf_trace_cgroup_rmdir", &out->rmdir, 0},
		{"btf_trace_cgroup_rename", &out->rename, 0},
		{"btf_trace_cgroup_notify_populated", &out->populated, 0},
		{"btf_trace_cgroup_attach_task", &out->attach, 0},
		{"btf_trace_sched_process_fork", &out->fork, 0},
		{"btf_trace_sched_process_exec", &out->exec, 0},
		{"btf_trace_sched_process_exit", &out->exit, 0},
		{"btf_trace_mark_victim", &out->victim, 0},
		/* What tracepoints are guarded with once they no longer switch preemption off; nothing else uses it. */
		{"class_srcu_fast_notrace_t", &out->guard, 0},
		{"out_of_memory", &out->out_of_memory, 1},
		{"oom_kill_process", &out->oom_kill_process, 1},
		{"mem_cgroup_oom_notify", &out->oom_notify, 1},
	};

	for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++)
		if (hooks[i].is_function == is_function && strcmp(name, hooks[i].name) == 0)
			*hooks[i].id = id;
}

static void look(const struct btf *btf, pcf_event_kernel *out, found *hooks)
{
	const enum_wish wishes[] = {
		{"cgroup_subsys_id", "memory_cgrp_id", &out->subsystem[PCF_ROLE_MEMORY]},
		{"cgroup_subsys_id", "cpuacct_cgrp_id", &out->subsystem[PCF_ROLE_CPUACCT]},
		{"cgroup_subsys_id", "cpu_cgrp_id", &out->subsystem[PCF_ROLE_CPU]},
		{"cgroup_subsys_id", "io_cgrp_id", &out->subsystem[PCF_ROLE_IO]},
		{"cgroup_subsys_id", "pids_cgrp_id", &out->subsystem[PCF_ROLE_PIDS]},
		{"cgroup_subsys_id", "cpuset_cgrp_id", &out->subsystem[PCF_ROLE_CPUSET]},
		{"cgroup_subsys_id", "hugetlb_cgrp_id", &out->subsystem[PCF_ROLE_HUGETLB]},
		{"memcg_memory_event", "MEMCG_OOM", &out->memcg_oom},
		{"memcg_memory_event", "MEMCG_OOM_KILL", &out->memcg_oom_kill},
		{"oom_constraint", "CONSTRAINT_MEMCG", &out->oom_by_memcg},
		{"oom_constraint", "CONSTRAINT_CPUSET", &out->oom_by_cpuset},
		{"oom_constraint", "CONSTRAINT_MEMORY_POLICY", &out->oom_by_policy},
		{"cpu_usage_stat", "CPUTIME_USER", &out->time_user},
		{"cpu_usage_stat", "CPUTIME_NICE", &out->time_nice},
		{"cpu_usage_stat", "CPUTIME_SYSTEM", &out->time_system},
		{"cpu_usage_stat", "CPUTIME_SOFTIRQ", &out->time_softirq},
		{"cpu_usage_stat", "CPUTIME_IRQ", &out->time_irq},
	};
	unsigned count = btf__type_cnt(btf);

	for (unsigned id = 1; id < count; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const char *name = btf__name_by_offset(btf, type->name_off);

		if (btf_is_enum(type))
			find_enums(btf, type, name, wishes, sizeof wishes / sizeof wishes[0]);
		else if (btf_is_func(type) || btf_is_typedef(type))
			find_hook(name, (int)id, btf_is_func(type), hooks);
	}
}

/* Older kernels passed the victim's number, newer ones, and older ones that were mended, the task and its user. */
static int victim_is_task(const struct btf *btf, int typedef_id)
{
	const struct btf_type *type = btf__type_by_id(btf, (unsigned)typedef_id);
	const struct btf_param *params;

	while (type && !btf_is_func_proto(type))
		type = btf__type_by_id(btf, type->type);
	if (!type || btf_vlen(type) < 2)
		return 0;
	params = btf_params(type); /* the first is the attached program's own */
	type = btf__type_by_id(btf, params[1].type);
	return type && btf_is_ptr(type);
}

/* Whether functions can be hooked (ftrace with direct calls, not refused): a program of two instructions is loaded. */
static int can_hook(int function_id, char *why, size_t size)
{
	const struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_FENTRY,
		    .attach_btf_id = (unsigned)function_id);
	int fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "pcf_trial", "GPL", program, 2, &options), link;

	if (fd < 0) {
		snprintf(why, size, "the kernel lets no program hook a function: %s", strerror(errno));
		return 0;
	}
	link = bpf_raw_tracepoint_open(NULL, fd);
	if (link < 0)
		snprintf(why, size, "the kernel lets no program hook a function: %s", strerror(errno));
	else
		close(link);
	close(fd);
	return link >= 0;
}

static void look_for_hooks(const struct btf *btf, const found *hooks, pcf_event_kernel *out)
{
	out->has_cgroups = hooks->mkdir && hooks->rmdir && hooks->populated && hooks->attach;
	out->has_rename = hooks->rename != 0;
	out->has_processes = hooks->fork && hooks->exec && hooks->exit;
	out->has_preemptible = hooks->guard != 0;
	out->has_victim = hooks->victim != 0;
	out->has_victim_task = hooks->victim && victim_is_task(btf, hooks->victim);
	if (!hooks->out_of_memory || !hooks->oom_kill_process)
		snprintf(out->no_oom_hooks, sizeof out->no_oom_hooks, "the kernel has no function %s of its own",
			 hooks->out_of_memory ? "oom_kill_process" : "out_of_memory");
	else
		out->has_oom_hooks = can_hook(hooks->oom_kill_process, out->no_oom_hooks, sizeof out->no_oom_hooks);
	out->has_notify = out->has_oom_hooks && hooks->oom_notify;
}

int pcf_event_kernel_ask(pcf_event_kernel *out, pcf_error *err)
{
	const pcf_btf *btf;
	found hooks = {0};
	int code;

	memset(out, 0, sizeof *out);
	for (int role = 0; role < PCF_ROLE_COUNT; role++)
		out->subsystem[role] = PCF_BPF_NONE;
	out->counter_anon = 1; /* MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES: an unnamed enum */
	out->counter_shmem = 3;
	pcf_shared_btf_begin();
	code = pcf_shared_btf(&btf, err);
	if (code == 0) {
		look(pcf_btf_raw(btf), out, &hooks);
		look_for_hooks(pcf_btf_raw(btf), &hooks, out);
	}
	pcf_shared_btf_end();
	return code;
}
