/* The network source in a collector, on namespaces made here: what it stores equals the text of /proc/<pid>/net/dev,
 * a shared namespace is read once, and none is kept alive. */
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

static void options_for(pcf_options *options)
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

static pcf_collector *open_collector(void)
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
static void command(const char *format, ...)
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

static void pause_ms(int ms)
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

static void start_process(struct box *box, int flags)
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

static void start_box(pcf_collector *collector, struct box *box, const char *name, int flags)
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

static void kill_box(struct box *box)
{
	if (box->pid <= 0)
		return;
	kill(box->pid, SIGKILL);
	waitpid(box->pid, NULL, 0);
	box->pid = 0;
}

static void remove_box(pcf_collector *collector, struct box *box)
{
	kill_box(box);
	CHECK_EQ(pcf_collector_remove(collector, box->slot, box->generation), 0);
	for (int i = 0; i < 100 && cgroup_each(box->name, 0) == 0; i++)
		pause_ms(10);
}

static pcf_slot_record record_of(pcf_collector *collector, const struct box *box)
{
	pcf_slot_record record = {0};

	CHECK_EQ(pcf_slots_read(pcf_collector_slots(collector), box->slot, &record), 0);
	return record;
}

static uint32_t rows_of(pcf_region *region)
{
	return __atomic_load_n(&pcf_region_head(region)->row_high, __ATOMIC_ACQUIRE);
}

static bool find_row(pcf_collector *collector, int group, const struct box *box, const char *key, uint64_t *values)
{
	pcf_region *region = pcf_collector_region(collector, group);
	uint64_t tick = pcf_region_latest(region);
	pcf_region_row row;

	for (uint32_t i = 0; i < rows_of(region); i++)
		if (pcf_region_row_read(region, i, &row) == 0 && row.slot == box->slot &&
		    row.generation == box->generation && row.gone_tick == 0 && row.key_len == strlen(key) &&
		    memcmp(row.key, key, row.key_len) == 0)
			return tick && pcf_region_values(region, tick, i, values, NULL) == 0;
	return false;
}

static int count_rows(pcf_collector *collector, int group, const struct box *box)
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
static bool text_of(pid_t pid, const char *interface, uint64_t *numbers)
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
static bool comes_equal(pcf_collector *collector, const struct box *box, const char *key)
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

static bool comes_true(pcf_collector *collector, bool (*is_true)(pcf_collector *, const void *), const void *arg)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += 20) {
		if (is_true(collector, arg))
			return true;
		pause_ms(20);
	}
	return false;
}

/* Frames of an ethertype nobody listens to (local experimental, IEEE 802), on an interface of the caller's namespace. */
static void send_frames(const char *interface, int count)
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

static void send_inside(const struct box *box, const char *interface, int count)
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

static void add_veth(const struct box *box, const char *inside)
{
	command("ip link add %s type veth peer name pcfpeer netns %d", veth, (int)box->pid);
	command("nsenter -t %d -n ip link set pcfpeer name %s", (int)box->pid, inside);
	command("nsenter -t %d -n ip link set %s up", (int)box->pid, inside);
	command("ip link set %s up", veth);
}

/* Two links joined inside: neither has a twin on the host. */
static void add_pair(const struct box *box, const char *one, const char *other)
{
	command("nsenter -t %d -n ip link add %s type veth peer name %s", (int)box->pid, one, other);
	command("nsenter -t %d -n ip link set %s up", (int)box->pid, one);
	command("nsenter -t %d -n ip link set %s up", (int)box->pid, other);
}

static uint64_t netns_of(pid_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}

/* Whether this program holds some process's net/dev. */
static bool is_kept_open(pcf_collector *collector, const void *arg)
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

static void test_veth(pcf_collector *collector)
{
	struct box box;
	uint64_t values[PCF_MAX_GROUP_COLUMNS], numbers[16];

	start_box(collector, &box, "veth", CLONE_NEWNET);
	add_veth(&box, "eth0");
	send_frames(veth, 70);
	send_inside(&box, "eth0", 30);
	CHECK(comes_equal(collector, &box, "eth0"));
	CHECK(find_row(collector, PCF_GROUP_NETWORK, &box, "eth0", values));
	CHECK(values[PCF_NETWORK_RX_PACKETS] >= 70 && values[PCF_NETWORK_TX_PACKETS] >= 30);
	CHECK(values[PCF_NETWORK_RX_BYTES] > values[PCF_NETWORK_TX_BYTES] / 2);
	CHECK(!find_row(collector, PCF_GROUP_NETWORK, &box, "lo", values));
	CHECK(!find_row(collector, PCF_GROUP_NETWORK, &box, "pcfpeer", values)); /* its name before it was up */
	CHECK(find_row(collector, PCF_GROUP_NETWORK_ERRORS, &box, "eth0", values));
	CHECK(text_of(box.pid, "eth0", numbers));
	CHECK_EQ(values[PCF_NETWORK_ERRORS_RX_DROPPED], numbers[3]);
	CHECK(!is_kept_open(collector, NULL)); /* read from the host's side */
	pcf_slot_record record = record_of(collector, &box);
	CHECK_EQ(record.netns, netns_of(box.pid));
	CHECK_EQ(record.netns_owner, box.slot);
	CHECK_EQ(record.flags & (PCF_SLOT_FLAG_HOST_NETWORK | PCF_SLOT_FLAG_SHARED_NETWORK), 0);
	struct box root = {.slot = 0};
	CHECK_EQ(pcf_slots_read(pcf_collector_slots(collector), 0, &record), 0);
	root.generation = record.generation;
	CHECK_STR(record.path, "/");
	CHECK(count_rows(collector, PCF_GROUP_NETWORK, &root) > 0);
	CHECK(!find_row(collector, PCF_GROUP_NETWORK, &root, veth, values));
	remove_box(collector, &box);
}

struct wanted {
	const struct box *box, *other;
	const char *key;
	uint32_t flags;
};

static bool has_flags(pcf_collector *collector, const void *arg)
{
	const struct wanted *wanted = arg;
	pcf_slot_record record = record_of(collector, wanted->box);

	return (record.flags & 3) == wanted->flags && record.netns == netns_of(wanted->box->pid) &&
	       (!wanted->other || record.netns_owner == wanted->other->slot);
}

static bool has_key(pcf_collector *collector, const void *arg)
{
	const struct wanted *wanted = arg;
	uint64_t values[PCF_MAX_GROUP_COLUMNS];

	return find_row(collector, PCF_GROUP_NETWORK, wanted->box, wanted->key, values);
}

static void test_host_network(pcf_collector *collector)
{
	struct box box;

	start_box(collector, &box, "host", 0);
	struct wanted wanted = {.box = &box, .flags = PCF_SLOT_FLAG_HOST_NETWORK};
	CHECK(comes_true(collector, has_flags, &wanted));
	CHECK_EQ(count_rows(collector, PCF_GROUP_NETWORK, &box), 0);
	remove_box(collector, &box);
}

/* Two containers of a pod: rows are with the one made first, and pass on when it goes. */
static void test_shared(pcf_collector *collector)
{
	struct box first, second;
	char path[64];

	start_box(collector, &first, "first", CLONE_NEWNET);
	add_veth(&first, "eth0");
	CHECK(comes_equal(collector, &first, "eth0"));
	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)first.pid);
	int inside = open(path, O_RDONLY | O_CLOEXEC), home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	CHECK_EQ(setns(inside, CLONE_NEWNET), 0);
	start_box(collector, &second, "second", 0);
	CHECK_EQ(setns(home, CLONE_NEWNET), 0);
	close(inside);
	close(home);
	struct wanted wanted = {.box = &second, .other = &first, .flags = PCF_SLOT_FLAG_SHARED_NETWORK};
	CHECK(comes_true(collector, has_flags, &wanted));
	CHECK_EQ(count_rows(collector, PCF_GROUP_NETWORK, &second), 0);
	CHECK(comes_equal(collector, &first, "eth0"));
	remove_box(collector, &first);
	CHECK(comes_equal(collector, &second, "eth0"));
	wanted = (struct wanted){.box = &second, .other = &second};
	CHECK(comes_true(collector, has_flags, &wanted));
	remove_box(collector, &second);
}

/* Interfaces without a twin on the host are read inside; a second one is noticed. */
static void test_inside(pcf_collector *collector)
{
	struct box box;

	start_box(collector, &box, "inside", CLONE_NEWNET);
	add_pair(&box, "mv0", "mv1");
	send_inside(&box, "mv0", 20);
	CHECK(comes_equal(collector, &box, "mv0"));
	struct wanted wanted = {.box = &box, .key = "late0"};
	add_pair(&box, "late0", "late1");
	CHECK(comes_true(collector, has_key, &wanted));
	CHECK(comes_equal(collector, &box, "late0"));
	add_veth(&box, "eth1");
	CHECK(comes_equal(collector, &box, "eth1"));
	remove_box(collector, &box);
}

static bool has_no_live_row(pcf_collector *collector, const void *arg)
{
	const struct wanted *wanted = arg;
	pcf_region_row row;

	for (int group = PCF_GROUP_NETWORK; group <= PCF_GROUP_NETWORK_ERRORS; group++) {
		pcf_region *region = pcf_collector_region(collector, group);
		for (uint32_t i = 0; i < rows_of(region); i++)
			if (pcf_region_row_read(region, i, &row) == 0 && row.slot == wanted->box->slot &&
			    row.generation == wanted->box->generation && row.gone_tick == 0 &&
			    row.key_len == strlen(wanted->key) && memcmp(row.key, wanted->key, row.key_len) == 0)
				return false;
	}
	return true;
}

/* An interface that is taken away while its container lives gives its rows back; the others keep theirs. */
static void test_interface_goes(pcf_collector *collector)
{
	struct box box;

	start_box(collector, &box, "goes", CLONE_NEWNET);
	add_veth(&box, "eth0");
	add_pair(&box, "mv0", "mv1");
	CHECK(comes_equal(collector, &box, "mv0"));
	CHECK(comes_equal(collector, &box, "eth0"));
	command("ip link del %s", veth);
	struct wanted wanted = {.box = &box, .key = "eth0"};
	CHECK(comes_true(collector, has_no_live_row, &wanted));
	CHECK(comes_equal(collector, &box, "mv0"));
	add_veth(&box, "eth0");
	CHECK(comes_equal(collector, &box, "eth0"));
	remove_box(collector, &box);
}

static bool is_followed_none(pcf_collector *collector, const void *arg)
{
	pcf_collector_stats stats;

	(void)arg;
	pcf_collector_stats_get(collector, &stats);
	return stats.netns == 0;
}

/* The process the namespace was found by dies, another of the container lives on. */
static void test_process_changes(pcf_collector *collector)
{
	struct box box, other;
	char path[64];

	start_box(collector, &box, "change", CLONE_NEWNET);
	add_pair(&box, "mv0", "mv1");
	CHECK(comes_equal(collector, &box, "mv0"));
	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)box.pid);
	int inside = open(path, O_RDONLY | O_CLOEXEC), home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	CHECK_EQ(setns(inside, CLONE_NEWNET), 0);
	other = box;
	start_process(&other, 0);
	CHECK_EQ(setns(home, CLONE_NEWNET), 0);
	close(inside);
	close(home);
	kill_box(&box);
	box.pid = other.pid;
	send_inside(&box, "mv0", 5);
	CHECK(comes_equal(collector, &box, "mv0"));
	remove_box(collector, &box);
	CHECK(comes_true(collector, is_followed_none, NULL));
}

static bool is_interface_gone(pcf_collector *collector, const void *arg)
{
	(void)collector;
	return if_nametoindex(arg) == 0;
}

/* With a minute between ticks: nothing we hold keeps a namespace alive once its last process has died. */
static void test_not_pinned(void)
{
	struct box box;

	interval_ns = 60000 * MS;
	pcf_collector *collector = open_collector();
	pcf_error err = {0};
	CHECK_EQ(pcf_collector_start(collector, &err), 0);
	start_box(collector, &box, "pinned", CLONE_NEWNET);
	add_veth(&box, "eth0");
	add_pair(&box, "mv0", "mv1"); /* so that net/dev is kept open */
	struct wanted wanted = {.box = &box, .other = &box};
	CHECK(comes_true(collector, has_flags, &wanted));
	CHECK(comes_true(collector, is_kept_open, &box));
	CHECK(!is_followed_none(collector, NULL));
	kill_box(&box);
	CHECK(comes_true(collector, is_interface_gone,
			 veth)); /* the kernel takes the host's end away with the namespace */
	CHECK(comes_true(collector, is_followed_none, NULL));
	CHECK(!is_kept_open(collector, &box));
	remove_box(collector, &box);
	CHECK_EQ(pcf_collector_stop(collector), 0);
	pcf_collector_close(collector);
}

int main(void)
{
	static pcf_host host;
	pcf_error err = {0};

	CHECK_OR_DIE(pcf_host_probe(&host, "", &err) == 0);
	if (cgroups_begin(&host) < 0 || geteuid() != 0) {
		fprintf(stderr, "skipped: this user may make no cgroup or namespace here\n");
		return 0;
	}
	snprintf(ring_dir, sizeof ring_dir, "/dev/shm/pcf-test-%ld", (long)getpid());
	snprintf(veth, sizeof veth, "pcf%d", getpid() % 10000000);
	pcf_collector *collector = open_collector();
	CHECK_EQ(pcf_collector_start(collector, &err), 0);
	test_veth(collector);
	test_host_network(collector);
	test_shared(collector);
	test_inside(collector);
	test_interface_goes(collector);
	test_process_changes(collector);
	CHECK_EQ(pcf_collector_stop(collector), 0);
	pcf_collector_close(collector);
	remove_ring(ring_dir);
	test_not_pinned();
	remove_ring(ring_dir);
	return check_result();
}
