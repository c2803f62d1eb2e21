/* Quota groups of btrfs: each subvolume has one of its own number, with what it refers to and what of that no other
 * subvolume refers to.  They stand in the quota tree of the filesystem (linux/btrfs_tree.h) and are as of the last commit,
 * half a minute old at most. */
#include <endian.h>
#include <errno.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "usage/kept.h"

/* On disk, packed: btrfs_qgroup_status_item {version, generation, flags, ...}, btrfs_qgroup_info_item {generation,
 * referenced, compressed, exclusive, compressed}. */
#define STATUS_FLAGS_AT  16
#define STATUS_SIZE      24
#define INFO_REFERRED_AT 8
#define INFO_OWN_AT      24
#define INFO_SIZE        40

static uint64_t number_at(const unsigned char *item, size_t offset)
{
	uint64_t value;

	memcpy(&value, item + offset, sizeof value);
	return le64toh(value);
}

/* The first size bytes of the item of the quota tree with that key. */
static int read_item(int fd, uint32_t type, uint64_t offset, unsigned char *item, size_t size)
{
	struct btrfs_ioctl_search_args args = {.key = {.tree_id = BTRFS_QUOTA_TREE_OBJECTID,
						       .min_type = type,
						       .max_type = type,
						       .min_offset = offset,
						       .max_offset = offset,
						       .max_transid = UINT64_MAX,
						       .nr_items = 1}};
	struct btrfs_ioctl_search_header header;

	if (ioctl(fd, BTRFS_IOC_TREE_SEARCH, &args) < 0)
		return -errno;
	memcpy(&header, args.buf, sizeof header);
	if (!args.key.nr_items || header.type != type || header.offset != offset || header.len < size)
		return -ENODATA;
	memcpy(item, args.buf + sizeof header, size);
	return 0;
}

/* Whether the sums are kept and agree with what there is. */
static int is_kept(int fd)
{
	unsigned char status[STATUS_SIZE];
	uint64_t flags;

	if (read_item(fd, BTRFS_QGROUP_STATUS_KEY, 0, status, sizeof status) < 0)
		return 0;
	flags = number_at(status, STATUS_FLAGS_AT);
	return (flags & BTRFS_QGROUP_STATUS_FLAG_ON) &&
	       !(flags & (BTRFS_QGROUP_STATUS_FLAG_RESCAN | BTRFS_QGROUP_STATUS_FLAG_INCONSISTENT));
}

/* The number of the subvolume whose root fd is. */
static int subvolume_of(int fd, uint64_t *subvolume)
{
	struct btrfs_ioctl_ino_lookup_args args = {.objectid = BTRFS_FIRST_FREE_OBJECTID};
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (fs.f_type != BTRFS_SUPER_MAGIC || st.st_ino != BTRFS_FIRST_FREE_OBJECTID)
		return -ENODATA;
	if (ioctl(fd, BTRFS_IOC_INO_LOOKUP, &args) < 0)
		return -errno;
	*subvolume = args.treeid;
	return 0;
}

int pcf_qgroup_read(int fd, pcf_usage_tree *tree)
{
	unsigned char info[INFO_SIZE];
	uint64_t subvolume;
	int rc = subvolume_of(fd, &subvolume);

	if (rc < 0)
		return rc;
	if (!is_kept(fd))
		return -ENODATA;
	rc = read_item(fd, BTRFS_QGROUP_INFO_KEY, subvolume, info, sizeof info);
	if (rc < 0)
		return rc;
	tree->bytes = number_at(info, INFO_REFERRED_AT);
	tree->own_bytes = number_at(info, INFO_OWN_AT);
	tree->source = PCF_USAGE_QGROUP;
	return 0;
}
