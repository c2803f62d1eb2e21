#include "source/bpf/program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "schema/error.h"
#include "source/bpf/flush.h"
#include "source/bpf/hierarchies.h"
#include "source/bpf/io.h"
#include "walk.skel.h"

struct pcf_program {
	struct pcf_walk *skeleton;
	pcf_walk_hierarchies hierarchies;
	unsigned capacity, cores;
	uint32_t parts;
	const struct pcf_psi_layout *spec_psi; /* while opening */
	int is_iterator;
	pcf_flush flush;   /* of cgroup2 CPU time; where one flush adds up everything, of IO as well */
	int io_is_partial; /* no flush has added up all of it, or the last one did not */
	struct {
		void *at;
		size_t bytes, stride;
	} records[PCF_WALK_PARTS];
	struct bpf_link *links[PCF_WALK_HIERARCHIES];
	int memory_stat;  /* the root's memory.stat: reading it flushes; -1 */
	int io_directory; /* of cgroup2, whose IO is added up by reading; -1 */
};

static int part_index(uint32_t part)
{
	return __builtin_ctz(part);
}

static struct bpf_map *map_of(const struct pcf_walk *skeleton, uint32_t part)
{
	struct bpf_map *const maps[] = {skeleton->maps.memory, skeleton->maps.stat, skeleton->maps.cpuacct,
					skeleton->maps.cores,  skeleton->maps.cfs,  skeleton->maps.pids,
					skeleton->maps.base,   skeleton->maps.psi,  skeleton->maps.io,
					skeleton->maps.io_any};

	return maps[part_index(part)];
}

/* A read gives a page at most. Returns its length. */
static size_t read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t n = 0;

	while (fd >= 0 && used < size - 1 && (n = read(fd, text + used, size - 1 - used)) > 0)
		used += (size_t)n;
	if (fd >= 0)
		close(fd);
	text[used] = '\0';
	return used;
}

/* ---- before loading ---- */
static uint32_t enum_of(const pcf_btf *btf, const char *type, const char *name)
{
	int64_t value = pcf_btf_enum(btf, type, name);

	return value < 0 ? 0 : (uint32_t)value;
}

static void set_constants(pcf_program *program, const pcf_btf *btf)
{
	struct pcf_walk__rodata *constants = program->skeleton->rodata;
	int is_v1 = program->hierarchies.parts[0] & PCF_WALK_MEMORY && !program->hierarchies.of[0].is_v2;
	int pids = -1;

	for (int i = 0; i < program->hierarchies.count; i++)
		if (program->hierarchies.parts[i] & PCF_WALK_PIDS)
			pids = i;
	constants->cpus = program->cores;
	constants->memory_id = enum_of(btf, "cgroup_subsys_id", "memory_cgrp_id");
	constants->cpuacct_id = enum_of(btf, "cgroup_subsys_id", "cpuacct_cgrp_id");
	constants->cpu_id = enum_of(btf, "cgroup_subsys_id", "cpu_cgrp_id");
	constants->pids_id = enum_of(btf, "cgroup_subsys_id", "pids_cgrp_id");
	constants->io_id = enum_of(btf, "cgroup_subsys_id", "io_cgrp_id");
	constants->has_io = (uint8_t)pcf_io_is_known(btf);
	constants->has_cost = (uint8_t)pcf_io_has_cost(btf);
	constants->cost_policy = enum_of(btf, "rq_qos_id", "RQ_QOS_COST");
	constants->css_online = enum_of(btf, NULL, "CSS_ONLINE");
	constants->css_visible = enum_of(btf, NULL, "CSS_VISIBLE");
	constants->has_cast = (uint8_t)pcf_btf_has_function(btf, "bpf_rdonly_cast");
	constants->wants_local = is_v1;
	constants->hierarchy_count = (uint32_t)program->hierarchies.count;
	/* kernel/cgroup/pids.c: v1 shows failed forks of the cgroup itself, v2 how often a limit was met below it. */
	constants->pids_has_limit_events = pcf_btf_has_member(btf, "pids_cgroup", "events_limit");
	constants->pids_event_is_local = pids >= 0 && !program->hierarchies.of[pids].is_v2;
	constants->pids_max_event =
		enum_of(btf, "pidcg_event", constants->pids_event_is_local ? "PIDCG_FORKFAIL" : "PIDCG_MAX");
	if (program->spec_psi)
		constants->pcf_psi = *program->spec_psi;
}

static int has_css_iterators(const pcf_btf *btf)
{
	return pcf_btf_has_function(btf, "bpf_iter_css_new") && pcf_btf_has_function(btf, "bpf_cgroup_from_id") &&
	       pcf_btf_has_function(btf, "bpf_task_get_cgroup1") && pcf_btf_has_function(btf, "bpf_cgroup_ancestor");
}

static void choose_programs(pcf_program *program, const pcf_program_spec *spec, const pcf_btf *btf)
{
	struct pcf_walk *skeleton = program->skeleton;

	program->is_iterator = spec->by_iterator || !has_css_iterators(btf);
	bpf_program__set_autoload(skeleton->progs.pcf_walk, !program->is_iterator);
	bpf_program__set_autoload(skeleton->progs.pcf_walk_one, program->is_iterator);
}

static void size_maps(pcf_program *program, const pcf_btf *btf)
{
	struct pcf_walk *skeleton = program->skeleton;

	program->parts = 0;
	for (int i = 0; i < program->hierarchies.count; i++)
		program->parts |= program->hierarchies.parts[i];
	if (pcf_btf_array_length(btf, "memcg_vmstats", "state") > PCF_WALK_ITEMS ||
	    pcf_btf_array_length(btf, "memcg_vmstats", "events") > PCF_WALK_ITEMS)
		program->parts &= ~PCF_WALK_STAT;
	if (!program->spec_psi)
		program->parts &= ~PCF_WALK_PSI;
	if (!skeleton->rodata->has_io)
		program->parts &= ~PCF_WALK_IO;
	if (!pcf_btf_has_member(btf, "blkcg", "blkg_list"))
		program->parts &= ~PCF_WALK_IO_ANY;
	for (int p = 0; p < PCF_WALK_PARTS; p++)
		(void)bpf_map__set_max_entries(map_of(skeleton, 1u << p),
					       program->parts >> p & 1 ? program->capacity : 1);
	(void)bpf_map__set_value_size(skeleton->maps.cores, program->cores * 8);
	(void)bpf_map__set_max_entries(skeleton->maps.pcf_cpu_offsets, program->cores);
}

/* ---- after loading ---- */
static int map_records(pcf_program *program, pcf_error *err)
{
	long page = sysconf(_SC_PAGESIZE);

	for (int p = 0; p < PCF_WALK_PARTS; p++) {
		const struct bpf_map *map = map_of(program->skeleton, 1u << p);
		size_t stride = (bpf_map__value_size(map) + 7) / 8 * 8, bytes;
		void *at;

		if (!(program->parts >> p & 1))
			continue;
		bytes = (stride * bpf_map__max_entries(map) + (size_t)page - 1) / (size_t)page * (size_t)page;
		at = mmap(NULL, bytes, PROT_READ, MAP_SHARED, bpf_map__fd(map), 0);
		if (at == MAP_FAILED)
			return pcf_error_say(err, -errno, "cannot map the walk's records: %s", strerror(errno));
		program->records[p].at = at;
		program->records[p].bytes = bytes;
		program->records[p].stride = stride;
	}
	return 0;
}

static int find_offsets(pcf_program *program, pcf_error *err)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);
	int code = bpf_prog_test_run_opts(bpf_program__fd(program->skeleton->progs.pcf_learn_cpus), &options);

	return code < 0 ? pcf_error_say(err, code, "the kernel does not run the walk's program: %s", strerror(-code))
			: 0;
}

static struct bpf_link *attach_iterator(struct bpf_program *prog, const char *mount, int order, pcf_error *err)
{
	union bpf_iter_link_info info = {0};
	struct bpf_iter_attach_opts options;
	int fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct bpf_link *link;

	memset(&options, 0, sizeof options); /* libbpf refuses padding that is not zero, which its macro may leave */
	options.sz = sizeof options;
	options.link_info = &info;
	options.link_info_len = sizeof info;
	info.cgroup.cgroup_fd = (uint32_t)fd;
	info.cgroup.order = (enum bpf_cgroup_iter_order)order;
	link = fd < 0 ? NULL : bpf_program__attach_iter(prog, &options);
	if (!link)
		pcf_error_say(err, -errno, "no cgroup iterator over %s: %s", mount, strerror(errno));
	if (fd >= 0)
		close(fd);
	return link;
}

static int attach(pcf_program *program, const pcf_host *host, pcf_error *err)
{
	struct pcf_walk *skeleton = program->skeleton;

	for (int i = 0; i < program->hierarchies.count && program->is_iterator; i++) {
		program->links[i] = attach_iterator(skeleton->progs.pcf_walk_one,
						    host->controllers[program->hierarchies.controller[i]].mount,
						    BPF_CGROUP_ITER_DESCENDANTS_PRE, err);
		if (!program->links[i])
			return err && err->code ? err->code : -EINVAL;
	}
	return 0;
}

/* Where cgroup2 has its controllers containers are read from it; elsewhere its CPU time is nobody's column. */
static void open_flush(pcf_program *program, const pcf_host *host, const pcf_btf *btf)
{
	int needs_it = 0;

	for (int i = 0; i < program->hierarchies.count; i++)
		needs_it |= (program->hierarchies.parts[i] & PCF_WALK_BASE) != 0 && host->layout == PCF_LAYOUT_V2;
	if (!needs_it)
		return;
	pcf_flush_open(&program->flush, btf, host->controllers[PCF_CTL_UNIFIED].mount);
	if (program->flush.link < 0)
		program->parts &= ~PCF_WALK_BASE; /* it would stand still between two readers of the text */
}

/* What is flushed by reading. */
static void open_texts(pcf_program *program, const pcf_host *host)
{
	char path[300];

	snprintf(path, sizeof path, "%s/memory.stat", host->controllers[PCF_CTL_MEMORY].mount);
	if (program->parts & PCF_WALK_STAT)
		program->memory_stat = open(path, O_RDONLY | O_CLOEXEC);
	if (!(program->parts & PCF_WALK_IO) || program->flush.adds_all)
		return;
	program->io_directory = open(host->controllers[PCF_CTL_UNIFIED].mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	program->io_is_partial = 1; /* until the first flush */
}

static int load(pcf_program *program, pcf_error *err)
{
	int code;

	pcf_bpf_log_begin();
	code = pcf_walk__load(program->skeleton);
	if (code < 0)
		return pcf_error_say(err, code, "the kernel refuses the walk's program: %s%s%s", strerror(-code),
				     *pcf_bpf_log_reason() ? ": " : "", pcf_bpf_log_reason());
	memcpy(program->skeleton->bss->hierarchies, program->hierarchies.of, sizeof program->hierarchies.of);
	return 0;
}

int pcf_program_open(pcf_program **out, const pcf_program_spec *spec, const pcf_btf *btf, pcf_error *err)
{
	pcf_program *program = calloc(1, sizeof *program);
	char groups[16384]; /* a path for each hierarchy */
	int code = 0;

	*out = NULL;
	if (!program)
		return pcf_error_say(err, -ENOMEM, "no memory for the walk");
	program->memory_stat = program->io_directory = program->flush.link = -1;
	program->capacity = spec->capacity;
	program->spec_psi = spec->psi;
	program->cores = spec->cores ? spec->cores : pcf_program_cores_of_host();
	(void)read_text("/proc/self/cgroup", groups, sizeof groups);
	pcf_walk_hierarchies_find(&program->hierarchies, spec->host, groups);
	pcf_bpf_log_begin();
	program->skeleton = pcf_walk__open_opts(pcf_bpf_open_options());
	if (!program->skeleton)
		code = pcf_error_say(err, -errno, "cannot open the walk's program: %s", strerror(errno));
	if (code == 0) {
		set_constants(program, btf);
		choose_programs(program, spec, btf);
		size_maps(program, btf);
		code = load(program, err);
	}
	if (code == 0)
		code = map_records(program, err);
	if (code == 0)
		code = find_offsets(program, err);
	if (code == 0)
		code = attach(program, spec->host, err);
	if (code < 0) {
		pcf_program_close(program);
		return code;
	}
	open_flush(program, spec->host, btf);
	open_texts(program, spec->host);
	*out = program;
	return 0;
}

void pcf_program_close(pcf_program *program)
{
	if (!program)
		return;
	for (int i = 0; i < PCF_WALK_HIERARCHIES; i++)
		bpf_link__destroy(program->links[i]);
	pcf_flush_close(&program->flush);
	for (int p = 0; p < PCF_WALK_PARTS; p++)
		if (program->records[p].at)
			munmap(program->records[p].at, program->records[p].bytes);
	if (program->memory_stat >= 0)
		close(program->memory_stat);
	if (program->io_directory >= 0)
		close(program->io_directory);
	pcf_walk__destroy(program->skeleton);
	free(program);
}

/* ---- what it is ---- */
unsigned pcf_program_capacity(const pcf_program *program)
{
	return program->capacity;
}

/* The last number in a list such as "0-3,8". */
static long last_number(const char *list)
{
	const char *at = list + strcspn(list, "\n");

	while (at > list && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return strtol(at, NULL, 10);
}

unsigned pcf_program_cores_of_host(void)
{
	int possible = libbpf_num_possible_cpus();
	char list[4096];
	long last = read_text("/sys/devices/system/cpu/present", list, sizeof list) > 0 ? last_number(list) : -1;

	if (last >= 0 && last + 1 < possible)
		return (unsigned)last + 1;
	return possible > 0 ? (unsigned)possible : 1;
}

unsigned pcf_program_cores(const pcf_program *program)
{
	return program->cores;
}

uint32_t pcf_program_parts(const pcf_program *program)
{
	return program->parts;
}

int pcf_program_hierarchies(const pcf_program *program)
{
	return program->hierarchies.count;
}

int pcf_program_hierarchy_of(const pcf_program *program, uint32_t part)
{
	for (int i = 0; i < program->hierarchies.count; i++)
		if (program->hierarchies.parts[i] & part)
			return i;
	return -1;
}

int pcf_program_controller(const pcf_program *program, int hierarchy)
{
	return program->hierarchies.controller[hierarchy];
}

int pcf_program_is_iterator(const pcf_program *program)
{
	return program->is_iterator;
}

int pcf_program_io_is_partial(const pcf_program *program)
{
	return program->io_is_partial;
}

const char *pcf_program_flush_reason(const pcf_program *program)
{
	return program->flush.no_reason ? program->flush.no_reason : "";
}

/* ---- a pass ---- */
int pcf_program_flush(pcf_program *program, uint32_t parts)
{
	uint32_t by_program = PCF_WALK_BASE | (program->flush.adds_all ? PCF_WALK_IO : 0);
	char text[4096];
	int code = 0;

	if ((parts & by_program) && program->flush.link >= 0)
		code = pcf_flush_run(&program->flush);
	if ((parts & PCF_WALK_IO) && !program->flush.adds_all) {
		code = pcf_io_flush(program->io_directory);
		program->io_is_partial = code < 0;
	}
	/* The text is thrown away: reading the root's makes the kernel add up the memory statistics of all. */
	if ((parts & PCF_WALK_STAT) && program->memory_stat >= 0 &&
	    pread(program->memory_stat, text, sizeof text, 0) < 0)
		code = -errno;
	return code;
}

void pcf_program_set_psi_clock(pcf_program *program, int64_t offset)
{
	program->skeleton->bss->pcf_psi_clock = offset;
}

static int run_each(pcf_program *program)
{
	struct pcf_walk__bss *shared = program->skeleton->bss;
	int code = 0;

	for (int i = 0; i < program->hierarchies.count; i++) {
		struct pcf_walk_hierarchy *hierarchy = &shared->hierarchies[i];

		hierarchy->count = 0;
		hierarchy->error = 0;
		if (!hierarchy->parts)
			continue;
		shared->current_hierarchy = (uint32_t)i;
		hierarchy->error = pcf_iterator_run(bpf_link__fd(program->links[i]));
		code = hierarchy->error && !code ? hierarchy->error : code;
	}
	return code;
}

int pcf_program_run(pcf_program *program, uint32_t parts)
{
	struct pcf_walk__bss *shared = program->skeleton->bss;
	LIBBPF_OPTS(bpf_test_run_opts, options);
	int code;

	for (int i = 0; i < program->hierarchies.count; i++) {
		uint32_t here = program->hierarchies.parts[i] & program->parts & parts;

		shared->hierarchies[i].parts = here ? here | (parts & PCF_WALK_WHOLE) : 0;
	}
	if (program->is_iterator)
		return run_each(program);
	code = bpf_prog_test_run_opts(bpf_program__fd(program->skeleton->progs.pcf_walk), &options);
	for (int i = 0; i < program->hierarchies.count && code == 0; i++)
		code = shared->hierarchies[i].error;
	return code;
}

unsigned pcf_program_count(const pcf_program *program, int hierarchy)
{
	return program->skeleton->bss->hierarchies[hierarchy].count;
}

int pcf_program_error(const pcf_program *program, int hierarchy)
{
	return program->skeleton->bss->hierarchies[hierarchy].error;
}

const void *pcf_program_record(const pcf_program *program, uint32_t part, unsigned position)
{
	int p = part_index(part);

	return (const char *)program->records[p].at + position * program->records[p].stride;
}
