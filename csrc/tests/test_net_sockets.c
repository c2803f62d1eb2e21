/* Sockets of network namespaces: a known number in each state, counted by sock_diag and by the text, alone and through a
 * collector. */
#include <netinet/in.h>

#include "net_boxes.h"
#include "source/sockets/sockets.h"

#define FEW  12
#define MANY 1200 /* connections within the namespace, two sockets each: more than are handed out one by one */

static const int groups[] = {PCF_GROUP_TCP, PCF_GROUP_TCP6, PCF_GROUP_UDP, PCF_GROUP_UDP6, PCF_GROUP_TCP_ADVANCED};

/* ---- inside the namespace ---- */

static void must(int is_fine)
{
	if (!is_fine) {
		perror("in the box");
		_exit(2);
	}
}

static void lo_up(void)
{
	struct ifreq ask = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	must(ioctl(fd, SIOCSIFFLAGS, &ask) == 0);
	close(fd);
}

static socklen_t address(struct sockaddr_storage *out, int family, int port)
{
	struct sockaddr_in *four = (void *)out;
	struct sockaddr_in6 *six = (void *)out;

	memset(out, 0, sizeof *out);
	out->ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		four->sin_port = htons((uint16_t)port);
		return sizeof *four;
	}
	six->sin6_addr = in6addr_loopback;
	six->sin6_port = htons((uint16_t)port);
	return sizeof *six;
}

static int make(int family, int type, int port)
{
	struct sockaddr_storage at;
	socklen_t len = address(&at, family, port);
	int fd = socket(family, type, 0);

	must(fd >= 0 && bind(fd, (void *)&at, len) == 0);
	must(type != SOCK_STREAM || listen(fd, 128) == 0);
	return fd;
}

/* A connection to port; both ends. */
static void join(int family, int listener, int port, int ends[2])
{
	struct sockaddr_storage at;
	socklen_t len = address(&at, family, port);

	ends[0] = socket(family, SOCK_STREAM, 0);
	must(ends[0] >= 0 && connect(ends[0], (void *)&at, len) == 0);
	ends[1] = accept(listener, NULL, NULL);
	must(ends[1] >= 0);
}

static void fill_udp(void)
{
	struct sockaddr_storage at;
	socklen_t len = address(&at, AF_INET, 5353);
	int to = make(AF_INET, SOCK_DGRAM, 5353), from = socket(AF_INET, SOCK_DGRAM, 0), least = 1;
	char bytes[400] = "";

	must(setsockopt(to, SOL_SOCKET, SO_RCVBUF, &least, sizeof least) == 0);
	for (int i = 0; i < 50; i++) /* most of them are dropped */
		(void)!sendto(from, bytes, sizeof bytes, 0, (void *)&at, len);
	(void)make(AF_INET6, SOCK_DGRAM, 5354);
}

static bool has_six(void)
{
	return access("/proc/self/net/tcp6", R_OK) == 0;
}

/* IPv4: two listeners, count connections, two of them closed at one end, one more closed at both; IPv6: a listener, three
 * connections. */
static void open_sockets(int count)
{
	int listener = make(AF_INET, SOCK_STREAM, 8080), ends[2], six;

	lo_up();
	(void)make(AF_INET, SOCK_STREAM, 8081);
	for (int i = 0; i < count; i++) {
		join(AF_INET, listener, 8080, ends);
		if (i < 2)
			close(ends[0]);
	}
	join(AF_INET, listener, 8080, ends);
	close(ends[0]);
	close(ends[1]);
	if (has_six()) {
		six = make(AF_INET6, SOCK_STREAM, 8082);
		for (int i = 0; i < 3; i++)
			join(AF_INET6, six, 8082, ends);
	}
	fill_udp();
}

static void start_with_sockets(pcf_collector *collector, struct box *box, const char *name, int count)
{
	char path[128], byte;
	pcf_error err = {0};
	int ready[2];

	snprintf(box->name, sizeof box->name, "%s", name);
	CHECK(cgroup_each(name, 1) > 0);
	CHECK_EQ(pcf_collector_add(collector, cgroup_name(path, sizeof path, name), 0, &box->slot, &box->generation,
				   &err),
		 0);
	CHECK_OR_DIE(pipe(ready) == 0);
	box->pid = fork();
	if (box->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (cgroup_enter(box->name, PCF_CTL_MEMORY) || unshare(CLONE_NEWNET))
			_exit(1);
		open_sockets(count);
		must(write(ready[1], "x", 1) == 1);
		for (;;)
			pause();
	}
	close(ready[1]);
	CHECK_OR_DIE(read(ready[0], &byte, 1) == 1);
	close(ready[0]);
}

/* ---- outside ---- */

/* The kernel's text, by the parser alone. */
static bool text_row(pid_t pid, int group, uint64_t *row)
{
	static char text[4 << 20];
	int parsed = 0;

	memset(row, 0xff, PCF_MAX_GROUP_COLUMNS * sizeof *row);
	for (int i = 0; i < pcf_parser_count(); i++) {
		const pcf_parser *parser = pcf_parser_at(i);
		char path[96];

		if (parser->group != group || parser->version != PCF_VERSION_V2)
			continue;
		snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, parser->file);
		FILE *file = fopen(path, "r");
		if (!file)
			continue;
		size_t len = fread(text, 1, sizeof text, file);
		fclose(file);
		parsed += pcf_row_parse(parser, text, len, row) > 0;
	}
	return parsed > 0;
}

static bool is_equal(pcf_collector *collector, const struct box *box, int group)
{
	uint64_t text[PCF_MAX_GROUP_COLUMNS], values[PCF_MAX_GROUP_COLUMNS];
	size_t size = (size_t)pcf_group_at(group)->columns * sizeof text[0];

	return find_row(collector, group, box, "", values) && text_row(box->pid, group, text) &&
	       memcmp(values, text, size) == 0;
}

static bool comes_equal_to_text(pcf_collector *collector, const struct box *box, int group)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += 20) {
		pcf_collector_sample(collector, ~0ULL, NULL);
		if (is_equal(collector, box, group))
			return true;
		pause_ms(20);
	}
	fprintf(stderr, "%s of %s never equals the text\n", pcf_group_at(group)->name, box->name);
	return false;
}

static void check_tcp(const uint64_t *tcp, int count)
{
	CHECK_EQ(tcp[PCF_TCP_LISTEN], 2);
	CHECK_EQ(tcp[PCF_TCP_ESTABLISHED], 2 * (count - 2));
	CHECK_EQ(tcp[PCF_TCP_FIN_WAIT2], 2);
	CHECK_EQ(tcp[PCF_TCP_CLOSE_WAIT], 2);
	CHECK_EQ(tcp[PCF_TCP_TIME_WAIT], 1);
	CHECK_EQ(tcp[PCF_TCP_SYN_SENT], 0);
}

static void check_rows(pcf_collector *collector, const struct box *box, int count)
{
	uint64_t row[PCF_MAX_GROUP_COLUMNS];

	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
		if (has_six() || (groups[i] != PCF_GROUP_TCP6 && groups[i] != PCF_GROUP_UDP6))
			CHECK(comes_equal_to_text(collector, box, groups[i]));
	CHECK(find_row(collector, PCF_GROUP_TCP, box, "", row));
	check_tcp(row, count);
	CHECK(find_row(collector, PCF_GROUP_UDP, box, "", row));
	CHECK_EQ(row[PCF_UDP_SOCKETS], 1 + 1); /* who sends is bound by sending */
	CHECK(row[PCF_UDP_RX_QUEUED_BYTES] > 0 && row[PCF_UDP_DROPS] > 0);
	CHECK_EQ(row[PCF_UDP_TX_QUEUED_BYTES], 0);
	CHECK(find_row(collector, PCF_GROUP_TCP_ADVANCED, box, "", row));
	CHECK(row[PCF_TCP_ADVANCED_PASSIVE_OPENS] >= (uint64_t)count);
	CHECK_EQ(row[PCF_TCP_ADVANCED_MAX_CONN], PCF_UNLIMITED);
	CHECK_EQ(row[PCF_TCP_ADVANCED_RTO_MIN], 200);
	if (!has_six())
		return;
	CHECK(find_row(collector, PCF_GROUP_TCP6, box, "", row));
	CHECK_EQ(row[PCF_TCP_LISTEN], 1);
	CHECK_EQ(row[PCF_TCP_ESTABLISHED], 6);
}

static struct pcf_sockets_place place_of(const struct box *box)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)box->pid);
	return (struct pcf_sockets_place){.proc_fd = open("/proc", O_PATH | O_CLOEXEC),
					  .pid = box->pid,
					  .ns_fd = open(path, O_RDONLY | O_CLOEXEC),
					  .home_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
}

/* By the text where the namespace may not be entered, by a walk for each family where the kernel has none for both: the
 * same numbers. */
static void check_other_ways(const struct box *box, int count)
{
	struct pcf_sockets_place place = place_of(box), outside = place;
	struct pcf_socket_counts by_diag, by_text, by_family;
	struct pcf_socket_counter counter;
	unsigned all = (1u << PCF_SOCKETS_KINDS) - 1;

	outside.ns_fd = -1;
	CHECK_EQ(pcf_socket_counter_open(&counter), 0);
	CHECK_EQ(pcf_sockets_count(&counter, &place, all, &by_diag), 0);
	CHECK(!counter.no_tcp_diag && !counter.no_both);
	CHECK_EQ(pcf_sockets_count(&counter, &outside, all, &by_text), 0);
	counter.no_both = true;
	CHECK_EQ(pcf_sockets_count(&counter, &place, all, &by_family), 0);
	check_tcp(by_diag.tcp[0], count);
	CHECK_EQ(by_diag.has, by_text.has);
	CHECK(memcmp(by_diag.tcp, by_text.tcp, sizeof by_diag.tcp) == 0);
	CHECK(memcmp(by_diag.tcp, by_family.tcp, sizeof by_diag.tcp) == 0);
	CHECK(memcmp(by_diag.udp, by_text.udp, sizeof by_diag.udp) == 0);
	CHECK_EQ(pcf_sockets_count(&counter, &place, 1u << PCF_SOCKETS_UDP, &by_diag), 0);
	CHECK_EQ(by_diag.has, 1u << PCF_SOCKETS_UDP);
	pcf_socket_counter_close(&counter);
	close(place.proc_fd);
	close(place.ns_fd);
	close(place.home_fd);
}

/* Nobody is there any more: no numbers, and not those of before. */
static void check_gone(pid_t pid)
{
	struct box none = {.pid = pid};
	struct pcf_sockets_place place = place_of(&none);
	struct pcf_socket_counter counter;
	struct pcf_socket_counts counts;

	CHECK_EQ(pcf_socket_counter_open(&counter), 0);
	for (int kind = 0; kind < PCF_SOCKETS_KINDS; kind++) {
		CHECK(pcf_sockets_count(&counter, &place, 1u << kind, &counts) < 0);
		CHECK_EQ(counts.has, 0);
	}
	pcf_socket_counter_close(&counter);
	close(place.proc_fd);
	close(place.home_fd);
}

static void test_few(pcf_collector *collector)
{
	struct box box, beside;

	start_with_sockets(collector, &box, "few", FEW);
	check_rows(collector, &box, FEW);
	check_other_ways(&box, FEW);
	/* A namespace without any: zeros, not absent. */
	uint64_t row[PCF_MAX_GROUP_COLUMNS];
	start_box(collector, &beside, "empty", CLONE_NEWNET);
	CHECK(comes_equal_to_text(collector, &beside, PCF_GROUP_TCP));
	CHECK(find_row(collector, PCF_GROUP_TCP, &beside, "", row));
	CHECK_EQ(row[PCF_TCP_ESTABLISHED] + row[PCF_TCP_LISTEN], 0);
	remove_box(collector, &beside);
	pid_t pid = box.pid;
	remove_box(collector, &box);
	check_gone(pid);
}

static void test_many(pcf_collector *collector)
{
	struct box box;

	start_with_sockets(collector, &box, "many", MANY);
	check_rows(collector, &box, MANY);
	check_other_ways(&box, MANY);
	remove_box(collector, &box);
}

/* The machine's own are the root's; a container in its namespace has none. */
static void test_host(pcf_collector *collector)
{
	struct box box, root = {.slot = 0, .name = "/", .pid = 1};
	pcf_slot_record record;
	int listener = make(AF_INET, SOCK_STREAM, 0);

	start_box(collector, &box, "hostly", 0);
	CHECK_EQ(pcf_slots_read(pcf_collector_slots(collector), 0, &record), 0);
	root.generation = record.generation;
	CHECK(comes_equal_to_text(collector, &root, PCF_GROUP_TCP));
	CHECK_EQ(count_rows(collector, PCF_GROUP_TCP, &box), 0);
	remove_box(collector, &box);
	close(listener);
}

/* Without anybody asking: each tick has its row. */
static void test_on_time(pcf_collector *collector)
{
	pcf_region *region = pcf_collector_region(collector, PCF_GROUP_TCP);
	struct box box;
	int ticks = 0;

	start_box(collector, &box, "timely", CLONE_NEWNET);
	CHECK(comes_equal_to_text(collector, &box, PCF_GROUP_TCP));
	for (int i = 0; i < 100 && ticks < 5; i++) {
		uint64_t before = pcf_region_latest(region);
		while (pcf_region_latest(region) == before)
			pause_ms(5);
		ticks += count_rows(collector, PCF_GROUP_TCP, &box) == 1;
	}
	CHECK_EQ(ticks, 5);
	remove_box(collector, &box);
}

int main(void)
{
	static pcf_host host;
	pcf_collector *collector;
	pcf_options options;
	pcf_error err = {0};

	CHECK_OR_DIE(pcf_host_probe(&host, "", &err) == 0);
	if (cgroups_begin(&host) < 0 || geteuid() != 0) {
		fprintf(stderr, "skipped: this user may make no cgroup or namespace here\n");
		return 0;
	}
	snprintf(ring_dir, sizeof ring_dir, "/dev/shm/pcf-test-sockets-%ld", (long)getpid());
	options_for(&options);
	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
		options.interval_ns[groups[i]] = 100 * MS;
	CHECK_OR_DIE(pcf_collector_open(&collector, &options, &err) == 0);
	CHECK_EQ(pcf_collector_start(collector, &err), 0);
	test_few(collector);
	test_many(collector);
	test_host(collector);
	test_on_time(collector);
	pcf_collector_close(collector);
	remove_ring(ring_dir);
	return check_result();
}
