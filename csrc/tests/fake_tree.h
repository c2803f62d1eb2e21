/* Made-up machines: a directory with proc and sys in it, for pcf_options.sysroot. Gone at exit. */
#ifndef PCF_TESTS_FAKE_TREE_H
#define PCF_TESTS_FAKE_TREE_H
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char fake_root[64];

static int fake_unlink(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void fake_remove(void)
{
	nftw(fake_root, fake_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void fake_begin(void)
{
	int is_first = !fake_root[0];

	if (!is_first)
		fake_remove();
	snprintf(fake_root, sizeof fake_root, "/dev/shm/pcf-fake-XXXXXX");
	if (!mkdtemp(fake_root))
		exit(1);
	if (is_first)
		atexit(fake_remove);
}

/* Writes a file below the made-up root and the directories it needs. */
static inline void fake_file(const char *path, const char *text)
{
	char full[512];
	FILE *file;

	snprintf(full, sizeof full, "%s%s", fake_root, path);
	for (char *slash = strchr(full + strlen(fake_root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	file = fopen(full, "w");
	if (!file)
		exit(1);
	fputs(text, file);
	fclose(file);
}

static inline void fake_proc(void)
{
	fake_file("/proc/stat", "cpu  10 1 5 100 2 0 1 0 0 0\ncpu0 10 1 5 100 2 0 1 0 0 0\nctxt 5\nprocesses "
				"9\nprocs_running 1\nprocs_blocked 0\n");
	fake_file("/proc/meminfo",
		  "MemTotal:        1024 kB\nMemFree:          512 kB\nMemAvailable:     600 kB\nBuffers: 4 "
		  "kB\nCached: 8 kB\nSwapCached: 0 kB\nAnonPages: 100 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
	fake_file("/proc/vmstat", "pgfault 7\npgmajfault 1\noom_kill 0\n");
	fake_file("/proc/loadavg", "0.10 0.20 0.30 1/77 999\n");
	fake_file("/proc/diskstats", "   8       0 sda 1 0 8 0 2 0 16 0 0 0 0\n");
}

static inline void fake_v2_cgroup(const char *name)
{
	static const struct {
		const char *file, *text;
	} files[] = {
		{"cpu.stat",
		 "usage_usec 5\nuser_usec 3\nsystem_usec 2\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n"},
		{"memory.stat", "anon 4096\nfile 8192\nkernel 4096\nkernel_stack 1024\npgfault 12\n"},
		{"memory.current", "16384\n"},
		{"memory.peak", "20480\n"},
		{"memory.max", "max\n"},
		{"memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 3\n"},
		{"io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n"},
		{"pids.current", "5\n"},
		{"pids.max", "100\n"},
		{"cpu.pressure",
		 "some avg10=1.50 avg60=0.00 avg300=0.00 total=7\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
	};

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		char path[256];

		snprintf(path, sizeof path, "/sys/fs/cgroup/%s/%s", name, files[i].file);
		fake_file(path, files[i].text);
	}
}

/* A pure v2 machine with the cgroups "a" and "b". */
static inline void fake_v2(void)
{
	fake_begin();
	fake_proc();
	fake_file("/proc/1/mountinfo",
		  "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
	fake_file("/sys/fs/cgroup/cgroup.controllers", "cpu io memory pids\n");
	fake_v2_cgroup("a");
	fake_v2_cgroup("b");
}
#endif
