#include "source/bpf/match.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EMPTY UINT32_MAX

int pcf_match_open(pcf_match *match, unsigned capacity)
{
	match->slots = 64;
	while (match->slots < capacity * 2)
		match->slots *= 2;
	match->positions = malloc(match->slots * sizeof *match->positions);
	return match->positions ? 0 : -ENOMEM;
}

void pcf_match_close(pcf_match *match)
{
	free(match->positions);
	match->positions = NULL;
}

static uint64_t id_at(const pcf_program *program, uint32_t part, unsigned position)
{
	return *(const uint64_t *)pcf_program_record(program, part, position);
}

static unsigned first_slot(const pcf_match *match, uint64_t id)
{
	return (unsigned)((id * 0x9e3779b97f4a7c15ULL) >> 32) & (match->slots - 1);
}

static void make(pcf_match *match, const pcf_program *program, uint32_t part, unsigned count)
{
	memset(match->positions, 0xff, match->slots * sizeof *match->positions);
	for (unsigned i = 0; i < count; i++) {
		unsigned slot = first_slot(match, id_at(program, part, i));

		while (match->positions[slot] != EMPTY)
			slot = (slot + 1) & (match->slots - 1);
		match->positions[slot] = i;
	}
	match->is_made = 1;
}

int pcf_match_find(pcf_match *match, const pcf_program *program, uint32_t part, unsigned count, uint64_t id,
		   uint32_t *position)
{
	if (*position < count && id_at(program, part, *position) == id)
		return 1;
	if (!match->is_made)
		make(match, program, part, count);
	for (unsigned slot = first_slot(match, id); match->positions[slot] != EMPTY;
	     slot = (slot + 1) & (match->slots - 1)) {
		uint32_t at = match->positions[slot];

		if (id_at(program, part, at) == id) {
			*position = at;
			return 1;
		}
	}
	return 0;
}
