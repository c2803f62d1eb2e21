/* Words shared between processes.  Plain struct fields are accessed with the compiler's atomics, so that the same
 * declarations serve C, cffi and numpy; correct on weakly ordered machines too. */
#ifndef PCF_RING_ATOMIC_H
#define PCF_RING_ATOMIC_H
#include <stddef.h>
#include <stdint.h>

/* 64-bit loads from a read-only mapping must be plain loads. */
_Static_assert(sizeof(void *) == 8, "libpcf needs a 64-bit machine");

#define pcf_load(p)           __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define pcf_store(p, v)       __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define pcf_load_plain(p)     __atomic_load_n((p), __ATOMIC_RELAXED)
#define pcf_store_plain(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)

/* A record's seq is odd while its one writer changes it. */
static inline void pcf_seq_open(uint32_t *seq)
{
	pcf_store_plain(seq, pcf_load_plain(seq) | 1);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void pcf_seq_close(uint32_t *seq)
{
	pcf_store(seq, (pcf_load_plain(seq) | 1) + 1);
}

/* Records are whole 64-bit words: copied word by word, so that the race with the writer is between atomics. */
static inline void pcf_words_read(void *to, const void *from, size_t bytes)
{
	uint64_t *out = to;
	const uint64_t *in = from;

	for (size_t i = 0; i < bytes / 8; i++)
		out[i] = pcf_load_plain(&in[i]);
}

static inline void pcf_words_write(void *to, const void *from, size_t bytes)
{
	uint64_t *out = to;
	const uint64_t *in = from;

	for (size_t i = 0; i < bytes / 8; i++)
		pcf_store_plain(&out[i], in[i]);
}

/* A consistent copy of a record that starts with its seq: 0, or -EAGAIN when it stays half changed. */
int pcf_record_copy(void *to, const void *record, size_t bytes);
/* Replaces all of a record but its seq. */
void pcf_record_replace(void *record, const void *from, size_t bytes);
#endif
