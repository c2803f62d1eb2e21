/* Nanoseconds of a kernel clock. */
#ifndef PCF_SCHEMA_CLOCK_H
#define PCF_SCHEMA_CLOCK_H
#include <stdint.h>
#include <time.h>

static inline uint64_t pcf_now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#endif
