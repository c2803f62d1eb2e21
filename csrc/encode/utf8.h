/* Protobuf strings must be UTF-8; names of network interfaces need not be. */
#ifndef PCF_ENCODE_UTF8_H
#define PCF_ENCODE_UTF8_H
#include <stddef.h>

/* Length of the valid sequence that begins `text`, 0 when none does; left > 0. */
size_t pcf_utf8_length(const char *text, size_t left);
/* Replaces each byte that is not part of a valid UTF-8 sequence by '?'. */
void pcf_utf8_mend(char *text, size_t len);
#endif
