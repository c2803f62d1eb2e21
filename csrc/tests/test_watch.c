/* The watch on real cgroup mounts, both mechanisms: what is made and removed below pcf-test-<pid> is found, exactly. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "watch/state.h"
#include "watch_model.h"

#define BURST 500

static void test_nested(pcf_watch *watch, int mount, int index)
{
	static struct model model;

	memset(&model, 0, sizeof model);
	make(mount, "/a");
	make(mount, "/a/b");
	make(mount, "/a/b/c");
	make(mount, "/a/b/c/d (deleted)");
	make(mount, "/x\t\x01\xff");
	drain(watch, index, &model);
	CHECK_EQ(model.count, 5);
	CHECK_EQ(model.created, 5);
	CHECK_EQ(model.deleted, 0);
	CHECK(model_find(&model, "/a/b/c/d (deleted)") >= 0);
	CHECK(model_find(&model, "/x\t\x01\xff") >= 0);
	make(mount, "/a/b/c/d (deleted)/e"); /* its parent was never opened before */
	drain(watch, index, &model);
	CHECK(model_find(&model, "/a/b/c/d (deleted)/e") >= 0);
	away(mount, "/a/b/c/d (deleted)/e");
	away(mount, "/a/b/c/d (deleted)");
	away(mount, "/a/b/c");
	away(mount, "/a/b");
	away(mount, "/a");
	away(mount, "/x\t\x01\xff");
	drain(watch, index, &model);
	CHECK_EQ(model.count, 0);
	CHECK_EQ(model.deleted, 6); /* each, also those whose parent was gone when we looked */
}

static void test_burst(pcf_watch *watch, int mount, int index)
{
	static struct model model;
	char path[64];

	memset(&model, 0, sizeof model);
	for (int i = 0; i < BURST; i++) {
		snprintf(path, sizeof path, "/burst%d", i);
		make(mount, path);
		if (i % 10 == 0) {
			strcat(path, "/in");
			make(mount, path);
		}
	}
	drain(watch, index, &model);
	CHECK_EQ(model.count, BURST + BURST / 10);
	CHECK_EQ(model.created, BURST + BURST / 10);
	for (int i = 0; i < BURST; i++) {
		snprintf(path, sizeof path, "/burst%d/in", i);
		if (i % 10 == 0)
			away(mount, path);
		*strrchr(path, '/') = '\0';
		away(mount, path);
	}
	drain(watch, index, &model);
	CHECK_EQ(model.count, 0);
	CHECK_EQ(model.overflows, 0);
}

/* Made, removed and made again before anybody reads. */
static void test_replaced(pcf_watch *watch, int mount, int index)
{
	static struct model model;

	memset(&model, 0, sizeof model);
	for (int i = 0; i < 3; i++) {
		make(mount, "/again");
		make(mount, "/again/below");
		if (i < 2) {
			away(mount, "/again/below");
			away(mount, "/again");
		}
	}
	drain(watch, index, &model);
	CHECK_EQ(model.count, 2);
	CHECK(model_find(&model, "/again/below") >= 0);
	make(mount, "/again/below/deep");
	drain(watch, index, &model);
	CHECK(model_find(&model, "/again/below/deep") >= 0);
	away(mount, "/again/below/deep");
	away(mount, "/again/below");
	away(mount, "/again");
	make(mount, "/short");
	away(mount, "/short");
	drain(watch, index, &model);
	CHECK_EQ(model.count, 0);
}

static bool is_v1(int mount)
{
	struct statfs fs;

	return statfs(mounts[mount], &fs) == 0 && fs.f_type == 0x27e0eb; /* CGROUP_SUPER_MAGIC */
}

/* v1 lets a cgroup be renamed in its place. */
static void test_renamed(pcf_watch *watch, int mount, int index)
{
	static struct model model;
	char from[4096];

	if (!is_v1(mount))
		return;
	memset(&model, 0, sizeof model);
	make(mount, "/old");
	make(mount, "/old/in");
	drain(watch, index, &model);
	strcpy(from, at(mount, "/old"));
	CHECK_EQ(rename(from, at(mount, "/new")), 0);
	drain(watch, index, &model);
	CHECK_EQ(model.count, 2);
	CHECK(model_find(&model, "/new") >= 0);
	CHECK(model_find(&model, "/new/in") >= 0);
	make(mount, "/new/in/side");
	drain(watch, index, &model);
	CHECK(model_find(&model, "/new/in/side") >= 0);
	away(mount, "/new/in/side");
	away(mount, "/new/in");
	away(mount, "/new");
	drain(watch, index, &model);
	CHECK_EQ(model.count, 0);
}

/* Directories made below each other while the watch is at work: the races a watch for every directory has. */
static void test_race(pcf_watch *watch, int mount, int index)
{
	static struct model model;
	struct builder builder = {mount, 20};

	for (int round = 0; round < 5; round++) {
		pthread_t thread;
		memset(&model, 0, sizeof model);
		CHECK_OR_DIE(pthread_create(&thread, NULL, build, &builder) == 0);
		drain(watch, index, &model);
		pthread_join(thread, NULL);
		drain(watch, index, &model);
		CHECK_EQ(model.count, 20);
		CHECK_EQ(model.created, 20);
		remove_tree(at(mount, "/0"));
		drain(watch, index, &model);
		CHECK_EQ(model.count, 0);
	}
}

/* What the kernel says when its queue is full, and text that no kernel writes. */
static void test_overflow(pcf_watch *watch, int mechanism, int *indexes)
{
	pcf_watch_event events[8];
	int seen = 0, count;
	static struct model model;

	if (mechanism == PCF_WATCH_FANOTIFY) {
		struct fanotify_event_metadata full = {.event_len = sizeof full,
						       .vers = FANOTIFY_METADATA_VERSION,
						       .metadata_len = sizeof full,
						       .mask = FAN_Q_OVERFLOW,
						       .fd = FAN_NOFD};
		pcf_watch_fanotify_decode(watch, (const char *)&full, sizeof full);
		full.event_len = 7;
		pcf_watch_fanotify_decode(watch, (const char *)&full, sizeof full);
	} else {
		struct inotify_event full = {.wd = -1, .mask = IN_Q_OVERFLOW};
		make(0, "/unseen"); /* its event arrives for a watch that is gone */
		pcf_watch_inotify_decode(watch, (const char *)&full, sizeof full);
		full.len = 4000;
		pcf_watch_inotify_decode(watch, (const char *)&full, sizeof full);
	}
	while ((count = pcf_watch_read(watch, events, 8, 100)) > 0)
		for (int i = 0; i < count; i++)
			seen += events[i].kind == PCF_WATCH_OVERFLOW;
	CHECK_EQ(seen, mount_count);
	memset(&model, 0, sizeof model);
	make(0, "/unseen");
	make(0, "/unseen/after"); /* watched again */
	drain(watch, indexes[0], &model);
	CHECK(model_find(&model, "/unseen/after") >= 0);
	away(0, "/unseen/after");
	away(0, "/unseen");
	drain(watch, indexes[0], &model);
	CHECK_EQ(model.count, 0);
}

static void *wake_later(void *arg)
{
	usleep(20000);
	pcf_watch_wake(arg);
	return NULL;
}

/* The next event of ours: other tests may be making cgroups, too. */
static int read_own(pcf_watch *watch, pcf_watch_event *event, int timeout_ms)
{
	int count;

	do
		count = pcf_watch_read(watch, event, 1, timeout_ms);
	while (count == 1 && strncmp(event->path, top, strlen(top)) != 0);
	return count;
}

static void test_waiting(pcf_watch *watch, int mount, int index)
{
	pcf_watch_event event;
	pthread_t thread;
	static struct model model;

	CHECK_OR_DIE(pthread_create(&thread, NULL, wake_later, watch) == 0);
	CHECK_EQ(read_own(watch, &event, -1), 0);
	pthread_join(thread, NULL);
	CHECK_EQ(pcf_watch_read(watch, &event, 0, 0), -EINVAL);
	make(mount, "/one");
	make(mount, "/two");
	CHECK_EQ(read_own(watch, &event, 1000), 1);
	CHECK_EQ(read_own(watch, &event, 1000), 1); /* this one waits inside or in the kernel */
	away(mount, "/one");
	away(mount, "/two");
	memset(&model, 0, sizeof model);
	drain(watch, index, &model);
	CHECK_EQ(model.deleted, 2);
}

static void test_mechanism(int mechanism)
{
	int indexes[8], again;
	pcf_error err = {0};
	for (int i = 0; i < mount_count; i++) {
		make(i, "");
		make(i, "/before");
		make(i, "/before/inner");
		make(i, "/before/inner/leaf");
	}
	pcf_watch *watch = open_watch(mechanism, indexes);
	static struct model model;

	CHECK_EQ(pcf_watch_mechanism(watch), mechanism);
	CHECK_STR(pcf_watch_degraded(watch), "");
	CHECK_EQ(pcf_watch_add_mount(watch, mounts[0], &again, &err), 0);
	CHECK_EQ(again, indexes[0]);
	for (int i = 0; i < mount_count; i++) {
		memset(&model, 0, sizeof model);
		away(i, "/before/inner/leaf"); /* parents from before the watch, gone before we look */
		away(i, "/before/inner");
		away(i, "/before");
		drain(watch, indexes[i], &model);
		CHECK_EQ(model.deleted, 3);
		test_nested(watch, i, indexes[i]);
		test_burst(watch, i, indexes[i]);
		test_replaced(watch, i, indexes[i]);
		test_renamed(watch, i, indexes[i]);
		test_race(watch, i, indexes[i]);
		test_waiting(watch, i, indexes[i]);
	}
	test_overflow(watch, mechanism, indexes);
	pcf_watch_close(watch);
	clean();
}

/* Watches below our own directory: other tests may be running. */
static int own_watches(const pcf_watch *watch)
{
	int count = 0;

	for (uint32_t i = 0; i < watch->watches.used; i++)
		count += watch->watches.entries[i].path &&
			 strncmp(watch->watches.entries[i].path, top, strlen(top)) == 0;
	return count;
}

static void test_cleanup(void)
{
	int indexes[8];

	for (int i = 0; i < mount_count; i++)
		make(i, "");
	pcf_watch *watch = open_watch(PCF_WATCH_INOTIFY, indexes);
	static struct model model;
	for (int i = 0; i < 50; i++) {
		make(0, "/gone");
		make(0, "/gone/gone");
		memset(&model, 0, sizeof model);
		pcf_watch_event event;
		while (pcf_watch_read(watch, &event, 1, 20) > 0)
			;
		away(0, "/gone/gone");
		away(0, "/gone");
	}
	drain(watch, indexes[0], &model);
	CHECK_EQ(own_watches(watch), mount_count); /* the top in each */
	pcf_watch_close(watch);
	clean();
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t done = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return done == (ssize_t)strlen(text) ? 0 : -errno;
}

/* In a user namespace of its own, where the limit of inotify watches can be set low. */
static int watch_with_limit(void)
{
	pcf_watch *watch = NULL;
	pcf_watch_event event;
	pcf_error err = {0};
	int index, seen = 0;

	if (unshare(CLONE_NEWUSER) || write_text("/proc/sys/user/max_inotify_watches", "3"))
		return 2;
	if (pcf_watch_open(&watch, PCF_WATCH_AUTO, &err) || pcf_watch_add_mount(watch, mounts[0], &index, &err))
		return 3;
	if (pcf_watch_mechanism(watch) != PCF_WATCH_INOTIFY || !strstr(pcf_watch_degraded(watch), "max_user_watches"))
		return 4;
	while (pcf_watch_read(watch, &event, 1, 20) > 0)
		seen += event.kind == PCF_WATCH_OVERFLOW;
	pcf_watch_close(watch);
	return seen == 1 ? 0 : 5;
}

static void test_limit(void)
{
	int status = -1;

	make(0, "");
	make(0, "/one");
	make(0, "/two");
	make(0, "/three");
	pid_t child = fork();
	if (child == 0)
		_exit(watch_with_limit());
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(WEXITSTATUS(status), 0);
	clean();
}

static void test_errors(void)
{
	pcf_watch *watch = NULL;
	pcf_error err = {0};
	int index;

	CHECK_EQ(pcf_watch_open(&watch, 9, &err), -EINVAL);
	CHECK_EQ(pcf_watch_open(&watch, PCF_WATCH_AUTO, &err), 0);
	CHECK_EQ(pcf_watch_add_mount(watch, "/nowhere/at/all", &index, &err), -ENOENT);
	CHECK(strstr(err.text, "/nowhere/at/all"));
	CHECK_EQ(pcf_watch_add_mount(watch, "/proc/sys/fs/inotify", &index, &err), 0); /* no handles there: inotify */
	CHECK_EQ(pcf_watch_mechanism(watch), PCF_WATCH_INOTIFY);
	CHECK(strstr(pcf_watch_reason(watch), "/proc"));
	pcf_watch_close(watch);
	CHECK_EQ(pcf_watch_open(&watch, PCF_WATCH_FANOTIFY, &err), 0);
	CHECK(pcf_watch_add_mount(watch, "/proc/sys/fs/inotify", &index, &err) < 0);
	pcf_watch_close(watch);
	pcf_watch_close(NULL);
}

/* Whether AUTO finds fanotify on the first mount: the guests have a kernel with and one without. */
static bool has_fanotify(void)
{
	pcf_watch *watch = NULL;
	pcf_error err = {0};
	int index;

	CHECK_EQ(pcf_watch_open(&watch, PCF_WATCH_AUTO, &err), 0);
	CHECK_EQ(pcf_watch_add_mount(watch, mounts[0], &index, &err), 0);
	bool has = pcf_watch_mechanism(watch) == PCF_WATCH_FANOTIFY;
	pcf_watch_close(watch);
	return has;
}

int main(void)
{
	begin();
	if (has_fanotify())
		test_mechanism(PCF_WATCH_FANOTIFY);
	else
		fprintf(stderr,
			"fanotify is not tested: this kernel has none on cgroup mounts (Linux 6.8 and later)\n");
	test_mechanism(PCF_WATCH_INOTIFY);
	test_cleanup();
	test_limit();
	test_errors();
	return check_result();
}
