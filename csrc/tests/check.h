/* Checks for the C tests.  A test is a program: functions full of CHECKs, main returns check_result(). */
#ifndef PCF_TESTS_CHECK_H
#define PCF_TESTS_CHECK_H
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_count, check_failures;

/* Counts, and prints what failed; the test goes on. */
#define CHECK(cond)                                                                                                    \
	do {                                                                                                           \
		check_count++;                                                                                         \
		if (!(cond)) {                                                                                         \
			check_failures++;                                                                              \
			fprintf(stderr, "%s:%d: %s: not so: %s\n", __FILE__, __LINE__, __func__, #cond);               \
		}                                                                                                      \
	} while (0)

/* Two integers that must be equal; both are shown when they are not. */
#define CHECK_EQ(actual, expected)                                                                                     \
	do {                                                                                                           \
		uint64_t check_a_ = (uint64_t)(actual), check_e_ = (uint64_t)(expected);                               \
		check_count++;                                                                                         \
		if (check_a_ != check_e_) {                                                                            \
			check_failures++;                                                                              \
			fprintf(stderr, "%s:%d: %s: %s is %" PRIu64 " (%" PRId64 "), expected %" PRIu64 "\n",          \
				__FILE__, __LINE__, __func__, #actual, check_a_, (int64_t)check_a_, check_e_);         \
		}                                                                                                      \
	} while (0)

#define CHECK_STR(actual, expected)                                                                                    \
	do {                                                                                                           \
		const char *check_a_ = (actual), *check_e_ = (expected);                                               \
		check_count++;                                                                                         \
		if (!check_a_ || strcmp(check_a_, check_e_) != 0) {                                                    \
			check_failures++;                                                                              \
			fprintf(stderr, "%s:%d: %s: %s is \"%s\", expected \"%s\"\n", __FILE__, __LINE__, __func__,    \
				#actual, check_a_ ? check_a_ : "(null)", check_e_);                                    \
		}                                                                                                      \
	} while (0)

/* For what the rest of the test cannot do without: ends the program. */
#define CHECK_OR_DIE(cond)                                                                                             \
	do {                                                                                                           \
		check_count++;                                                                                         \
		if (!(cond)) {                                                                                         \
			fprintf(stderr, "%s:%d: %s: cannot go on without: %s\n", __FILE__, __LINE__, __func__, #cond); \
			exit(1);                                                                                       \
		}                                                                                                      \
	} while (0)

static inline int check_result(void)
{
	fprintf(stderr, "%d checks, %d failed\n", check_count, check_failures);
	return check_failures || !check_count ? 1 : 0;
}
#endif
