/* Which reader serves this host best: each reads the files of a few real cgroups, in turn, several times. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/kernel_files.h"
#include "schema/clock.h"
#include "schema/enums.h"
#include "schema/error.h"
#include "source/file/reader.h"
#include "source/source.h"

#define CANDIDATES    32
#define CGROUPS       8
#define FILES         24
#define ROUNDS        15
#define READERS       3
#define BOUND_NS      40000000ULL
#define FEWEST_ROUNDS 4 /* the first only warms up */

typedef struct {
	const pcf_host *host;
	char paths[CANDIDATES][256]; /* relative to the mounts */
	int cgroups;
	struct {
		int directory;
		char name[72];
	} files[FILES];
	int file_count;
	int directories[PCF_CTL_COUNT];
	pcf_read reads[2][CGROUPS * FILES]; /* by name, by descriptor */
	unsigned read_count;
	char *buffers;
	double ns[READERS + 1][ROUNDS]; /* by PCF_READER_*, per cgroup */
} measurement;

/* Each second, of some container at least: of v1 block IO the walk tells only who has any. */
static int reads_files(const measurement *m, const pcf_plan *plan, int group)
{
	return plan->group[group].keep_open &&
	       (plan->group[group].source == PCF_SOURCE_FILE ||
		(group == PCF_GROUP_IO && m->host->controllers[PCF_CTL_IO].version == 1));
}

static void list_files(measurement *m, const pcf_plan *plan)
{
	static _Thread_local pcf_kernel_file files[PCF_KERNEL_FILES_MAX];

	for (int g = 0; g < plan->groups; g++) {
		int count = reads_files(m, plan, g) ? pcf_container_files(m->host, g, files, PCF_KERNEL_FILES_MAX) : 0;

		for (int i = 0; i < count && m->file_count < FILES; i++) {
			if (files[i].blkio_family >= 0 && i > 0 && files[i - 1].parser == files[i].parser)
				continue; /* one of each choice */
			m->files[m->file_count].directory = m->directories[files[i].controller];
			snprintf(m->files[m->file_count++].name, sizeof m->files[0].name, "%s", files[i].name);
		}
	}
}

static void open_directories(measurement *m)
{
	for (int c = 0; c < PCF_CTL_COUNT; c++)
		m->directories[c] = m->host->controllers[c].version
					    ? open(m->host->controllers[c].mount, O_PATH | O_DIRECTORY | O_CLOEXEC)
					    : -1;
}

/* The deepest cgroups are the containers, and their paths the longest. */
static void find_cgroups(measurement *m, int base, const char *path)
{
	int fd = openat(base, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), has_children = 0;
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (m->cgroups < CANDIDATES && (entry = readdir(dir))) {
		char child[256];
		int len;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		has_children = 1;
		len = snprintf(child, sizeof child, "%s%s%s", path, *path ? "/" : "", entry->d_name);
		if (len > 0 && (size_t)len < sizeof child)
			find_cgroups(m, base, child);
	}
	closedir(dir);
	if (!has_children && m->cgroups < CANDIDATES)
		snprintf(m->paths[m->cgroups++], sizeof m->paths[0], "%s", path);
}

static int walk_base(const measurement *m)
{
	static const int order[] = {PCF_CTL_MEMORY, PCF_CTL_CPUACCT, PCF_CTL_UNIFIED,
				    PCF_CTL_CPU,    PCF_CTL_PIDS,    PCF_CTL_IO};

	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		if (m->directories[order[i]] >= 0)
			return m->directories[order[i]];
	return -1;
}

/* In how many hierarchies it is. */
static int presence(const measurement *m, const char *path)
{
	int count = 0;

	for (int c = 0; c < PCF_CTL_COUNT; c++)
		count += m->directories[c] >= 0 && faccessat(m->directories[c], *path ? path : ".", F_OK, 0) == 0;
	return count;
}

/* A cgroup that is in one hierarchy only says little about containers, which are in all of them. */
static void keep_best(measurement *m)
{
	int most = 0, kept = 0;

	for (int i = 0; i < m->cgroups; i++)
		most = presence(m, m->paths[i]) > most ? presence(m, m->paths[i]) : most;
	for (int i = 0; i < m->cgroups && kept < CGROUPS; i++)
		if (presence(m, m->paths[i]) == most)
			memmove(m->paths[kept++], m->paths[i], sizeof m->paths[0]);
	m->cgroups = kept;
}

/* Files a cgroup has not got are left out for every reader alike. */
static void make_reads(measurement *m, uint64_t descriptors)
{
	for (int c = 0; c < m->cgroups; c++)
		for (int f = 0; f < m->file_count && m->read_count < descriptors; f++) {
			pcf_read read = {.fd = -1,
					 .directory = m->files[f].directory,
					 .path = m->paths[c],
					 .name = m->files[f].name,
					 .buffer = m->buffers + (size_t)m->read_count * 4096,
					 .size = 4096};
			char path[400];
			int fd;

			snprintf(path, sizeof path, "%s%s%s", m->paths[c], *m->paths[c] ? "/" : "", m->files[f].name);
			fd = openat(m->files[f].directory, path, O_RDONLY | O_CLOEXEC);
			if (fd < 0)
				continue;
			m->reads[0][m->read_count] = read;
			read.fd = fd;
			m->reads[1][m->read_count++] = read;
		}
}

static double one_round(measurement *m, pcf_reader *reader, int kept)
{
	uint64_t began = pcf_now_ns(CLOCK_MONOTONIC);
	unsigned batch = pcf_reader_batch(reader);

	for (unsigned at = 0; at < m->read_count; at += batch)
		pcf_reader_run(reader, m->reads[kept] + at, m->read_count - at < batch ? m->read_count - at : batch);
	return (double)(pcf_now_ns(CLOCK_MONOTONIC) - began) / m->cgroups;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* In turn, so that whatever else the machine does meets all of them. */
static int run_rounds(measurement *m, pcf_reader **readers)
{
	uint64_t began = pcf_now_ns(CLOCK_MONOTONIC);
	int round = 0;

	for (; round < ROUNDS && (round < FEWEST_ROUNDS || pcf_now_ns(CLOCK_MONOTONIC) - began < BOUND_NS); round++)
		for (int kind = PCF_READER_PREAD; kind <= READERS; kind++)
			if (readers[kind])
				m->ns[kind][round] = one_round(m, readers[kind], kind != PCF_READER_OPENAT);
	return round;
}

static void fill(measurement *m, pcf_reader **readers, pcf_plan *plan)
{
	int rounds = run_rounds(m, readers);

	for (int kind = PCF_READER_PREAD; kind <= READERS; kind++)
		if (readers[kind]) {
			qsort(m->ns[kind] + 1, (size_t)rounds - 1, sizeof m->ns[0][0], by_size);
			plan->reader_ns[kind] = m->ns[kind][1 + (rounds - 1) / 2];
		}
}

/* Kept descriptors with pread unless io_uring is clearly better: it has the shorter list of things that can go wrong. */
static void choose(pcf_plan *plan, int cgroups)
{
	const double *ns = plan->reader_ns;

	plan->reader = PCF_READER_PREAD;
	if (ns[PCF_READER_URING] > 0 && ns[PCF_READER_URING] < ns[PCF_READER_PREAD] * 0.9)
		plan->reader = PCF_READER_URING;
	snprintf(plan->reader_reason, sizeof plan->reader_reason,
		 "measured on %d cgroup%s with warm caches, us each: pread %.1f, openat %.1f, io_uring %s%.1f", cgroups,
		 cgroups == 1 ? "" : "s", ns[PCF_READER_PREAD] / 1000, ns[PCF_READER_OPENAT] / 1000,
		 ns[PCF_READER_URING] > 0 ? "" : "not there ", ns[PCF_READER_URING] / 1000);
}

static void measure(measurement *m, const pcf_options *options, pcf_plan *plan)
{
	pcf_reader *readers[READERS + 1] = {NULL};

	for (int kind = PCF_READER_PREAD; kind <= READERS; kind++)
		if (pcf_reader_open(&readers[kind], kind) < 0)
			readers[kind] = NULL;
	fill(m, readers, plan);
	for (int kind = PCF_READER_PREAD; kind <= READERS; kind++)
		pcf_reader_close(readers[kind]);
	if (options->reader == PCF_READER_AUTO && plan->reader != PCF_READER_OPENAT)
		choose(plan, m->cgroups);
}

int pcf_plan_measure(const pcf_host *host, const pcf_options *options, pcf_plan *plan, pcf_error *err)
{
	measurement *m = calloc(1, sizeof *m);
	/* Up to a quarter of what may be kept; the limit of a process that has few is for others. */
	uint64_t descriptors = plan->descriptors ? plan->descriptors / 4 : 32;

	if (!m || !(m->buffers = malloc((size_t)CGROUPS * FILES * 4096))) {
		free(m);
		return pcf_error_say(err, -ENOMEM, "no memory to measure the readers");
	}
	m->host = host;
	open_directories(m);
	list_files(m, plan);
	find_cgroups(m, walk_base(m), "");
	keep_best(m);
	make_reads(m, descriptors < CGROUPS * FILES ? descriptors : CGROUPS * FILES);
	if (m->read_count)
		measure(m, options, plan);
	for (unsigned i = 0; i < m->read_count; i++)
		close(m->reads[1][i].fd);
	for (int c = 0; c < PCF_CTL_COUNT; c++)
		if (m->directories[c] >= 0)
			close(m->directories[c]);
	free(m->buffers);
	free(m);
	return 0;
}
