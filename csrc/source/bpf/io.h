/* Block IO of cgroup2 beside the walk: what the program needs to know, and how to make the kernel add it up. */
#ifndef PCF_SOURCE_BPF_IO_H
#define PCF_SOURCE_BPF_IO_H
#include "bpf/walk.h"
#include "btf/btf.h"
#include "pcf.h"

int pcf_io_is_known(const pcf_btf *btf); /* the kernel's objects are as csrc/bpf/walk_io.h reads them */
int pcf_io_has_cost(const pcf_btf *btf); /* whether a disk has a cost model can be seen */

/* Adds up what the CPUs have counted, below a directory of cgroup2, by reading: since 6.16 each controller is flushed by
 * itself, and no program may name the io controller's tree.  Allocates nothing.  -E2BIG: too many cgroups side by side
 * for this to be worth it, the numbers are not complete. */
int pcf_io_flush(int directory);

/* Columns of group io. */
void pcf_io_fill(const struct pcf_walk_device *device, uint64_t *row);
#endif
