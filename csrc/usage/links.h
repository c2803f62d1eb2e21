/* The files of a tree that have several names, so that each counts once. */
#ifndef PCF_USAGE_LINKS_H
#define PCF_USAGE_LINKS_H
#include <stdint.h>

typedef struct {
	uint64_t *inodes; /* open addressing; 0 = free */
	uint64_t count, mask;
} pcf_links;

/* 1 = it was seen before, 0 = it was not and now is; -ENOMEM when it cannot be remembered. */
int pcf_links_see(pcf_links *links, uint64_t inode);
void pcf_links_clear(pcf_links *links);
#endif
