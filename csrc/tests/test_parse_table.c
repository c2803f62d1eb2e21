/* The table of parsers: it is what columns.def says, no more and no less. */
#include <pthread.h>

#include "check.h"
#include "keyed_rows.h"
#include "schema/enums.h"

static const char *source_of(const pcf_column_def *column, int version)
{
	return version == PCF_VERSION_V1 ? column->v1 : version == PCF_VERSION_V2 ? column->v2 : column->root;
}

static void test_each_source_has_its_parser(void)
{
	for (int i = 0; i < pcf_column_count(); i++)
		for (int version = 0; version <= 2; version++) {
			const pcf_column_def *column = pcf_column_at(i);
			const char *source = source_of(column, version);
			uint8_t present[PCF_MAX_GROUP_COLUMNS] = {0};
			const pcf_parser *parser;
			char file[64];

			snprintf(file, sizeof file, "%.*s", (int)strcspn(source, ":"), source);
			parser = pcf_parser_find(file, version, column->group);
			if (!*source || strcmp(source, "self") == 0 || strcmp(source, "bpf") == 0) {
				CHECK(!parser);
				continue;
			}
			CHECK_OR_DIE(parser);
			CHECK(pcf_parser_columns(parser, present) >= 1 && present[column->index]);
			CHECK(parser->is_keyed ? parser->parse_rows && !parser->parse_row
					       : parser->parse_row && !parser->parse_rows);
		}
}

/* Keyed files feed keyed groups; huge pages have their key in the file's name. */
static void test_keyed_parsers_feed_keyed_groups(void)
{
	for (int i = 0; i < pcf_parser_count(); i++) {
		const pcf_parser *parser = pcf_parser_at(i);
		int key = pcf_group_at(parser->group)->key;

		CHECK_EQ(parser->is_keyed, key != PCF_KEY_NONE && key != PCF_KEY_PAGESIZE);
	}
}

static void test_order_and_range(void)
{
	CHECK(pcf_parser_count() > 50);
	CHECK(!pcf_parser_at(-1) && !pcf_parser_at(pcf_parser_count()));
	for (int i = 1; i < pcf_parser_count(); i++) {
		const pcf_parser *before = pcf_parser_at(i - 1), *parser = pcf_parser_at(i);

		CHECK(before->group < parser->group ||
		      (before->group == parser->group && before->version <= parser->version));
	}
	CHECK(!pcf_parser_find("memory.stat", 0, PCF_GROUP_MEMORY_STAT));
	CHECK(!pcf_parser_find("memory.stat", 2, PCF_GROUP_CPU));
	CHECK(!pcf_parser_find("", 2, PCF_GROUP_CPU));
}

/* Cells that a text does not name stay as another file of the group left them. */
static void test_rows_are_added_to(void)
{
	uint64_t row[PCF_CPU_COUNT];

	for (int i = 0; i < PCF_CPU_COUNT; i++)
		row[i] = 5;
	CHECK_EQ(pcf_row_parse(pcf_parser_find("cpuacct.usage", 1, PCF_GROUP_CPU), "7\n", 2, row), 1);
	CHECK_EQ(row[PCF_CPU_USAGE_NS], 7);
	CHECK_EQ(row[PCF_CPU_USER_NS], 5);
}

static uint64_t *refuse(void *arg, const char *key, size_t key_len)
{
	(void)key;
	*(size_t *)arg += key_len;
	return NULL;
}

static void test_a_sink_may_refuse(void)
{
	size_t asked = 0;

	CHECK_EQ(pcf_rows_parse(pcf_parser_find("io.stat", 2, PCF_GROUP_IO), "8:0 rbytes=1 wbytes=2\n", 22, refuse,
				&asked),
		 0);
	CHECK_EQ(asked, 3);
}

static void *first_look(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)pcf_parser_count();
}

static void test_any_thread_may_be_first(void)
{
	pthread_t threads[4];
	void *counts[4];

	for (int i = 0; i < 4; i++)
		CHECK_OR_DIE(pthread_create(&threads[i], NULL, first_look, NULL) == 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], &counts[i]);
	CHECK(counts[0] == counts[1] && counts[1] == counts[2] && counts[2] == counts[3] && counts[0]);
}

int main(void)
{
	test_any_thread_may_be_first();
	test_each_source_has_its_parser();
	test_keyed_parsers_feed_keyed_groups();
	test_order_and_range();
	test_rows_are_added_to();
	test_a_sink_may_refuse();
	return check_result();
}
