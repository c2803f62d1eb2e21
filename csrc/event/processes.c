#include "event/processes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

void pcf_processes_init(pcf_processes *processes)
{
	*processes = (pcf_processes){.free = NONE};
}

static void place_release(pcf_place *place)
{
	if (place && --place->users == 0)
		free(place);
}

void pcf_processes_close(pcf_processes *processes)
{
	for (uint32_t i = 0; i < processes->used; i++)
		place_release(processes->entries[i].place);
	free(processes->entries);
	free(processes->buckets);
	pcf_processes_init(processes);
}

static uint32_t *bucket_of(pcf_processes *processes, uint32_t tgid)
{
	return &processes->buckets[(tgid * 2654435761u >> 7) & (processes->capacity - 1)];
}

static void chain(pcf_processes *processes, uint32_t at)
{
	uint32_t *bucket = bucket_of(processes, processes->entries[at].tgid);

	processes->entries[at].next = *bucket;
	*bucket = at;
}

static int grow(pcf_processes *processes)
{
	uint32_t capacity = processes->capacity ? processes->capacity * 2 : 256;
	pcf_process *entries = realloc(processes->entries, capacity * sizeof *entries);

	if (!entries)
		return -ENOMEM;
	processes->entries = entries;
	uint32_t *buckets = realloc(processes->buckets, capacity * sizeof *buckets);
	if (!buckets)
		return -ENOMEM;
	processes->buckets = buckets;
	processes->capacity = capacity;
	memset(buckets, 0xff, capacity * sizeof *buckets); /* NONE */
	for (uint32_t i = 0; i < processes->used; i++)
		chain(processes, i); /* only called with no free entries: all are in use */
	return 0;
}

pcf_process *pcf_processes_find(pcf_processes *processes, uint32_t tgid)
{
	if (!processes->capacity || !tgid)
		return NULL;
	uint32_t at = *bucket_of(processes, tgid);
	while (at != NONE && processes->entries[at].tgid != tgid)
		at = processes->entries[at].next;
	return at == NONE ? NULL : &processes->entries[at];
}

static void forget(pcf_processes *processes, pcf_process *process)
{
	uint32_t target = (uint32_t)(process - processes->entries), *at = bucket_of(processes, process->tgid);

	while (*at != target)
		at = &processes->entries[*at].next;
	*at = process->next;
	place_release(process->place);
	*process = (pcf_process){.next = processes->free};
	processes->free = target;
	processes->count--;
}

static int take_entry(pcf_processes *processes, uint32_t *at)
{
	if (processes->free != NONE) {
		*at = processes->free;
		processes->free = processes->entries[*at].next;
		return 0;
	}
	if (processes->used == processes->capacity && grow(processes))
		return -ENOMEM;
	*at = processes->used++;
	return 0;
}

pcf_process *pcf_processes_put(pcf_processes *processes, uint32_t tgid)
{
	pcf_process *known = pcf_processes_find(processes, tgid);
	uint32_t at;

	if (!tgid)
		return NULL;
	if (known)
		forget(processes, known);
	if (take_entry(processes, &at))
		return NULL;
	processes->entries[at] = (pcf_process){.tgid = tgid};
	chain(processes, at);
	processes->count++;
	return &processes->entries[at];
}

void pcf_process_share(pcf_process *process, pcf_place *place)
{
	if (place)
		place->users++;
	place_release(process->place);
	process->place = place;
}

int pcf_process_move(pcf_process *process, const char *path)
{
	size_t size = strlen(path) + 1;
	pcf_place *place;

	process->is_inherited = false;
	if (process->place && strcmp(process->place->path, path) == 0)
		return 0;
	process->moves++;
	place = malloc(sizeof *place + size);
	if (place) {
		place->users = 0;
		memcpy(place->path, path, size);
	}
	pcf_process_share(process, place);
	return place ? 0 : -ENOMEM;
}

void pcf_processes_end(pcf_processes *processes, pcf_process *process)
{
	if (process->has_ended)
		return;
	uint32_t *slot = &processes->ended[processes->ended_at++ % PCF_PROCESSES_ENDED];
	pcf_process *oldest = pcf_processes_find(processes, *slot);
	process->has_ended = true;
	*slot = process->tgid;
	/* The number may have been given out again meanwhile: then its entry is another's. */
	if (oldest && oldest != process && oldest->has_ended)
		forget(processes, oldest);
}
