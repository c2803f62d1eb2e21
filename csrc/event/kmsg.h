/* /dev/kmsg, followed from its end on. */
#ifndef PCF_EVENT_KMSG_H
#define PCF_EVENT_KMSG_H
#include "parse/kmsg.h"

typedef struct {
	int fd; /* -1: not open */
	pcf_kmsg_pairing pairing;
	uint64_t gaps;          /* times that records were overwritten before they were read */
	uint64_t next_sequence; /* 0: none read yet */
	uint64_t lost;          /* records overwritten */
	uint64_t offset_ns;     /* from printk's clock to CLOCK_MONOTONIC, the least seen; 0: none yet */
	uint64_t offset_at_ns;
} pcf_kmsg;

/* -EPERM: no CAP_SYSLOG while kernel.dmesg_restrict is 1. */
int pcf_kmsg_open(pcf_kmsg *kmsg, pcf_error *err);
void pcf_kmsg_close(pcf_kmsg *kmsg);
/* 1: the next kill (or OOM without one) is in *out and when it was in *monotonic_ns; 0: nothing more for now. */
int pcf_kmsg_next(pcf_kmsg *kmsg, pcf_kmsg_oom *out, uint64_t *monotonic_ns);
#endif
