/* The split of CPU time against a plain model of the kernel's (kernel/sched/cputime.c, cputime_adjust). */
#include "check.h"
#include "source/bpf/cputime.h"
#include "source/bpf/fill.h"

typedef struct {
	uint64_t user, system;
} pair;

static uint64_t state = 88172645463325252ULL;

static uint64_t random_below(uint64_t bound)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % bound;
}

/* What the kernel does, word for word, with long doubles out of the way: everything in 128 bits. */
static pair model(uint64_t run, pair ticks, pair *shown)
{
	unsigned __int128 all = (unsigned __int128)ticks.user + ticks.system;
	uint64_t system, user;

	if (shown->system + shown->user >= run)
		return *shown;
	if (ticks.system == 0)
		system = 0;
	else if (ticks.user == 0)
		system = run;
	else
		system = (uint64_t)((unsigned __int128)ticks.system * run / all);
	system = system > shown->system ? system : shown->system;
	user = run - system;
	if (user < shown->user) {
		user = shown->user;
		system = run - user;
	}
	*shown = (pair){user, system};
	return *shown;
}

static pair split(uint64_t run, pair ticks, pair *shown)
{
	pair out = ticks;

	pcf_cputime_split(run, &out.user, &out.system, &shown->user, &shown->system);
	return out;
}

static void check_same(uint64_t run, pair ticks, pair *ours, pair *theirs)
{
	pair got = split(run, ticks, ours), expected = model(run, ticks, theirs);

	CHECK_EQ(got.user, expected.user);
	CHECK_EQ(got.system, expected.system);
	CHECK_EQ(ours->user, theirs->user);
	CHECK_EQ(ours->system, theirs->system);
}

static void test_corners(void)
{
	static const uint64_t values[] = {0, 1, 999, 10000000, 1ULL << 40, 1ULL << 62};
	const int count = sizeof values / sizeof values[0];

	for (int r = 0; r < count; r++)
		for (int u = 0; u < count; u++)
			for (int s = 0; s < count; s++) {
				pair ours = {0, 0}, theirs = {0, 0};

				check_same(values[r], (pair){values[u], values[s]}, &ours, &theirs);
			}
}

/* A container's life: ticks and run time grow, neither in step. */
static void test_never_backwards(void)
{
	for (int life = 0; life < 200; life++) {
		pair ours = {0, 0}, theirs = {0, 0}, ticks = {0, 0}, last = {0, 0};
		uint64_t run = 0;

		for (int look = 0; look < 200; look++) {
			run += random_below(30000000);
			ticks.user += 4000000 * random_below(5);
			ticks.system += 4000000 * random_below(look % 50 < 25 ? 2 : 9);
			check_same(run, ticks, &ours, &theirs);
			CHECK(ours.user >= last.user && ours.system >= last.system);
			CHECK_EQ(ours.user + ours.system, run);
			last = ours;
		}
	}
}

static void test_run_time_that_stands_still(void)
{
	pair shown = {0, 0};

	split(1000, (pair){3, 1}, &shown);
	CHECK_EQ(shown.user, 750);
	split(1000, (pair){1, 3}, &shown); /* the ticks moved, the run time did not: what was shown stays */
	CHECK_EQ(shown.user, 750);
	split(900, (pair){1, 3}, &shown);
	CHECK(shown.user == 750 && shown.system == 250);
}

/* Others read the text in between: what they were shown is what we go on from. */
static void test_shown_to_others(void)
{
	struct pcf_walk_cpuacct account = {.has = 1};
	uint64_t row[PCF_MAX_GROUP_COLUMNS], user = 0, system = 0;

	account.time = (struct pcf_walk_cputime){.usage = 1000000000, .user = 500000000, .system = 500000000};
	pcf_fill_cpu_v1(&account, &user, &system, row);
	CHECK(user == 500000000 && system == 500000000);
	account.time = (struct pcf_walk_cputime){.usage = 1100000000,
						 .user = 500000000,
						 .system = 600000000,
						 .shown_user = 520000000,
						 .shown_system = 530000000};
	pcf_fill_cpu_v1(&account, &user, &system, row);
	CHECK_EQ(user, 520000000); /* not 500: somebody has seen 520 */
	CHECK_EQ(system, 580000000);
	CHECK_EQ(row[PCF_CPU_USER_NS], 520000000);
	/* What cannot be ours and theirs together is not taken over; what we told stays. */
	account.time.shown_user = account.time.shown_system = 1000000000;
	account.time.usage = 1200000000;
	pcf_fill_cpu_v1(&account, &user, &system, row);
	CHECK(user >= 520000000 && system >= 580000000);
	CHECK_EQ(user + system, 1200000000);
}

int main(void)
{
	test_corners();
	test_never_backwards();
	test_run_time_that_stands_still();
	test_shown_to_others();
	return check_result();
}
