#include "usage/links.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST 1024u
#define MOST  (UINT64_C(1) << 24) /* 128 MiB: a tree with more names than that for files of several is no layer */

static uint64_t *place(uint64_t *inodes, uint64_t mask, uint64_t inode)
{
	uint64_t i = (inode * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & mask;

	while (inodes[i] && inodes[i] != inode)
		i = (i + 1) & mask;
	return &inodes[i];
}

static int grow(pcf_links *links)
{
	uint64_t size = links->inodes ? (links->mask + 1) * 2 : FIRST;
	uint64_t *inodes = size <= MOST ? calloc(size, sizeof *inodes) : NULL;

	if (!inodes)
		return -ENOMEM;
	for (uint64_t i = 0; links->inodes && i <= links->mask; i++)
		if (links->inodes[i])
			*place(inodes, size - 1, links->inodes[i]) = links->inodes[i];
	free(links->inodes);
	links->inodes = inodes;
	links->mask = size - 1;
	return 0;
}

int pcf_links_see(pcf_links *links, uint64_t inode)
{
	uint64_t *at;

	if ((!links->inodes || links->count * 2 > links->mask) && grow(links) < 0 &&
	    (!links->inodes || links->count >= links->mask))
		return -ENOMEM;
	at = place(links->inodes, links->mask, inode);
	if (*at)
		return 1;
	*at = inode;
	links->count++;
	return 0;
}

void pcf_links_clear(pcf_links *links)
{
	free(links->inodes);
	*links = (pcf_links){0};
}
