/* The thread that walks, and how little it may take. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "schema/clock.h"
#include "schema/error.h"
#include "usage/kept.h"
#include "usage/tree.h"

#define STEP_CPU_NS   1000000 /* it pauses after so much work: never longer on a core than a tick of the scheduler */
#define STEP_WALL_NS  5000000
#define FULL          1000 /* permille */
#define CLOSE_WAIT_S  1
#define IOPRIO_IDLE   (3 << 13) /* IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0), linux/ioprio.h */
#define IOPRIO_THREAD 1         /* IOPRIO_WHO_PROCESS */
#define NICEST        19

struct pcf_usage {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	int done_fd;
	uint32_t cpu_permille, io_permille;
	char *path;           /* what to walk, or being walked; NULL = nothing */
	pcf_usage_tree shown; /* as it was last published */
	int has_begun, is_done, is_cancelled, is_closing, only_walk;
	int owners;    /* the caller and the thread: the last one frees */
	int has_ended; /* the thread has */
	/* the thread's own */
	uint64_t step_cpu_ns, step_wall_ns, begun_cpu_ns, begun_wall_ns;
};

static void leave(pcf_usage *usage)
{
	int left;

	pthread_mutex_lock(&usage->lock);
	left = --usage->owners;
	pthread_mutex_unlock(&usage->lock);
	if (left)
		return;
	close(usage->done_fd);
	pthread_cond_destroy(&usage->changed);
	pthread_mutex_destroy(&usage->lock);
	free(usage->path);
	free(usage);
}

/* ---- the budget ---- */

static void begin_step(pcf_usage *usage)
{
	usage->step_cpu_ns = pcf_now_ns(CLOCK_THREAD_CPUTIME_ID);
	usage->step_wall_ns = pcf_now_ns(CLOCK_MONOTONIC);
}

/* How long to rest after so much work and waiting, for both to stay within their shares. */
static uint64_t rest_ns(const pcf_usage *usage, uint64_t cpu, uint64_t wall)
{
	uint64_t waited = wall > cpu ? wall - cpu : 0, whole = wall;

	if (usage->cpu_permille < FULL && cpu * FULL / usage->cpu_permille > whole)
		whole = cpu * FULL / usage->cpu_permille;
	if (usage->io_permille < FULL && waited * FULL / usage->io_permille > whole)
		whole = waited * FULL / usage->io_permille;
	return whole - wall;
}

static void sleep_until(pcf_usage *usage, uint64_t end_ns)
{
	struct timespec end = {.tv_sec = (time_t)(end_ns / 1000000000), .tv_nsec = (long)(end_ns % 1000000000)};

	while (!usage->is_closing && !usage->is_cancelled && pcf_now_ns(CLOCK_MONOTONIC) < end_ns)
		if (pthread_cond_timedwait(&usage->changed, &usage->lock, &end) == ETIMEDOUT)
			break;
}

static int pace(void *arg, const pcf_usage_tree *counted)
{
	pcf_usage *usage = arg;
	uint64_t cpu = pcf_now_ns(CLOCK_THREAD_CPUTIME_ID) - usage->step_cpu_ns;
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC), wall = now - usage->step_wall_ns, rest;
	int stop;

	if (cpu < STEP_CPU_NS && wall < STEP_WALL_NS)
		return 0;
	rest = rest_ns(usage, cpu, wall);
	pthread_mutex_lock(&usage->lock);
	usage->shown = *counted;
	if (rest)
		sleep_until(usage, now + rest);
	stop = usage->is_closing || usage->is_cancelled;
	pthread_mutex_unlock(&usage->lock);
	begin_step(usage);
	return stop ? ECANCELED : 0;
}

/* ---- the thread ---- */

static void measure_one(pcf_usage *usage, const char *path, int only_walk, pcf_usage_tree *tree)
{
	uint64_t wall = pcf_now_ns(CLOCK_MONOTONIC), cpu = pcf_now_ns(CLOCK_THREAD_CPUTIME_ID);

	begin_step(usage);
	if (only_walk || pcf_kept_read(path, tree) < 0)
		pcf_tree_walk(path, tree, pace, usage);
	tree->cpu_ns = pcf_now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	tree->wall_ns = pcf_now_ns(CLOCK_MONOTONIC) - wall;
}

/* What the last steps of a tree took is rested for as well: many small ones are as one big one. */
static void finish(pcf_usage *usage, const pcf_usage_tree *tree)
{
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC);
	uint64_t rest =
		rest_ns(usage, pcf_now_ns(CLOCK_THREAD_CPUTIME_ID) - usage->step_cpu_ns, now - usage->step_wall_ns);

	usage->shown = *tree;
	usage->is_done = 1;
	free(usage->path);
	usage->path = NULL;
	(void)eventfd_write(usage->done_fd, 1);
	usage->is_cancelled = 0;
	sleep_until(usage, now + rest);
}

static void *run(void *arg)
{
	pcf_usage *usage = arg;
	pid_t thread = (pid_t)syscall(SYS_gettid);

	(void)prctl(PR_SET_NAME, "pcf-usage");
	/* Priority of this thread alone: Linux has it by thread, whatever POSIX says (setpriority(2)). */
	(void)setpriority(PRIO_PROCESS, (id_t)thread, NICEST);
	(void)syscall(SYS_ioprio_set, IOPRIO_THREAD, thread, IOPRIO_IDLE);
	pthread_mutex_lock(&usage->lock);
	while (!usage->is_closing) {
		pcf_usage_tree tree = {0};
		char *path = usage->path;
		int only_walk = usage->only_walk;

		if (!path) {
			pthread_cond_wait(&usage->changed, &usage->lock);
			continue;
		}
		pthread_mutex_unlock(&usage->lock);
		measure_one(usage, path, only_walk, &tree);
		pthread_mutex_lock(&usage->lock);
		finish(usage, &tree);
	}
	usage->has_ended = 1;
	pthread_cond_broadcast(&usage->changed);
	pthread_mutex_unlock(&usage->lock);
	leave(usage);
	return NULL;
}

/* ---- the caller ---- */

static int start_thread(pcf_usage *usage)
{
	pthread_attr_t attr;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	usage->owners = 2;
	rc = pthread_create(&usage->thread, &attr, run, usage);
	if (rc)
		usage->owners = 1;
	pthread_attr_destroy(&attr);
	return -rc;
}

int pcf_usage_open(pcf_usage **out, uint32_t cpu_permille, uint32_t io_permille, pcf_error *err)
{
	pcf_usage *usage = calloc(1, sizeof *usage);
	pthread_condattr_t attr;
	int rc;

	*out = NULL;
	if (!usage)
		return pcf_error_say(err, -ENOMEM, "no memory for the walker");
	usage->cpu_permille = cpu_permille ? cpu_permille : 1;
	usage->io_permille = io_permille ? io_permille : 1;
	usage->owners = 1;
	pthread_mutex_init(&usage->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&usage->changed, &attr);
	pthread_condattr_destroy(&attr);
	usage->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = usage->done_fd < 0 ? -errno : start_thread(usage);
	if (rc < 0) {
		leave(usage);
		return pcf_error_say(err, rc, "the walker of directory trees cannot start: %s", strerror(-rc));
	}
	*out = usage;
	return 0;
}

int pcf_usage_begin(pcf_usage *usage, const char *path, int only_walk)
{
	char *copy = strdup(path);
	eventfd_t count;
	int rc = copy ? 0 : -ENOMEM;

	pthread_mutex_lock(&usage->lock);
	if (!rc && usage->path)
		rc = -EBUSY;
	if (!rc) {
		(void)eventfd_read(usage->done_fd, &count);
		usage->path = copy;
		usage->only_walk = only_walk;
		usage->shown = (pcf_usage_tree){0};
		usage->has_begun = 1;
		usage->is_done = usage->is_cancelled = 0;
		pthread_cond_broadcast(&usage->changed);
		copy = NULL;
	}
	pthread_mutex_unlock(&usage->lock);
	free(copy);
	return rc;
}

int pcf_usage_look(pcf_usage *usage, pcf_usage_tree *tree)
{
	int rc;

	pthread_mutex_lock(&usage->lock);
	*tree = usage->shown;
	rc = usage->has_begun ? usage->is_done : -ENOENT;
	pthread_mutex_unlock(&usage->lock);
	return rc;
}

int pcf_usage_fd(const pcf_usage *usage)
{
	return usage->done_fd;
}

void pcf_usage_cancel(pcf_usage *usage)
{
	pthread_mutex_lock(&usage->lock);
	if (usage->path)
		usage->is_cancelled = 1;
	pthread_cond_broadcast(&usage->changed);
	pthread_mutex_unlock(&usage->lock);
}

void pcf_usage_close(pcf_usage *usage)
{
	struct timespec end;
	int rc = 0;

	if (!usage)
		return;
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += CLOSE_WAIT_S;
	pthread_mutex_lock(&usage->lock);
	usage->is_closing = 1;
	pthread_cond_broadcast(&usage->changed);
	while (!usage->has_ended && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&usage->changed, &usage->lock, &end);
	pthread_mutex_unlock(&usage->lock);
	leave(usage);
}
