/* Numbers that a helper thread works out shortly before the tick that wants them; the tick stores what is ready and waits
 * for nothing.  For sources whose reading may block or takes long: a row a container and group. */
#ifndef PCF_SOURCE_AHEAD_H
#define PCF_SOURCE_AHEAD_H
#include <stdbool.h>

#include "source/source.h"

#define PCF_AHEAD_GROUPS 8

typedef struct pcf_ahead pcf_ahead;

/* wake: an eventfd the helper sleeps on.  NULL: no memory.  Groups that are off in the plan stay off. */
pcf_ahead *pcf_ahead_new(const pcf_source_env *env, const int *groups, int count, int wake);
void pcf_ahead_free(pcf_ahead *ahead);
uint64_t pcf_ahead_groups(const int *groups, int count); /* bit by group */
bool pcf_ahead_is_wanted(const pcf_source_env *env, const int *groups, int count);

/* The helper: which groups (bits by place in the list given to new) are to be counted now, 0: none yet. Then it publishes
 * their rows and ends the round. */
unsigned pcf_ahead_begin(pcf_ahead *ahead);
void pcf_ahead_publish(pcf_ahead *ahead, uint32_t slot, uint32_t generation, int place, const uint64_t *row);
void pcf_ahead_done(pcf_ahead *ahead, unsigned groups);
uint64_t pcf_ahead_next_ns(pcf_ahead *ahead); /* when to come again, CLOCK_MONOTONIC */
void pcf_ahead_end(pcf_ahead *ahead);         /* it comes no more: nobody waits for it */

/* Any other thread but the tick thread: has the groups (bits by group) counted now, and waits for that. */
void pcf_ahead_gather(pcf_ahead *ahead, uint64_t groups);

/* The tick thread. */
void pcf_ahead_adopt(pcf_ahead *ahead, uint32_t slot, uint32_t generation);
void pcf_ahead_drop(pcf_ahead *ahead, uint32_t slot);
void pcf_ahead_sample(pcf_ahead *ahead, pcf_pass *pass);
#endif
