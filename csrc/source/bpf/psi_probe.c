/* Pressure of single cgroups by cgroup_iter, and what psi's clocks differ by. */
#include "source/bpf/psi_probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "psi.skel.h"
#include "schema/clock.h"
#include "schema/error.h"

#define KERNFS_HANDLE 0xfe  /* include/linux/exportfs.h: FILEID_KERNFS, a 64-bit id */
#define POLL_USEC     500   /* less than a jiffy, by which the kernel's own worker comes late */
#define COARSE_USEC   20000 /* while nothing can be due */
#define LONGEST_NS    6000000000ULL
#define WIDEST_NS     500000 /* of a look at sched_clock() */

struct pcf_psi_probe {
	struct pcf_psi *programs;
	int mount_fd;
};

static struct bpf_link *attach(struct bpf_program *program, int cgroup_fd, int order)
{
	union bpf_iter_link_info info = {.cgroup = {.cgroup_fd = (uint32_t)cgroup_fd, .order = (uint32_t)order}};
	struct bpf_iter_attach_opts options;

	memset(&options, 0, sizeof options); /* libbpf refuses padding that is not zero, which its macro may leave */
	options.sz = sizeof options;
	options.link_info = &info;
	options.link_info_len = sizeof info;
	return bpf_program__attach_iter(program, &options);
}

static int run(const struct bpf_link *link)
{
	int fd = bpf_iter_create(bpf_link__fd(link)), code = 0;
	char nothing[64];

	if (fd < 0 || read(fd, nothing, sizeof nothing) < 0)
		code = -errno;
	if (fd >= 0)
		close(fd);
	return code;
}

static int visit(struct bpf_program *program, int cgroup_fd, int order)
{
	struct bpf_link *link = attach(program, cgroup_fd, order);
	int code = link ? run(link) : -errno;

	bpf_link__destroy(link);
	return code;
}

static int load(pcf_psi_probe *probe, const pcf_psi_facts *facts, const char *mount, pcf_error *err)
{
	int code;

	probe->mount_fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (probe->mount_fd < 0)
		return pcf_error_say(err, -errno, "%s: %s", mount, strerror(errno));
	pcf_bpf_log_begin();
	probe->programs = pcf_psi__open_opts(pcf_bpf_open_options());
	if (!probe->programs)
		return pcf_error_say(err, -errno, "eBPF program psi: %s", strerror(errno));
	probe->programs->rodata->pcf_psi = facts->kernel;
	bpf_map__set_max_entries(probe->programs->maps.pcf_cpu_offsets, facts->kernel.cpus);
	code = pcf_psi__load(probe->programs);
	if (code < 0)
		return pcf_error_say(err, code, "eBPF program psi is refused: %s: %s", strerror(-code),
				     pcf_bpf_log_reason());
	code = visit(probe->programs->progs.pcf_psi_cpus, probe->mount_fd, BPF_CGROUP_ITER_SELF_ONLY);
	if (code < 0 || probe->programs->bss->cpus_known < facts->kernel.cpus)
		return pcf_error_say(err, code < 0 ? code : -ENOTSUP,
				     "eBPF program psi: per-CPU data of %ld of %u CPUs",
				     probe->programs->bss->cpus_known, facts->kernel.cpus);
	return 0;
}

int pcf_psi_probe_open(pcf_psi_probe **out, const pcf_psi_facts *facts, const char *mount, pcf_error *err)
{
	pcf_psi_probe *probe = calloc(1, sizeof *probe);
	int code;

	*out = NULL;
	if (!probe)
		return pcf_error_say(err, -ENOMEM, "no memory for eBPF program psi");
	code = load(probe, facts, mount, err);
	if (code < 0)
		pcf_psi_probe_close(probe);
	else
		*out = probe;
	return code;
}

void pcf_psi_probe_close(pcf_psi_probe *probe)
{
	if (!probe)
		return;
	pcf_psi__destroy(probe->programs);
	if (probe->mount_fd >= 0)
		close(probe->mount_fd);
	free(probe);
}

int pcf_psi_probe_read(pcf_psi_probe *probe, const pcf_psi_clock *clock, int cgroup_fd, struct pcf_psi_raw *out)
{
	int code;

	probe->programs->bss->pcf_psi_clock = pcf_psi_clock_offset(clock);
	code = visit(probe->programs->progs.pcf_psi_one, cgroup_fd, BPF_CGROUP_ITER_SELF_ONLY);
	*out = probe->programs->bss->raw;
	return code;
}

static int open_by_id(const pcf_psi_probe *probe, uint64_t id)
{
	union {
		struct file_handle handle;
		char bytes[sizeof(struct file_handle) + sizeof id];
	} at = {.handle = {.handle_bytes = sizeof id, .handle_type = KERNFS_HANDLE}};

	memcpy(at.handle.f_handle, &id, sizeof id);
	return open_by_handle_at(probe->mount_fd, &at.handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* One cgroup that is looked at again and again. */
typedef struct {
	pcf_psi_probe *probe;
	pcf_psi_clock *clock;
	struct bpf_link *link;
	int text_fd;
	uint64_t
		due_ns; /* CLOCK_MONOTONIC_RAW when its averages are due next, give or take a coarse step; 0: unknown */
} lookout;

static int read_raw(lookout *out, struct pcf_psi_raw *raw)
{
	int code;

	out->probe->programs->bss->pcf_psi_clock = pcf_psi_clock_offset(out->clock);
	code = run(out->link);
	*raw = out->probe->programs->bss->raw;
	return code;
}

/* 0 when the text's reading made the kernel note the time, -EAGAIN when nothing was due. */
static int look(lookout *out)
{
	struct pcf_psi_raw before, after;
	uint64_t begin, width;
	char text[256];

	if (read_raw(out, &before) < 0)
		return -EIO;
	begin = pcf_now_ns(CLOCK_MONOTONIC_RAW);
	if (pread(out->text_fd, text, sizeof text, 0) <= 0)
		return -EIO;
	width = pcf_now_ns(CLOCK_MONOTONIC_RAW) - begin;
	if (read_raw(out, &after) < 0)
		return -EIO;
	if (after.avg_last_update == before.avg_last_update || width > WIDEST_NS)
		return -EAGAIN;
	out->clock->cpu_minus_sched =
		(int64_t)(begin + width / 2) + out->clock->cpu_minus_raw - (int64_t)after.avg_last_update;
	out->clock->sched_error_ns = width / 2;
	out->clock->has_sched = 1;
	return 0;
}

/* Where a worker of the kernel is always there first: its last time tells, within a coarse step, when it comes next. */
static void foresee(lookout *out, uint64_t *last)
{
	struct pcf_psi_raw raw;

	if (read_raw(out, &raw) < 0)
		return;
	if (*last && raw.avg_last_update != *last)
		out->due_ns = pcf_now_ns(CLOCK_MONOTONIC_RAW) + (raw.avg_next_update - raw.avg_last_update);
	*last = raw.avg_last_update;
}

static int is_near(const lookout *out)
{
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC_RAW);

	return out->due_ns && now + 2 * COARSE_USEC * 1000ULL > out->due_ns;
}

static int look_until_due(lookout *out, const _Atomic int *stop)
{
	uint64_t end = pcf_now_ns(CLOCK_MONOTONIC_RAW) + LONGEST_NS, last = 0;
	int code = -EAGAIN;

	while (code == -EAGAIN && !(stop && *stop) && pcf_now_ns(CLOCK_MONOTONIC_RAW) < end) {
		code = look(out);
		if (code == -EAGAIN && !is_near(out))
			foresee(out, &last);
		if (code == -EAGAIN)
			usleep(is_near(out) ? POLL_USEC : COARSE_USEC);
	}
	return code;
}

static int look_at(pcf_psi_probe *probe, pcf_psi_clock *clock, int cgroup_fd, const _Atomic int *stop)
{
	lookout out = {.probe = probe,
		       .clock = clock,
		       .link = attach(probe->programs->progs.pcf_psi_one, cgroup_fd, BPF_CGROUP_ITER_SELF_ONLY),
		       .text_fd = openat(cgroup_fd, "cpu.pressure", O_RDONLY | O_CLOEXEC)};
	int code = out.link && out.text_fd >= 0 ? look_until_due(&out, stop) : -errno;

	bpf_link__destroy(out.link);
	if (out.text_fd >= 0)
		close(out.text_fd);
	return code;
}

int pcf_psi_probe_learn(pcf_psi_probe *probe, pcf_psi_clock *clock, const _Atomic int *stop, pcf_error *err)
{
	int cgroup_fd, code;

	probe->programs->bss->oldest_id = 0;
	code = visit(probe->programs->progs.pcf_psi_oldest, probe->mount_fd, BPF_CGROUP_ITER_DESCENDANTS_PRE);
	if (code < 0 || !probe->programs->bss->oldest_id)
		return pcf_error_say(err, code < 0 ? code : -ENOENT, "no cgroup with pressure to learn its clock from");
	cgroup_fd = open_by_id(probe, probe->programs->bss->oldest_id);
	if (cgroup_fd < 0)
		return pcf_error_say(err, -EAGAIN, "the cgroup to learn psi's clock from cannot be opened: %s",
				     strerror(errno));
	code = look_at(probe, clock, cgroup_fd, stop);
	close(cgroup_fd);
	if (code < 0)
		return pcf_error_say(err, -EAGAIN, "psi's clock cannot be learned now: %s", strerror(-code));
	return 0;
}
