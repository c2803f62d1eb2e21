/* What /dev/kmsg says of OOM kills, as captured from kernels 6.1, 6.12 and 6.18, and what names can do to it. */
#include "parse/kmsg.h"

#include <errno.h>

#include "check.h"

#define CHOSEN                                                                                                         \
	"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/top,"                 \
	"task_memcg=/top/a b,task=python3,pid=12789,uid=1000"
#define KILLED                                                                                                         \
	"Memory cgroup out of memory: Killed process 12789 (python3) total-vm:221368kB, anon-rss:23168kB, "            \
	"file-rss:6684kB, shmem-rss:4kB, UID:1000 pgtables:100kB oom_score_adj:-17"

static pcf_kmsg_line line_of(const char *text)
{
	pcf_kmsg_line line;

	pcf_kmsg_line_parse(text, strlen(text), &line);
	return line;
}

static void test_record(void)
{
	static const char whole[] = "6,366,932621259,-;memory: usage 16384kB\n SUBSYSTEM=acpi\n";
	static const char user[] = "12,367,932621300,-;Killed process\n";
	pcf_kmsg_record record;

	CHECK_EQ(pcf_kmsg_record_parse(whole, sizeof whole - 1, &record), 0);
	CHECK_EQ(record.sequence, 366);
	CHECK_EQ(record.time_usec, 932621259);
	CHECK(record.is_kernel);
	CHECK_EQ(record.len, strlen("memory: usage 16384kB"));
	CHECK_EQ(pcf_kmsg_record_parse(user, sizeof user - 1, &record), 0);
	CHECK(!record.is_kernel); /* facility 1 */
	CHECK_EQ(pcf_kmsg_record_parse("6,1,2,-", 7, &record), -EINVAL);
	CHECK_EQ(pcf_kmsg_record_parse("6,1;2,-", 7, &record), -EINVAL);
	CHECK_EQ(pcf_kmsg_record_parse("x,1,2,-;a", 9, &record), -EINVAL);
	CHECK_EQ(pcf_kmsg_record_parse("", 0, &record), -EINVAL);
}

static void test_chosen(void)
{
	pcf_kmsg_line line = line_of(CHOSEN);

	CHECK_EQ(line.kind, PCF_KMSG_CHOSEN);
	CHECK_EQ(line.pid, 12789);
	CHECK_EQ(line.uid, 1000);
	CHECK_EQ(line.is_memcg, 1);
	CHECK_STR(line.comm, "python3");
	CHECK_STR(line.oom_memcg, "/top");
	CHECK_STR(line.task_memcg, "/top/a b");
	line = line_of("oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,"
		       "task_memcg=/docker/9f,task=x,pid=1,uid=0");
	CHECK_EQ(line.is_memcg, 0);
	CHECK_STR(line.oom_memcg, "");
	CHECK_STR(line.task_memcg, "/docker/9f");
	CHECK_EQ(line_of("oom-kill:constraint=CONSTRAINT_NONE").kind, PCF_KMSG_OTHER);
}

/* Commas, brackets, escapes and our own words inside names. */
static void test_hostile_names(void)
{
	pcf_kmsg_line line = line_of("oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a,b,task_memcg=/a,b/c,uid=3,task="
				     ",pid=1,uid=0,pid=77,uid=5");

	CHECK_EQ(line.pid, 77);
	CHECK_EQ(line.uid, 5);
	CHECK_STR(line.comm, ",pid=1,uid=0");
	CHECK_STR(line.oom_memcg, "/a,b");
	CHECK_STR(line.task_memcg, "/a,b/c,uid=3");
	line = line_of("Memory cgroup out of memory: Killed process 9 (a) total-vm:1) total-vm:8kB, anon-rss:4kB");
	CHECK_EQ(line.pid, 9);
	CHECK_STR(line.comm, "a) total-vm:1");
	CHECK_EQ(line.total_vm_bytes, 8192);
	CHECK_EQ(line.uid, PCF_ABSENT);
	line = line_of("Out of memory: Killed process 9 (\\xc3\\xa4\\x0a\\x5c) total-vm:8kB, anon-rss:4kB");
	CHECK_STR(line.comm, "\xc3\xa4\n\\");
	CHECK_EQ(line.is_memcg, 0);
	CHECK_EQ(line_of("audit: comm=Killed process 9 (a) total-vm:8kB").kind, PCF_KMSG_OTHER);
}

static void test_killed(void)
{
	pcf_kmsg_line line = line_of(KILLED);

	CHECK_EQ(line.kind, PCF_KMSG_KILLED);
	CHECK_EQ(line.pid, 12789);
	CHECK_EQ(line.total_vm_bytes, 221368 * 1024);
	CHECK_EQ(line.anon_bytes, 23168 * 1024);
	CHECK_EQ(line.file_bytes, 6684 * 1024);
	CHECK_EQ(line.shmem_bytes, 4 * 1024);
	CHECK_EQ(line.pgtables, 100 * 1024);
	CHECK_EQ(line.uid, 1000);
	CHECK_EQ(line.oom_score_adj, -17);
	CHECK_EQ(line.is_memcg, 1);
	line = line_of("Killed process 5 (sh) total-vm:4kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB"); /* 4.19 */
	CHECK_EQ(line.kind, PCF_KMSG_KILLED);
	CHECK_EQ(line.is_memcg, -1);
	CHECK_EQ(line.pgtables, PCF_ABSENT);
	CHECK_EQ(line.oom_score_adj, INT64_MIN);
	CHECK_EQ(line_of("Killed process 99999999999999999999 (a) total-vm:4kB").pid, PCF_ABSENT);
	CHECK_EQ(line_of("Killed process  (a) total-vm:4kB").kind, PCF_KMSG_OTHER);
}

static int feed(pcf_kmsg_pairing *pairing, const char *text, pcf_kmsg_oom *out)
{
	pcf_kmsg_line line = line_of(text);

	return pcf_kmsg_pair(pairing, &line, out);
}

static void test_pair_whole(void)
{
	pcf_kmsg_pairing pairing = {0};
	pcf_kmsg_oom oom;

	CHECK_EQ(feed(&pairing, "CPU: 0 PID: 4 Comm: x", &oom), 0); /* before the header: not ours */
	CHECK_EQ(
		feed(&pairing, "worker invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0", &oom),
		0);
	CHECK_EQ(feed(&pairing, "CPU: 1 UID: 0 PID: 77 Comm: worker Not tainted 6.18.44 #1 PREEMPT", &oom), 0);
	CHECK_EQ(feed(&pairing, "CPU: 0 PID: 5 Comm: other Not tainted", &oom), 0); /* another core's */
	CHECK_EQ(feed(&pairing, "memory: usage 16384kB, limit 16388kB, failcnt 226", &oom), 0);
	CHECK_EQ(feed(&pairing, CHOSEN, &oom), 0);
	CHECK_EQ(feed(&pairing, KILLED, &oom), 1);
	CHECK(oom.is_kill);
	CHECK_EQ(oom.trigger_pid, 77);
	CHECK_STR(oom.trigger_comm, "worker");
	CHECK_EQ(oom.all.usage_bytes, 16384 * 1024);
	CHECK_EQ(oom.all.limit_bytes, 16388 * 1024);
	CHECK_STR(oom.all.task_memcg, "/top/a b");
	CHECK_EQ(oom.all.pid, 12789);
	CHECK_EQ(feed(&pairing, KILLED, &oom), 1); /* the rest of a group: the line alone */
	CHECK_STR(oom.all.task_memcg, "");
	CHECK_EQ(oom.trigger_pid, PCF_ABSENT);
	CHECK_STR(oom.trigger_comm, "");
}

/* printk's rate limit leaves out the header and the "oom-kill:" line of all but ten kills in five seconds. */
static void test_pair_without_header(void)
{
	pcf_kmsg_pairing pairing = {0};
	pcf_kmsg_oom oom;

	CHECK_EQ(feed(&pairing, "worker invoked oom-killer: gfp_mask=0", &oom), 0);
	CHECK_EQ(feed(&pairing, CHOSEN, &oom), 0);
	CHECK_EQ(feed(&pairing, "Memory cgroup out of memory: Killed process 5 (sh) total-vm:4kB, anon-rss:4kB", &oom),
		 1);
	CHECK_EQ(oom.all.pid, 5);
	CHECK_STR(oom.all.task_memcg, ""); /* the chosen one was another process */
	CHECK_STR(oom.trigger_comm, "");
	CHECK_EQ(oom.all.usage_bytes, PCF_ABSENT);
	CHECK_EQ(oom.all.is_memcg, 1);
	CHECK_EQ(feed(&pairing, "worker invoked oom-killer: gfp_mask=0", &oom), 0);
	CHECK_EQ(feed(&pairing, "Memory cgroup stats for /a:b:", &oom), 0);
	CHECK_EQ(feed(&pairing, "Out of memory and no killable processes...", &oom), 1);
	CHECK(!oom.is_kill);
	CHECK_STR(oom.all.oom_memcg, "/a:b");
	CHECK_STR(oom.trigger_comm, "worker");
	CHECK_EQ(oom.trigger_pid, PCF_ABSENT);
}

int main(void)
{
	test_record();
	test_chosen();
	test_hostile_names();
	test_killed();
	test_pair_whole();
	test_pair_without_header();
	return check_result();
}
