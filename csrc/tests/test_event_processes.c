/* Where a process is: the text of /proc/<pid>/cgroup, and the memory of it that outlives the process. */
#include "event/processes.h"
#include "parse/proc_pid_cgroup.h"

#include <errno.h>

#include "check.h"

static char path[64];

static int parse(const char *text, int has_memory_v1)
{
	path[0] = '\0';
	return pcf_proc_pid_cgroup_parse(text, strlen(text), has_memory_v1, path, sizeof path);
}

static void test_cgroup_text(void)
{
	static const char v1[] = "12:pids:/other\n4:cpu,cpuacct:/c\n3:memory:/docker/9f\n1:name=systemd:/s\n0::/\n";

	CHECK_EQ(parse(v1, 1), strlen("/docker/9f"));
	CHECK_STR(path, "/docker/9f");
	parse("8:pids:/p\n4:cpuacct,cpu:/c\n3:memory:/\n0::/u\n", 1);
	CHECK_STR(path, "/p");
	parse("4:cpuacct,cpu:/c\n0::/u\n", 1);
	CHECK_STR(path, "/c");
	parse("1:name=systemd:/s\n0::/u\n", 1);
	CHECK_STR(path, "/u");
	CHECK_EQ(parse("0::/system.slice/a:b (deleted)\n", 0), strlen("/system.slice/a:b"));
	CHECK_STR(path, "/system.slice/a:b");
	parse("1:memory:/m\n0::/u\n", 0);
	CHECK_STR(path, "/u");
	CHECK_EQ(parse("3:memory:/\n0::/\n", 1), 1);
	CHECK_STR(path, "/");
	parse("3:memoryx:/no\n2:xmemory:/no\n1:pids:/yes\n", 1);
	CHECK_STR(path, "/yes");
}

static void test_cgroup_text_refused(void)
{
	CHECK_EQ(parse("", 1), -EINVAL);
	CHECK_EQ(parse("memory:/a\n", 1), -EINVAL);
	CHECK_EQ(parse("3:memory:relative\n", 1), -EINVAL);
	CHECK_EQ(parse("3:memory:/cut", 1), -EINVAL); /* cut off: it may go on */
	CHECK_EQ(parse("0::/0123456789012345678901234567890123456789012345678901234567890123456789\n", 0),
		 -ENAMETOOLONG);
}

static void test_child_keeps_place(void)
{
	pcf_processes all;
	pcf_process *parent, *child;

	pcf_processes_init(&all);
	CHECK(!pcf_processes_find(&all, 7));
	CHECK(!pcf_processes_put(&all, 0));
	parent = pcf_processes_put(&all, 7);
	CHECK_EQ(pcf_process_move(parent, "/a"), 0);
	child = pcf_processes_put(&all, 8);
	parent = pcf_processes_find(&all, 7);
	pcf_process_share(child, parent->place);
	pcf_process_move(parent, "/b");
	CHECK_STR(pcf_processes_find(&all, 8)->place->path, "/a");
	CHECK_EQ(child->place->users, 1);
	pcf_processes_end(&all, child);
	CHECK_STR(pcf_processes_find(&all, 8)->place->path, "/a"); /* still known once it has ended */
	CHECK(pcf_processes_put(&all, 8)->place == NULL);          /* another process of that number */
	CHECK_EQ(all.count, 2);
	pcf_processes_close(&all);
}

/* 100 live ones stay, however many come and go; those that went are bounded. */
static void test_bounded(void)
{
	pcf_processes all;

	pcf_processes_init(&all);
	for (uint32_t tgid = 1; tgid <= 100; tgid++)
		pcf_process_move(pcf_processes_put(&all, tgid), "/live");
	for (uint32_t tgid = 101; tgid <= 20000; tgid++) {
		pcf_process *process = pcf_processes_put(&all, tgid);
		pcf_process_share(process, pcf_processes_find(&all, 1)->place);
		pcf_processes_end(&all, process);
		pcf_processes_end(&all, process); /* told twice: counted once */
	}
	CHECK_EQ(all.count, 100 + PCF_PROCESSES_ENDED);
	CHECK(!pcf_processes_find(&all, 101));
	CHECK(pcf_processes_find(&all, 20000));
	CHECK_STR(pcf_processes_find(&all, 100)->place->path, "/live");
	CHECK_EQ(pcf_processes_find(&all, 1)->place->users, 1 + PCF_PROCESSES_ENDED);
	/* A number that ended, begins again and lives on is not forgotten for its first life. */
	pcf_processes_put(&all, 20000);
	for (uint32_t tgid = 30000; tgid < 30000 + 2 * PCF_PROCESSES_ENDED; tgid++)
		pcf_processes_end(&all, pcf_processes_put(&all, tgid));
	CHECK(pcf_processes_find(&all, 20000));
	pcf_processes_close(&all);
}

int main(void)
{
	test_cgroup_text();
	test_cgroup_text_refused();
	test_child_keeps_place();
	test_bounded();
	return check_result();
}
