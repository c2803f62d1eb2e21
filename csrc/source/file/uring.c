#include "source/file/uring.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct pcf_uring {
	int fd;
	void *rings, *sqes;
	size_t rings_bytes, sqes_bytes;
	unsigned *sq_tail, *sq_array, sq_mask;
	unsigned *cq_head, *cq_tail, cq_mask;
	struct io_uring_cqe *cqes;
};

static int setup(struct io_uring_params *params)
{
	/* Completions are only looked for when we wait: no interrupt of the thread for each. Old kernels: without. */
	memset(params, 0, sizeof *params);
	params->flags = IORING_SETUP_COOP_TASKRUN;
	long fd = syscall(__NR_io_uring_setup, PCF_URING_BATCH, params);

	if (fd < 0 && errno == EINVAL) {
		memset(params, 0, sizeof *params);
		fd = syscall(__NR_io_uring_setup, PCF_URING_BATCH, params);
	}
	return fd < 0 ? -errno : (int)fd;
}

static int map_rings(pcf_uring *uring, const struct io_uring_params *params)
{
	const struct io_sqring_offsets *sq = &params->sq_off;
	const struct io_cqring_offsets *cq = &params->cq_off;
	size_t sq_bytes = sq->array + params->sq_entries * sizeof(unsigned);
	size_t cq_bytes = cq->cqes + params->cq_entries * sizeof(struct io_uring_cqe);
	char *base;

	if (!(params->features & IORING_FEAT_SINGLE_MMAP))
		return -ENOSYS;
	uring->rings_bytes = sq_bytes > cq_bytes ? sq_bytes : cq_bytes;
	uring->sqes_bytes = params->sq_entries * sizeof(struct io_uring_sqe);
	uring->rings = mmap(NULL, uring->rings_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, uring->fd,
			    IORING_OFF_SQ_RING);
	uring->sqes = mmap(NULL, uring->sqes_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, uring->fd,
			   IORING_OFF_SQES);
	if (uring->rings == MAP_FAILED || uring->sqes == MAP_FAILED)
		return -ENOMEM;
	base = uring->rings;
	uring->sq_tail = (unsigned *)(base + sq->tail);
	uring->sq_array = (unsigned *)(base + sq->array);
	uring->sq_mask = *(unsigned *)(base + sq->ring_mask);
	uring->cq_head = (unsigned *)(base + cq->head);
	uring->cq_tail = (unsigned *)(base + cq->tail);
	uring->cq_mask = *(unsigned *)(base + cq->ring_mask);
	uring->cqes = (struct io_uring_cqe *)(base + cq->cqes);
	return 0;
}

int pcf_uring_open(pcf_uring **out)
{
	struct io_uring_params params;
	pcf_uring *uring = calloc(1, sizeof *uring);
	int code;

	if (!uring)
		return -ENOMEM;
	uring->rings = uring->sqes = MAP_FAILED;
	uring->fd = code = setup(&params);
	if (code >= 0)
		code = map_rings(uring, &params);
	if (code < 0) {
		pcf_uring_close(uring);
		return code;
	}
	*out = uring;
	return 0;
}

void pcf_uring_close(pcf_uring *uring)
{
	if (!uring)
		return;
	if (uring->rings != MAP_FAILED)
		munmap(uring->rings, uring->rings_bytes);
	if (uring->sqes != MAP_FAILED)
		munmap(uring->sqes, uring->sqes_bytes);
	if (uring->fd >= 0)
		close(uring->fd);
	free(uring);
}

static void queue(pcf_uring *uring, pcf_read *reads, const unsigned *which, unsigned count)
{
	unsigned tail = *uring->sq_tail;

	for (unsigned i = 0; i < count; i++, tail++) {
		struct io_uring_sqe *sqe = (struct io_uring_sqe *)uring->sqes + (tail & uring->sq_mask);
		pcf_read *read = &reads[which[i]];

		memset(sqe, 0, sizeof *sqe);
		sqe->opcode = IORING_OP_READ;
		sqe->fd = read->fd;
		sqe->addr = (uint64_t)(uintptr_t)read->buffer;
		sqe->len = read->size;
		sqe->user_data = which[i];
		read->result = -EIO;
		uring->sq_array[tail & uring->sq_mask] = tail & uring->sq_mask;
	}
	__atomic_store_n(uring->sq_tail, tail, __ATOMIC_RELEASE);
}

static unsigned reap(pcf_uring *uring, pcf_read *reads)
{
	unsigned head = *uring->cq_head, tail = __atomic_load_n(uring->cq_tail, __ATOMIC_ACQUIRE), count = tail - head;

	for (; head != tail; head++) {
		const struct io_uring_cqe *cqe = &uring->cqes[head & uring->cq_mask];

		reads[cqe->user_data].result = cqe->res;
	}
	__atomic_store_n(uring->cq_head, head, __ATOMIC_RELEASE);
	return count;
}

int pcf_uring_run(pcf_uring *uring, pcf_read *reads, const unsigned *which, unsigned count)
{
	unsigned submitted = 0, done = 0;

	queue(uring, reads, which, count);
	/* All must have come back before the buffers are used again, whatever happens on the way. */
	while (done < count) {
		long n = syscall(__NR_io_uring_enter, uring->fd, count - submitted, count - done,
				 IORING_ENTER_GETEVENTS, NULL, 0);

		if (n < 0 && errno != EINTR && errno != EAGAIN && errno != EBUSY)
			return -errno;
		if (n > 0)
			submitted += (unsigned)n;
		done += reap(uring, reads);
	}
	return 0;
}
