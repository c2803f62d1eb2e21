/* Walking a cgroup mount. */
#include "pcf.h"
#include "watch_tree.h"

struct seen {
	char last[512];
	int count, below;
	bool is_ordered;
};

static void see(void *arg, const char *path, uint64_t inode, uint64_t mtime_ns)
{
	struct seen *seen = arg;
	size_t len = strlen(top);

	seen->count++;
	CHECK(inode > 0 && mtime_ns > 0);
	if (strncmp(path, top, len) != 0)
		return;
	seen->below++;
	if (strlen(path) > len && strncmp(path, seen->last, strlen(seen->last)) != 0)
		seen->is_ordered = false;
	snprintf(seen->last, sizeof seen->last, "%s", path);
}

static void test_walk(void)
{
	struct seen seen = {.is_ordered = true};
	struct builder builder = {0, 60};
	pcf_error err = {0};
	char small[16];

	make(0, "");
	build(&builder);
	CHECK_EQ(pcf_walk(mounts[0], see, &seen, &err), seen.count);
	CHECK_EQ(seen.below, 61);
	CHECK(seen.is_ordered); /* a chain: each below the one before */
	int64_t needed = pcf_walk_paths(mounts[0], small, sizeof small, &err);
	CHECK_OR_DIE(needed > (int64_t)sizeof small);
	char *all = malloc((size_t)needed);
	CHECK_EQ(pcf_walk_paths(mounts[0], all, (size_t)needed, &err), needed);
	int count = 0;
	for (char *path = all; path < all + needed; path += strlen(path) + 1)
		count++;
	CHECK_EQ(count, seen.count);
	free(all);
	clean();
	CHECK_EQ(pcf_walk("/nowhere", see, &seen, &err), -ENOENT);
	CHECK(strstr(err.text, "/nowhere"));
}

int main(void)
{
	begin();
	test_walk();
	return check_result();
}
