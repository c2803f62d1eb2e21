/* Files of a network namespace, by a process in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "parse/net_sockets.h"
#include "source/sockets/sockets.h"

static int open_file(const struct pcf_sockets_place *place, const char *file)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "%d/%s", (int)place->pid, file);
	fd = openat(place->proc_fd, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

ssize_t pcf_net_text_read(const struct pcf_sockets_place *place, const char *file, char *buffer, size_t size)
{
	int fd = open_file(place, file);
	size_t used = 0;
	ssize_t got = 1;

	if (fd < 0)
		return fd;
	while (got > 0 && used < size) {
		got = read(fd, buffer + used, size - used);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			used += (size_t)got;
	}
	int error = got < 0 ? errno : 0;
	close(fd);
	return error ? -error : used == size ? -EMSGSIZE : (ssize_t)used;
}

/* net/tcp and its kin, part by part: what is left of a line at the end of one part begins the next. */
int pcf_sockets_text(const struct pcf_sockets_place *place, const pcf_parser *parser, char *buffer, uint64_t *row)
{
	int fd = open_file(place, parser->file), rc = 0, is_begun = 0;
	size_t used = 0;
	ssize_t got = 1;

	if (fd < 0)
		return fd;
	while (rc >= 0 && got > 0) {
		size_t whole;

		got = read(fd, buffer + used, PCF_SOCKETS_BUFFER - used);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			used += (size_t)got;
		for (whole = used; whole && buffer[whole - 1] != '\n'; whole--)
			;
		if (whole && !is_begun)
			rc = pcf_net_sockets_begin(parser, buffer, whole, row);
		is_begun |= whole > 0;
		if (whole && rc >= 0)
			(void)pcf_net_sockets_add(parser, buffer, whole, row);
		memmove(buffer, buffer + whole, used - whole);
		used -= whole;
		if (used == PCF_SOCKETS_BUFFER)
			rc = -EBADMSG;
	}
	rc = got < 0 ? -errno : rc < 0 ? rc : is_begun ? 0 : -EBADMSG;
	close(fd);
	return rc;
}
