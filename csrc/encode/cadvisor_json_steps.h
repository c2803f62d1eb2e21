/* The words that tables of JSON keys are written in. */
#ifndef PCF_ENCODE_CADVISOR_JSON_STEPS_H
#define PCF_ENCODE_CADVISOR_JSON_STEPS_H
#include "encode/cadvisor_json.h"

#define FROM(G, C)   {PCF_GROUP_##G, PCF_##G##_##C}
#define NOT_TWO      {-1, 0}
#define OBJECT(k)    {.kind = PCF_JSON_OBJECT, .key = k}
#define END          {.kind = PCF_JSON_END}
#define END_OF_TABLE {.kind = PCF_JSON_END_OF_TABLE}
#define NUMBER(k, G, C)                                                                                                \
	{                                                                                                              \
		.kind = PCF_JSON_NUMBER, .key = k, .source = { FROM(G, C), NOT_TWO }                                   \
	}
#define SIGNED(k, G, C)                                                                                                \
	{                                                                                                              \
		.kind = PCF_JSON_SIGNED, .key = k, .source = { FROM(G, C), NOT_TWO }                                   \
	}
/* The first column that has a value: one of cgroup v2, one of v1. */
#define EITHER(k, G, C, H, D)                                                                                          \
	{                                                                                                              \
		.kind = PCF_JSON_NUMBER, .key = k, .source = { FROM(G, C), FROM(H, D) }                                \
	}
#define PERCENT(k, G, C)                                                                                               \
	{                                                                                                              \
		.kind = PCF_JSON_PERCENT, .key = k, .source = { FROM(G, C), NOT_TWO }                                  \
	}
#define LITERAL(k, text) {.kind = PCF_JSON_LITERAL, .key = k, .literal = text}
#define FLAG(k, H)       {.kind = PCF_JSON_FLAG, .key = k, .has = PCF_JSON_##H}
#define VALUE(k, f)      {.kind = PCF_JSON_VALUE, .key = k, .write = f}
#define ADDED(f)         {.kind = PCF_JSON_ADDED, .write = f}
#define LED(f)           {.kind = PCF_JSON_LED, .write = f}
#define PART(t)          {.kind = PCF_JSON_PART, .part = t}
#define PART_IF(t, H)    {.kind = PCF_JSON_PART, .part = t, .has = PCF_JSON_##H}
#define PART_OF(t, G)    {.kind = PCF_JSON_PART, .part = t, .needs = PCF_GROUP_##G + 1}

/* cadvisor_json_tcp.c */
extern const struct pcf_json_step pcf_json_sockets[]; /* tcp, tcp6, udp, udp6, tcp_advanced */
#endif
