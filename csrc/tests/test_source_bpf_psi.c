/* Pressure from kernel memory beside what cpu.pressure, memory.pressure, io.pressure and irq.pressure say, on this
 * kernel, with real pressure; and the arithmetic alone, on numbers made up. */
#include "cgroups.h"
#include "check.h"
#include "schema/clock.h"
#include "schema/enums.h"

#if !PCF_HAVE_BPF
int main(void)
{
	CHECK(*PCF_BPF_MISSING);
	return check_result();
}
#else
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "source/bpf/psi_probe.h"

#define CGROUPS   110
#define BUSY      6  /* of these: three loops each */
#define SPORADIC  12 /* of these: work and sleep in turn */
#define ENDED     60 /* of these: had work once; the others never */
#define COLUMNS   28
#define TRIES     6
#define MS        1000000ULL
#define SETTLE_US 2500000

static const char *const files[] = {"cpu.pressure", "memory.pressure", "io.pressure", "irq.pressure"};
static pcf_host host;
static pcf_error err;
static pcf_psi_facts facts;
static pcf_psi_clock psi_clock;
static pcf_psi_probe *probe;
static struct {
	int fd, text_fd[4];
	pcf_psi_state state;
} groups[CGROUPS];
static pid_t children[BUSY * 3 + SPORADIC + 4];
static int child_count;

static void read_line(const char *line, uint64_t *values)
{
	unsigned long long a[6], total;

	if (sscanf(line, "%*s avg10=%llu.%llu avg60=%llu.%llu avg300=%llu.%llu total=%llu", &a[0], &a[1], &a[2], &a[3],
		   &a[4], &a[5], &total) != 7)
		return;
	for (int w = 0; w < 3; w++)
		values[w] = a[2 * w] * 100 + a[2 * w + 1];
	values[3] = total;
}

/* All that the text says, in the order of the columns. */
static void read_text(int g, uint64_t *values)
{
	char text[512];

	for (int c = 0; c < COLUMNS; c++)
		values[c] = PCF_ABSENT;
	for (int f = 0; f < 4; f++) {
		ssize_t len = groups[g].text_fd[f] < 0 ? -1 : pread(groups[g].text_fd[f], text, sizeof text - 1, 0);
		const char *second;

		if (len <= 0)
			continue;
		text[len] = '\0';
		read_line(text, values + 8 * f);
		second = strchr(text, '\n');
		if (second && second[1])
			read_line(second + 1, values + 8 * f + 4);
	}
}

static int is_total(int column)
{
	return column % 4 == 3;
}

static void child_begin(const char *name)
{
	if (cgroup_enter(name, PCF_CTL_UNIFIED) < 0)
		_exit(3);
}

static void spawn(const char *name, unsigned work_us, unsigned sleep_us, unsigned rounds)
{
	pid_t pid = fork();

	if (pid == 0) {
		child_begin(name);
		for (unsigned i = 0; !rounds || i < rounds; i++) {
			uint64_t end = pcf_now_ns(CLOCK_MONOTONIC) + work_us * 1000ULL;

			while (pcf_now_ns(CLOCK_MONOTONIC) < end)
				;
			if (sleep_us)
				usleep(sleep_us);
		}
		_exit(0);
	}
	CHECK_OR_DIE(pid > 0);
	if (rounds)
		waitpid(pid, NULL, 0);
	else
		children[child_count++] = pid;
}

/* Writes past the page cache wait for the disk; where the file lies on tmpfs there is none, and no pressure. */
static void spawn_writer(const char *name)
{
	pid_t pid = fork();

	if (pid == 0) {
		char path[] = "/var/tmp/pcf-test-psi-XXXXXX";
		int fd;
		static char page[65536];

		child_begin(name);
		fd = mkstemp(path);
		unlink(path);
		for (;;) {
			if (fd < 0 || pwrite(fd, page, sizeof page, 0) < 0)
				_exit(3);
			fdatasync(fd);
			usleep(1000);
		}
	}
	CHECK_OR_DIE(pid > 0);
	children[child_count++] = pid;
}

static void end_children(void)
{
	for (int i = 0; i < child_count; i++)
		kill(children[i], SIGKILL);
	while (wait(NULL) > 0)
		;
}

static void make_groups(void)
{
	char name[32], path[512];

	for (int g = 0; g < CGROUPS; g++) {
		snprintf(name, sizeof name, "p%d", g);
		cgroup_path(path, sizeof path, PCF_CTL_UNIFIED, name);
		CHECK_OR_DIE(mkdir(path, 0755) == 0);
		groups[g].fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		CHECK_OR_DIE(groups[g].fd >= 0);
		for (int f = 0; f < 4; f++)
			groups[g].text_fd[f] = openat(groups[g].fd, files[f], O_RDONLY | O_CLOEXEC);
	}
	for (int g = 0; g < ENDED; g++) {
		snprintf(name, sizeof name, "p%d", g);
		if (g < BUSY)
			for (int i = 0; i < 3; i++)
				spawn(name, 1000000, 0, 0);
		else if (g < BUSY + SPORADIC)
			spawn(name, 1000 * (unsigned)g, 2000 * (unsigned)(g - BUSY + 1), 0);
		else
			spawn(name, 30000, 0, 1);
	}
	spawn_writer("p0");
	spawn_writer("p20");
}

/* By eBPF, now; 0 when the kernel was adding up. */
static int read_bpf(int g, struct pcf_psi_raw *raw, uint64_t *values)
{
	CHECK_OR_DIE(pcf_psi_probe_read(probe, &psi_clock, groups[g].fd, raw) == 0);
	return pcf_psi_values(&facts, &psi_clock, raw, 0, &groups[g].state, values);
}

static int is_between(int column, uint64_t before, uint64_t value, uint64_t after)
{
	if (is_total(column))
		return value >= before && value <= after;
	return value == before || value == after;
}

/* Text, eBPF, text: a total lies between, an average is one of the two. */
static void test_bracket(void)
{
	uint64_t moved = 0, averages = 0, outside = 0, checked = 0;

	for (int g = 0; g < CGROUPS; g++) {
		uint32_t wrong = ~0u;
		uint64_t before[COLUMNS], values[COLUMNS], after[COLUMNS];
		struct pcf_psi_raw raw;

		for (int try = 0; try < TRIES && wrong; try++) {
			uint32_t now_wrong = 0;

			read_text(g, before);
			memset(&groups[g].state, 0, sizeof groups[g].state);
			CHECK_OR_DIE(read_bpf(g, &raw, values) > 0 || raw.flags & PCF_PSI_BUSY);
			read_text(g, after);
			for (int c = 0; c < COLUMNS; c++) {
				if (before[c] == PCF_ABSENT) /* irq.pressure may be told by kernel memory alone */
					continue;
				checked++;
				moved += is_total(c) && before[c] != 0;
				averages += !is_total(c) && before[c] != 0;
				if (!is_between(c, before[c], values[c], after[c]))
					now_wrong |= 1u << c;
			}
			wrong &= now_wrong;
		}
		outside += wrong != 0;
		for (int c = 0; wrong && c < COLUMNS; c++)
			if (wrong >> c & 1)
				fprintf(stderr, "group %d column %d: %llu, %llu, %llu\n", g, c,
					(unsigned long long)before[c], (unsigned long long)values[c],
					(unsigned long long)after[c]);
	}
	fprintf(stderr, "bracket: %llu compared, %llu totals and %llu averages not zero\n", (unsigned long long)checked,
		(unsigned long long)moved, (unsigned long long)averages);
	CHECK(checked > CGROUPS * 12);
	CHECK(moved > BUSY && averages > BUSY);
	CHECK_EQ(outside, 0);
}

/* Nobody reads text for a while: what the kernel has not added up yet is ours to add up. The text right after, which
 * makes the kernel do it, may be later by the time in between, and by what a jiffy of each CPU weighs. */
static void test_uncollected(void)
{
	uint64_t worst = 0, with = 0, apart = 0;

	for (int g = 0; g < BUSY + SPORADIC; g++) {
		struct pcf_psi_raw raw;
		uint64_t values[COLUMNS], after[COLUMNS], begin, slack;
		int far = 1;

		for (int try = 0; try < TRIES && far; try++) {
			usleep(try ? 300000 : 50000);
			far = 0;
			memset(&groups[g].state, 0, sizeof groups[g].state);
			begin = pcf_now_ns(CLOCK_MONOTONIC);
			if (!read_bpf(g, &raw, values))
				continue;
			read_text(g, after);
			slack = (pcf_now_ns(CLOCK_MONOTONIC) - begin) / 1000 +
				2000000ULL * facts.kernel.cpus / facts.kernel.hz;
			for (int c = 0; c < COLUMNS; c++) {
				uint64_t distance = values[c] > after[c] ? values[c] - after[c] : after[c] - values[c];

				if (after[c] == PCF_ABSENT || !is_total(c))
					continue;
				with += raw.weighted[facts.state[c / 4]] != 0;
				if (distance > worst)
					worst = distance;
				far |= distance > slack;
			}
		}
		apart += (uint64_t)far;
	}
	fprintf(stderr, "uncollected: %llu totals had something, at most %llu us apart\n", (unsigned long long)with,
		(unsigned long long)worst);
	CHECK(with > BUSY);
	CHECK_EQ(apart, 0);
}

/* Reading eBPF alone leaves the kernel's numbers as they are; counters go forwards however CPUs' weights change. */
static void test_forwards(void)
{
	uint64_t last[BUSY + SPORADIC][COLUMNS] = {{0}}, backwards = 0, clamped = 0;

	for (int i = 0; i < 100; i++) {
		for (int g = 0; g < BUSY + SPORADIC; g++) {
			struct pcf_psi_raw raw;
			uint64_t values[COLUMNS];

			if (!read_bpf(g, &raw, values))
				continue;
			for (int k = 0; k < PCF_PSI_SERIES; k++) {
				int s = facts.state[k];
				uint64_t *was = &last[g][4 * k + 3];

				if (s < 0)
					continue;
				backwards += values[4 * k + 3] < *was;
				clamped += (raw.total[s] + raw.weighted[s] / (raw.nonidle ? raw.nonidle : 1)) / 1000 <
					   values[4 * k + 3];
				*was = values[4 * k + 3];
			}
		}
		usleep(10000);
	}
	fprintf(stderr, "forwards: the kernel's own sum was behind %llu times\n", (unsigned long long)clamped);
	CHECK_EQ(backwards, 0);
}

/* With the load gone: averages that only a reader would age. */
static void test_decay(void)
{
	uint64_t decayed = 0, wrong = 0;

	usleep(SETTLE_US * 2);
	for (int g = 0; g < CGROUPS; g++) {
		struct pcf_psi_raw raw;
		uint64_t values[COLUMNS], after[COLUMNS];

		memset(&groups[g].state, 0, sizeof groups[g].state);
		if (!read_bpf(g, &raw, values))
			continue;
		read_text(g, after);
		for (int c = 0; c < COLUMNS; c++) {
			if (after[c] == PCF_ABSENT)
				continue;
			decayed += !is_total(c) && raw.now - raw.avg_last_update > 3000 * MS && after[c] != 0;
			wrong += values[c] != after[c];
			if (values[c] != after[c])
				fprintf(stderr, "idle group %d column %d: %llu, text %llu\n", g, c,
					(unsigned long long)values[c], (unsigned long long)after[c]);
		}
	}
	fprintf(stderr, "decay: %llu averages had aged unseen\n", (unsigned long long)decayed);
	CHECK(decayed > 0);
	CHECK_EQ(wrong, 0);
}

static void test_missing_members(void)
{
	pcf_btf *btf;
	pcf_psi_facts found;

	CHECK_OR_DIE(pcf_btf_open(&btf, &err) == 0);
	CHECK_EQ(pcf_psi_find(btf, 300, &found, &err), 0);
	CHECK_EQ(found.kernel.cpus, 300);
	CHECK(found.kernel.states >= 6 && found.state[0] == 4 && found.state[4] == 0);
	CHECK(found.period_ns > 2000 * MS && found.period_ns <= 2010 * MS);
	pcf_btf_close(btf);
}

static void open_probe(void)
{
	pcf_btf *btf;
	int code;

	CHECK_OR_DIE(pcf_btf_open(&btf, &err) == 0);
	code = pcf_psi_find(btf, (unsigned)host.cores_possible, &facts, &err);
	pcf_btf_close(btf);
	if (code == 0)
		code = pcf_psi_clock_read(&psi_clock, &err);
	if (code == 0)
		code = pcf_psi_probe_open(&probe, &facts, host.controllers[PCF_CTL_UNIFIED].mount, &err);
	if (code < 0)
		fprintf(stderr, "%s\n", err.text);
	CHECK_OR_DIE(code == 0);
}

int main(void)
{
	if (pcf_host_probe(&host, "", &err) < 0 || !host.controllers[PCF_CTL_UNIFIED].version ||
	    host.psi.answer != PCF_YES) {
		fprintf(stderr, "no cgroup2 mount with pressure here: the v2 guests have one\n");
		return 0;
	}
	CHECK_OR_DIE(cgroups_begin(&host) == 0);
	test_missing_members();
	open_probe();
	make_groups();
	usleep(SETTLE_US);
	CHECK_EQ(pcf_psi_probe_learn(probe, &psi_clock, NULL, &err), 0);
	fprintf(stderr, "clocks: cpu +-%llu ns, sched +-%llu ns, apart by %lld ns\n",
		(unsigned long long)psi_clock.cpu_error_ns, (unsigned long long)psi_clock.sched_error_ns,
		(long long)psi_clock.cpu_minus_sched);
	test_bracket();
	test_uncollected();
	test_forwards();
	end_children();
	test_decay();
	pcf_psi_probe_close(probe);
	return check_result();
}
#endif
