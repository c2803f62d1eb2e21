/* The cache of directories behind the watch, and the walk below a folder that is no cgroup mount. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"
#include "watch/state.h"

/* The cache alone: bounded, both ways, replaced, trees. */
static void test_dirs(void)
{
	struct pcf_dirs dirs;
	char path[64];

	pcf_dirs_init(&dirs, 100);
	CHECK(!pcf_dirs_find_id(&dirs, 0, 1) && !pcf_dirs_find_path(&dirs, 0, "/a"));
	for (uint64_t i = 0; i < 1000; i++) {
		snprintf(path, sizeof path, "/d%d/x", (int)i);
		CHECK_EQ(pcf_dirs_put(&dirs, (uint32_t)(i % 2), i, path), 0);
	}
	CHECK_EQ(dirs.count, 100);
	CHECK(!pcf_dirs_find_id(&dirs, 0, 2));
	CHECK_STR(pcf_dirs_find_id(&dirs, 1, 999)->path, "/d999/x");
	CHECK(!pcf_dirs_find_id(&dirs, 0, 999));
	CHECK_EQ(pcf_dirs_put(&dirs, 1, 5000, "/d999/x"), 0); /* same path, another directory */
	CHECK(!pcf_dirs_find_id(&dirs, 1, 999));
	CHECK_EQ(pcf_dirs_find_path(&dirs, 1, "/d999/x")->id, 5000);
	CHECK_EQ(pcf_dirs_put(&dirs, 1, 5000, "/d999/renamed"), 0);
	CHECK(!pcf_dirs_find_path(&dirs, 1, "/d999/x"));
	CHECK_EQ(dirs.count, 100);
	pcf_dirs_remove_tree(&dirs, 1, "/d999", NULL, NULL);
	CHECK_EQ(dirs.count, 99);
	pcf_dirs_remove_tree(&dirs, 1, "/", NULL, NULL);
	pcf_dirs_remove_tree(&dirs, 0, "/", NULL, NULL);
	CHECK_EQ(dirs.count, 0);
	for (uint64_t i = 0; i < 1000; i++) {
		CHECK_EQ(pcf_dirs_put(&dirs, 0, i, "/same"), 0);
		CHECK_EQ(dirs.count, 1);
	}
	pcf_dirs_close(&dirs);
}

static void count(void *arg, const char *path, uint64_t inode, uint64_t mtime_ns)
{
	CHECK(path[0] == '/' && inode && mtime_ns);
	++*(int *)arg;
}

/* Deeper than a path may be long, on an ordinary file system. */
static void test_deep(void)
{
	char base[] = "/tmp/pcf-test-deep-XXXXXX", name[201];
	int seen = 0;
	pcf_error err = {0};
	int fds[41];

	CHECK_OR_DIE(mkdtemp(base));
	memset(name, 'n', 200);
	name[200] = '\0';
	fds[0] = open(base, O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 40; i++) {
		CHECK_EQ(mkdirat(fds[i], name, 0755), 0);
		fds[i + 1] = openat(fds[i], name, O_RDONLY | O_DIRECTORY);
	}
	CHECK_EQ(pcf_walk(base, count, &seen, &err), 40);
	CHECK_EQ(seen, 40);
	for (int i = 40; i >= 0; i--) {
		close(fds[i]);
		if (i)
			CHECK_EQ(unlinkat(fds[i - 1], name, AT_REMOVEDIR), 0);
	}
	CHECK_EQ(rmdir(base), 0);
}

int main(void)
{
	test_dirs();
	test_deep();
	return check_result();
}
