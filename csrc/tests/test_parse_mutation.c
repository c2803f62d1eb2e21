/* The fuzz target over every fixture and seeded mutations of it: the same inputs each run, in a second or two, under
 * whatever sanitizers the build has.  The open-ended run is csrc/fuzz/fuzz_parse.c. */
#include "fuzz/fuzz_parse.c"

#include "check.h"
#include "fixtures.h"
#include "fuzz/random.h"

#define MUTATIONS 1000 /* of each fixture, for each parser that reads it */

/* What kernel text is made of, what breaks number scanners, and anything. */
static void splice(char *text, size_t len)
{
	static const char *const pieces[] = {
		"18446744073709551615",
		"18446744073709551616",
		"99999999999999999999999",
		"-1",
		"max",
		"\n",
		"\n\n",
		" ",
		":",
		"=",
		"0x10",
		"1e9",
		"8:0",
		"Total",
		"cpu",
		"some avg10=",
		"\0",
		"\xff\xfe",
		"\t",
		"00000000000000000000000001",
	};
	const char *piece = pieces[random_below(sizeof pieces / sizeof pieces[0])];
	size_t piece_len = *piece ? strlen(piece) : 1, at = random_below(len);

	memcpy(text + at, piece, piece_len < len - at ? piece_len : len - at);
}

static size_t mutate(char *text, size_t len)
{
	for (uint64_t left = 1 + random_below(4); left && len; left--) {
		size_t at = random_below(len), to = random_below(len);

		switch (random_below(4)) {
		case 0:
			text[at] = (char)random_below(256);
			break;
		case 1:
			splice(text, len);
			break;
		case 2:
			memmove(text + to, text + at, len - (at > to ? at : to));
			break;
		default:
			len = random_below(8) ? len : at;
		}
	}
	return len;
}

static void mutants_check(const pcf_parser *parser, const char *text, size_t text_len)
{
	for (int i = 0; i < MUTATIONS; i++) {
		char *mutant = malloc(text_len ? text_len : 1), *exact;
		size_t len;

		memcpy(mutant, text, text_len);
		len = mutate(mutant, text_len);
		exact = malloc(len ? len : 1);
		memcpy(exact, mutant, len);
		parse_check(parser, exact, len);
		free(exact);
		free(mutant);
	}
}

static void visit(const fixture *found)
{
	CHECK_EQ(LLVMFuzzerTestOneInput((const uint8_t *)found->text, found->len), 0);
	for (int i = 0; i < pcf_parser_count(); i++)
		if (strcmp(pcf_parser_at(i)->file, found->file) == 0)
			mutants_check(pcf_parser_at(i), found->text, found->len);
}

/* Bytes that were never kernel text. */
static void test_noise(void)
{
	for (int i = 0; i < 200; i++) {
		uint8_t noise[512];
		size_t len = random_below(sizeof noise);

		for (size_t b = 0; b < len; b++)
			noise[b] = random_below(2) ? (uint8_t)random_below(256)
						   : (uint8_t) "0123456789 \n:=-"[random_below(15)];
		CHECK_EQ(LLVMFuzzerTestOneInput(noise, len), 0);
	}
}

int main(void)
{
	CHECK(fixture_each(visit) >= 1);
	test_noise();
	return check_result();
}
