#include "source/file/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/file/uring.h"

struct pcf_reader {
	int kind;
	pcf_uring *uring; /* NULL: not this kind, or it failed and everything is read one by one */
};

int pcf_reader_open(pcf_reader **out, int kind)
{
	pcf_reader *reader = calloc(1, sizeof *reader);
	int code = reader ? 0 : -ENOMEM;

	if (code == 0 && kind == PCF_READER_URING)
		code = pcf_uring_open(&reader->uring);
	if (code < 0) {
		free(reader);
		return code;
	}
	reader->kind = kind;
	*out = reader;
	return 0;
}

void pcf_reader_close(pcf_reader *reader)
{
	if (!reader)
		return;
	pcf_uring_close(reader->uring);
	free(reader);
}

unsigned pcf_reader_batch(const pcf_reader *reader)
{
	return reader->uring ? PCF_URING_BATCH : 1;
}

int pcf_reader_keeps(const pcf_reader *reader)
{
	return reader->kind != PCF_READER_OPENAT;
}

static int open_by_name(const pcf_read *read)
{
	char path[PATH_MAX];
	size_t path_len = strlen(read->path), name_len = strlen(read->name);
	int fd;

	if (path_len + name_len + 2 > sizeof path)
		return -ENAMETOOLONG;
	memcpy(path, read->path, path_len);
	if (path_len)
		path[path_len++] = '/';
	memcpy(path + path_len, read->name, name_len + 1);
	fd = openat(read->directory, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

ssize_t pcf_read_once(const pcf_read *read)
{
	int fd = read->fd >= 0 ? read->fd : open_by_name(read);
	ssize_t n;

	if (fd < 0)
		return fd;
	do
		n = pread(fd, read->buffer, read->size, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		n = -errno;
	if (read->fd < 0)
		close(fd);
	return n;
}

static void run_one_by_one(pcf_read *reads, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		reads[i].result = pcf_read_once(&reads[i]);
}

static void run_uring(pcf_reader *reader, pcf_read *reads, unsigned count)
{
	unsigned which[PCF_URING_BATCH];

	for (unsigned at = 0; at < count;) {
		unsigned n = 0;

		for (; at < count && n < PCF_URING_BATCH; at++) {
			if (reads[at].fd >= 0)
				which[n++] = at;
			else
				reads[at].result = pcf_read_once(&reads[at]);
		}
		if (n == 0 || pcf_uring_run(reader->uring, reads, which, n) == 0)
			continue;
		/* The ring is no good any more; the reads still have to be done. */
		pcf_uring_close(reader->uring);
		reader->uring = NULL;
		run_one_by_one(reads, count);
		return;
	}
}

void pcf_reader_run(pcf_reader *reader, pcf_read *reads, unsigned count)
{
	if (reader->uring)
		run_uring(reader, reads, count);
	else
		run_one_by_one(reads, count);
}
