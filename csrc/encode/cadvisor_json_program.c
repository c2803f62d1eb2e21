/* From a table of keys to a program: where this host does not give a column, its key and 0 are plain text, and text that
 * follows text is one piece. So what is off costs a copy. */
#include "encode/cadvisor_json.h"

#include <errno.h>
#include <stdlib.h>

#include "ring/region.h"

#define TEXT_READ 32 /* pcf_json_copy reads so far past a text */

struct compiler {
	pcf_json *json;
	uint32_t text_from; /* text that no operation has yet */
	bool is_first;      /* the next member is the first of its object */
};

static int text_add(struct pcf_json_program *program, const char *text)
{
	size_t len = strlen(text);
	int rc = pcf_json_room(&program->text, len + TEXT_READ);

	if (rc == 0) {
		memcpy(program->text.at, text, len);
		program->text.at += len;
		memset(program->text.at, 0, TEXT_READ);
	}
	return rc;
}

/* A comma where one is due, and the key. */
static int key_add(struct compiler *compiler, const char *key)
{
	struct pcf_json_program *program = &compiler->json->program;
	int rc = text_add(program, compiler->is_first ? "\"" : ",\"");

	rc = rc ? rc : text_add(program, key);
	compiler->is_first = false;
	return rc ? rc : text_add(program, "\":");
}

/* An operation that begins with the text that is left; returns NULL without memory. */
static struct pcf_json_op *op_add(struct compiler *compiler, enum pcf_json_kind kind)
{
	struct pcf_json_program *program = &compiler->json->program;
	uint32_t text_end = (uint32_t)(program->text.at - program->text.data);

	if (program->count == program->capacity) {
		uint32_t capacity = program->capacity ? program->capacity * 2 : 64;
		struct pcf_json_op *op = realloc(program->op, capacity * sizeof *op);
		if (op == NULL)
			return NULL;
		program->op = op;
		program->capacity = capacity;
	}
	struct pcf_json_op *op = &program->op[program->count++];
	*op = (struct pcf_json_op){
		.kind = kind, .text = compiler->text_from, .text_len = text_end - compiler->text_from};
	compiler->text_from = text_end;
	return op;
}

/* Text that is left becomes an operation of its own, so that nothing behind it is joined to it. */
static int text_flush(struct compiler *compiler)
{
	struct pcf_json_program *program = &compiler->json->program;

	if ((uint32_t)(program->text.at - program->text.data) == compiler->text_from)
		return 0;
	return op_add(compiler, PCF_JSON_TEXT) ? 0 : -ENOMEM;
}

static int value_add(struct compiler *compiler, const struct pcf_json_step *step)
{
	const struct pcf_json_source *from[2] = {NULL, NULL};
	int found = 0;

	for (int i = 0; i < 2; i++)
		if (step->source[i].group >= 0 &&
		    compiler->json->cell[step->source[i].group][step->source[i].column].cell)
			from[found++] = &step->source[i];
	if (found == 0)
		return text_add(&compiler->json->program, "0");
	struct pcf_json_op *op = op_add(compiler, step->kind);
	if (op == NULL)
		return -ENOMEM;
	for (int i = 0; i < found; i++) {
		op->group[i] = (uint8_t)from[i]->group;
		op->cell[i] = compiler->json->cell[from[i]->group][from[i]->column];
	}
	if (op->kind == PCF_JSON_NUMBER && found == 1)
		op->kind = op->cell[0].cell == PCF_CELL_U64   ? PCF_JSON_WIDE
			   : op->cell[0].cell == PCF_CELL_P32 ? PCF_JSON_PAGES
							      : PCF_JSON_NUMBER;
	return 0;
}

static int write_add(struct compiler *compiler, const struct pcf_json_step *step)
{
	struct pcf_json_op *op = op_add(compiler, step->kind);

	if (op == NULL)
		return -ENOMEM;
	op->write = step->write;
	op->has = step->has;
	compiler->is_first = step->kind == PCF_JSON_LED;
	return 0;
}

static int table_add(struct compiler *compiler, const struct pcf_json_step *table);

static int part_add(struct compiler *compiler, const struct pcf_json_step *step)
{
	struct pcf_json_program *program = &compiler->json->program;
	uint32_t skip = program->count;
	int rc;

	if (step->needs && !compiler->json->regions[step->needs - 1])
		return 0;
	if (!step->has)
		return table_add(compiler, step->part);
	rc = text_flush(compiler);
	skip = program->count;
	struct pcf_json_op *op = rc ? NULL : op_add(compiler, PCF_JSON_SKIP);
	if (op == NULL)
		return -ENOMEM;
	op->has = step->has;
	rc = table_add(compiler, step->part);
	rc = rc ? rc : text_flush(compiler);
	program->op[skip].jump = program->count;
	return rc;
}

static int step_add(struct compiler *compiler, const struct pcf_json_step *step)
{
	int rc = step->key ? key_add(compiler, step->key) : 0;

	if (rc)
		return rc;
	switch (step->kind) {
	case PCF_JSON_OBJECT:
		compiler->is_first = true;
		return text_add(&compiler->json->program, "{");
	case PCF_JSON_END:
		compiler->is_first = false;
		return text_add(&compiler->json->program, "}");
	case PCF_JSON_LITERAL:
		return text_add(&compiler->json->program, step->literal);
	case PCF_JSON_NUMBER:
	case PCF_JSON_SIGNED:
	case PCF_JSON_PERCENT:
		return value_add(compiler, step);
	case PCF_JSON_PART:
		return part_add(compiler, step);
	default:
		return write_add(compiler, step);
	}
}

static int table_add(struct compiler *compiler, const struct pcf_json_step *table)
{
	int rc = 0;

	for (; rc == 0 && table->kind != PCF_JSON_END_OF_TABLE; table++)
		rc = step_add(compiler, table);
	return rc;
}

/* A row that is not there is read from pcf_json_no_row: columns must lie within it. */
static void cells_find(pcf_json *json)
{
	for (int g = 0; g < PCF_GROUP_COUNT; g++) {
		const pcf_region *region = json->regions[g];
		const pcf_group_def *group = pcf_group_at(g);
		for (uint32_t i = 0; region && i < region->shape.column_count; i++) {
			const pcf_region_column *column = &region->columns[i];
			if (column->index < group->columns && column->index < PCF_MAX_GROUP_COLUMNS &&
			    column->offset + 8u <= PCF_JSON_ROW_MAX)
				json->cell[g][column->index] = (struct pcf_json_cell){column->offset, column->cell};
		}
	}
}

int pcf_json_compile(pcf_json *json, const struct pcf_json_step *table)
{
	struct compiler compiler = {.json = json, .is_first = true};
	int rc;

	cells_find(json);
	json->is_io_v2 = !json->cell[PCF_GROUP_IO][PCF_IO_SYNC_BYTES].cell;
	rc = text_add(&json->program, "{");
	rc = rc ? rc : table_add(&compiler, table);
	rc = rc ? rc : text_add(&json->program, "}");
	return rc ? rc : text_flush(&compiler);
}

static uint64_t op_value(const pcf_json *json, const struct pcf_json_op *op)
{
	uint64_t value = pcf_json_load(json->sample.row[op->group[0]], op->cell[0]);

	return value == PCF_ABSENT ? pcf_json_load(json->sample.row[op->group[1]], op->cell[1]) : value;
}

static char *op_write(const pcf_json *json, const struct pcf_json_op *op, char *at)
{
	const uint8_t *cell = json->sample.row[op->group[0]] + op->cell[0].offset;
	uint64_t value;

	switch (op->kind) {
	case PCF_JSON_WIDE:
		memcpy(&value, cell, sizeof value);
		return pcf_json_number(at, pcf_json_plain(value));
	case PCF_JSON_PAGES:
		return pcf_json_number(at, pcf_json_plain(pcf_cell_value(cell, PCF_CELL_P32)));
	case PCF_JSON_NUMBER:
		return pcf_json_number(at, pcf_json_plain(op_value(json, op)));
	case PCF_JSON_PERCENT:
		value = op_value(json, op);
		return pcf_json_hundredths(at, value >= PCF_UNLIMITED ? 0 : value);
	case PCF_JSON_SIGNED:
		value = op_value(json, op);
		return value == PCF_UNLIMITED ? PCF_JSON_PUT(at, "-1") : pcf_json_number(at, pcf_json_plain(value));
	case PCF_JSON_FLAG:
		return json->wanted->has & op->has ? PCF_JSON_PUT(at, "true") : PCF_JSON_PUT(at, "false");
	default:
		return at;
	}
}

int pcf_json_run(pcf_json *json)
{
	const struct pcf_json_program *program = &json->program;
	const struct pcf_json_op *op = program->op, *end = op + program->count;
	struct pcf_json_text *out = &json->out;

	while (op < end) {
		int rc = pcf_json_room(out, op->text_len);

		if (rc)
			return rc;
		out->at = pcf_json_copy(out->at, program->text.data + op->text, op->text_len);
		if (op->write) {
			rc = op->write(json);
			if (rc)
				return rc;
		} else if (op->kind == PCF_JSON_SKIP && !(json->wanted->has & op->has)) {
			op = program->op + op->jump;
			continue;
		} else {
			out->at = op_write(json, op, out->at);
		}
		op++;
	}
	return 0;
}
