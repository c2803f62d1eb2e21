/* The kernel keeps cgroup2 CPU time per CPU and adds it up when somebody asks: by cpu.stat, or by this. */
#ifndef PCF_SOURCE_BPF_FLUSH_H
#define PCF_SOURCE_BPF_FLUSH_H
#include "btf/btf.h"

typedef struct {
	int link;              /* descriptor, -1: none */
	int adds_all;          /* the kernel's function adds up all controllers */
	const char *no_reason; /* why there is none, NULL when there is one */
} pcf_flush;

/* From the root of the hierarchy at mount on. Not having one is no error (link -1). */
void pcf_flush_open(pcf_flush *flush, const pcf_btf *btf, const char *mount);
int pcf_flush_run(const pcf_flush *flush);
void pcf_flush_close(pcf_flush *flush);
int pcf_iterator_run(int link); /* one pass of a BPF iterator's link; 0 or negative errno */
#endif
