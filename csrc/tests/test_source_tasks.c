/* Processes, threads, open files and sockets of containers, and what their threads ran: against a container made here whose
 * numbers are known. */
#include <dirent.h>
#include <sys/resource.h>

#include "net_boxes.h"
#include "source/tasks/tasks.h"

#define PIPES   10
#define SOCKETS 5
#define THREADS 2

/* ---- parts ---- */

static struct pcf_tasks_node *node_add(struct pcf_tasks_nodes *nodes, uint32_t slot, const char *path)
{
	struct pcf_tasks_node *node = calloc(1, sizeof *node + strlen(path) + 1);

	CHECK_OR_DIE(node);
	node->slot = slot;
	node->generation = 1;
	node->len = strlen(path);
	memcpy(node->path, path, node->len);
	CHECK_EQ(pcf_tasks_nodes_add(nodes, node), 0);
	return node;
}

static struct pcf_tasks_node *find(const struct pcf_tasks_nodes *nodes, const char *text)
{
	return pcf_tasks_nodes_find(nodes, text, strlen(text));
}

static void test_whose(void)
{
	struct pcf_tasks_nodes nodes = {0};
	struct pcf_tasks_node *root = node_add(&nodes, 0, "/"), *slice = node_add(&nodes, 1, "/a.slice"),
			      *box = node_add(&nodes, 2, "/a.slice/box"), *other = node_add(&nodes, 3, "/docker/x");

	CHECK_EQ(pcf_tasks_nodes_arrange(&nodes), 0);
	CHECK(!root->parent && slice->parent == root && box->parent == slice && other->parent == root);
	CHECK(find(&nodes, "0::/a.slice/box\n") == box);
	CHECK(find(&nodes, "0::/a.slice/box/nested/deep\n") == box);
	CHECK(find(&nodes, "0::/a.slice/boxer\n") == slice); /* a longer name is another */
	CHECK(find(&nodes, "0::/\n") == root);
	CHECK(find(&nodes, "0::/elsewhere (deleted)\n") == root);
	/* Whichever hierarchy knows best. */
	CHECK(find(&nodes, "5:memory:/\n4:cpu,cpuacct:/docker/x\n1:name=systemd:/a.slice\n") == other);
	CHECK(find(&nodes, "1:name=systemd:/a.slice/b:x\n") == slice);
	CHECK(!find(&nodes, "0::/a.slice") && !find(&nodes, "") && !find(&nodes, "nonsense\n"));
	pcf_tasks_nodes_remove(&nodes, 2, 2); /* another tenant */
	pcf_tasks_nodes_remove(&nodes, 1, 1);
	CHECK_EQ(pcf_tasks_nodes_arrange(&nodes), 0);
	CHECK(box->parent == root);
	pcf_tasks_nodes_free(&nodes);
}

static void see(struct pcf_thread_table *table, uint32_t tid, uint32_t round, uint64_t run, uint64_t slices,
		uint64_t run_since)
{
	uint64_t now[PCF_SCHEDSTAT_COUNT] = {run, 5, slices}, since[PCF_SCHEDSTAT_COUNT];

	CHECK_EQ(pcf_thread_table_see(table, tid, round, now, since), 0);
	CHECK_EQ(since[PCF_SCHEDSTAT_RUN_NS], run_since);
}

static void test_threads(void)
{
	struct pcf_thread_table table = {0};

	see(&table, 7, 1, 100, 10, 100);
	see(&table, 7, 2, 130, 11, 30);
	see(&table, 7, 3, 130, 11, 0);
	see(&table, 7, 4, 20, 1, 20);   /* the number has another thread now */
	see(&table, 7, 5, 500, 0, 500); /* and again: it ran longer, and was on the CPU less often */
	for (uint32_t tid = 10; tid < 5000; tid++)
		see(&table, tid, 6, tid, 1, tid);
	CHECK_EQ(table.count, 4991);
	see(&table, 4999, 7, 5000, 1, 1);
	pcf_thread_table_purge(&table, 7);
	CHECK_EQ(table.count, 1);
	see(&table, 4999, 8, 5010, 1, 10);
	see(&table, 7, 8, 501, 1, 501); /* forgotten: new */
	pcf_thread_table_free(&table);
}

static void test_schedstat_text(void)
{
	uint64_t values[PCF_SCHEDSTAT_COUNT];

	CHECK(pcf_schedstat_scan("102582 625526 2\n", 16, values));
	CHECK_EQ(values[PCF_SCHEDSTAT_RUN_NS], 102582);
	CHECK_EQ(values[PCF_SCHEDSTAT_WAIT_NS], 625526);
	CHECK_EQ(values[PCF_SCHEDSTAT_SLICES], 2);
	CHECK(!pcf_schedstat_scan("102582 625526 2", 15, values));
	CHECK(!pcf_schedstat_scan("102582 625526\n", 14, values));
	CHECK(!pcf_schedstat_scan("102582 -1 2\n", 12, values));
	CHECK(!pcf_schedstat_scan("", 0, values));
}

/* ---- a container ---- */

static void *idle(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static uint64_t thread_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* When told so: what it uses before a round has seen it in its cgroup may be counted elsewhere. */
static void busy(int go, unsigned ms)
{
	char byte;

	if (read(go, &byte, 1) != 1)
		_exit(1);
	uint64_t until = thread_cpu_ns() + ms * MS;
	while (thread_cpu_ns() < until)
		;
}

static void tell(int report, pid_t pid)
{
	if (write(report, &pid, sizeof pid) != sizeof pid)
		_exit(1);
}

/* A process with files, sockets and threads, and a child of it in a cgroup below, which is not followed. */
static void be_container(const char *name, const char *nested, int report, int go)
{
	int ends[2];
	pid_t child;
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (cgroup_enter(name, PCF_CTL_MEMORY))
		_exit(1);
	for (int i = 0; i < PIPES; i++)
		if (pipe(ends))
			_exit(1);
	for (int i = 0; i < SOCKETS; i++)
		if (socket(AF_UNIX, SOCK_STREAM, 0) < 0)
			_exit(1);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (cgroup_enter(nested, PCF_CTL_MEMORY))
			_exit(1);
		tell(report, getpid());
		busy(go, 50);
		idle(NULL);
	}
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread, NULL, idle, NULL))
			_exit(1);
	signal(SIGCHLD, SIG_IGN);
	tell(report, -getpid());
	busy(go, 20);
	idle(NULL);
}

/* Returns the child; both processes are in their cgroups. ``go``: a byte for each has it busy. */
static pid_t start_container(pcf_collector *collector, struct box *box, const char *nested, int *go)
{
	char path[128];
	pcf_error err = {0};
	pid_t reported, child = 0;
	int report[2], begin[2];

	snprintf(box->name, sizeof box->name, "counted");
	CHECK(cgroup_each(box->name, 1) > 0 && cgroup_each(nested, 1) > 0);
	CHECK_EQ(pcf_collector_add(collector, cgroup_name(path, sizeof path, box->name), 0, &box->slot,
				   &box->generation, &err),
		 0);
	CHECK_OR_DIE(pipe(report) == 0 && pipe(begin) == 0);
	box->pid = fork();
	if (box->pid == 0)
		be_container(box->name, nested, report[1], begin[0]);
	for (int i = 0; i < 2; i++) {
		CHECK_OR_DIE(read(report[0], &reported, sizeof reported) == sizeof reported);
		child = reported > 0 ? reported : child;
	}
	close(report[0]);
	close(report[1]);
	close(begin[0]);
	*go = begin[1];
	return child;
}

/* The same by another way: each link of /proc/<pid>/fd. */
static void count_fds(pid_t pid, uint64_t *fds, uint64_t *sockets)
{
	char path[64], link[64];
	const struct dirent *entry;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	DIR *dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, link, sizeof link - 1);
		if (len <= 0)
			continue;
		link[len] = '\0';
		++*fds;
		*sockets += strncmp(link, "socket:", 7) == 0;
	}
	if (dir)
		closedir(dir);
}

static void fresh(pcf_collector *collector, int group, const struct box *box, uint64_t *row)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += 20) {
		pcf_collector_sample(collector, ~0ULL, NULL);
		if (find_row(collector, group, box, "", row))
			return;
		pause_ms(20);
	}
	CHECK(!"a row came");
}

static void check_counts(pcf_collector *collector, const struct box *box, pid_t child)
{
	uint64_t row[PCF_MAX_GROUP_COLUMNS], fds = 0, sockets = 0;
	struct rlimit limit;

	/* On a host with very many open files it takes some rounds until it is our turn. */
	for (int waited = 0; waited < PATIENCE_MS; waited += 20) {
		fresh(collector, PCF_GROUP_TASKS, box, row);
		if (row[PCF_TASKS_SOCKETS] != PCF_ABSENT)
			break;
		pause_ms(20);
	}
	count_fds(box->pid, &fds, &sockets);
	count_fds(child, &fds, &sockets);
	CHECK_EQ(row[PCF_TASKS_PROCESSES], 2);
	CHECK_EQ(row[PCF_TASKS_THREADS], 2 + THREADS);
	CHECK_EQ(row[PCF_TASKS_FDS], fds);
	CHECK_EQ(row[PCF_TASKS_SOCKETS], sockets);
	CHECK(sockets >= 2 * SOCKETS && fds >= sockets + (uint64_t)2 * 2 * PIPES);
	CHECK_EQ(prlimit(box->pid, RLIMIT_NOFILE, NULL, &limit), 0);
	CHECK_EQ(row[PCF_TASKS_OPEN_FILES_SOFT], limit.rlim_cur == RLIM_INFINITY ? PCF_UNLIMITED : limit.rlim_cur);
	CHECK_EQ(row[PCF_TASKS_OPEN_FILES_HARD], limit.rlim_max == RLIM_INFINITY ? PCF_UNLIMITED : limit.rlim_max);
}

/* The machine has these and more. */
static void check_root(pcf_collector *collector)
{
	struct box root = {.slot = 0, .name = "/"};
	uint64_t row[PCF_MAX_GROUP_COLUMNS];
	pcf_slot_record record;

	CHECK_EQ(pcf_slots_read(pcf_collector_slots(collector), 0, &record), 0);
	root.generation = record.generation;
	fresh(collector, PCF_GROUP_TASKS, &root, row);
	CHECK(row[PCF_TASKS_PROCESSES] > 3 && row[PCF_TASKS_THREADS] > row[PCF_TASKS_PROCESSES]);
}

/* A process that has gone takes nothing back; one that goes in the middle spoils nothing. */
static void check_schedstat(pcf_collector *collector, const struct box *box, pid_t child)
{
	uint64_t with[PCF_MAX_GROUP_COLUMNS], without[PCF_MAX_GROUP_COLUMNS];

	/* What both use, less what the CPU clock and the scheduler round differently. */
	for (int waited = 0; waited < PATIENCE_MS; waited += 20) {
		fresh(collector, PCF_GROUP_SCHEDSTAT, box, with);
		if (with[PCF_SCHEDSTAT_RUN_NS] >= 69 * MS)
			break;
		pause_ms(20);
	}
	CHECK(with[PCF_SCHEDSTAT_RUN_NS] >= 69 * MS);
	if (with[PCF_SCHEDSTAT_RUN_NS] < 69 * MS)
		fprintf(stderr, "run_ns is %llu\n", (unsigned long long)with[PCF_SCHEDSTAT_RUN_NS]);
	CHECK(with[PCF_SCHEDSTAT_SLICES] > 0);
	kill(child, SIGKILL);
	for (int waited = 0; waited < PATIENCE_MS; waited += 20) {
		fresh(collector, PCF_GROUP_TASKS, box, without);
		if (without[PCF_TASKS_PROCESSES] == 1)
			break;
		pause_ms(20);
	}
	CHECK_EQ(without[PCF_TASKS_PROCESSES], 1);
	fresh(collector, PCF_GROUP_SCHEDSTAT, box, without);
	for (int i = 0; i < PCF_SCHEDSTAT_COUNT; i++)
		CHECK(without[i] >= with[i]);
}

static void test_container(pcf_collector *collector)
{
	struct box box;
	int go;
	pid_t child = start_container(collector, &box, "counted/below", &go);

	check_counts(collector, &box, child);
	check_root(collector);
	CHECK_EQ(write(go, "go", 2), 2);
	close(go);
	check_schedstat(collector, &box, child);
	kill_box(&box);
	for (int i = 0; i < 100 && cgroup_each("counted/below", 0) == 0; i++)
		pause_ms(10);
	remove_box(collector, &box);
}

/* With less room than files, sockets of some are not known, never wrong; the next round goes on where this one stopped. */
static void test_budget(void)
{
	struct pcf_tasks_nodes nodes = {0};
	struct pcf_tasks_node *root = node_add(&nodes, 0, "/");
	struct pcf_tasks_scan scan;
	atomic_bool stop = false;
	pid_t resumed[3];

	CHECK_EQ(pcf_tasks_nodes_arrange(&nodes), 0);
	CHECK_EQ(pcf_tasks_scan_open(&scan, "/proc"), 0);
	scan.links_most = 1; /* less than any process holds, and there are several */
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(pcf_tasks_scan_run(&scan, &nodes, 1 << PCF_TASKS_COUNTS, &stop), 0);
		CHECK_EQ(root->counts[PCF_TASKS_SOCKETS], PCF_ABSENT);
		CHECK(root->counts[PCF_TASKS_FDS] > 10 && root->counts[PCF_TASKS_FDS] < PCF_UNLIMITED);
		resumed[i] = scan.resume;
		CHECK(resumed[i] > 0);
	}
	CHECK(resumed[0] != resumed[1] || resumed[1] != resumed[2]);
	scan.links_most = UINT32_MAX;
	CHECK_EQ(pcf_tasks_scan_run(&scan, &nodes, 1 << PCF_TASKS_COUNTS, &stop), 0);
	CHECK(root->counts[PCF_TASKS_SOCKETS] < root->counts[PCF_TASKS_FDS]);
	/* Without the size of the directory they are counted one by one. */
	uint64_t by_size = root->counts[PCF_TASKS_FDS];
	scan.has_fd_size = false;
	CHECK_EQ(pcf_tasks_scan_run(&scan, &nodes, 1 << PCF_TASKS_COUNTS, &stop), 0);
	CHECK(root->counts[PCF_TASKS_FDS] > by_size / 2 && root->counts[PCF_TASKS_FDS] < by_size * 2);
	pcf_tasks_scan_close(&scan);
	pcf_tasks_nodes_free(&nodes);
}

int main(void)
{
	static pcf_host host;
	pcf_collector *collector;
	pcf_options options;
	pcf_error err = {0};

	test_whose();
	test_threads();
	test_schedstat_text();
	snprintf(ring_dir, sizeof ring_dir, "/dev/shm/pcf-test-tasks-%ld", (long)getpid());
	CHECK_OR_DIE(pcf_host_probe(&host, "", &err) == 0);
	if (cgroups_begin(&host) < 0 || geteuid() != 0) {
		fprintf(stderr, "skipped: this user may make no cgroup here\n");
		return check_result();
	}
	test_budget();
	options_for(&options);
	options.interval_ns[PCF_GROUP_TASKS] = options.interval_ns[PCF_GROUP_SCHEDSTAT] = 100 * MS;
	CHECK_OR_DIE(pcf_collector_open(&collector, &options, &err) == 0);
	CHECK_EQ(pcf_collector_start(collector, &err), 0);
	test_container(collector);
	pcf_collector_close(collector);
	remove_ring(ring_dir);
	return check_result();
}
