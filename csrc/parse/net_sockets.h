/* net/tcp and its kin bit by bit, for who reads a text that is too long to be held whole. */
#ifndef PCF_PARSE_NET_SOCKETS_H
#define PCF_PARSE_NET_SOCKETS_H
#include "parse/key_table.h"

/* The first part, which has the heading: all counts of the row are 0.  -EINVAL: it is no such file. */
int pcf_net_sockets_begin(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
/* Adds the sockets of whole lines; returns how many. */
int pcf_net_sockets_add(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
#endif
