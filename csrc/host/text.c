#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "host/probe.h"

long pcf_text_read(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;

	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		ssize_t n = read(fd, buffer + len, size - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int code = -errno;

			close(fd);
			return code;
		}
		if (n == 0)
			break;
		len += (size_t)n;
	}
	close(fd);
	buffer[len] = '\0';
	return (long)len;
}
