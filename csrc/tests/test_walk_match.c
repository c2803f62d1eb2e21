/* Whose record is whose: positions that shift, ids that come again, ids that fall into one place of the index. */
#include "check.h"
#include "source/bpf/match.h"

#define MOST 1000

static uint64_t ids[MOST];
static unsigned asked;

/* In the place of the loaded program: match.c asks it for nothing but ids. */
const void *pcf_program_record(const pcf_program *program, uint32_t part, unsigned position)
{
	(void)program;
	(void)part;
	asked++;
	CHECK(position < MOST);
	return &ids[position];
}

static int find(pcf_match *match, unsigned count, uint64_t id, uint32_t *position)
{
	return pcf_match_find(match, NULL, PCF_WALK_PIDS, count, id, position);
}

static void begin(pcf_match *match, unsigned count)
{
	CHECK_OR_DIE(pcf_match_open(match, MOST) == 0);
	match->is_made = 0;
	for (unsigned i = 0; i < count; i++)
		ids[i] = 100 + i;
}

/* Where nothing came or went each record costs one look, and no index is made. */
static void test_same_positions(void)
{
	pcf_match match;
	uint32_t position = 7;

	begin(&match, 10);
	asked = 0;
	CHECK_EQ(find(&match, 10, 107, &position), 1);
	CHECK(asked == 1 && !match.is_made);
	pcf_match_close(&match);
}

static void test_shifted(void)
{
	uint32_t positions[10];
	pcf_match match;

	begin(&match, 10);
	for (uint32_t i = 0; i < 10; i++)
		positions[i] = i;
	/* The fourth is gone, the others move up. */
	memmove(&ids[3], &ids[4], 6 * sizeof ids[0]);
	for (uint32_t i = 0; i < 10; i++)
		CHECK_EQ(find(&match, 9, 100 + i, &positions[i]), i != 3);
	for (uint32_t i = 0; i < 10; i++)
		CHECK(i == 3 || positions[i] == (i < 3 ? i : i - 1));
	/* The index is made once a pass. */
	asked = 0;
	positions[9] = 0;
	CHECK_EQ(find(&match, 9, 109, &positions[9]), 1);
	CHECK(asked < 9);
	pcf_match_close(&match);
}

/* What lies behind the last record is of an earlier pass. */
static void test_beyond_the_count(void)
{
	uint32_t position = 9;
	pcf_match match;

	begin(&match, 10);
	CHECK_EQ(find(&match, 9, 109, &position), 0);
	match.is_made = 0;
	CHECK_EQ(find(&match, 0, 100, &position), 0);
	pcf_match_close(&match);
}

/* Position 4 held 104 and holds another one now: the old index must not answer in a new pass. */
static void test_next_pass(void)
{
	uint32_t position = 0;
	pcf_match match;

	begin(&match, 10);
	CHECK_EQ(find(&match, 10, 104, &position), 1);
	ids[4] = 999;
	match.is_made = 0; /* as each pass begins */
	CHECK_EQ(find(&match, 10, 104, &position), 0);
	CHECK_EQ(find(&match, 10, 999, &position), 1);
	CHECK_EQ(position, 4);
	/* A removed cgroup's number given to another one: it is found where that one is. */
	ids[4] = 500;
	ids[8] = 999;
	match.is_made = 0;
	CHECK_EQ(find(&match, 10, 999, &position), 1);
	CHECK_EQ(position, 8);
	pcf_match_close(&match);
}

/* Full to capacity, with ids as kernfs gives them (generation above, number below) and ids that differ only in bits
 * that the index may not look at. */
static void test_full_and_alike(void)
{
	static const uint64_t strides[] = {1, 1ULL << 32, 1ULL << 12, 0x9e3779b97f4a7c15ULL, 1ULL << 48};
	pcf_match match;

	begin(&match, 0);
	for (size_t s = 0; s < sizeof strides / sizeof strides[0]; s++) {
		for (unsigned i = 0; i < MOST; i++)
			ids[i] = 5 + strides[s] * (i + 1);
		match.is_made = 0;
		for (unsigned i = 0; i < MOST; i++) {
			uint32_t position = MOST - 1 - i;

			CHECK_EQ(find(&match, MOST, ids[i], &position), 1);
			CHECK_EQ(position, i);
		}
	}
	pcf_match_close(&match);
}

int main(void)
{
	test_same_positions();
	test_shifted();
	test_beyond_the_count();
	test_next_pass();
	test_full_and_alike();
	return check_result();
}
