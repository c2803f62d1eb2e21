#include "source/file/study.h"

#include <errno.h>
#include <string.h>

#include "schema/bracket.h"
#include "schema/clock.h"
#include "schema/enums.h"

#define STUDY_EVERY_NS  15000000000ULL /* four containers a minute */
#define EAGER_PASSES    256            /* a group that no text has confirmed in so many is not worth more haste */
#define STRIKES_COUNTER 3              /* in a row, before a column is given up; a bracket can be missed by bad luck */
#define STRIKES_GAUGE   10             /* one that went up and came back between the readings */
#define SILENT_PASSES   8              /* without a word from the container whose strikes are counted: another's are */

/* ---- whom to look at ---- */
void pcf_study_wish(pcf_file_source *source, uint32_t slot, const pcf_file_slot *state)
{
	pcf_walked *walked = source->walked;

	for (unsigned i = 0; i < walked->wish_count; i++)
		if (walked->wishes[i].slot == slot)
			return;
	if (walked->wish_count == PCF_STUDIES)
		return;
	walked->wishes[walked->wish_count].slot = slot;
	walked->wishes[walked->wish_count++].generation = state->generation;
}

static const pcf_file_slot *slot_at(const pcf_file_source *source, uint32_t slot)
{
	const pcf_file_slot *state = slot < source->slot_high ? source->slots[slot] : NULL;

	return state && !state->is_root ? state : NULL;
}

static void wish_next(pcf_file_source *source)
{
	pcf_walked *walked = source->walked;

	for (uint32_t tried = 0; tried < source->slot_high; tried++) {
		uint32_t slot = walked->next_slot++ % source->slot_high;

		if (slot_at(source, slot)) {
			pcf_study_wish(source, slot, slot_at(source, slot));
			return;
		}
	}
}

/* Until every group of this pass is trusted, as many as a pass takes; then one now and then. Returns what to look at. */
static uint64_t choose(pcf_file_source *source, uint64_t groups)
{
	pcf_walked *walked = source->walked;
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC);
	unsigned before;

	if ((groups & ~walked->trusted) && walked->eager_passes < EAGER_PASSES) {
		do {
			before = walked->wish_count;
			wish_next(source);
		} while (walked->wish_count > before && walked->wish_count < PCF_STUDIES);
		walked->eager_passes += walked->wish_count > 0;
	} else if (now >= walked->next_study_ns) {
		walked->next_study_ns = now + STUDY_EVERY_NS;
		wish_next(source);
	} else if (!walked->wish_count && (groups & walked->trusted & ~walked->confirmed)) {
		wish_next(source);
		return groups & walked->trusted & ~walked->confirmed;
	}
	return groups;
}

/* ---- reading ---- */
/* Into scratch; negative: not there. */
static ssize_t read_text(pcf_file_source *source, const pcf_file_slot *state, const pcf_unit *unit)
{
	pcf_read read = {.fd = -1,
			 .directory = source->directories[unit->controller],
			 .path = state->path,
			 .name = pcf_unit_name(unit, state->family),
			 .buffer = source->scratch,
			 .size = PCF_SCRATCH_BYTES};

	return read.name ? pcf_read_once(&read) : -ENOENT;
}

static ssize_t read_unit(pcf_file_source *source, const pcf_file_slot *state, const pcf_unit *unit)
{
	return state->controllers >> unit->controller & 1 ? read_text(source, state, unit) : -ENOENT;
}

static void read_row(pcf_file_source *source, const pcf_file_slot *state, int group, uint64_t *row)
{
	int first = source->group_units[group].first, end = first + source->group_units[group].count;

	memset(row, 0xff, PCF_MAX_GROUP_COLUMNS * sizeof *row);
	for (int u = first; u < end; u++) {
		ssize_t n = read_unit(source, state, &source->units[u]);

		if (n >= 0)
			(void)pcf_row_parse(source->units[u].parser, source->scratch, (size_t)n, row);
	}
}

/* Returns whether there was a text. */
static int read_rows(pcf_file_source *source, const pcf_file_slot *state, int group, pcf_keyed_rows *rows)
{
	int first = source->group_units[group].first, end = first + source->group_units[group].count, found = 0;

	pcf_keyed_reset(rows, pcf_group_at(group)->key == PCF_KEY_CORE);
	for (int u = first; u < end; u++) {
		ssize_t n = read_unit(source, state, &source->units[u]);

		if (n >= 0)
			(void)pcf_rows_parse(source->units[u].parser, source->scratch, (size_t)n, pcf_keyed_row_find,
					     rows);
		found |= n >= 0;
	}
	return found;
}

/* Where a study keeps the rows of a group, -1: it has no keys. */
static int rows_index(int group)
{
	int key = pcf_group_at(group)->key;

	return key == PCF_KEY_CORE ? 0 : key == PCF_KEY_DEVICE ? 1 : -1;
}

void pcf_study_before(pcf_file_source *source, uint64_t groups)
{
	pcf_walked *walked = source->walked;

	walked->studied = groups = choose(source, groups);
	walked->study_count = 0;
	for (unsigned i = 0; i < walked->wish_count; i++) {
		const pcf_file_slot *state = slot_at(source, walked->wishes[i].slot);
		pcf_study *study = &walked->studies[walked->study_count];

		if (!state || state->generation != walked->wishes[i].generation)
			continue;
		study->slot = walked->wishes[i].slot;
		study->generation = state->generation;
		study->began_ns = pcf_now_ns(CLOCK_MONOTONIC);
		for (int g = 0; g < PCF_GROUP_COUNT; g++) {
			if (!(groups >> g & 1))
				continue;
			if (rows_index(g) >= 0)
				(void)read_rows(source, state, g, &study->rows[rows_index(g)]);
			else
				read_row(source, state, g, study->before[g]);
		}
		walked->study_count++;
	}
	walked->wish_count = 0;
}

/* ---- comparing ---- */
/* One column; of a group with keys the worst over its rows. */
typedef struct {
	int outside; /* -1: there was nothing to compare */
	uint64_t before, sample, after;
} verdict;

static void demote(pcf_file_source *source, const pcf_study *study, int group, int column, const verdict *it)
{
	pcf_kernel_walk_drop(source->env.walk, group, column);
	pcf_walked_arrange(source);
	source->env.demote(source->env.owner, group, column, study->slot, it->before, it->sample, it->after);
}

/* One container at a time is counted, until it is not heard of any more. */
static int is_given_up(pcf_walked *walked, const pcf_study *study, const pcf_column_def *column, int is_outside)
{
	pcf_strikes *of = &walked->strikes[column->group][column->index];
	int is_same = of->slot == study->slot && of->generation == study->generation;

	if (!is_outside) {
		of->count = is_same ? 0 : of->count;
		return 0;
	}
	if (!is_same && of->count && walked->passes - of->pass < SILENT_PASSES)
		return 0;
	*of = (pcf_strikes){study->slot, study->generation, walked->passes, is_same ? of->count + 1 : 1};
	return of->count >= (column->kind == PCF_KIND_GAUGE ? STRIKES_GAUGE : STRIKES_COUNTER);
}

/* A total of pressure depends on when it is added up, since each CPU is weighed by how long it had something to do until
 * then: what the walk told may be above the later text by as much as the time that has passed between the two texts. */
static uint64_t weighing_slack(const pcf_study *study, const pcf_column_def *column)
{
	int is_total = column->group == PCF_GROUP_PRESSURE && column->kind == PCF_KIND_COUNTER;

	return is_total ? (pcf_now_ns(CLOCK_MONOTONIC) - study->began_ns) / 1000 : 0;
}

static uint64_t slack_of(const pcf_file_source *source, const pcf_study *study, const pcf_column_def *column,
			 const uint64_t *after)
{
	const pcf_file_slot *state = source->slots[study->slot];
	uint64_t usage = column->group == PCF_GROUP_CPU ? after[PCF_CPU_USAGE_NS] : PCF_ABSENT;

	return pcf_bracket_split_slack(column, source->env.host->cores_online, usage) + weighing_slack(study, column) +
	       pcf_kernel_walk_held(source->env.walk, &state->walker, column->group, column->index);
}

static void judge(const pcf_file_source *source, const pcf_study *study, int group, const uint64_t *before,
		  const uint64_t *sample, const uint64_t *after, verdict *verdicts)
{
	const uint8_t *gives = pcf_kernel_walk_columns(source->env.walk, group);
	const pcf_group_def *def = pcf_group_at(group);

	for (int c = 0; c < def->columns; c++) {
		const pcf_column_def *column = pcf_column_at(def->first + c);
		int outside = gives && gives[c] ? pcf_bracket_outside(column, before[c], sample[c], after[c],
								      slack_of(source, study, column, after))
						: -1;

		if (outside > verdicts[c].outside)
			verdicts[c] = (verdict){outside, before[c], sample[c], after[c]};
	}
}

/* A row that the walk has and no text, or both texts and not the walk, is as wrong as a number. */
static void judge_rows(const pcf_file_source *source, const pcf_study *study, int group, pcf_keyed_rows *before,
		       pcf_keyed_rows *sample, pcf_keyed_rows *after, verdict *verdicts)
{
	for (unsigned i = 0; i < after->count; i++) {
		const pcf_keyed_row *row = &after->rows[i];

		if (pcf_keyed_is_no_core(source, group, row))
			continue;
		judge(source, study, group, pcf_keyed_row_get(before, row), pcf_keyed_row_get(sample, row), row->values,
		      verdicts);
	}
	for (unsigned i = 0; i < sample->count; i++) {
		const pcf_keyed_row *row = &sample->rows[i];

		if (!pcf_keyed_row_has(after, row))
			judge(source, study, group, pcf_keyed_row_get(before, row), row->values,
			      pcf_keyed_row_get(after, row), verdicts);
	}
}

static void conclude(pcf_file_source *source, const pcf_study *study, int group, const verdict *verdicts,
		     int is_trusted_empty)
{
	pcf_walked *walked = source->walked;
	const pcf_group_def *def = pcf_group_at(group);
	int compared = 0, wrong = 0;

	for (int c = 0; c < def->columns; c++) {
		const verdict *it = &verdicts[c];

		if (it->outside < 0)
			continue;
		compared++;
		wrong += it->outside;
		if (is_given_up(walked, study, pcf_column_at(def->first + c), it->outside))
			demote(source, study, group, c, it);
	}
	if (wrong)
		pcf_study_wish(source, study->slot, source->slots[study->slot]);
	else if (compared || is_trusted_empty)
		walked->trusted |= 1ULL << group;
	if (compared && !wrong)
		walked->confirmed |= 1ULL << group;
}

static void finish_row(pcf_file_source *source, const pcf_study *study, int group, verdict *verdicts)
{
	pcf_file_slot *state = source->slots[study->slot];
	uint64_t sample[PCF_MAX_GROUP_COLUMNS], after[PCF_MAX_GROUP_COLUMNS];

	read_row(source, state, group, after);
	if (group == PCF_GROUP_MEMORY_STAT)
		pcf_kernel_walk_learn(source->env.walk, &state->walker, study->before[group], after);
	memset(sample, 0xff, sizeof sample);
	if (pcf_kernel_walk_row(source->env.walk, &state->walker, group, sample) != PCF_WALK_FOUND)
		return;
	judge(source, study, group, study->before[group], sample, after, verdicts);
	conclude(source, study, group, verdicts, 0);
}

static void finish_rows(pcf_file_source *source, pcf_study *study, int group, verdict *verdicts)
{
	pcf_file_slot *state = source->slots[study->slot];
	pcf_keyed_rows *sample = &source->walked->sample;
	int has_text = read_rows(source, state, group, source->keyed);

	pcf_keyed_reset(sample, pcf_group_at(group)->key == PCF_KEY_CORE);
	if (pcf_kernel_walk_rows(source->env.walk, &state->walker, group, pcf_keyed_row_find, sample) != PCF_WALK_FOUND)
		return;
	judge_rows(source, study, group, &study->rows[rows_index(group)], sample, source->keyed, verdicts);
	conclude(source, study, group, verdicts, has_text);
}

static void finish(pcf_file_source *source, pcf_study *study, uint64_t groups)
{
	for (int g = 0; g < PCF_GROUP_COUNT; g++) {
		verdict verdicts[PCF_MAX_GROUP_COLUMNS];

		if (!(groups >> g & 1))
			continue;
		for (int c = 0; c < PCF_MAX_GROUP_COLUMNS; c++)
			verdicts[c].outside = -1;
		if (rows_index(g) >= 0)
			finish_rows(source, study, g, verdicts);
		else
			finish_row(source, study, g, verdicts);
	}
}

void pcf_study_after(pcf_file_source *source)
{
	pcf_walked *walked = source->walked;

	walked->passes += walked->study_count > 0;
	for (unsigned i = 0; i < walked->study_count; i++)
		finish(source, &walked->studies[i], walked->studied);
	/* Learning may have found that a line of memory.stat is nowhere. */
	if (walked->study_count)
		pcf_walked_arrange(source);
}
