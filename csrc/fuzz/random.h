/* Numbers that look random and are the same in each run. */
#ifndef PCF_FUZZ_RANDOM_H
#define PCF_FUZZ_RANDOM_H
#include <stdint.h>

static uint64_t random_state = 88172645463325252u; /* xorshift: anything but 0 will do */

static inline uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static inline uint64_t random_below(uint64_t bound)
{
	return random_next() % bound;
}

#endif
