/* slots.dir: tenants, generations, restarts. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "ring_scratch.h"

static char dir[64];

static uint32_t claim(pcf_slots *slots, const char *path, uint64_t id, uint64_t tick, uint32_t *generation)
{
	uint32_t slot = 12345;

	CHECK_EQ(pcf_slots_claim(slots, path, id, tick, &slot, generation), 0);
	return slot;
}

static void test_claim_write_release(void)
{
	pcf_slot_record record, identity = {.created_ns = 5,
					    .cgroup_id = 42,
					    .netns = 6,
					    .netns_owner = 1,
					    .flags = PCF_SLOT_FLAG_SHARED_NETWORK,
					    .runtime = "docker",
					    .id = "abc",
					    .name = "web",
					    .image = "nginx:1",
					    .path = "/not/this"};
	pcf_slots *slots, *reader;
	uint32_t generation, other;
	int taken = -1;

	CHECK_OR_DIE(pcf_slots_create(&slots, dir, 4, &taken, NULL) == 0);
	CHECK_EQ(taken, PCF_TAKEN_NEW);
	CHECK_OR_DIE(pcf_slots_attach(&reader, dir, NULL) == 0);
	CHECK_EQ(pcf_slots_read(reader, 0, &record), -ENOENT);
	CHECK_EQ(claim(slots, "/a", 42, 10, &generation), 0);
	CHECK_EQ(generation, 1);
	CHECK_EQ(claim(slots, "/a", 42, 11, &other), 0); /* the same cgroup again */
	CHECK_EQ(other, 1);
	CHECK_EQ(claim(slots, "/a", 43, 11, &other), 1); /* the path made anew: another container */
	CHECK_EQ(pcf_slots_write(slots, 0, &identity), 0);
	CHECK_EQ(pcf_slots_read(reader, 0, &record), 0);
	CHECK_STR(record.path, "/a");
	CHECK_STR(record.name, "web");
	CHECK_STR(record.runtime, "docker");
	CHECK_STR(record.id, "abc");
	CHECK_STR(record.image, "nginx:1");
	CHECK(record.state == PCF_SLOT_LIVE && record.generation == 1 && record.born_tick == 10 &&
	      record.gone_tick == 0);
	CHECK(record.created_ns == 5 && record.netns == 6 && record.netns_owner == 1 &&
	      record.flags == PCF_SLOT_FLAG_SHARED_NETWORK);
	CHECK_EQ(pcf_slots_release(slots, 0, 9, 20), -ESTALE);
	CHECK_EQ(pcf_slots_release(slots, 0, 1, 20), 0);
	CHECK_EQ(pcf_slots_release(slots, 0, 1, 21), -ESTALE);
	CHECK_EQ(pcf_slots_write(slots, 0, &identity), -ENOENT);
	CHECK_EQ(pcf_slots_read(reader, 0, &record), 0); /* gone, still readable */
	CHECK(record.state == PCF_SLOT_GONE && record.gone_tick == 20);
	CHECK_STR(record.name, "web");
	CHECK_EQ(claim(slots, "/b", 50, 30, &generation), 0);
	CHECK_EQ(generation, 2);
	CHECK_EQ(pcf_slots_read(reader, 0, &record), 0);
	CHECK_STR(record.name, ""); /* nothing of the earlier tenant */
	CHECK(record.created_ns == 0 && record.netns_owner == 0);
	pcf_slots_close(reader);
	pcf_slots_close(slots);
}

static void test_oldest_freed_first_and_full(void)
{
	uint32_t generation[4], slot, again;
	pcf_slots *slots;
	char path[8];

	CHECK_OR_DIE(pcf_slots_create(&slots, dir, 4, NULL, NULL) == 0);
	for (uint32_t i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "/%u", i);
		CHECK_EQ(claim(slots, path, i, 1, &generation[i]), i);
	}
	CHECK_EQ(pcf_slots_claim(slots, "/4", 4, 1, &slot, &again), -ENOSPC);
	CHECK_EQ(pcf_slots_release(slots, 2, generation[2], 5), 0);
	CHECK_EQ(pcf_slots_release(slots, 0, generation[0], 6), 0);
	CHECK_EQ(pcf_slots_release(slots, 3, generation[3], 7), 0);
	CHECK_EQ(claim(slots, "/x", 1, 8, &again), 2);
	pcf_slots_close(slots);
	CHECK_OR_DIE(pcf_slots_create(&slots, dir, 4, NULL, NULL) == 0); /* the order survives a restart */
	CHECK_EQ(claim(slots, "/y", 1, 8, &again), 0);
	CHECK_EQ(again, generation[0] + 1);
	CHECK_EQ(claim(slots, "/z", 1, 8, &again), 3);
	pcf_slots_close(slots);
}

static void test_restart(void)
{
	uint32_t generation, a, b, c, slot = 0, found;
	pcf_slots *slots, *second;
	pcf_error err;
	int taken = -1;

	CHECK_OR_DIE(pcf_slots_create(&slots, dir, 8, &taken, &err) == 0);
	CHECK_EQ(taken, PCF_TAKEN_NEW);
	a = claim(slots, "/a", 1, 1, &generation);
	b = claim(slots, "/b", 2, 1, &generation);
	c = claim(slots, "/c", 3, 1, &generation);
	CHECK_EQ(pcf_slots_unclaimed(slots, &slot, &found), -ENOENT);
	CHECK_EQ(pcf_slots_create(&second, dir, 8, &taken, &err), -EBUSY);
	pcf_slots_close(slots);
	CHECK_OR_DIE(pcf_slots_create(&slots, dir, 8, &taken, &err) == 0);
	CHECK_EQ(taken, PCF_TAKEN_OVER);
	CHECK_EQ(claim(slots, "/b", 2, 9, &generation), b);
	CHECK_EQ(generation, 1);
	CHECK(claim(slots, "/c", 33, 9, &generation) != c); /* made anew while no collector looked */
	slot = 0;
	CHECK_EQ(pcf_slots_unclaimed(slots, &slot, &found), 0);
	CHECK_EQ(slot, a);
	CHECK_EQ(pcf_slots_release(slots, slot, found, 9), 0);
	slot++;
	CHECK_EQ(pcf_slots_unclaimed(slots, &slot, &found), 0);
	CHECK_EQ(slot, c);
	CHECK_EQ(pcf_slots_release(slots, slot, found, 9), 0);
	slot++;
	CHECK_EQ(pcf_slots_unclaimed(slots, &slot, &found), -ENOENT);
	pcf_slots_close(slots);
	CHECK_OR_DIE(pcf_slots_create(&slots, dir, 16, &taken, &err) == 0);
	CHECK_EQ(taken, PCF_TAKEN_REPLACED);
	CHECK(strstr(err.text, "capacity was 8 containers, is 16") != NULL);
	pcf_slots_close(slots);
}

static void test_long_paths_and_texts(void)
{
	pcf_slot_record record, identity = {0};
	uint32_t generation, slot, same;
	char path[2000];
	pcf_slots *slots;

	memset(path, 'p', sizeof path);
	path[0] = '/';
	path[sizeof path - 1] = '\0';
	memset(identity.name, 'n', sizeof identity.name); /* no NUL at all */
	memset(identity.runtime, 'r', sizeof identity.runtime);
	memset(identity.id, 'i', sizeof identity.id);
	memset(identity.image, 'm', sizeof identity.image);
	CHECK_OR_DIE(pcf_slots_create(&slots, dir, 8, NULL, NULL) == 0);
	slot = claim(slots, path, 7, 1, &generation);
	same = claim(slots, path, 7, 1, &generation);
	CHECK_EQ(slot, same);
	CHECK_EQ(pcf_slots_write(slots, slot, &identity), 0);
	CHECK_EQ(pcf_slots_read(slots, slot, &record), 0);
	CHECK_EQ(strlen(record.path), sizeof record.path - 1);
	CHECK_EQ(strlen(record.name), sizeof record.name - 1);
	CHECK_EQ(strlen(record.image), sizeof record.image - 1);
	CHECK_EQ(record.flags, PCF_SLOT_FLAG_PATH_CUT);
	pcf_slots_close(slots);
}

/* Rows of a container that the list lost (a kill between the files) do not live on in the rings. */
static void test_rows_without_a_container(void)
{
	pcf_region_spec spec = spec_of(dir, PCF_GROUP_IO, 2, 8);
	uint32_t slot, generation, kept, lost;
	pcf_region_row owner;
	pcf_region *region;
	pcf_slots *slots;

	CHECK_OR_DIE(pcf_slots_create(&slots, dir, 8, NULL, NULL) == 0);
	slot = claim(slots, "/a", 1, 1, &generation);
	region = region_open(&spec, PCF_TAKEN_NEW);
	CHECK_EQ(pcf_region_row_claim(region, slot, generation, "8:0", 3, 1, &kept), 0);
	CHECK_EQ(pcf_region_row_claim(region, slot + 1, 1, "8:0", 3, 1, &lost), 0);
	pcf_region_close(region);
	region = region_open(&spec, PCF_TAKEN_OVER);
	CHECK_EQ(pcf_region_row_read(region, kept, &owner), 0);
	CHECK_EQ(owner.gone_tick, 0);
	CHECK_EQ(pcf_region_row_read(region, lost, &owner), 0);
	CHECK(owner.gone_tick != 0);
	pcf_region_close(region);
	pcf_slots_close(slots);
}

static int done;

static void *read_names(void *arg)
{
	uint64_t *wrong = arg;
	pcf_slot_record record;
	pcf_slots *reader;

	CHECK_OR_DIE(pcf_slots_attach(&reader, dir, NULL) == 0);
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
		if (pcf_slots_read(reader, 0, &record) < 0)
			continue;
		*wrong += record.name[0] != record.image[0] || record.name[90] != record.image[90];
	}
	pcf_slots_close(reader);
	return NULL;
}

static void test_records_are_never_half_read(void)
{
	pcf_slot_record identity = {0};
	uint32_t generation, slot;
	pthread_t reader[2];
	uint64_t wrong[2] = {0};
	pcf_slots *slots;

	CHECK_OR_DIE(pcf_slots_create(&slots, dir, 8, NULL, NULL) == 0);
	slot = claim(slots, "/a", 1, 1, &generation);
	for (int i = 0; i < 2; i++)
		pthread_create(&reader[i], NULL, read_names, &wrong[i]);
	for (int i = 0; i < 30000; i++) {
		memset(identity.name, 'a' + i % 26, 100);
		memset(identity.image, 'a' + i % 26, 100);
		CHECK_EQ(pcf_slots_write(slots, slot, &identity), 0);
	}
	__atomic_store_n(&done, 1, __ATOMIC_RELEASE);
	for (int i = 0; i < 2; i++) {
		pthread_join(reader[i], NULL);
		CHECK_EQ(wrong[i], 0);
	}
	pcf_slots_close(slots);
}

/* A writer killed while it changes a record leaves nobody there, not half of somebody. */
static void test_kill_while_changing(void)
{
	uint32_t generation, slot, seq;
	pcf_slot_record record;
	char path[100];
	pcf_slots *slots;
	int fd;

	CHECK_OR_DIE(pcf_slots_create(&slots, dir, 8, NULL, NULL) == 0);
	slot = claim(slots, "/a", 1, 1, &generation);
	pcf_slots_close(slots);
	snprintf(path, sizeof path, "%s/slots.dir", dir);
	fd = open(path, O_RDWR);
	CHECK_EQ(pread(fd, &seq, 4, 4096 + (off_t)slot * 1024), 4);
	seq |= 1;
	CHECK_EQ(pwrite(fd, &seq, 4, 4096 + (off_t)slot * 1024), 4);
	close(fd);
	CHECK_OR_DIE(pcf_slots_attach(&slots, dir, NULL) == 0);
	CHECK_EQ(pcf_slots_read(slots, slot, &record), -EAGAIN);
	pcf_slots_close(slots);
	CHECK_OR_DIE(pcf_slots_create(&slots, dir, 8, NULL, NULL) == 0);
	CHECK_EQ(pcf_slots_read(slots, slot, &record), -ENOENT);
	CHECK_EQ(claim(slots, "/a", 1, 9, &generation), slot);
	CHECK_EQ(generation, 2);
	pcf_slots_close(slots);
}

static void in_own_directory(void (*test)(void))
{
	scratch_make(dir);
	test();
	scratch_remove(dir);
}

int main(void)
{
	in_own_directory(test_claim_write_release);
	in_own_directory(test_oldest_freed_first_and_full);
	in_own_directory(test_restart);
	in_own_directory(test_long_paths_and_texts);
	in_own_directory(test_rows_without_a_container);
	in_own_directory(test_records_are_never_half_read);
	in_own_directory(test_kill_while_changing);
	return check_result();
}
