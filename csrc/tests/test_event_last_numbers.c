/* A cgroup's last numbers, read from its files, against those files. */
#include <time.h>

#include "event/last_numbers.h"
#include "event_rig.h"

/* 300 ms of CPU, 4 MiB of memory, some of it written to a disk if /var/tmp is on one. */
static void work(void)
{
	static volatile char memory[4 << 20];
	struct timespec used;

	for (size_t i = 0; i < sizeof memory; i += 4096)
		memory[i] = 1;
	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	while (used.tv_sec == 0 && used.tv_nsec < 300000000);
}

static uint64_t read_number(int controller, const char *name, const char *file, const char *key)
{
	char path[600], line[256];
	uint64_t number = PCF_ABSENT;
	size_t len = strlen(key);

	cgroup_path(path, sizeof path, controller, name);
	snprintf(path + strlen(path), sizeof path - strlen(path), "/%s", file);
	FILE *in = fopen(path, "r");
	while (in && fgets(line, sizeof line, in))
		if (strncmp(line, key, len) == 0 && strncmp(line, "max", 3) != 0)
			number = strtoull(line + len, NULL, 10);
	if (in)
		fclose(in);
	return number;
}

static void test_numbers(const pcf_last_files *files, const char *path)
{
	int is_v2 = rig_host.controllers[PCF_CTL_MEMORY].version == 2;
	struct pcf_bpf_numbers numbers;
	uint64_t cpu_ns, peak;

	CHECK(pcf_last_numbers_read(files, path, &numbers) > 3);
	peak = read_number(PCF_CTL_MEMORY, "box", is_v2 ? "memory.peak" : "memory.max_usage_in_bytes", "");
	CHECK_EQ(numbers.peak_bytes, peak);
	CHECK(peak == PCF_ABSENT || (peak > (4 << 20) && peak <= (64 << 20)));
	CHECK_EQ(numbers.limit_bytes, 64 << 20);
	CHECK_EQ(numbers.oom_kills, 0);
	CHECK(numbers.memory_bytes < peak);
	if (rig_host.controllers[PCF_CTL_CPUACCT].version == 1)
		cpu_ns = read_number(PCF_CTL_CPUACCT, "box", "cpuacct.usage", "");
	else
		cpu_ns = read_number(PCF_CTL_UNIFIED, "box", "cpu.stat", "usage_usec ") * 1000;
	CHECK_EQ(numbers.cpu_ns, cpu_ns);
	CHECK(cpu_ns >= 250000000 && cpu_ns < 60000000000);
	CHECK(numbers.user_ns <= cpu_ns + 20000000 && numbers.system_ns <= cpu_ns + 20000000);
	CHECK(numbers.read_bytes == PCF_BPF_ABSENT || numbers.read_bytes < (1ULL << 40));
}

static void work_everywhere(void)
{
	for (int c = 0; c < PCF_CTL_NAMED; c++)
		if (rig_host.controllers[c].version && c != PCF_CTL_CPUSET)
			cgroup_enter("box", c); /* where it is not there, it is not counted */
	work();
}

int main(void)
{
	struct pcf_bpf_numbers numbers;
	pcf_last_files *files;
	char path[128];

	rig_begin();
	CHECK_OR_DIE(pcf_last_files_new(&files, &rig_host) == 0);
	rig_make("box", "67108864");
	pid_t pid = rig_spawn("box", work_everywhere);
	CHECK(waitpid(pid, &(int){0}, 0) == pid);
	test_numbers(files, cgroup_name(path, sizeof path, "box"));
	CHECK(cgroup_each("box", 0) > 0);
	CHECK_EQ(pcf_last_numbers_read(files, path, &numbers), 0);
	CHECK_EQ(numbers.cpu_ns, PCF_BPF_ABSENT);
	CHECK_EQ(numbers.write_ops, PCF_BPF_ABSENT);
	pcf_last_files_free(files);
	return check_result();
}
