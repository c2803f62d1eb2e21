/* The walk's life: loading, which host and which containers it is for, growing. */
#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "host/shared_btf.h"
#include "schema/error.h"
#include "source/bpf/walk.h"

#define FIRST_CAPACITY 512

void pcf_walk_unload(pcf_walk_loaded *it)
{
	for (pcf_walk_loaded *before; it; it = before) {
		before = it->before;
		for (int i = 0; i < PCF_WALK_HIERARCHIES; i++)
			pcf_match_close(&it->match[i]);
		pcf_program_close(it->program);
		free(it);
	}
}

static int load(pcf_walk_loaded **out, const pcf_program_spec *spec, pcf_error *err)
{
	pcf_walk_loaded *it = calloc(1, sizeof *it);
	const pcf_btf *btf;
	int code;

	*out = NULL;
	if (!it)
		return pcf_error_say(err, -ENOMEM, "no memory for the walk");
	pcf_shared_btf_begin();
	code = pcf_shared_btf(&btf, err);
	if (code == 0)
		code = pcf_program_open(&it->program, spec, btf, err);
	for (int i = 0; i < PCF_WALK_HIERARCHIES && code == 0; i++)
		code = pcf_match_open(&it->match[i], spec->capacity);
	pcf_shared_btf_end();
	if (code < 0) {
		pcf_walk_unload(it);
		return code;
	}
	*out = it;
	return 0;
}

static void find_places(pcf_kernel_walk *walk)
{
	const pcf_program *program = walk->now->program;

	memset(walk->hierarchy_of_controller, 0xff, sizeof walk->hierarchy_of_controller);
	for (int p = 0; p < PCF_WALK_PARTS; p++)
		walk->hierarchy_of_part[p] = pcf_program_hierarchy_of(program, 1u << p);
	for (int c = 0; c < PCF_CTL_COUNT; c++)
		for (int h = 0; h < pcf_program_hierarchies(program); h++) {
			int of = pcf_program_controller(program, h);

			/* Controllers that are mounted together, and all of cgroup2, have one directory. */
			if (walk->host->controllers[c].version &&
			    strcmp(walk->host->controllers[c].mount, walk->host->controllers[of].mount) == 0)
				walk->hierarchy_of_controller[c] = h;
		}
}

static int has_work(const pcf_plan *plan)
{
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		if (plan->group[g].source == PCF_SOURCE_BPF)
			return 1;
	return 0;
}

/* Without it pressure comes from its files: what is missing stands in the plan's reason. */
static void open_pressure(pcf_kernel_walk *walk, const pcf_plan *plan)
{
	const pcf_controller_fact *unified = &walk->host->controllers[PCF_CTL_UNIFIED];
	const pcf_btf *btf;

	if (plan->group[PCF_GROUP_PRESSURE].source != PCF_SOURCE_BPF || !unified->version ||
	    pcf_shared_btf(&btf, &walk->pressure_error) < 0 ||
	    pcf_pressure_open(&walk->pressure, btf, pcf_program_cores_of_host(), unified->mount,
			      &walk->pressure_error) < 0)
		return;
	walk->spec.psi = &pcf_pressure_facts(walk->pressure)->kernel;
}

/* Numbers of the running kernel's cgroups; a copied or made-up tree has others. */
static int check_mounts(const pcf_host *host, pcf_error *err)
{
	for (int c = 0; c < PCF_CTL_COUNT; c++) {
		const pcf_controller_fact *fact = &host->controllers[c];
		struct statfs fs;

		if (fact->version && (statfs(fact->mount, &fs) < 0 ||
				      (fs.f_type != CGROUP_SUPER_MAGIC && fs.f_type != CGROUP2_SUPER_MAGIC)))
			return pcf_error_say(err, -ENOTSUP, "%s is no cgroup filesystem of this kernel", fact->mount);
	}
	return 0;
}

/* The walk passes every cgroup of the host, also those that are not followed: room for what is there already. */
static void fit(pcf_kernel_walk *walk)
{
	const pcf_program *program = walk->now->program;

	if (pcf_program_run(walk->now->program, pcf_program_parts(program)) < 0)
		return;
	for (int h = 0; h < pcf_program_hierarchies(program); h++)
		if (pcf_program_count(program, h) > atomic_load(&walk->seen))
			atomic_store(&walk->seen, pcf_program_count(program, h));
	pcf_kernel_walk_reserve(walk, 0);
	pcf_walk_take_next(walk);
}

int pcf_kernel_walk_open(pcf_kernel_walk **out, const pcf_host *host, const pcf_options *options, const pcf_plan *plan,
			 pcf_error *err)
{
	pcf_kernel_walk *walk;
	const pcf_btf *btf;
	int code;

	*out = NULL;
	if (!has_work(plan))
		return 0;
	code = check_mounts(host, err);
	if (code < 0)
		return code;
	walk = calloc(1, sizeof *walk);
	if (!walk)
		return pcf_error_say(err, -ENOMEM, "no memory for the walk");
	pthread_mutex_init(&walk->growing, NULL);
	walk->host = host;
	walk->options = options;
	walk->cpu_is_v2 = host->controllers[PCF_CTL_CPUACCT].version == 2;
	walk->memory_is_v2 = host->controllers[PCF_CTL_MEMORY].version == 2;
	walk->io_is_v2 = host->controllers[PCF_CTL_IO].version == 2;
	walk->spec = (pcf_program_spec){
		.host = host, .capacity = FIRST_CAPACITY, .by_iterator = host->css_iter.answer != PCF_YES};
	atomic_store(&walk->capacity, FIRST_CAPACITY);
	open_pressure(walk, plan);
	code = load(&walk->now, &walk->spec, err);
	if (code == 0)
		code = pcf_shared_btf(&btf, err);
	if (code < 0) {
		pcf_kernel_walk_close(walk);
		return code;
	}
	pcf_fill_facts_find(&walk->facts, btf);
	find_places(walk);
	pcf_walk_columns_find(walk, plan);
	fit(walk);
	*out = walk;
	return 0;
}

void pcf_kernel_walk_close(pcf_kernel_walk *walk)
{
	if (!walk)
		return;
	pcf_pressure_close(walk->pressure);
	pcf_walk_unload(walk->now);
	pcf_walk_unload(atomic_load(&walk->next));
	pcf_walk_unload(atomic_load(&walk->retired));
	pthread_mutex_destroy(&walk->growing);
	free(walk);
}

const uint8_t *pcf_kernel_walk_columns(const pcf_kernel_walk *walk, int group)
{
	return walk->parts_of[group] ? walk->gives[group] : NULL;
}

const char *pcf_kernel_walk_name(const pcf_kernel_walk *walk)
{
	return walk->spec.by_iterator ? "cgroup iterator" : "css iterators";
}

void pcf_kernel_walk_drop(pcf_kernel_walk *walk, int group, int column)
{
	walk->gives[group][column] = 0;
	if (group == PCF_GROUP_MEMORY_STAT)
		pcf_memory_stat_drop(&walk->memory_stat, column);
}

/* What was told of another cgroup is not this one's past. */
static void forget(const pcf_kernel_walk *walk, pcf_walker *walker, int hierarchy)
{
	uint32_t cpu_time = walk->cpu_is_v2 ? PCF_WALK_BASE : PCF_WALK_CPUACCT;

	if (hierarchy == PCF_PART(walk->hierarchy_of_part, cpu_time))
		walker->user_ns = walker->system_ns = 0;
	if (hierarchy == PCF_PART(walk->hierarchy_of_part, PCF_WALK_PSI))
		memset(walker->psi, 0, sizeof walker->psi);
}

void pcf_kernel_walk_place(const pcf_kernel_walk *walk, pcf_walker *walker, int controller, uint64_t inode)
{
	int h = walk->hierarchy_of_controller[controller];

	if (h < 0)
		return;
	if (inode && walker->id[h] != inode)
		forget(walk, walker, h);
	walker->id[h] = inode;
}

void pcf_kernel_walk_reserve(pcf_kernel_walk *walk, unsigned cgroups)
{
	unsigned seen = atomic_load_explicit(&walk->seen, memory_order_relaxed);
	pcf_walk_loaded *it;
	pcf_error err;

	cgroups = seen > cgroups ? seen : cgroups;
	if (cgroups + cgroups / 4 < atomic_load(&walk->capacity))
		return;
	pthread_mutex_lock(&walk->growing);
	pcf_walk_unload(atomic_exchange(&walk->retired, NULL));
	if (cgroups + cgroups / 4 >= atomic_load(&walk->capacity)) {
		pcf_program_spec spec = walk->spec;

		while (spec.capacity <= cgroups * 2)
			spec.capacity *= 2;
		if (load(&it, &spec, &err) == 0) {
			atomic_store(&walk->capacity, spec.capacity);
			pcf_walk_unload(atomic_exchange(&walk->next, it));
		} else {
			atomic_fetch_add(&walk->errors, 1);
		}
	}
	pthread_mutex_unlock(&walk->growing);
}
