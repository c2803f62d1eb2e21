/* Varints, lengths and UTF-8 of the encoder against slow and obvious versions. */
#include "check.h"
#include "encode/cell.h"
#include "encode/utf8.h"
#include "encode/wire.h"

static size_t slow_varint(uint8_t *out, uint64_t value)
{
	size_t size = 0;
	do {
		out[size++] = (uint8_t)((value & 0x7f) | (value >> 7 ? 0x80 : 0));
		value >>= 7;
	} while (value);
	return size;
}

static void check_varint(uint64_t value)
{
	uint8_t fast[PCF_WIRE_SLACK + 16], slow[16];
	size_t fast_size = (size_t)(pcf_varint_put(fast, value) - fast);
	size_t slow_size = slow_varint(slow, value);
	CHECK_EQ(fast_size, slow_size);
	CHECK_EQ(pcf_varint_size(value), slow_size);
	CHECK(memcmp(fast, slow, slow_size) == 0);
}

static void test_varint(void)
{
	uint64_t random = 88172645463325252u;
	for (unsigned bit = 0; bit < 64; bit++)
		for (int64_t near = -2; near <= 2; near++)
			check_varint((1ull << bit) + (uint64_t)near);
	for (int i = 0; i < 2000; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		check_varint(random >> (random & 63));
	}
	check_varint(UINT64_MAX);
}

/* A message of each length with each wrong guess before it. */
static void test_length_close(void)
{
	static const size_t lengths[] = {0, 1, 127, 128, 16383, 16384, 70000};
	uint8_t *buffer = malloc(80000);
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
		for (unsigned first = 1; first <= 4; first++) {
			unsigned guess = first;
			for (size_t b = 0; b < lengths[i]; b++)
				buffer[guess + b] = (uint8_t)(b * 7);
			uint8_t *end = pcf_wire_length_close(buffer, buffer + guess + lengths[i], &guess);
			uint8_t expected[16];
			size_t size = slow_varint(expected, lengths[i]);
			CHECK_EQ(guess, size);
			CHECK_EQ(end - buffer, size + lengths[i]);
			CHECK(memcmp(buffer, expected, size) == 0);
			int is_whole = 1;
			for (size_t b = 0; b < lengths[i]; b++)
				is_whole &= buffer[size + b] == (uint8_t)(b * 7);
			CHECK(is_whole);
		}
	free(buffer);
}

static void test_tag(void)
{
	struct pcf_wire_tag one = pcf_wire_tag_make(15, PCF_WIRE_BYTES), two = pcf_wire_tag_make(1001, PCF_WIRE_BYTES);
	CHECK_EQ(one.len, 1);
	CHECK_EQ(one.bytes[0], 15 << 3 | 2);
	CHECK_EQ(two.len, 2);
	CHECK_EQ((two.bytes[0] & 0x7f) | two.bytes[1] << 7, 1001 << 3 | 2);
}

static void check_mend(const char *text, const char *expected)
{
	char copy[64];
	size_t length = strlen(text);
	memcpy(copy, text, length + 1);
	pcf_utf8_mend(copy, length);
	CHECK_STR(copy, expected);
}

static void test_utf8(void)
{
	check_mend("eth0", "eth0");
	check_mend("", "");
	check_mend("\xc3\xa9th", "\xc3\xa9th");
	check_mend("\xe2\x82\xac\xf0\x9f\x90\xb3", "\xe2\x82\xac\xf0\x9f\x90\xb3");
	check_mend("a\xffz", "a?z");
	check_mend("\xc3", "?");
	check_mend("\xc0\x80", "??");
	check_mend("\xe0\x80\x80", "???");
	check_mend("\xed\xa0\x80", "???");
	check_mend("\xf4\x90\x80\x80", "????");
	check_mend("\xf0\x9f\x90", "???");
}

static void test_cell(void)
{
	uint32_t narrow = 5;
	CHECK_EQ(pcf_cell_value((uint8_t *)&narrow, PCF_CELL_U32), 5);
	CHECK_EQ(pcf_cell_value((uint8_t *)&narrow, PCF_CELL_P32), 5 * 4096);
	CHECK_EQ(pcf_cell_value((uint8_t *)&narrow, PCF_CELL_K32), 5 * 1024);
	narrow = 0xfffffffd;
	CHECK_EQ(pcf_cell_value((uint8_t *)&narrow, PCF_CELL_P32), 0xfffffffdull * 4096);
	narrow = 0xffffffff;
	CHECK_EQ(pcf_cell_value((uint8_t *)&narrow, PCF_CELL_P32), PCF_ABSENT);
	narrow = 0xfffffffe;
	CHECK_EQ(pcf_cell_value((uint8_t *)&narrow, PCF_CELL_K32), PCF_UNLIMITED);
	uint16_t hundredths = 0xffff;
	CHECK_EQ(pcf_cell_value((uint8_t *)&hundredths, PCF_CELL_C16), PCF_ABSENT);
	hundredths = 10000;
	CHECK_EQ(pcf_cell_value((uint8_t *)&hundredths, PCF_CELL_C16), 10000);
}

int main(void)
{
	test_varint();
	test_length_close();
	test_tag();
	test_utf8();
	test_cell();
	return check_result();
}
