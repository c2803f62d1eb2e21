/* Groups tasks and schedstat: the life of a container in them, and the helper's loop. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/clock.h"
#include "schema/error.h"
#include "source/tasks/tasks.h"

static const int groups[PCF_TASKS_KINDS] = {PCF_GROUP_TASKS, PCF_GROUP_SCHEDSTAT};

typedef struct {
	pcf_source base;
	pcf_source_env env;
	pcf_ahead *ahead;
	uint32_t *generations; /* by slot, the tick thread's; 0: nobody */
	/* to the helper */
	int wake;
	atomic_bool stop;
	pthread_mutex_t lock;                  /* held for moving a pointer */
	struct pcf_tasks_node *box, **box_end; /* those who came, and, without a path, those who went */
	/* the helper's */
	pthread_t thread;
	bool is_running;
	struct pcf_tasks_nodes nodes;
	struct pcf_tasks_scan scan;
} tasks_source;

static tasks_source *source_of(pcf_source *base)
{
	return (tasks_source *)base;
}

/* ---- the helper ---- */

static void take_box(tasks_source *source)
{
	struct pcf_tasks_node *node, *next;

	pthread_mutex_lock(&source->lock);
	node = source->box;
	source->box = NULL;
	source->box_end = &source->box;
	pthread_mutex_unlock(&source->lock);
	if (!node)
		return;
	for (; node; node = next) {
		next = node->next;
		if (!node->len)
			pcf_tasks_nodes_remove(&source->nodes, node->slot, node->generation);
		if (!node->len || pcf_tasks_nodes_add(&source->nodes, node) < 0)
			free(node);
	}
	(void)pcf_tasks_nodes_arrange(&source->nodes);
}

static void publish(tasks_source *source, unsigned kinds)
{
	for (uint32_t i = 0; i < source->nodes.count; i++) {
		const struct pcf_tasks_node *node = source->nodes.list[i];

		if (kinds >> PCF_TASKS_COUNTS & 1)
			pcf_ahead_publish(source->ahead, node->slot, node->generation, PCF_TASKS_COUNTS, node->counts);
		if (kinds >> PCF_TASKS_SCHEDSTAT & 1)
			pcf_ahead_publish(source->ahead, node->slot, node->generation, PCF_TASKS_SCHEDSTAT,
					  node->schedstat);
	}
}

static void work(tasks_source *source)
{
	unsigned kinds = pcf_ahead_begin(source->ahead);
	int rc;

	take_box(source);
	if (kinds && source->nodes.buckets) {
		rc = pcf_tasks_scan_run(&source->scan, &source->nodes, kinds, &source->stop);
		if (rc < 0)
			source->env.fail(source->env.owner, UINT32_MAX, "/proc", -rc);
		else if (!atomic_load(&source->stop))
			publish(source, kinds);
	}
	pcf_ahead_done(source->ahead, kinds);
}

static void *run(void *arg)
{
	tasks_source *source = arg;

	while (!atomic_load(&source->stop)) {
		struct pollfd wake = {.fd = source->wake, .events = POLLIN};
		uint64_t now, next, count;

		work(source);
		now = pcf_now_ns(CLOCK_MONOTONIC);
		next = pcf_ahead_next_ns(source->ahead);
		if (poll(&wake, 1, next <= now ? 0 : (int)((next - now) / 1000000 % 60000) + 1) == 1)
			(void)!read(source->wake, &count, sizeof count);
	}
	pcf_ahead_end(source->ahead);
	return NULL;
}

/* Signals are for the program's own threads. */
static int start(tasks_source *source)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&source->thread, NULL, run, source);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	source->is_running = rc == 0;
	if (rc == 0)
		pthread_setname_np(source->thread, "pcf-tasks");
	return -rc;
}

/* ---- containers ---- */

static struct pcf_tasks_node *node_new(uint32_t slot, uint32_t generation, const char *path)
{
	size_t len = strlen(path);
	struct pcf_tasks_node *node = calloc(1, sizeof *node + len + 1);

	if (!node)
		return NULL;
	node->slot = slot;
	node->generation = generation;
	node->len = len;
	memcpy(node->path, path, len);
	return node;
}

static int prepare(pcf_source *base, uint32_t slot, uint32_t generation, const char *path, void **prepared)
{
	(void)base;
	*prepared = node_new(slot, generation, *path ? path : "/");
	return *prepared ? 0 : -ENOMEM;
}

static void discard(pcf_source *base, void *prepared)
{
	(void)base;
	free(prepared);
}

static void send(tasks_source *source, struct pcf_tasks_node *node)
{
	if (!node)
		return;
	pthread_mutex_lock(&source->lock);
	node->next = NULL;
	*source->box_end = node;
	source->box_end = &node->next;
	pthread_mutex_unlock(&source->lock);
}

static void drop(pcf_source *base, uint32_t slot, uint32_t generation)
{
	tasks_source *source = source_of(base);

	if (!generation || source->generations[slot] != generation)
		return;
	source->generations[slot] = 0;
	pcf_ahead_drop(source->ahead, slot);
	send(source, node_new(slot, generation, ""));
}

static void adopt(pcf_source *base, uint32_t slot, uint32_t generation, void *prepared)
{
	tasks_source *source = source_of(base);

	if (source->generations[slot] == generation) { /* looked at again: nothing is new about a path */
		free(prepared);
		return;
	}
	drop(base, slot, source->generations[slot]);
	source->generations[slot] = generation;
	pcf_ahead_adopt(source->ahead, slot, generation);
	send(source, prepared);
}

static void sample(pcf_source *base, pcf_pass *pass)
{
	pcf_ahead_sample(source_of(base)->ahead, pass);
}

static void gather(pcf_source *base, uint64_t asked)
{
	pcf_ahead_gather(source_of(base)->ahead, asked);
}

/* ---- opening ---- */

static void close_source(pcf_source *base)
{
	tasks_source *source = source_of(base);
	uint64_t one = 1;

	if (source->is_running) {
		atomic_store(&source->stop, true);
		(void)!write(source->wake, &one, sizeof one);
		pthread_join(source->thread, NULL);
	}
	for (struct pcf_tasks_node *next, *node = source->box; node; node = next) {
		next = node->next;
		free(node);
	}
	pcf_tasks_nodes_free(&source->nodes);
	pcf_tasks_scan_close(&source->scan);
	pcf_ahead_free(source->ahead);
	pthread_mutex_destroy(&source->lock);
	if (source->wake >= 0)
		close(source->wake);
	free(source->generations);
	free(source);
}

static const pcf_source_ops ops = {
	.name = "tasks",
	.groups = UINT64_C(1) << PCF_GROUP_TASKS | UINT64_C(1) << PCF_GROUP_SCHEDSTAT,
	.prepare = prepare,
	.discard = discard,
	.adopt = adopt,
	.drop = drop,
	.sample = sample,
	.gather = gather,
	.close = close_source,
};

static int open_parts(tasks_source *source)
{
	char proc[300];
	int rc;

	source->scan.proc_fd = -1;
	source->box_end = &source->box;
	pthread_mutex_init(&source->lock, NULL);
	source->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	source->generations = calloc(source->env.max_slots, sizeof *source->generations);
	source->ahead = pcf_ahead_new(&source->env, groups, PCF_TASKS_KINDS, source->wake);
	if (source->wake < 0 || !source->generations || !source->ahead)
		return -ENOMEM;
	snprintf(proc, sizeof proc, "%.280s/proc", source->env.options->sysroot ? source->env.options->sysroot : "");
	rc = pcf_tasks_scan_open(&source->scan, proc);
	return rc < 0 ? rc : start(source);
}

/* With hidepid the processes of other users are not to be seen, and counts of what is left would be wrong. */
static bool is_hidden(const pcf_source_env *env)
{
	const char *sysroot = env->options->sysroot ? env->options->sysroot : "";
	char path[320], byte;
	int fd;

	snprintf(path, sizeof path, "%.280s/proc/1/cgroup", sysroot);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is_fine = fd >= 0 && read(fd, &byte, 1) == 1;
	if (fd >= 0)
		close(fd);
	return !is_fine;
}

int pcf_tasks_source_open(pcf_source **out, const pcf_source_env *env, pcf_error *err)
{
	tasks_source *source;
	int rc;

	*out = NULL;
	if (!pcf_ahead_is_wanted(env, groups, PCF_TASKS_KINDS))
		return 0;
	if (is_hidden(env)) {
		env->note(env->owner, "groups tasks and schedstat have no rows: /proc hides the processes of others "
				      "(hidepid); run as root, or as a member of the group its option gid= names");
		return 0;
	}
	source = calloc(1, sizeof *source);
	if (!source)
		return pcf_error_say(err, -ENOMEM, "no memory to count processes");
	source->base.ops = &ops;
	source->env = *env;
	rc = open_parts(source);
	if (rc < 0) {
		close_source(&source->base);
		return pcf_error_say(err, rc,
				     "cannot count processes: %s; turn it off with the interval 0 for groups tasks and "
				     "schedstat",
				     strerror(-rc));
	}
	*out = &source->base;
	return 0;
}
