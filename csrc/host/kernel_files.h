/* Which kernel files give which group on this host: columns.def (through the parsers made from it) crossed with
 * the host's facts. Pure functions; nothing is opened. */
#ifndef PCF_HOST_KERNEL_FILES_H
#define PCF_HOST_KERNEL_FILES_H
#include "parse/parse.h"
#include "pcf.h"

#define PCF_KERNEL_FILES_MAX 192 /* files of one group: page sizes multiply those of hugetlb */
#define PCF_BLKIO_FAMILIES   4   /* bfq recursive, cfq recursive, throttle recursive, throttle */

typedef struct {
	const pcf_parser *parser;
	int controller;   /* PCF_CTL_*: below whose mount; -1: below <sysroot>/proc */
	int blkio_family; /* order of preference among files for the same parser; -1: there is no choice */
	char name[72];    /* as the kernel spells it on this host */
	char key[20];     /* row it fills in a keyed group when its text does not say: the page size */
} pcf_kernel_file;

/* Files of a container that is not the root. Returns how many. */
int pcf_container_files(const pcf_host *host, int group, pcf_kernel_file *out, int max);
/* Files below /proc that give the root container its rows. */
int pcf_root_files(const pcf_host *host, int group, pcf_kernel_file *out, int max);
/* Which columns this host can give: of containers into present, of the root into root. */
void pcf_group_columns(const pcf_host *host, int group, uint8_t *present, uint8_t *root);

/* Hierarchy of a file as columns.def spells it; -1: none. version is 1 or 2. */
int pcf_file_controller(const char *file, int version);
#endif
