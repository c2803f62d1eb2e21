/* Whether a text is JSON (RFC 8259), no more: for output made of damaged input. */
#ifndef PCF_TESTS_JSON_SHAPE_H
#define PCF_TESTS_JSON_SHAPE_H
#include <stdbool.h>
#include <string.h>

static inline const char *json_value(const char *at, const char *end, int depth);

static inline const char *json_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++) {
		if ((unsigned char)*at < 0x20)
			return NULL;
		if (*at == '\\' && ++at < end && !strchr("\"\\/bfnrtu", *at))
			return NULL;
	}
	return at < end ? at + 1 : NULL;
}

static inline const char *json_number(const char *at, const char *end)
{
	const char *begin = at;

	while (at < end && (strchr("+-.eE", *at) || (*at >= '0' && *at <= '9')))
		at++;
	return at > begin ? at : NULL;
}

/* Members or elements up to `close`. */
static inline const char *json_list(const char *at, const char *end, char close, int depth)
{
	at++;
	if (at < end && *at == close)
		return at + 1;
	while (at && at < end) {
		if (close == '}') {
			at = *at == '"' ? json_string(at, end) : NULL;
			if (at == NULL || at >= end || *at++ != ':')
				return NULL;
		}
		at = json_value(at, end, depth + 1);
		if (at == NULL || at >= end)
			return NULL;
		if (*at == close)
			return at + 1;
		if (*at++ != ',')
			return NULL;
	}
	return NULL;
}

/* The end of the value at `at`, NULL: it is none. */
static inline const char *json_value(const char *at, const char *end, int depth)
{
	static const char *const words[] = {"true", "false", "null"};

	if (at >= end || depth > 20)
		return NULL;
	if (*at == '{' || *at == '[')
		return json_list(at, end, *at == '{' ? '}' : ']', depth);
	if (*at == '"')
		return json_string(at, end);
	for (int i = 0; i < 3; i++)
		if ((size_t)(end - at) >= strlen(words[i]) && memcmp(at, words[i], strlen(words[i])) == 0)
			return at + strlen(words[i]);
	return json_number(at, end);
}

static inline bool json_is_whole(const char *text, size_t len)
{
	return json_value(text, text + len, 0) == text + len;
}
#endif
