/* Walking trees: what is counted, what is not, and what happens to a walk whose tree changes under it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "pcf.h"
#include "usage/links.h"
#include "usage/tree.h"

static char top[] = "/tmp/pcf-usage-XXXXXX";

static const char *below(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof path, "%s/%s", top, name);
	return path;
}

static void file_of(const char *name, size_t size)
{
	int fd = open(below(name), O_CREAT | O_WRONLY | O_TRUNC, 0600);
	char *data = calloc(1, size + 1);

	CHECK_OR_DIE(fd >= 0);
	memset(data, 'x', size);
	CHECK_OR_DIE(write(fd, data, size) == (ssize_t)size);
	free(data);
	close(fd);
}

static uint64_t blocks(const char *name)
{
	struct stat st;

	CHECK_OR_DIE(lstat(below(name), &st) == 0);
	return (uint64_t)st.st_blocks * 512;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void clean(const char *name)
{
	CHECK(nftw(below(name), remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

static int no_pace(void *arg, const pcf_usage_tree *counted)
{
	(void)arg;
	(void)counted;
	return 0;
}

static pcf_usage_tree walked(const char *name)
{
	pcf_usage_tree tree = {0};

	pcf_tree_walk(below(name), &tree, no_pace, NULL);
	return tree;
}

static void test_counts(void)
{
	pcf_usage_tree tree;

	CHECK_OR_DIE(mkdir(below("a"), 0700) == 0 && mkdir(below("a/b"), 0700) == 0);
	file_of("a/one", 5000);
	file_of("a/b/two", 1);
	CHECK_OR_DIE(symlink("/etc", below("a/link")) == 0);
	CHECK_OR_DIE(mkfifo(below("a/fifo"), 0600) == 0);
	tree = walked("a");
	CHECK_EQ(tree.error, 0);
	CHECK_EQ(tree.inodes, 6);
	CHECK_EQ(tree.apparent_bytes, 5000 + 1 + 4);
	CHECK_EQ(tree.bytes, blocks("a") + blocks("a/b") + blocks("a/one") + blocks("a/b/two") + blocks("a/link"));
	CHECK_EQ(tree.skipped, 0);

	tree = walked("a/one"); /* a file alone */
	CHECK_EQ(tree.inodes, 1);
	CHECK_EQ(tree.apparent_bytes, 5000);
	CHECK_OR_DIE(symlink("a", below("to-a")) == 0); /* what leads there is followed */
	CHECK_EQ(walked("to-a").inodes, 6);
	CHECK_EQ(walked("nowhere").error, ENOENT);
	CHECK_OR_DIE(unlink(below("to-a")) == 0);
	clean("a");
}

static void test_hard_links_count_once(void)
{
	pcf_usage_tree tree;
	char name[64], first[4096];

	CHECK_OR_DIE(mkdir(below("h"), 0700) == 0 && mkdir(below("h/sub"), 0700) == 0);
	file_of("h/x", 3000);
	snprintf(first, sizeof first, "%s", below("h/x"));
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof name, "h/sub/%d", i);
		CHECK_OR_DIE(link(first, below(name)) == 0);
	}
	tree = walked("h");
	CHECK_EQ(tree.inodes, 3);
	CHECK_EQ(tree.apparent_bytes, 3000);
	CHECK_EQ(tree.entries, 2002);
	clean("h");
}

static void test_link_set(void)
{
	pcf_links links = {0};

	for (uint64_t i = 1; i <= 100000; i++)
		CHECK_OR_DIE(pcf_links_see(&links, i * 4096) == 0);
	for (uint64_t i = 1; i <= 100000; i++)
		CHECK_OR_DIE(pcf_links_see(&links, i * 4096) == 1);
	CHECK_EQ(links.count, 100000);
	pcf_links_clear(&links);
}

/* Deeper than a path can be long, and than descriptors are kept. */
static void test_deep(void)
{
	enum { DEPTH = 2000 };
	static const char name[] = "directory-with-a-long-name-1234567890";
	int fd = open(top, O_RDONLY | O_DIRECTORY), next;
	pcf_usage_tree tree;

	CHECK_OR_DIE(mkdirat(fd, "deep", 0700) == 0);
	next = openat(fd, "deep", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < DEPTH; i++) {
		close(fd);
		fd = next;
		CHECK_OR_DIE(mkdirat(fd, name, 0700) == 0);
		CHECK_OR_DIE(mkdirat(fd, "beside", 0700) == 0); /* taken when the walk is back from far below */
		next = openat(fd, name, O_RDONLY | O_DIRECTORY);
		CHECK_OR_DIE(next >= 0);
	}
	tree = walked("deep");
	CHECK_EQ(tree.error, 0);
	CHECK_EQ(tree.skipped, 0);
	CHECK_EQ(tree.inodes, 1 + 2 * DEPTH);
	for (int i = DEPTH; i-- > 0;) { /* from the end: no path leads there */
		CHECK_OR_DIE(unlinkat(fd, name, AT_REMOVEDIR) == 0 && unlinkat(fd, "beside", AT_REMOVEDIR) == 0);
		close(next);
		next = fd;
		fd = openat(fd, "..", O_RDONLY | O_DIRECTORY);
	}
	close(next);
	CHECK_OR_DIE(unlinkat(fd, "deep", AT_REMOVEDIR) == 0);
	close(fd);
}

static void test_names_of_any_bytes(void)
{
	pcf_usage_tree tree;

	CHECK_OR_DIE(mkdir(below("names"), 0700) == 0);
	CHECK_OR_DIE(mkdir(below("names/\xff\xfe\n\t \\"), 0700) == 0);
	file_of("names/\xff\xfe\n\t \\/...", 10);
	file_of("names/.hidden", 20);
	tree = walked("names");
	CHECK_EQ(tree.inodes, 4);
	CHECK_EQ(tree.apparent_bytes, 30);
	clean("names");
}

/* ---- changes under the walk ---- */

struct saboteur {
	int after;
	void (*act)(void);
};

static int sabotage(void *arg, const pcf_usage_tree *counted)
{
	struct saboteur *one = arg;

	(void)counted;
	if (one->after-- == 0)
		one->act();
	return 0;
}

static void tree_with(int files)
{
	char name[64];

	CHECK_OR_DIE(mkdir(below("w"), 0700) == 0);
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof name, "w/%d", i);
		CHECK_OR_DIE(mkdir(below(name), 0700) == 0);
		for (int j = 0; j < files; j++) {
			snprintf(name, sizeof name, "w/%d/%d", i, j);
			file_of(name, 1);
		}
	}
}

static void wide_tree(void)
{
	tree_with(20);
}

static void remove_tree(void)
{
	clean("w");
}

static void test_a_tree_that_vanishes(void)
{
	struct saboteur one = {5, remove_tree};
	pcf_usage_tree tree = {0};

	wide_tree();
	pcf_tree_walk(below("w"), &tree, sabotage, &one);
	CHECK_EQ(tree.error, 0);
	CHECK_EQ(tree.skipped, 0); /* what is gone is no error */
	CHECK(tree.inodes > 51 && tree.inodes < 51 + 50 * 20);
	CHECK(access(below("w"), F_OK) < 0);
}

/* A directory that the walk is in moves out of the tree: what lies beside its new place is not the tree's. */
static void move_away(void)
{
	char from[4096], to[4096];

	for (int i = 0; i < 50; i++) {
		snprintf(from, sizeof from, "%s/w/%d", top, i);
		snprintf(to, sizeof to, "%s/out/%d", top, i);
		CHECK_OR_DIE(rename(from, to) == 0);
	}
}

static void test_a_tree_that_is_moved(void)
{
	struct saboteur one = {4, move_away};
	pcf_usage_tree tree = {0};

	wide_tree();
	CHECK_OR_DIE(mkdir(below("out"), 0700) == 0 && mkdir(below("out/foreign"), 0700) == 0);
	file_of("out/foreign/big", 100000);
	pcf_tree_walk(below("w"), &tree, sabotage, &one);
	CHECK_EQ(tree.error, 0);
	CHECK(tree.apparent_bytes < 50 * 20 + 1);
	clean("w");
	clean("out");
}

static void turn_into_links(void)
{
	char name[64];

	clean("w");
	CHECK_OR_DIE(mkdir(below("w"), 0700) == 0);
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof name, "w/%d", i);
		CHECK_OR_DIE(symlink("/etc", below(name)) == 0);
	}
}

static void test_links_in_the_place_of_directories_lead_nowhere(void)
{
	struct saboteur one = {2, turn_into_links};
	pcf_usage_tree tree = {0};

	wide_tree();
	pcf_tree_walk(below("w"), &tree, sabotage, &one);
	CHECK_EQ(tree.error, 0);
	CHECK(tree.apparent_bytes <= 50 * 20);
	clean("w");
}

/* ---- the thread ---- */

static pcf_usage_tree finished(pcf_usage *usage)
{
	struct pollfd done = {.fd = pcf_usage_fd(usage), .events = POLLIN};
	pcf_usage_tree tree;

	CHECK_OR_DIE(poll(&done, 1, 60000) == 1);
	CHECK_EQ(pcf_usage_look(usage, &tree), 1);
	return tree;
}

static void test_thread(void)
{
	pcf_usage *usage;
	pcf_error err;
	pcf_usage_tree tree;

	wide_tree();
	CHECK_OR_DIE(pcf_usage_open(&usage, 1000, 1000, &err) == 0);
	CHECK_EQ(pcf_usage_look(usage, &tree), -ENOENT);
	CHECK_EQ(pcf_usage_begin(usage, below("w"), 0), 0);
	tree = finished(usage);
	CHECK_EQ(tree.inodes, 51 + 50 * 20);
	CHECK(tree.cpu_ns > 0 && tree.wall_ns > 0);
	CHECK_EQ(pcf_usage_begin(usage, below("w/0"), 0), 0);
	CHECK_EQ(finished(usage).inodes, 21);
	CHECK_EQ(pcf_usage_begin(usage, below("nowhere"), 0), 0);
	CHECK_EQ(finished(usage).error, ENOENT);
	pcf_usage_close(usage);

	/* With a budget of a thousandth it is at work for long: it can be asked, refuses more, and can be ended. A tree that
	 * takes less than a step (1 ms) would be done at once. */
	clean("w");
	tree_with(100);
	CHECK_OR_DIE(pcf_usage_open(&usage, 1, 1, &err) == 0);
	CHECK_EQ(pcf_usage_begin(usage, below("w"), 0), 0);
	CHECK_EQ(pcf_usage_begin(usage, below("w"), 0), -EBUSY);
	CHECK_EQ(pcf_usage_look(usage, &tree), 0);
	pcf_usage_cancel(usage);
	CHECK_EQ(finished(usage).error, ECANCELED);
	CHECK_EQ(pcf_usage_begin(usage, below("w"), 0), 0);
	pcf_usage_close(usage); /* in the middle */
	clean("w");
}

/* The shares hold however long a step was: by the clocks that the budget is kept with. */
static void test_budget(void)
{
	pcf_usage *usage;
	pcf_error err;
	pcf_usage_tree tree;
	char name[64];

	CHECK_OR_DIE(mkdir(below("many"), 0700) == 0);
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof name, "many/%d", i);
		file_of(name, 0);
	}
	CHECK_OR_DIE(pcf_usage_open(&usage, 200, 1000, &err) == 0);
	CHECK_EQ(pcf_usage_begin(usage, below("many"), 0), 0);
	tree = finished(usage);
	CHECK_EQ(tree.inodes, 20001);
	CHECK(tree.cpu_ns > 2000000); /* several steps, or there is nothing to see */
	/* A fifth of a core was allowed; a step is over when it is over, and the rest after the last one is not in it. */
	CHECK(tree.wall_ns + 10000000 > tree.cpu_ns * 2);
	pcf_usage_close(usage);
	clean("many");
}

int main(void)
{
	CHECK_OR_DIE(mkdtemp(top));
	test_counts();
	test_hard_links_count_once();
	test_link_set();
	test_deep();
	test_names_of_any_bytes();
	test_a_tree_that_vanishes();
	test_a_tree_that_is_moved();
	test_links_in_the_place_of_directories_lead_nowhere();
	test_thread();
	test_budget();
	CHECK(rmdir(top) == 0);
	return check_result();
}
