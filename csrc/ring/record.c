/* Consistent copies of records that one process changes while others read. */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "ring/atomic.h"

/* A change takes nanoseconds: a record that stays odd belongs to a writer that was killed (or is stopped). */
#define ATTEMPTS 1000

int pcf_record_copy(void *to, const void *record, size_t bytes)
{
	const uint32_t *seq = record;

	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		uint32_t before = pcf_load(seq);

		if ((before & 1) == 0) {
			pcf_words_read(to, record, bytes);
			__atomic_thread_fence(__ATOMIC_ACQUIRE);
			if (pcf_load_plain(seq) == before)
				return 0;
		}
		if (attempt > 100)
			sched_yield();
	}
	return -EAGAIN;
}

/* The first word holds seq and another 32-bit field: that field goes alone. */
void pcf_record_replace(void *record, const void *from, size_t bytes)
{
	uint32_t *words = record;

	pcf_seq_open(&words[0]);
	pcf_store_plain(&words[1], ((const uint32_t *)from)[1]);
	pcf_words_write((char *)record + 8, (const char *)from + 8, bytes - 8);
	pcf_seq_close(&words[0]);
}
