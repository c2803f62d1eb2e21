/* The protobuf wire format: varints, tags and lengths appended to a growing buffer. */
#ifndef PCF_ENCODE_WIRE_H
#define PCF_ENCODE_WIRE_H
#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PCF_WIRE_VARINT     0u
#define PCF_WIRE_FIXED64    1u
#define PCF_WIRE_BYTES      2u
#define PCF_WIRE_MAX_VARINT 10
#define PCF_WIRE_SLACK      16 /* varints are stored eight bytes at a time */

struct pcf_wire {
	uint8_t *data;
	size_t size;
	size_t capacity;
};

/* A field's tag as it stands on the wire; field numbers below 2048 need one or two bytes. */
struct pcf_wire_tag {
	uint8_t bytes[2];
	uint8_t len;
};

static inline int pcf_wire_reserve(struct pcf_wire *wire, size_t more)
{
	size_t need = wire->size + more + PCF_WIRE_SLACK;
	if (need <= wire->capacity)
		return 0;
	size_t capacity = wire->capacity ? wire->capacity : 65536;
	while (capacity < need)
		capacity *= 2;
	uint8_t *data = realloc(wire->data, capacity);
	if (!data)
		return -ENOMEM;
	wire->data = data;
	wire->capacity = capacity;
	return 0;
}

static inline unsigned pcf_varint_size(uint64_t value)
{
	return (unsigned)(64 - __builtin_clzll(value | 1) + 6) / 7;
}

/* Spreads 56 bits over eight bytes, seven in each, in three steps instead of a loop: lengths of counters vary
 * from row to row, and a loop pays a mispredicted branch for each. */
static inline uint64_t pcf_varint_spread(uint64_t value)
{
	value = (value & 0x000000000fffffff) | (value & 0x00fffffff0000000) << 4;
	value = (value & 0x00003fff00003fff) | (value & 0x0fffc0000fffc000) << 2;
	return (value & 0x007f007f007f007f) | (value & 0x3f803f803f803f80) << 1;
}

/* Writes past the varint's end (PCF_WIRE_SLACK); returns the end. */
static inline uint8_t *pcf_varint_put(uint8_t *out, uint64_t value)
{
	if (value < 0x80) {
		*out = (uint8_t)value;
		return out + 1;
	}
	if (value >> 56 == 0) {
		unsigned size = pcf_varint_size(value);
		uint64_t more = 0x8080808080808080 & ((1ull << (8 * (size - 1))) - 1);
		uint64_t bytes = htole64(pcf_varint_spread(value) | more);
		memcpy(out, &bytes, sizeof bytes);
		return out + size;
	}
	for (; value >= 0x80; value >>= 7)
		*out++ = (uint8_t)(value | 0x80);
	*out = (uint8_t)value;
	return out + 1;
}

static inline struct pcf_wire_tag pcf_wire_tag_make(unsigned number, unsigned type)
{
	unsigned value = number << 3 | type;
	if (value < 0x80)
		return (struct pcf_wire_tag){{(uint8_t)value, 0}, 1};
	return (struct pcf_wire_tag){{(uint8_t)(value | 0x80), (uint8_t)(value >> 7)}, 2};
}

static inline uint8_t *pcf_wire_tag_put(uint8_t *out, const struct pcf_wire_tag *tag)
{
	memcpy(out, tag->bytes, sizeof tag->bytes);
	return out + tag->len;
}

static inline uint8_t *pcf_wire_fixed64_put(uint8_t *out, uint64_t bits)
{
	bits = htole64(bits);
	memcpy(out, &bits, sizeof bits);
	return out + sizeof bits;
}

static inline uint64_t pcf_double_bits(double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

/* Closes a length-delimited field whose content begins `guess` bytes after `at`, where its length belongs: the
 * guess is the size that the previous length of the same kind had, so that content rarely has to move. */
static inline uint8_t *pcf_wire_length_close(uint8_t *at, uint8_t *end, unsigned *guess)
{
	size_t length = (size_t)(end - at) - *guess;
	unsigned size = pcf_varint_size(length);
	if (size != *guess) {
		memmove(at + size, at + *guess, length);
		*guess = size;
	}
	size_t rest = length;
	for (unsigned i = 0; i + 1 < size; i++, rest >>= 7)
		at[i] = (uint8_t)(rest | 0x80);
	at[size - 1] = (uint8_t)rest;
	return at + size + length;
}
#endif
