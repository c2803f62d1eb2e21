#include "source/bpf/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "schema/enums.h"

#define MOST_TREES 64 /* cgroups right below the root: slices, on most hosts */

/* What getdents64 gives. */
struct entry {
	uint64_t inode;
	int64_t next;
	unsigned short bytes;
	unsigned char type;
	char name[];
};

int pcf_io_is_known(const pcf_btf *btf)
{
	return pcf_btf_has_member(btf, "blkcg_gq", "iostat") && pcf_btf_has_member(btf, "blkcg_gq", "q") &&
	       pcf_btf_has_member(btf, "request_queue", "disk") && pcf_btf_has_member(btf, "backing_dev_info", "dev") &&
	       pcf_btf_enum(btf, "blkg_iostat_type", "BLKG_IOSTAT_READ") == 0 &&
	       pcf_btf_enum(btf, "blkg_iostat_type", "BLKG_IOSTAT_WRITE") == 1 &&
	       pcf_btf_enum(btf, "blkg_iostat_type", "BLKG_IOSTAT_DISCARD") == 2;
}

int pcf_io_has_cost(const pcf_btf *btf)
{
	return pcf_btf_has_member(btf, "ioc", "enabled") && pcf_btf_has_member(btf, "request_queue", "rq_qos") &&
	       pcf_btf_enum(btf, "rq_qos_id", "RQ_QOS_COST") >= 0;
}

/* The text is thrown away; it is not there where the controller is off, and then there is nothing to add up. */
static void read_one(int directory, const char *name)
{
	char path[300], text[4096];
	int fd;

	snprintf(path, sizeof path, "%.255s/io.stat", name);
	fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	while (read(fd, text, sizeof text) < 0 && errno == EINTR)
		;
	close(fd);
}

static int read_each(int directory, const char *entries, long bytes, int *trees)
{
	for (long at = 0; at < bytes;) {
		const struct entry *entry = (const struct entry *)(entries + at);

		at += entry->bytes;
		if (entry->type != DT_DIR || entry->name[0] == '.')
			continue;
		if (++*trees > MOST_TREES)
			return -E2BIG;
		read_one(directory, entry->name);
	}
	return 0;
}

int pcf_io_flush(int directory)
{
	_Alignas(struct entry) char entries[8192];
	int trees = 0, code = 0;

	/* The root's own io.stat shows what the disks counted and adds up nothing. It alone has no cgroup.type. */
	if (faccessat(directory, "cgroup.type", F_OK, 0) == 0) {
		read_one(directory, ".");
		return 0;
	}
	if (lseek(directory, 0, SEEK_SET) < 0)
		return -errno;
	while (code == 0) {
		long bytes = syscall(SYS_getdents64, directory, entries, sizeof entries);

		if (bytes <= 0)
			return bytes < 0 ? -errno : 0;
		code = read_each(directory, entries, bytes, &trees);
	}
	return code;
}

void pcf_io_fill(const struct pcf_walk_device *device, uint64_t *row)
{
	row[PCF_IO_READ_BYTES] = device->bytes[0];
	row[PCF_IO_WRITE_BYTES] = device->bytes[1];
	row[PCF_IO_DISCARD_BYTES] = device->bytes[2];
	row[PCF_IO_READ_OPS] = device->ios[0];
	row[PCF_IO_WRITE_OPS] = device->ios[1];
	row[PCF_IO_DISCARD_OPS] = device->ios[2];
}
