/* cpu_clock() from user space: perf stamps its events with it. A software event that counts nothing, in this thread
 * alone, records that the thread was (re)named, and when. */
#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "schema/clock.h"
#include "schema/error.h"
#include "source/bpf/psi.h"

#define LOOKS 8 /* the narrowest counts: an interrupt makes one wide */

typedef struct {
	int fd;
	size_t page;
	struct perf_event_mmap_page *map; /* and one page of records behind it */
} recorder;

static int recorder_open(recorder *r)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
				       .size = sizeof attr,
				       .config = PERF_COUNT_SW_DUMMY,
				       .sample_type = PERF_SAMPLE_TIME,
				       .sample_id_all = 1,
				       .comm = 1,
				       .exclude_kernel = 1};

	r->page = (size_t)sysconf(_SC_PAGESIZE);
	r->fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (r->fd < 0)
		return -errno;
	r->map = mmap(NULL, 2 * r->page, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (r->map == MAP_FAILED) {
		int code = -errno;

		close(r->fd);
		return code;
	}
	return 0;
}

static void recorder_close(recorder *r)
{
	munmap(r->map, 2 * r->page);
	close(r->fd);
}

/* The time stamp is the last word of a record. 0: nothing was recorded. */
static uint64_t last_stamp(const recorder *r, uint64_t from)
{
	uint64_t head = __atomic_load_n(&r->map->data_head, __ATOMIC_ACQUIRE), stamp = 0;

	if (head < from + 8 || head > r->page)
		return 0;
	memcpy(&stamp, (const char *)r->map + r->page + head - 8, sizeof stamp);
	return stamp;
}

int pcf_psi_clock_read(pcf_psi_clock *clock, pcf_error *err)
{
	uint64_t narrowest = UINT64_MAX;
	char name[16] = "";
	recorder r;
	int code = recorder_open(&r);

	if (code < 0)
		return pcf_error_say(err, code, "the clock of pressure cannot be read: perf_event_open: %s",
				     strerror(-code));
	prctl(PR_GET_NAME, name);
	for (int i = 0; i < LOOKS; i++) {
		uint64_t from = r.map->data_head, before = pcf_now_ns(CLOCK_MONOTONIC_RAW), after, stamp;

		prctl(PR_SET_NAME, name);
		after = pcf_now_ns(CLOCK_MONOTONIC_RAW);
		stamp = last_stamp(&r, from);
		if (!stamp || after - before >= narrowest)
			continue;
		narrowest = after - before;
		clock->cpu_minus_raw = (int64_t)(stamp - before - narrowest / 2);
		clock->cpu_error_ns = narrowest / 2;
	}
	recorder_close(&r);
	if (narrowest == UINT64_MAX)
		return pcf_error_say(err, -EIO, "the clock of pressure cannot be read: perf recorded nothing");
	clock->has_cpu = 1;
	return 0;
}

int64_t pcf_psi_clock_offset(const pcf_psi_clock *clock)
{
	uint64_t monotonic = pcf_now_ns(CLOCK_MONOTONIC), raw = pcf_now_ns(CLOCK_MONOTONIC_RAW);

	return clock->cpu_minus_raw + (int64_t)(raw - monotonic);
}
