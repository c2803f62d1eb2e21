#include "usage/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int pcf_kept_read(const char *path, pcf_usage_tree *tree)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK), rc;

	if (fd < 0)
		return -errno;
	rc = pcf_quota_read(fd, path, tree);
	if (rc < 0)
		rc = pcf_qgroup_read(fd, tree);
	close(fd);
	return rc;
}
