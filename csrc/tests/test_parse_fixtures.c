/* Every parser on text captured from real kernels: each number against a naive second reading of the text, and cut
 * off at every byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fixtures.h"
#include "keyed_rows.h"

static uint8_t is_seen[1024]; /* parsers that met a fixture */
static keyed_rows whole, part;

/* ---- a second opinion: the value of a key by sscanf and strtod ---- */

static int is_flat(const char *file)
{
	static const char *const files[] = {
		"memory.stat",    "memory.events", "memory.oom_control", "memory.swap.events",
		"hugetlb.events", "pids.events",   "cpu.stat",           "cpuacct.stat",
		"vmstat",         "meminfo"};

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (strcmp(file, files[i]) == 0)
			return 1;
	return 0;
}

static uint64_t naive_flat(const char *text, const char *key)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		char name[128];
		unsigned long long value;

		if (sscanf(line, "%127[^: \n]%*1[: ]%llu", name, &value) == 2 && strcmp(name, key) == 0)
			return value;
	}
	return PCF_ABSENT;
}

/* key is "some.avg10": its line, then the word with '='. */
static uint64_t naive_pressure(const char *text, const char *key)
{
	char word[160];
	const char *line = strncmp(text, key, 4) == 0 ? text : strstr(text, key[0] == 's' ? "\nsome" : "\nfull");

	snprintf(word, sizeof word, " %s=", key + 5);
	line = line ? strstr(line, word) : NULL;
	if (!line)
		return PCF_ABSENT;
	line += strlen(word);
	return key[5] == 'a' ? (uint64_t)(strtod(line, NULL) * 100 + 0.5) : strtoull(line, NULL, 10);
}

static uint64_t naive_single(const char *text, const pcf_column_def *column)
{
	uint64_t value = strtoull(text, NULL, 10);
	int is_unlimited =
		strncmp(text, "max", 3) == 0 || *text == '-' || (column->kind == PCF_KIND_LIMIT && value >> 62);

	return is_unlimited ? PCF_UNLIMITED : value;
}

/* "file:key*factor" -> what the text says, or 0 and *known = 0 where this opinion does not reach. */
static uint64_t naive(const fixture *text, const pcf_column_def *column, const char *source, int *known)
{
	char key[128] = "", file[256];
	unsigned long long factor = 1;
	uint64_t value = 0;

	sscanf(source, "%255[^:]:%127[^*]*%llu", file, key, &factor);
	*known = 1;
	if (is_flat(file) && strcmp(key, "usage") != 0 && strcmp(key, "file") != 0 && strcmp(key, "swap") != 0)
		value = naive_flat(text->text, key);
	else if (strcmp(file, "memory.stat") == 0)
		value = naive_flat(text->text, key);
	else if (strstr(file, "pressure"))
		value = naive_pressure(text->text, key);
	else if (!key[0] && !strchr(file, '/') && strncmp(file, "cpuset.", 7) != 0)
		value = naive_single(text->text, column);
	else
		*known = 0;
	return value >= PCF_UNLIMITED ? value : value * factor;
}

static const char *source_of(const pcf_column_def *column, int version)
{
	return version == 1 ? column->v1 : version == 2 ? column->v2 : column->root;
}

static void check_values(const fixture *text, const pcf_parser *parser)
{
	const pcf_group_def *group = pcf_group_at(parser->group);
	size_t file_len = strlen(parser->file);

	for (int i = 0; i < group->columns && !parser->is_keyed; i++) {
		const pcf_column_def *column = pcf_column_at(group->first + i);
		const char *source = source_of(column, parser->version);
		uint64_t expected;
		int known;

		if (strncmp(source, parser->file, file_len) != 0 || (source[file_len] && source[file_len] != ':'))
			continue;
		expected = naive(text, column, source, &known);
		if (known && whole.rows[0][i] != expected)
			fprintf(stderr, "%s: %s\n", text->path, source);
		if (known)
			CHECK_EQ(whole.rows[0][i], expected);
	}
}

/* ---- cut off: every number is the one of the whole text, or absent ---- */

static void check_part(const fixture *text, const pcf_parser *parser, size_t len)
{
	char *cut = malloc(len ? len : 1); /* of the exact size: a byte read past it is seen by the sanitizer */
	int set, bad = 0;

	memcpy(cut, text->text, len);
	set = keyed_rows_parse(&part, parser, cut, len);
	free(cut);
	for (int i = 0; i < part.count; i++) {
		const uint64_t *row = keyed_rows_find(&whole, part.keys[i]);

		bad += !row;
		for (int c = 0; row && c < pcf_group_at(parser->group)->columns; c++)
			bad += part.rows[i][c] != PCF_ABSENT && part.rows[i][c] != row[c];
	}
	if (bad)
		fprintf(stderr, "%s cut at %zu (group %s): returned %d\n", text->path, len,
			pcf_group_at(parser->group)->name, set);
	CHECK_EQ(bad, 0);
}

static int is_empty_allowed(const char *file)
{
	return strcmp(file, "io.stat") == 0 || strncmp(file, "blkio.", 6) == 0;
}

/* Lines of these are counted: with a line less the count is another.  Who reads them reads to the end. */
static int is_counted(const char *file)
{
	return strncmp(file, "net/tcp", 7) == 0 || strncmp(file, "net/udp", 7) == 0;
}

static void check_fixture(const fixture *text, int index)
{
	const pcf_parser *parser = pcf_parser_at(index);
	int set;

	is_seen[index] = 1;
	set = keyed_rows_parse(&whole, parser, text->text, text->len);
	if (set < (is_empty_allowed(text->file) ? 0 : 1))
		fprintf(stderr, "%s (group %s): returned %d\n", text->path, pcf_group_at(parser->group)->name, set);
	CHECK(set >= (is_empty_allowed(text->file) ? 0 : 1));
	check_values(text, parser);
	for (size_t len = 0; len < text->len && !is_counted(text->file); len++)
		check_part(text, parser, len);
}

/* PSI is read from the cgroup2 mount for v1 containers too. */
static int is_for(const pcf_parser *parser, const fixture *found)
{
	int is_pressure = strstr(parser->file, ".pressure") && found->version == PCF_VERSION_V2;

	return strcmp(parser->file, found->file) == 0 &&
	       (parser->version == found->version || (is_pressure && parser->version == PCF_VERSION_V1));
}

static void visit(const fixture *found)
{
	fixture ended = *found;
	int matched = 0;

	ended.text = malloc(found->len + 1); /* for the naive reader, which wants a NUL */
	memcpy(ended.text, found->text, found->len);
	ended.text[found->len] = '\0';
	for (int i = 0; i < pcf_parser_count(); i++) {
		const pcf_parser *parser = pcf_parser_at(i);

		if (!is_for(parser, found))
			continue;
		matched++;
		check_fixture(&ended, i);
	}
	if (!matched)
		fprintf(stderr, "%s: no parser reads it\n", found->path);
	CHECK(matched);
	free(ended.text);
}

/* What no kernel captured here gives: the files of the CFQ scheduler, which left with Linux 5.0, and of bfq, which need
 * a disk that uses it; interrupt pressure, which needs CONFIG_IRQ_TIME_ACCOUNTING; the files of controllers rdma and misc,
 * which are empty without an adapter or encrypted guests.  test_parse_io.c, test_parse_cpu.c and test_parse_resources.c
 * have them.  Files of net/ read the same whatever the version and are captured once. */
static int is_uncaptured(const pcf_parser *parser)
{
	return parser->group == PCF_GROUP_IO_SCHEDULER || strcmp(parser->file, "irq.pressure") == 0 ||
	       strcmp(parser->file, "pressure/irq") == 0 || strncmp(parser->file, "net/", 4) == 0 ||
	       parser->group == PCF_GROUP_RDMA || parser->group == PCF_GROUP_MISC;
}

static void test_every_parser_has_a_fixture(void)
{
	for (int i = 0; i < pcf_parser_count(); i++) {
		const pcf_parser *parser = pcf_parser_at(i);

		if (is_seen[i] || is_uncaptured(parser))
			continue;
		fprintf(stderr, "no fixture for %s, version %d\n", parser->file, parser->version);
		CHECK(is_seen[i]);
	}
}

int main(void)
{
	CHECK(fixture_each(visit) >= 5);
	test_every_parser_has_a_fixture();
	return check_result();
}
