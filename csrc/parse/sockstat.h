#ifndef PCF_PARSE_SOCKSTAT_H
#define PCF_PARSE_SOCKSTAT_H
#include <stddef.h>
#include <stdint.h>

/* The number behind a word of a protocol's line: ("TCP", "inuse").  PCF_ABSENT: the text has none. */
uint64_t pcf_sockstat_find(const char *buf, size_t len, const char *protocol, const char *name);
#endif
