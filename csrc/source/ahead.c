#include "source/ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schema/clock.h"

/* Counting begins so long before the deadline; twice the time of the round before when that took longer. */
#define LEAST_LEAD_NS UINT64_C(20000000)

struct entry {
	unsigned claimed;                                                   /* bit by place: its row in the ring */
	uint64_t counted_ns[PCF_AHEAD_GROUPS], stored_ns[PCF_AHEAD_GROUPS]; /* when; of what was stored last */
	uint64_t values[];
};

struct pcf_ahead {
	const pcf_source_env *env;
	int wake, count;
	int group[PCF_AHEAD_GROUPS];
	unsigned wanted; /* bit by place */
	uint64_t interval_ns[PCF_AHEAD_GROUPS];
	size_t first[PCF_AHEAD_GROUPS + 1]; /* of its values in an entry */
	/* the helper's */
	uint64_t next_ns[PCF_AHEAD_GROUPS], began_ns, round_ns, ticket;
	/* under the lock, which is held for copying a row */
	pthread_mutex_t lock;
	pthread_cond_t answer;
	uint32_t *generations; /* by slot; 0: nobody */
	struct entry **entries;
	uint64_t asked, answered;
	unsigned asked_for;
	bool is_ended;
};

static uint64_t interval_of(const pcf_source_env *env, int group)
{
	const pcf_group_plan *plan = &env->plan->group[group];

	return plan->source == PCF_SOURCE_NONE ? 0 : plan->interval_ns;
}

uint64_t pcf_ahead_groups(const int *groups, int count)
{
	uint64_t bits = 0;

	for (int i = 0; i < count; i++)
		bits |= UINT64_C(1) << groups[i];
	return bits;
}

bool pcf_ahead_is_wanted(const pcf_source_env *env, const int *groups, int count)
{
	for (int i = 0; i < count; i++)
		if (interval_of(env, groups[i]))
			return true;
	return false;
}

pcf_ahead *pcf_ahead_new(const pcf_source_env *env, const int *groups, int count, int wake)
{
	pcf_ahead *ahead = calloc(1, sizeof *ahead);

	if (!ahead)
		return NULL;
	ahead->env = env;
	ahead->wake = wake;
	ahead->count = count;
	for (int i = 0; i < count; i++) {
		ahead->group[i] = groups[i];
		ahead->interval_ns[i] = interval_of(env, groups[i]);
		ahead->wanted |= (unsigned)(ahead->interval_ns[i] > 0) << i;
		ahead->first[i + 1] = ahead->first[i] + (size_t)pcf_group_at(groups[i])->columns;
	}
	ahead->generations = calloc(env->max_slots, sizeof *ahead->generations);
	ahead->entries = calloc(env->max_slots, sizeof *ahead->entries);
	pthread_mutex_init(&ahead->lock, NULL);
	pthread_cond_init(&ahead->answer, NULL);
	if (!ahead->generations || !ahead->entries) {
		pcf_ahead_free(ahead);
		return NULL;
	}
	return ahead;
}

void pcf_ahead_free(pcf_ahead *ahead)
{
	if (!ahead)
		return;
	for (uint32_t slot = 0; ahead->entries && slot < ahead->env->max_slots; slot++)
		free(ahead->entries[slot]);
	free(ahead->entries);
	free(ahead->generations);
	pthread_mutex_destroy(&ahead->lock);
	pthread_cond_destroy(&ahead->answer);
	free(ahead);
}

/* ---- the helper's ---- */

unsigned pcf_ahead_begin(pcf_ahead *ahead)
{
	unsigned due = 0;

	ahead->began_ns = pcf_now_ns(CLOCK_MONOTONIC);
	for (int i = 0; i < ahead->count; i++)
		due |= (unsigned)((ahead->wanted >> i & 1) && ahead->next_ns[i] <= ahead->began_ns) << i;
	pthread_mutex_lock(&ahead->lock);
	due |= ahead->asked_for;
	ahead->asked_for = 0;
	ahead->ticket = ahead->asked;
	pthread_mutex_unlock(&ahead->lock);
	return due;
}

void pcf_ahead_publish(pcf_ahead *ahead, uint32_t slot, uint32_t generation, int place, const uint64_t *row)
{
	size_t columns = ahead->first[place + 1] - ahead->first[place];

	pthread_mutex_lock(&ahead->lock);
	if (generation && ahead->generations[slot] == generation) {
		if (!ahead->entries[slot])
			ahead->entries[slot] =
				calloc(1, sizeof(struct entry) + ahead->first[ahead->count] * sizeof(uint64_t));
		struct entry *entry = ahead->entries[slot];
		if (entry) {
			memcpy(entry->values + ahead->first[place], row, columns * sizeof *row);
			entry->counted_ns[place] = pcf_now_ns(CLOCK_MONOTONIC);
		}
	}
	pthread_mutex_unlock(&ahead->lock);
}

/* Ticks of a group are at multiples of its interval (docs/architecture.md, "Time"). */
static uint64_t next_of(const pcf_ahead *ahead, int place, uint64_t now)
{
	uint64_t interval = ahead->interval_ns[place], lead = 2 * ahead->round_ns;
	uint64_t deadline = (now / interval + 1) * interval;

	lead = lead > LEAST_LEAD_NS ? lead : LEAST_LEAD_NS;
	lead = lead < interval / 2 ? lead : interval / 2;
	return deadline - lead > now ? deadline - lead : deadline + interval - lead;
}

void pcf_ahead_done(pcf_ahead *ahead, unsigned groups)
{
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC);

	if (groups)
		ahead->round_ns = now - ahead->began_ns;
	for (int i = 0; i < ahead->count; i++)
		if ((groups & ahead->wanted) >> i & 1)
			ahead->next_ns[i] = next_of(ahead, i, now);
	pthread_mutex_lock(&ahead->lock);
	ahead->answered = ahead->ticket;
	pthread_cond_broadcast(&ahead->answer);
	pthread_mutex_unlock(&ahead->lock);
}

uint64_t pcf_ahead_next_ns(pcf_ahead *ahead)
{
	uint64_t next = UINT64_MAX;

	for (int i = 0; i < ahead->count; i++)
		if ((ahead->wanted >> i & 1) && ahead->next_ns[i] < next)
			next = ahead->next_ns[i];
	return next;
}

void pcf_ahead_end(pcf_ahead *ahead)
{
	pthread_mutex_lock(&ahead->lock);
	ahead->is_ended = true;
	pthread_cond_broadcast(&ahead->answer);
	pthread_mutex_unlock(&ahead->lock);
}

/* ---- any thread's ---- */

void pcf_ahead_gather(pcf_ahead *ahead, uint64_t groups)
{
	unsigned wanted = 0;
	uint64_t one = 1;

	for (int i = 0; i < ahead->count; i++)
		wanted |= (unsigned)(groups >> ahead->group[i] & 1) << i & ahead->wanted;
	if (!wanted)
		return;
	pthread_mutex_lock(&ahead->lock);
	uint64_t ticket = ++ahead->asked;
	ahead->asked_for |= wanted;
	ssize_t done = write(ahead->wake, &one, sizeof one); /* full: it is awake */
	(void)done;
	while (ahead->answered < ticket && !ahead->is_ended)
		pthread_cond_wait(&ahead->answer, &ahead->lock);
	pthread_mutex_unlock(&ahead->lock);
}

/* ---- the tick thread's ---- */

void pcf_ahead_adopt(pcf_ahead *ahead, uint32_t slot, uint32_t generation)
{
	pthread_mutex_lock(&ahead->lock);
	if (ahead->generations[slot] != generation) {
		free(ahead->entries[slot]);
		ahead->entries[slot] = NULL;
		ahead->generations[slot] = generation;
	}
	pthread_mutex_unlock(&ahead->lock);
}

void pcf_ahead_drop(pcf_ahead *ahead, uint32_t slot)
{
	pthread_mutex_lock(&ahead->lock);
	free(ahead->entries[slot]);
	ahead->entries[slot] = NULL;
	ahead->generations[slot] = 0;
	pthread_mutex_unlock(&ahead->lock);
}

static int place_of(const pcf_ahead *ahead, int group)
{
	for (int i = 0; i < ahead->count; i++)
		if (ahead->group[i] == group)
			return i;
	return -1;
}

/* Counted for this tick, and not stored in an earlier one. */
static bool is_fresh(const pcf_ahead *ahead, const struct entry *entry, int place, uint64_t began_ns)
{
	uint64_t at = entry->counted_ns[place];

	return at > entry->stored_ns[place] && at + ahead->interval_ns[place] >= began_ns;
}

static void store(pcf_ahead *ahead, struct entry *entry, uint32_t slot, int place, pcf_pass *pass)
{
	pcf_region *region = ahead->env->regions[pass->group];
	uint32_t row = slot;

	if (!(entry->claimed >> place & 1) &&
	    pcf_region_row_claim(region, slot, ahead->generations[slot], NULL, 0, pass->tick, &row) < 0) {
		pass->rows_refused++;
		return;
	}
	entry->claimed |= 1u << place;
	entry->stored_ns[place] = entry->counted_ns[place];
	/* Counted before the tick began: an offset cannot say so, 0 is the nearest it can. */
	pass->unrepresentable += (uint64_t)pcf_region_store(region, slot, 0, entry->values + ahead->first[place]);
	pass->rows++;
}

void pcf_ahead_sample(pcf_ahead *ahead, pcf_pass *pass)
{
	int place = place_of(ahead, pass->group);

	if (place < 0 || !ahead->env->regions[pass->group])
		return;
	pthread_mutex_lock(&ahead->lock);
	for (uint32_t slot = 0; slot < ahead->env->max_slots; slot++) {
		struct entry *entry = ahead->entries[slot];

		if (entry && is_fresh(ahead, entry, place, pass->began_ns))
			store(ahead, entry, slot, place, pass);
	}
	pthread_mutex_unlock(&ahead->lock);
}
