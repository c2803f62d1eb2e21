/* Whose record is whose. A cgroup keeps its position in the walk until one before it comes or goes; then it is found again by
 * its id, in an index that is made at most once a hierarchy and pass. */
#ifndef PCF_SOURCE_BPF_MATCH_H
#define PCF_SOURCE_BPF_MATCH_H
#include <stdint.h>

#include "source/bpf/program.h"

typedef struct {
	unsigned slots;      /* power of two, more than twice the capacity */
	uint32_t *positions; /* UINT32_MAX: empty */
	int is_made;         /* in this pass */
} pcf_match;

int pcf_match_open(pcf_match *match, unsigned capacity); /* -ENOMEM */
void pcf_match_close(pcf_match *match);
/* Position of the record with this id among count records of a part, looked for at *position first; updates it.
 * 1: found, 0: the walk has not seen it. */
int pcf_match_find(pcf_match *match, const pcf_program *program, uint32_t part, unsigned count, uint64_t id,
		   uint32_t *position);
#endif
