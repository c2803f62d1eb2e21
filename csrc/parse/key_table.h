/* Which key of a kernel file goes to which column: made from the source strings of columns.def ("file:key*factor"),
 * so that one more key is one more line there. */
#ifndef PCF_PARSE_KEY_TABLE_H
#define PCF_PARSE_KEY_TABLE_H
#include "parse/scan.h"

typedef struct {
	const char *text; /* a part of a string in columns.def: not NUL-terminated at len */
	uint64_t words[2];
	uint64_t factor;
	uint8_t len;
	uint8_t column;   /* index in a row of the group */
	uint8_t is_limit; /* the column's kind is LIMIT: "max" means unlimited */
} pcf_key;

/* Keys and hash slots lie in pools that the owner provides: slots at least twice as many as keys, a power of two. */
struct pcf_key_table {
	pcf_key *keys;
	uint8_t *slots; /* hash -> 1 + index into keys, 0 = none */
	unsigned count;
	unsigned slot_mask;
};

/* The first and the last eight bytes of a key (overlapping under 16 bytes, zero-filled under 8): together with
 * the length nearly the whole key, in two loads. */
static inline void pcf_key_words(const char *text, size_t len, uint64_t words[2])
{
	words[0] = words[1] = 0;
	if (len >= 8) {
		memcpy(&words[0], text, 8);
		memcpy(&words[1], text + len - 8, 8);
	} else {
		for (size_t i = 0; i < len; i++)
			words[0] |= (uint64_t)(unsigned char)text[i] << (8 * i);
	}
}

static inline unsigned pcf_key_hash(const uint64_t words[2], size_t len)
{
	uint64_t mixed = (words[0] ^ (words[1] << 5 | words[1] >> 59) ^ len) * 0x9e3779b97f4a7c15u;

	return (unsigned)(mixed >> 48);
}

/* The key with exactly these bytes, or NULL. */
static inline const pcf_key *pcf_key_find(const pcf_key_table *table, const char *text, size_t len)
{
	uint64_t words[2];
	unsigned slot;

	pcf_key_words(text, len, words);
	for (slot = pcf_key_hash(words, len);; slot++) {
		unsigned found = table->slots[slot & table->slot_mask];
		const pcf_key *key;

		if (!found)
			return NULL;
		key = &table->keys[found - 1];
		if (key->len == len && key->words[0] == words[0] && key->words[1] == words[1] &&
		    (len <= 16 || memcmp(key->text + 8, text + 8, len - 16) == 0))
			return key;
	}
}

/* For keys that the code names. */
static inline const pcf_key *pcf_key_named(const pcf_key_table *table, const char *name)
{
	return pcf_key_find(table, name, strlen(name));
}

/* Adds a key (words are filled in here); returns 0, or -EEXIST when the table has it. */
int pcf_key_add(pcf_key_table *table, pcf_key key);

/* The value at p for a key, "max" and v1's spellings of unlimited included: stores it when it is whole and fits.
 * Returns how many cells were set. */
int pcf_key_store(const pcf_key *key, const char *p, const char *end, uint64_t *row);

/* Stores a number that the parser worked out itself.  key may be NULL: the group has no such column. */
static inline int pcf_key_set(const pcf_key *key, uint64_t number, uint64_t *row)
{
	uint64_t value;

	if (!key)
		return 0;
	value = pcf_scale(number, key->factor);
	if (value == PCF_ABSENT)
		return 0;
	row[key->column] = value;
	return 1;
}
#endif
