/* The network source's parts: dumps against /proc/net/dev, damaged netlink, the door of a kept descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "source/net/links.h"
#include "source/net/namespace.h"
#include "source/net/net.h"

static char text[1 << 18];

static void test_dump(uint16_t request)
{
	struct pcf_link_dump dump;
	struct pcf_links links = {.host_nsid = -1}, by_text = {.host_nsid = -1};
	int socket = pcf_links_socket();

	CHECK_OR_DIE(socket >= 0);
	CHECK_EQ(pcf_links_list(socket, 0, &links), 0);
	CHECK_EQ(pcf_link_dump_open(&dump, pcf_links_socket()), 0);
	dump.request = request;
	CHECK_EQ(pcf_link_dump_run(&dump), 0);
	CHECK_EQ(dump.request, request);
	for (uint32_t i = 0; i < links.count; i++) {
		CHECK(links.list[i].name[0]);
		CHECK(pcf_link_dump_find(&dump, links.list[i].ifindex) != NULL);
		CHECK_EQ(links.list[i].is_loopback, strcmp(links.list[i].name, "lo") == 0);
	}
	CHECK(dump.appeared_count >= links.count);
	CHECK_EQ(pcf_link_dump_run(&dump), 0);
	CHECK(dump.appeared_count <= 2); /* nothing is new; another test may make a link just now */
	CHECK(!pcf_link_dump_find(&dump, 0x7fffff00));
	int fd = open("/proc/self/net/dev", O_RDONLY);
	ssize_t size = pcf_net_dev_read(fd, text, sizeof text);
	CHECK(size > 0);
	CHECK_EQ(pcf_net_dev_read(fd, text, 100), -EMSGSIZE);
	CHECK_EQ(pcf_links_from_text(text, (size_t)size, &by_text), 0);
	CHECK(by_text.count + 4 > links.count);
	uint32_t before = links.count;
	CHECK_EQ(pcf_links_list(socket, 1, &links), 0); /* lo alone */
	CHECK_EQ(links.count, before + 1);
	CHECK_EQ(pcf_links_list(socket, 0x7fffff00, &links), -ENODEV);
	pcf_links_free(&links);
	pcf_links_free(&by_text);
	close(fd);
	close(socket);
	pcf_link_dump_close(&dump);
}

/* More links than the table has room for, and more than were announced. */
static void test_growth(void)
{
	struct {
		struct nlmsghdr head;
		struct if_stats_msg stats;
		struct nlattr attr;
		struct rtnl_link_stats64 counts;
	} message = {
		.head = {.nlmsg_len = sizeof message, .nlmsg_type = RTM_NEWSTATS},
		.attr = {.nla_len = sizeof message.attr + sizeof message.counts, .nla_type = IFLA_STATS_LINK_64},
	};
	struct pcf_link_dump dump;

	CHECK_EQ(pcf_link_dump_open(&dump, -1), 0);
	CHECK_EQ(pcf_link_dump_run(&dump), -EBADF);
	dump.tables[0].stamp = 1;
	for (uint32_t i = 1; i <= 1000; i++) {
		message.stats.ifindex = i;
		message.counts.rx_bytes = i * 3;
		CHECK_EQ(pcf_link_dump_parse(&dump, (const char *)&message, sizeof message), 1);
	}
	CHECK(dump.wants_growth);
	CHECK_EQ(dump.tables[0].count, 768);
	CHECK_EQ(pcf_link_dump_find(&dump, 700)->rx_bytes, 2100);
	CHECK_EQ(pcf_link_dump_grow(&dump), 0);
	CHECK(!dump.wants_growth && !pcf_link_dump_find(&dump, 700));
	pcf_link_dump_forget(&dump);
	pcf_link_dump_close(&dump);
}

/* Nothing that comes may be read beyond its end; the sanitizers watch. */
static void test_damaged(void)
{
	struct pcf_link_dump dump;
	unsigned seed = 1;
	int done = NLMSG_DONE;

	CHECK_EQ(pcf_link_dump_open(&dump, -1), 0);
	dump.tables[0].stamp = 1;
	for (int round = 0; round < 20000; round++) {
		size_t size = (size_t)(rand_r(&seed) % 300);
		char *data = malloc(size ? size : 1);
		for (size_t i = 0; i < size; i++)
			data[i] = (char)(rand_r(&seed) % 4 ? 0 : rand_r(&seed));
		if (size >= sizeof(struct nlmsghdr)) {
			struct nlmsghdr head = {.nlmsg_len = (uint32_t)(round % 3 ? size : (size_t)rand_r(&seed) % 400),
						.nlmsg_type = (uint16_t)(round % 2   ? RTM_NEWSTATS
									 : round % 5 ? RTM_NEWLINK
										     : done)};
			memcpy(data, &head, sizeof head);
		}
		int rc = pcf_link_dump_parse(&dump, data, size);
		CHECK(rc <= 1);
		free(data);
	}
	struct {
		struct nlmsghdr head;
		int error;
	} refused = {{.nlmsg_len = sizeof refused, .nlmsg_type = NLMSG_ERROR}, -EOPNOTSUPP};
	CHECK_EQ(pcf_link_dump_parse(&dump, (const char *)&refused, sizeof refused), -EOPNOTSUPP);
	refused.head.nlmsg_seq = 77; /* of another request */
	CHECK_EQ(pcf_link_dump_parse(&dump, (const char *)&refused, sizeof refused), 1);
	pcf_link_dump_close(&dump);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void test_door(void)
{
	struct pcf_net_reader *reader = pcf_net_reader_new(1, 1, 2);

	CHECK(!pcf_net_reader_enter(reader)); /* nothing is kept */
	int fd = reader->fd = eventfd(0, 0);
	atomic_store(&reader->door, PCF_DOOR_OPEN);
	CHECK(pcf_net_reader_enter(reader));
	CHECK(!pcf_net_reader_enter(reader));
	pcf_net_reader_shut(reader); /* while it is read */
	pcf_net_reader_shut(reader);
	CHECK(is_open(fd));
	pcf_net_reader_leave(reader);
	CHECK(!is_open(fd));
	CHECK(!pcf_net_reader_enter(reader));
	fd = reader->fd = eventfd(0, 0);
	atomic_store(&reader->door, PCF_DOOR_OPEN);
	CHECK(pcf_net_reader_enter(reader));
	pcf_net_reader_leave(reader);
	CHECK(is_open(fd));
	pcf_net_reader_free(reader);
	CHECK(!is_open(fd));
}

static void test_processes(void)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY), status;
	uint64_t ours, other;
	int gate[2];

	CHECK_OR_DIE(pipe(gate) == 0);
	CHECK_EQ(pcf_netns_key(proc, getpid(), &ours), 0);
	pid_t child = fork();
	if (child == 0) {
		char byte;
		_exit(read(gate[0], &byte, 1) == 1 ? 0 : 1);
	}
	CHECK_EQ(pcf_netns_key(proc, child, &other), 0);
	CHECK_EQ(other, ours);
	int pidfd = pcf_pidfd_open(child), ns = pcf_netns_open(proc, child, ours);
	CHECK(pidfd >= 0 && ns >= 0 && pcf_pidfd_is_alive(pidfd));
	CHECK_EQ(pcf_netns_open(proc, child, ours + 1), -ESTALE);
	CHECK_EQ(pcf_netns_open(proc, child, ours | PCF_NETNS_BY_TEXT), -EPERM);
	CHECK_EQ(write(gate[1], "x", 1), 1);
	siginfo_t info;
	waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT); /* a zombie has no namespace any more */
	CHECK(!pcf_pidfd_is_alive(pidfd));
	CHECK(pcf_netns_key(proc, child, &other) < 0);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(pcf_net_dev_open(proc, child) < 0);
	for (int i = 0; i < 2; i++)
		close(gate[i]);
	close(pidfd);
	close(ns);
	close(proc);
}

int main(void)
{
	test_dump(RTM_GETSTATS);
	test_dump(RTM_GETLINK);
	test_growth();
	test_damaged();
	test_door();
	test_processes();
	return check_result();
}
