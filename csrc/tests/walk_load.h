/* Cgroups in which something happens, for tests of the walk: processes that go from one to the next, fault pages, fork,
 * spin and leave tmpfs behind; some that run into a CPU quota; some that run into a memory limit. */
#ifndef PCF_TESTS_WALK_LOAD_H
#define PCF_TESTS_WALK_LOAD_H
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "cgroups.h"
#include "schema/clock.h"

#define LOAD_ROAMERS 3
#define LOAD_QUOTAS  4
#define LOAD_LIMITS  3
#define LOAD_GUEST   150 /* cgroups in a guest */

static pid_t load_processes[LOAD_ROAMERS + LOAD_QUOTAS + LOAD_LIMITS];
static char load_file[64];

static inline int load_is_v2(void)
{
	return cgroups_host->layout == PCF_LAYOUT_V2;
}

static inline int load_write(const char *name, int controller, const char *file, const char *text)
{
	char path[600];
	int fd;
	ssize_t n;

	cgroup_path(path, sizeof path, controller, name);
	strncat(path, "/", sizeof path - strlen(path) - 1);
	strncat(path, file, sizeof path - strlen(path) - 1);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return (int)n;
}

/* On cgroup2 children have the files of those controllers alone that are handed down. */
static inline void load_hand_down(void)
{
	static const char *const each[] = {"+cpu", "+memory", "+pids", "+io"};
	char path[512];

	if (!load_is_v2())
		return;
	for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
		snprintf(path, sizeof path, "%s/cgroup.subtree_control",
			 cgroups_host->controllers[PCF_CTL_UNIFIED].mount);
		int fd = open(path, O_WRONLY | O_CLOEXEC);

		if (fd >= 0) {
			(void)!write(fd, each[i], strlen(each[i]));
			close(fd);
		}
		(void)load_write("", PCF_CTL_UNIFIED, "cgroup.subtree_control", each[i]);
	}
}

/* "g7"; each tenth is nested, "g10/n" below "g10". */
static inline const char *load_name(char *out, size_t size, int i)
{
	snprintf(out, size, i % 10 == 9 ? "g%d/n" : "g%d", i % 10 == 9 ? i - 1 : i);
	return out;
}

/* At most most; fewer under emulation, where each takes some twenty times as long. */
static inline int load_make(int most)
{
	char name[32];
	int made = 0;

	if (getenv("PCF_GUEST") && most > LOAD_GUEST)
		most = LOAD_GUEST;
	load_hand_down();
	while (made < most && cgroup_each(load_name(name, sizeof name, made), 1) > 0)
		made++;
	return made;
}

static inline int load_enter(const char *name)
{
	int entered = 0;

	for (int c = 0; c < PCF_CTL_NAMED; c++)
		if (cgroups_host->controllers[c].version == 1 ||
		    (cgroups_host->controllers[c].version == 2 && c == PCF_CTL_UNIFIED))
			entered += cgroup_enter(name, c) == 0;
	return entered;
}

static inline void load_spin(uint64_t ns)
{
	uint64_t until = pcf_now_ns(CLOCK_MONOTONIC) + ns;

	while (pcf_now_ns(CLOCK_MONOTONIC) < until)
		;
}

static inline void load_fault(size_t bytes)
{
	char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return;
	for (size_t i = 0; i < bytes; i += 4096)
		at[i] = 1;
	munmap(at, bytes);
}

static inline void load_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* A bit of everything in one cgroup; its tmpfs pages stay charged to it until the file goes. */
static inline void load_once(int number, int fd)
{
	static const char page[4096] = "x";

	load_fault(4096 * (size_t)(8 + number % 40));
	(void)!pwrite(fd, page, sizeof page, (off_t)number * 4096 * 4 + rand() % 4 * 4096);
	if (number % 5 == 0)
		load_fork();
	load_spin(100000);
}

static inline void load_roam(int count, int first)
{
	int fd = open(load_file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char name[32];

	(void)!nice(10);
	for (int i = first;; i = i + LOAD_ROAMERS < count ? i + LOAD_ROAMERS : first) {
		if (!load_enter(load_name(name, sizeof name, i)))
			continue;
		load_once(i, fd);
		usleep(300);
	}
}

static inline void load_run_into_quota(int number)
{
	char name[32];

	snprintf(name, sizeof name, "g%d", number);
	if (load_is_v2()) {
		(void)load_write(name, PCF_CTL_UNIFIED, "cpu.max", "2000 20000");
	} else {
		(void)load_write(name, PCF_CTL_CPU, "cpu.cfs_period_us", "20000");
		(void)load_write(name, PCF_CTL_CPU, "cpu.cfs_quota_us", "2000");
	}
	load_enter(name);
	for (;;)
		load_spin(1000000);
}

/* Page cache beyond the limit is reclaimed, again and again. */
static inline void load_run_into_limit(int number)
{
	static char block[65536];
	char name[32], path[64];
	int fd;

	snprintf(name, sizeof name, "g%d", number);
	(void)load_write(name, PCF_CTL_MEMORY, load_is_v2() ? "memory.max" : "memory.limit_in_bytes", "6291456");
	load_enter(name);
	snprintf(path, sizeof path, "/tmp/pcf-test-%ld.data", (long)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	unlink(path);
	for (off_t at = 0;; at = (at + (off_t)sizeof block) % (12 << 20)) {
		(void)!pwrite(fd, block, sizeof block, at);
		(void)!pread(fd, block, sizeof block, (at + (6 << 20)) % (12 << 20));
		load_fault(256 << 10);
		usleep(1000);
	}
}

static inline pid_t load_start_one(void (*run)(int), int number)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(number);
		_exit(0);
	}
	return pid;
}

static int load_count;

static inline void load_roam_from(int first)
{
	load_roam(load_count, first);
}

static inline void load_start(int count)
{
	int n = 0;

	snprintf(load_file, sizeof load_file, "/dev/shm/pcf-test-%ld.load", (long)getpid());
	load_count = count;
	for (int i = 0; i < LOAD_ROAMERS; i++)
		load_processes[n++] = load_start_one(load_roam_from, i);
	for (int i = 0; i < LOAD_QUOTAS; i++)
		load_processes[n++] = load_start_one(load_run_into_quota, 2 + i * 2 % 8);
	for (int i = 0; i < LOAD_LIMITS; i++)
		load_processes[n++] = load_start_one(load_run_into_limit, 1 + i * 2 % 8);
}

static inline void load_signal(int signal)
{
	for (size_t i = 0; i < sizeof load_processes / sizeof load_processes[0]; i++)
		if (load_processes[i] > 0)
			kill(load_processes[i], signal);
}

static inline void load_end(void)
{
	load_signal(SIGKILL);
	for (size_t i = 0; i < sizeof load_processes / sizeof load_processes[0]; i++)
		if (load_processes[i] > 0)
			waitpid(load_processes[i], NULL, 0);
	memset(load_processes, 0, sizeof load_processes);
	unlink(load_file);
}
#endif
