/* Where processes are: tgid -> cgroup path and name, kept so that a process that is gone by the time its end is read
 * about still has a container. A child has its parent's until it is known better; strings are shared. Not safe from
 * several threads. */
#ifndef PCF_EVENT_PROCESSES_H
#define PCF_EVENT_PROCESSES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Processes that ended are kept until so many others have: an OOM kill may be read about after the exit it caused. */
#define PCF_PROCESSES_ENDED 1024

typedef struct pcf_place {
	uint32_t users;
	char path[]; /* cgroup path */
} pcf_place;

typedef struct {
	uint32_t tgid; /* 0: a free entry */
	uint32_t next; /* in its bucket, or among the free */
	bool has_ended;
	bool is_inherited;  /* its place is its parent's at fork and was not looked at since */
	uint32_t moves;     /* how often it was seen to be elsewhere than before */
	uint64_t born_ns;   /* CLOCK_MONOTONIC at fork; 0: it was there before */
	uint64_t looked_ns; /* when the kernel was asked where it is; 0: never */
	pcf_place *place;   /* NULL: not known */
	char comm[16];      /* "": not known */
} pcf_process;

typedef struct {
	pcf_process *entries;
	uint32_t *buckets;
	uint32_t capacity, used, free, count;
	uint32_t ended[PCF_PROCESSES_ENDED]; /* tgids, a ring */
	uint32_t ended_at;
} pcf_processes;

void pcf_processes_init(pcf_processes *processes);
void pcf_processes_close(pcf_processes *processes);
/* NULL: not known. Valid until the next put. */
pcf_process *pcf_processes_find(pcf_processes *processes, uint32_t tgid);
/* A process that begins: an entry without place and name. What the number stood for before is forgotten.
 * NULL: no memory. */
pcf_process *pcf_processes_put(pcf_processes *processes, uint32_t tgid);
/* Gives it another's place (NULL: none). */
void pcf_process_share(pcf_process *process, pcf_place *place);
/* 0 or -ENOMEM, and then it has no place. */
int pcf_process_move(pcf_process *process, const char *path);
void pcf_processes_end(pcf_processes *processes, pcf_process *process);
#endif
