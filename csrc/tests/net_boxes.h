/* For tests of the network source: a collector of their own, and containers made here (a process in a cgroup and a
 * network namespace of its own) whose net/dev is compared with what the collector stored. */
#ifndef PCF_TESTS_NET_BOXES_H
#define PCF_TESTS_NET_BOXES_H
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "cgroups.h"
#include "check.h"
#include "schema/enums.h"

#define MS          1000000ULL
#define PATIENCE_MS 10000 /* what we wait for takes some 10 ms; this much only when it is broken */

static char ring_dir[128];
static uint64_t interval_ns = 50 * MS;

static inline void options_for(pcf_options *options)
{
	pcf_options_default(options);
	options->ring_dir = ring_dir;
	options->max_containers = 64;
	options->history_ns = 2000 * MS;
	options->reader = PCF_READER_PREAD;
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		options->interval_ns[g] = 0;
	options->interval_ns[PCF_GROUP_MEMORY] = options->interval_ns[PCF_GROUP_PIDS] = interval_ns;
	options->interval_ns[PCF_GROUP_NETWORK] = interval_ns;
	options->interval_ns[PCF_GROUP_NETWORK_ERRORS] = interval_ns * 2;
}

static inline pcf_collector *open_collector(void)
{
	pcf_collector *collector = NULL;
	pcf_options options;
	pcf_error err = {0};

	options_for(&options);
	if (pcf_collector_open(&collector, &options, &err))
		fprintf(stderr, "%s\n", err.text);
	CHECK_OR_DIE(collector);
	return collector;
}

static void command(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline void command(const char *format, ...)
{
	char line[512];
	va_list list;

	va_start(list, format);
	vsnprintf(line, sizeof line, format, list);
	va_end(list);
	int status = system(line);
	if (status)
		fprintf(stderr, "failed: %s\n", line);
	CHECK_EQ(status, 0);
}

static inline void pause_ms(int ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&ts, NULL);
}

/* A container: a process in a cgroup of its own, in a network namespace of its own (or another's). */
struct box {
	char name[32];
	pid_t pid;
	uint32_t slot, generation;
};

static inline void start_process(struct box *box, int flags)
{
	int ready[2];
	char byte;

	CHECK_OR_DIE(pipe(ready) == 0);
	box->pid = fork();
	CHECK_OR_DIE(box->pid >= 0);
	if (box->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (cgroup_enter(box->name, PCF_CTL_MEMORY) || (flags && unshare(flags)) ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	CHECK_OR_DIE(read(ready[0], &byte, 1) == 1);
	close(ready[0]);
}

static inline void start_box(pcf_collector *collector, struct box *box, const char *name, int flags)
{
	char path[128];
	pcf_error err = {0};

	snprintf(box->name, sizeof box->name, "%s", name);
	CHECK(cgroup_each(name, 1) > 0);
	CHECK_EQ(pcf_collector_add(collector, cgroup_name(path, sizeof path, name), 0, &box->slot, &box->generation,
				   &err),
		 0);
	start_process(box, flags);
}

static inline void kill_box(struct box *box)
{
	if (box->pid <= 0)
		return;
	kill(box->pid, SIGKILL);
	waitpid(box->pid, NULL, 0);
	box->pid = 0;
}

static inline void remove_box(pcf_collector *collector, struct box *box)
{
	kill_box(box);
	CHECK_EQ(pcf_collector_remove(collector, box->slot, box->generation), 0);
	for (int i = 0; i < 100 && cgroup_each(box->name, 0) == 0; i++)
		pause_ms(10);
}

static inline pcf_slot_record record_of(pcf_collector *collector, const struct box *box)
{
	pcf_slot_record record = {0};

	CHECK_EQ(pcf_slots_read(pcf_collector_slots(collector), box->slot, &record), 0);
	return record;
}

static inline uint32_t rows_of(pcf_region *region)
{
	return __atomic_load_n(&pcf_region_head(region)->row_high, __ATOMIC_ACQUIRE);
}

/* In the order of columns.def; a ring has wide cells first. */
static inline bool values_of_row(pcf_region *region, uint64_t tick, uint32_t row, uint64_t *values)
{
	const pcf_region_column *columns = pcf_region_columns(region);
	uint64_t cells[PCF_MAX_GROUP_COLUMNS];

	if (pcf_region_values(region, tick, row, cells, NULL))
		return false;
	for (uint32_t c = 0; c < pcf_region_head(region)->column_count; c++)
		values[columns[c].index] = cells[c];
	return true;
}

static inline bool find_row(pcf_collector *collector, int group, const struct box *box, const char *key,
			    uint64_t *values)
{
	pcf_region *region = pcf_collector_region(collector, group);
	uint64_t tick = pcf_region_latest(region);
	pcf_region_row row;

	for (uint32_t i = 0; i < rows_of(region); i++)
		if (pcf_region_row_read(region, i, &row) == 0 && row.slot == box->slot &&
		    row.generation == box->generation && row.gone_tick == 0 && row.key_len == strlen(key) &&
		    memcmp(row.key, key, row.key_len) == 0)
			return tick && values_of_row(region, tick, i, values);
	return false;
}

static inline int count_rows(pcf_collector *collector, int group, const struct box *box)
{
	pcf_region *region = pcf_collector_region(collector, group);
	uint64_t tick = pcf_region_latest(region), values[PCF_MAX_GROUP_COLUMNS];
	pcf_region_row row;
	int count = 0;

	for (uint32_t i = 0; tick && i < rows_of(region); i++)
		if (pcf_region_row_read(region, i, &row) == 0 && row.slot == box->slot &&
		    row.generation == box->generation)
			count += pcf_region_values(region, tick, i, values, NULL) == 0;
	return count;
}

/* The numbers of one line of net/dev; false: no such interface. */
static inline bool text_of(pid_t pid, const char *interface, uint64_t *numbers)
{
	char path[64], line[512];
	bool found = false;

	snprintf(path, sizeof path, "/proc/%d/net/dev", (int)pid);
	FILE *file = fopen(path, "r");
	while (file && !found && fgets(line, sizeof line, file)) {
		char *name = line + strspn(line, " "), *colon = strchr(name, ':');
		if (!colon || (size_t)(colon - name) != strlen(interface) ||
		    strncmp(name, interface, strlen(interface)) != 0)
			continue;
		found = true;
		for (int i = 0; i < 16; i++)
			numbers[i] = strtoull(colon + 1, &colon, 10), colon--;
	}
	if (file)
		fclose(file);
	return found;
}

/* Waits until the newest row is what the kernel's text says before and after. */
static inline bool comes_equal(pcf_collector *collector, const struct box *box, const char *key)
{
	uint64_t before[16], after[16], values[PCF_MAX_GROUP_COLUMNS];

	for (int waited = 0; waited < PATIENCE_MS; waited += 20) {
		bool is_quiet = text_of(box->pid, key, before);
		pcf_collector_sample(collector, ~0ULL, NULL);
		if (find_row(collector, PCF_GROUP_NETWORK, box, key, values) && is_quiet &&
		    text_of(box->pid, key, after) && memcmp(before, after, sizeof before) == 0 &&
		    values[0] == before[0] && values[1] == before[1] && values[2] == before[8] &&
		    values[3] == before[9])
			return true;
		pause_ms(20);
	}
	fprintf(stderr, "%s of %s never equals the text\n", key, box->name);
	return false;
}

static inline bool comes_true(pcf_collector *collector, bool (*is_true)(pcf_collector *, const void *), const void *arg)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += 20) {
		if (is_true(collector, arg))
			return true;
		pause_ms(20);
	}
	return false;
}

/* Frames of an ethertype nobody listens to (local experimental, IEEE 802), on an interface of the caller's namespace. */
static inline void send_frames(const char *interface, int count)
{
	unsigned char frame[200] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(0x88b5));
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_protocol = htons(0x88b5), .sll_ifindex = (int)if_nametoindex(interface)};

	CHECK(fd >= 0 && to.sll_ifindex > 0);
	for (int i = 0; i < count; i++)
		CHECK_EQ(sendto(fd, frame, sizeof frame, 0, (struct sockaddr *)&to, sizeof to), sizeof frame);
	close(fd);
}

static inline void send_inside(const struct box *box, const char *interface, int count)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)box->pid);
	pid_t child = fork();
	if (child == 0) {
		int fd = open(path, O_RDONLY), before = check_failures;
		if (fd < 0 || setns(fd, CLONE_NEWNET))
			_exit(1);
		send_frames(interface, count);
		_exit(check_failures > before);
	}
	int status;
	waitpid(child, &status, 0);
	CHECK_EQ(status, 0);
}

static char veth[16];

static inline bool is_interface_gone(pcf_collector *collector, const void *arg)
{
	(void)collector;
	return if_nametoindex(arg) == 0;
}

static inline void add_veth(const struct box *box, const char *inside)
{
	static int number;

	/* A new name: the one of the test before goes when the kernel gets round to the end of its namespace. */
	snprintf(veth, sizeof veth, "pcf%d-%d", getpid() % 10000000, number++);
	command("ip link add %s type veth peer name pcfpeer netns %d", veth, (int)box->pid);
	command("nsenter -t %d -n ip link set pcfpeer name %s", (int)box->pid, inside);
	command("nsenter -t %d -n ip link set %s up", (int)box->pid, inside);
	command("ip link set %s up", veth);
}

/* Two links joined inside: neither has a twin on the host. */
static inline void add_pair(const struct box *box, const char *one, const char *other)
{
	command("nsenter -t %d -n ip link add %s type veth peer name %s", (int)box->pid, one, other);
	command("nsenter -t %d -n ip link set %s up", (int)box->pid, one);
	command("nsenter -t %d -n ip link set %s up", (int)box->pid, other);
}

static inline uint64_t netns_of(pid_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}

/* Whether this program holds some process's net/dev. */
static inline bool is_kept_open(pcf_collector *collector, const void *arg)
{
	char path[64], real[256];
	bool found = false;

	(void)collector;
	(void)arg;
	for (int fd = 0; fd < 1024; fd++) {
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		ssize_t len = readlink(path, real, sizeof real - 1);
		real[len > 0 ? len : 0] = '\0';
		found |= strstr(real, "/net/dev") != NULL;
	}
	return found;
}
#endif
