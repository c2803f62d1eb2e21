/* A thousand busy cgroups read by both sources: the text right before and right after each sample of the walk, every
 * column of every cgroup compared; once while they work, once while all stand still and nothing may differ at all. */
#include "walk_rig.h"

#define MOST 1000

static pcf_host host;
static char ring_dir[64];

static uint64_t rows_of(pcf_collector *collector)
{
	pcf_collector_stats stats;

	pcf_collector_stats_get(collector, &stats);
	return stats.rows;
}

static void check_parity(pcf_collector *collector, int count, const char *how)
{
	uint64_t checked = 0, rows = rows_of(collector), misses = rig_misses(collector);

	CHECK_EQ(pcf_collector_verify(collector, rig_report, NULL, &checked), 0);
	misses = rig_misses(collector) - misses;
	rows = rows_of(collector) - rows;
	fprintf(stderr, "%s: %d cgroups, %llu values compared; of %llu rows %llu came from files after all\n", how,
		count, (unsigned long long)checked, (unsigned long long)rows, (unsigned long long)misses);
	CHECK(checked > (uint64_t)count * 30);
	CHECK(misses <= rows / 20);
	rig_check(collector);
}

static void test_parity(int count)
{
	pcf_collector *collector;
	pcf_collector_stats stats;
	pcf_options options;
	char name[32];

	rig_options(&options, ring_dir, 2048);
	collector = rig_open(&options);
	for (int i = 0; i < count; i++) /* it grows while it ticks */
		(void)rig_add(collector, load_name(name, sizeof name, i), NULL);
	rig_tick(collector, 1);
	CHECK(atomic_load(&collector->walk->capacity) > (unsigned)count);
	CHECK_EQ(pcf_program_capacity(collector->walk->now->program), atomic_load(&collector->walk->capacity));
	rig_await_trust(collector);
	rig_tick(collector, 20); /* memory.stat is learnt meanwhile */
	check_parity(collector, count, "at work");
	load_signal(SIGSTOP);
	usleep(300000);
	check_parity(collector, count, "standing still");
	load_signal(SIGCONT);
	pcf_collector_stats_get(collector, &stats);
	fprintf(stderr, "%s: %.1f us for each cgroup and walk, flush %.1f us\n", pcf_kernel_walk_name(collector->walk),
		(double)stats.walk_ns / 1000 / (double)stats.walks / count,
		(double)stats.flush_ns / 1000 / (double)(stats.flushes ? stats.flushes : 1) / count);
	pcf_collector_close(collector);
}

int main(void)
{
	pcf_error err;
	int count;

	CHECK_OR_DIE(pcf_host_probe(&host, "", &err) == 0);
	if (!rig_can(&host) || cgroups_begin(&host) < 0)
		return 0;
	snprintf(ring_dir, sizeof ring_dir, "/dev/shm/pcf-test-parity-%ld", (long)getpid());
	count = load_make(MOST);
	CHECK_OR_DIE(count >= LOAD_GUEST);
	load_start(count);
	atexit(load_end);
	test_parity(count);
	load_end();
	remove_ring(ring_dir);
	return check_result();
}
