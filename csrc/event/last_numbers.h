/* A cgroup's own numbers, read from its files while they are there: for its last record, when no program in the kernel
 * takes them. */
#ifndef PCF_EVENT_LAST_NUMBERS_H
#define PCF_EVENT_LAST_NUMBERS_H
#include "bpf/event.h"
#include "pcf.h"

typedef struct pcf_last_files pcf_last_files;

int pcf_last_files_new(pcf_last_files **out, const pcf_host *host); /* -ENOMEM */
void pcf_last_files_free(pcf_last_files *files);
/* What is not told stays PCF_BPF_ABSENT. Returns how many files were read; 0: the cgroup is gone. */
int pcf_last_numbers_read(const pcf_last_files *files, const char *path, struct pcf_bpf_numbers *out);
#endif
