/* Messages of the process connector (linux/cn_proc.h, Documentation/driver-api/connector.rst). Pure. */
#ifndef PCF_PARSE_PROC_EVENT_H
#define PCF_PARSE_PROC_EVENT_H
#include "pcf.h"

#define PCF_PROC_OTHER 0
#define PCF_PROC_ACK   1 /* the answer to a request: status, and the request's number */
#define PCF_PROC_FORK  2
#define PCF_PROC_EXEC  3
#define PCF_PROC_COMM  4 /* a process named itself */
#define PCF_PROC_EXIT  5

typedef struct {
	int kind;               /* PCF_PROC_* */
	uint64_t time_ns;       /* CLOCK_MONOTONIC */
	uint32_t pid, tgid;     /* fork: of the child. A thread has pid != tgid */
	uint32_t parent;        /* fork, exit: tgid of the parent; 0: not told */
	uint32_t wait_status;   /* exit: as wait(2) tells it: code, signal, core dumped */
	uint32_t status, reply; /* ack */
	char comm[16];          /* comm */
} pcf_proc_event;

/* The message at buf + *at of a datagram; moves *at past it. 1: out is filled; 0: no further message; -EINVAL: what is
 * left is no message (and is skipped). */
int pcf_proc_event_next(const char *buf, size_t len, size_t *at, pcf_proc_event *out);
#endif
