#include "event/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "schema/clock.h"
#include "schema/error.h"

/* printk's clock may run that much apart from CLOCK_MONOTONIC, which is steered (adjtimex(2): at most 500 ppm). */
#define DRIFT_DIVISOR 2000

int pcf_kmsg_open(pcf_kmsg *kmsg, pcf_error *err)
{
	*kmsg = (pcf_kmsg){.fd = open("/dev/kmsg", O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
	if (kmsg->fd < 0 && (errno == EPERM || errno == EACCES))
		return pcf_error_say(err, -errno, "/dev/kmsg: no CAP_SYSLOG (kernel.dmesg_restrict)");
	if (kmsg->fd < 0)
		return pcf_error_say(err, -errno, "/dev/kmsg: %s", strerror(errno));
	if (lseek(kmsg->fd, 0, SEEK_END) < 0) { /* what was there before is not ours to tell */
		int error = errno;
		pcf_kmsg_close(kmsg);
		return pcf_error_say(err, -error, "/dev/kmsg: no end to seek to: %s", strerror(error));
	}
	return 0;
}

void pcf_kmsg_close(pcf_kmsg *kmsg)
{
	if (kmsg->fd >= 0)
		close(kmsg->fd);
	kmsg->fd = -1;
}

/* A record is read some time after it was written, so the least difference between the clocks is nearest to the true
 * one; it may grow as fast as the clocks can drift. */
static uint64_t moment_of(pcf_kmsg *kmsg, uint64_t time_usec)
{
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC), there = time_usec * 1000, offset = now - there;

	if (kmsg->offset_at_ns) {
		uint64_t allowed = kmsg->offset_ns + (now - kmsg->offset_at_ns) / DRIFT_DIVISOR;
		if ((int64_t)(offset - allowed) > 0)
			offset = allowed;
	}
	kmsg->offset_ns = offset;
	kmsg->offset_at_ns = now;
	return there + offset;
}

static void count_gap(pcf_kmsg *kmsg, uint64_t sequence)
{
	if (kmsg->next_sequence && sequence > kmsg->next_sequence) {
		kmsg->gaps++;
		kmsg->lost += sequence - kmsg->next_sequence;
		kmsg->pairing = (pcf_kmsg_pairing){0}; /* what was begun may have ended among them */
	}
	kmsg->next_sequence = sequence + 1;
}

int pcf_kmsg_next(pcf_kmsg *kmsg, pcf_kmsg_oom *out, uint64_t *monotonic_ns)
{
	static _Thread_local char text[8192]; /* CONSOLE_EXT_LOG_MAX: no record is longer */
	pcf_kmsg_record record;
	pcf_kmsg_line line;

	for (;;) {
		ssize_t len = read(kmsg->fd, text, sizeof text);
		if (len < 0 && (errno == EPIPE || errno == EINTR))
			continue; /* EPIPE: overwritten; the next read goes on with the oldest there is */
		if (len <= 0)
			return 0;
		if (pcf_kmsg_record_parse(text, (size_t)len, &record))
			continue;
		count_gap(kmsg, record.sequence);
		uint64_t moment = moment_of(kmsg, record.time_usec);
		if (!record.is_kernel)
			continue;
		pcf_kmsg_line_parse(record.text, record.len, &line);
		if (pcf_kmsg_pair(&kmsg->pairing, &line, out)) {
			*monotonic_ns = moment;
			return 1;
		}
	}
}
