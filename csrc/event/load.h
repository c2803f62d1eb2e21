/* Opening events in two steps, for whoever has something else to do while their programs are loaded. */
#ifndef PCF_EVENT_LOAD_H
#define PCF_EVENT_LOAD_H
#include "pcf.h"

/* Everything but the log: may run beside anything that leaves options->host as it is. */
int pcf_events_load(pcf_events **out, const pcf_events_options *options, pcf_error *err);
/* The log, in the directory that is there by now; abandons them when it cannot be had. */
int pcf_events_keep(pcf_events **events, pcf_error *err);
/* Of what was loaded and not kept: NULL afterwards. */
void pcf_events_abandon(pcf_events **events);
#endif
