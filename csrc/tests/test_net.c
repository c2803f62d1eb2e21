/* The network source in a collector, on namespaces made here: what it stores equals the text of /proc/<pid>/net/dev,
 * a shared namespace is read once, and none is kept alive. */
#include "net_boxes.h"

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
