/* Facts about the kernel and about what this process may do, found out by trying. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/io_uring.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/probe.h"

void pcf_fact_set(pcf_fact *fact, int answer, const char *format, ...)
{
	va_list list;

	fact->answer = answer;
	va_start(list, format);
	(void)vsnprintf(fact->reason, sizeof fact->reason, format, list);
	va_end(list);
}

/* yes when result is not negative, else no and errno's text */
static void answer(pcf_fact *fact, long result, const char *what)
{
	if (result >= 0)
		pcf_fact_set(fact, PCF_YES, "%s", "");
	else
		pcf_fact_set(fact, PCF_NO, "%s: %s", what, strerror(errno));
}

static const char *any_mount(const pcf_host *host)
{
	for (int c = 0; c < PCF_CTL_COUNT; c++)
		if (host->controllers[c].version)
			return host->controllers[c].mount;
	return NULL;
}

static void probe_fanotify(pcf_host *host)
{
	const char *mount = any_mount(host);
	int fd;

	if (!mount) {
		pcf_fact_set(&host->fanotify, PCF_NO, "no cgroup filesystem is mounted");
		return;
	}
	fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME | FAN_CLOEXEC, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		answer(&host->fanotify, -1, "fanotify_init(FAN_REPORT_DFID_NAME)");
		return;
	}
	answer(&host->fanotify,
	       fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_CREATE | FAN_DELETE | FAN_ONDIR, AT_FDCWD,
			     mount),
	       "fanotify_mark(FAN_MARK_FILESYSTEM) on the cgroup filesystem");
	close(fd);
}

static void probe_inotify(pcf_host *host)
{
	const char *mount = any_mount(host);
	int fd = inotify_init1(IN_CLOEXEC);

	if (fd < 0) {
		answer(&host->inotify, -1, "inotify_init1");
		return;
	}
	if (mount)
		answer(&host->inotify, inotify_add_watch(fd, mount, IN_CREATE | IN_DELETE | IN_ONLYDIR),
		       "inotify_add_watch");
	else
		pcf_fact_set(&host->inotify, PCF_NO, "no cgroup filesystem is mounted");
	close(fd);
}

static void probe_io_uring(pcf_host *host)
{
	struct io_uring_params params = {0};
	long fd = syscall(__NR_io_uring_setup, 4, &params);

	answer(&host->io_uring, fd, "io_uring_setup");
	if (fd >= 0)
		close((int)fd);
}

/* One dump of link counters, as the network source asks for; the kernel's first answer decides. */
static void probe_netlink(pcf_host *host)
{
	struct {
		struct nlmsghdr head;
		struct if_stats_msg body;
	} request = {
		.head = {.nlmsg_len = sizeof request,
			 .nlmsg_type = RTM_GETSTATS,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.body = {.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)},
	};
	union {
		struct nlmsghdr head;
		char bytes[16384];
	} reply;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct timeval patience = {.tv_sec = 1};
	ssize_t n = -1;

	if (fd >= 0) {
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
		if (send(fd, &request, sizeof request, 0) >= 0)
			n = recv(fd, &reply, sizeof reply, 0);
	}
	if (n >= (ssize_t)sizeof(struct nlmsghdr) && reply.head.nlmsg_type == NLMSG_ERROR) {
		errno = -((struct nlmsgerr *)NLMSG_DATA(&reply.head))->error;
		n = -1;
	}
	answer(&host->netlink_stats, n, "RTM_GETSTATS");
	if (fd >= 0)
		close(fd);
}

/* Joining the namespace we are in changes nothing and needs the same right as joining another. */
static void probe_setns(pcf_host *host)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	answer(&host->setns, fd < 0 ? -1 : setns(fd, CLONE_NEWNET), "setns(CLONE_NEWNET)");
	if (fd >= 0)
		close(fd);
}

static void probe_pidfd(pcf_host *host)
{
	long fd = syscall(SYS_pidfd_open, getpid(), 0);

	answer(&host->pidfd, fd, "pidfd_open");
	if (fd >= 0)
		close((int)fd);
}

static void probe_file(pcf_fact *fact, const char *sysroot, const char *path, const char *what)
{
	char full[512], text[256];
	long n;

	snprintf(full, sizeof full, "%s%s", sysroot, path);
	n = pcf_text_read(full, text, sizeof text);
	if (n < 0)
		pcf_fact_set(fact, PCF_NO, "%s: %s: %s", what, full, strerror((int)-n));
	else
		pcf_fact_set(fact, PCF_YES, "%s", "");
}

void pcf_facts_probe(pcf_host *host, const char *sysroot)
{
	probe_file(&host->psi, sysroot, "/proc/pressure/memory",
		   "no pressure stall information (psi=1 at boot, CONFIG_PSI)");
	probe_file(&host->irq_psi, sysroot, "/proc/pressure/irq", "no interrupt pressure (CONFIG_IRQ_TIME_ACCOUNTING)");
	probe_file(&host->procfs, sysroot, "/proc/1/net/dev", "network of other processes");
	probe_fanotify(host);
	probe_inotify(host);
	probe_io_uring(host);
	probe_netlink(host);
	probe_setns(host);
	probe_pidfd(host);
}
