/* What filesystems count themselves of a directory, so that it need not be walked. */
#ifndef PCF_USAGE_KEPT_H
#define PCF_USAGE_KEPT_H
#include "pcf.h"

/* Each fills bytes, what else it knows, and source: 0; else -errno, and nothing is filled: the tree is to be walked. */

/* By whichever of those below can tell. */
int pcf_kept_read(const char *path, pcf_usage_tree *tree);
/* Project quota of ext4, xfs and f2fs, of the open directory fd that is called path. */
int pcf_quota_read(int fd, const char *path, pcf_usage_tree *tree);
/* The same by the device's name, as kernels before 5.14 want it. */
int pcf_quota_read_by_device(int fd, const char *path, pcf_usage_tree *tree);
/* Quota group of a btrfs subvolume, of which fd is the root. */
int pcf_qgroup_read(int fd, pcf_usage_tree *tree);
#endif
