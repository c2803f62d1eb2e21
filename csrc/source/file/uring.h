/* io_uring without a library: one ring, filled and waited for in batches (io_uring_setup(2), io_uring_enter(2)). */
#ifndef PCF_SOURCE_FILE_URING_H
#define PCF_SOURCE_FILE_URING_H
#include "source/file/reader.h"

#define PCF_URING_BATCH 256

typedef struct pcf_uring pcf_uring;
int pcf_uring_open(pcf_uring **out);
void pcf_uring_close(pcf_uring *uring);
/* Reads with a descriptor only; at most PCF_URING_BATCH. Returns 0, or negative errno: nothing was read. */
int pcf_uring_run(pcf_uring *uring, pcf_read *reads, const unsigned *which, unsigned count);
#endif
