/* Schedule and lateness, without a thread. */
#include "check.h"
#include "tick/collector.h"

static void test_next(void)
{
	const uint64_t stride[] = {4, 0, 10};

	CHECK_EQ(pcf_schedule_next(stride, 3, 0), 4);
	CHECK_EQ(pcf_schedule_next(stride, 3, 4), 8);
	CHECK_EQ(pcf_schedule_next(stride, 3, 8), 10);
	CHECK_EQ(pcf_schedule_next(stride, 3, 19), 20);
	CHECK_EQ(pcf_schedule_next(stride + 1, 1, 5), 0);
	CHECK_EQ(pcf_schedule_last(stride, 3, 11), 10);
	CHECK_EQ(pcf_schedule_last(stride, 3, 3), 0);
	CHECK_EQ(pcf_schedule_last(stride, 3, 20), 20);
}

static void test_missed(void)
{
	CHECK_EQ(pcf_schedule_missed(1, 5, 6), 0);
	CHECK_EQ(pcf_schedule_missed(1, 5, 8), 2);
	CHECK_EQ(pcf_schedule_missed(10, 10, 20), 0);
	CHECK_EQ(pcf_schedule_missed(10, 10, 21), 1);
	CHECK_EQ(pcf_schedule_missed(10, 15, 41), 3);
	CHECK_EQ(pcf_schedule_missed(0, 1, 9), 0);
	CHECK_EQ(pcf_schedule_missed(1, 9, 9), 0);
}

static void test_late(void)
{
	pcf_group_state state = {0};

	pcf_self_late(&state, 50000);
	pcf_self_late(&state, 5000000);
	pcf_self_late(&state, 2000000000);
	CHECK_EQ(state.values[PCF_TICK_LATENESS_NS], 2000000000);
	CHECK_EQ(state.values[PCF_TICK_LATENESS_MAX_NS], 2000000000);
	CHECK_EQ(state.values[PCF_TICK_LATE_100US], 1);
	CHECK_EQ(state.values[PCF_TICK_LATE_1MS], 1);
	CHECK_EQ(state.values[PCF_TICK_LATE_10MS], 2);
	CHECK_EQ(state.values[PCF_TICK_LATE_1S], 2);
}

int main(void)
{
	test_next();
	test_missed();
	test_late();
	return check_result();
}
