/* The collector: slots, sources and the tick thread. Safe to use from several threads; several in one process. */
typedef struct pcf_collector pcf_collector;

typedef struct {
	uint64_t ticks; /* passes done (all groups due at one time count once) */
	uint64_t skipped;
	uint64_t latest_tick; /* number of the last complete pass */
	uint64_t lateness_max_ns;
	uint64_t cpu_ns; /* CPU time of the tick thread */
	uint64_t rows;
	uint64_t reads;
	uint64_t read_errors;
	uint64_t unrepresentable;
	uint64_t slots_live;
	uint64_t slots_refused;     /* containers not followed: ring full */
	uint64_t rows_refused;      /* keyed rows not kept: ring full */
	uint64_t descriptors;       /* kept open now */
	uint64_t slots_openat;      /* live slots read by openat for want of descriptors */
	uint64_t ring_bytes;        /* tmpfs reserved */
	uint64_t netns;             /* network namespaces followed */
	uint64_t truncated;         /* kernel files larger than the largest buffer */
	uint64_t walks, walk_ns;    /* through kernel memory, and their CPU time */
	uint64_t flushes, flush_ns; /* of kernel statistics, and their CPU time */
	uint64_t walk_errors;       /* walks that the kernel refused: their tick was read from files */
	uint64_t walk_misses;       /* rows that the walk could not give and files did */
	uint64_t columns_demoted;   /* columns of the walk that differed from the text: back to files for good */
	int running;
	char last_error[200]; /* newest read error: file, container, errno text */
} pcf_collector_stats;

/* Opens the ring, makes host facts and plan (measured), starts nothing.  The root container is there at once, unless
 * the options turn it off.  -EBUSY: another collector writes into that ring.  When it fails nothing is left open. */
int pcf_collector_open(pcf_collector **out, const pcf_options *options, pcf_error *err);
const pcf_host *pcf_collector_host(const pcf_collector *collector);
const pcf_plan *pcf_collector_plan(const pcf_collector *collector);
const char *
pcf_collector_notes(const pcf_collector *collector); /* lines: history taken over or not and why, degradations */
pcf_region *pcf_collector_region(pcf_collector *collector, int group); /* NULL when the group is off */
pcf_slots *pcf_collector_slots(pcf_collector *collector);
pcf_events *pcf_collector_events(pcf_collector *collector); /* NULL: off, or not possible (the notes say why) */

int pcf_collector_start(pcf_collector *collector, pcf_error *err); /* the tick thread */
int pcf_collector_stop(pcf_collector *collector);                  /* joins it; the ring stays readable */
/* Stops, closes, keeps the files.  Threads inside wait, sample or verify get -ESHUTDOWN and are let out first; no other
 * call may be under way or come after. */
void pcf_collector_close(pcf_collector *collector);

/* A cgroup appeared: opens what is there and samples it from the next tick on.  -ENOENT: it is gone again.
 * -ENOSPC: no slot.  -EINVAL: no slash in front.  Adding a path that is live returns its slot (and refreshes it); so
 * does "/", which is there from the start (-EPERM: the options turn it off). */
int pcf_collector_add(pcf_collector *collector, const char *path, uint64_t created_ns, uint32_t *slot,
		      uint32_t *generation, pcf_error *err);
int pcf_collector_refresh(pcf_collector *collector, uint32_t slot,
			  uint32_t generation); /* more of its hierarchies appeared */
/* Its files are closed before the next tick.  -ESTALE: it is not there (any more).  -EPERM: the root stays. */
int pcf_collector_remove(pcf_collector *collector, uint32_t slot, uint32_t generation);
/* Identity from a runtime; NULL leaves a field as it is. */
int pcf_collector_describe(pcf_collector *collector, uint32_t slot, uint32_t generation, const char *runtime,
			   const char *id, const char *name, const char *image);
/* After the first walk: slots of an earlier collector that were not added again are released, and groups that have
 * no sample of their present tick yet are sampled at once, so that slow groups need not wait for their first tick. */
int pcf_collector_settle(pcf_collector *collector);
/* Containers whose files turned out to be gone, at most max of them, each told once: look whether they are still
 * there, then remove or refresh them.  Only needed where an event was lost.  Returns how many. */
int pcf_collector_vanished(pcf_collector *collector, uint32_t *slots, uint32_t *generations, int max);
int pcf_collector_tick_fd(pcf_collector *collector); /* eventfd, readable after each pass; for one reader */
int pcf_collector_wait(pcf_collector *collector, uint64_t tick, int timeout_ms,
		       uint64_t *latest); /* until latest > tick; -ETIMEDOUT, -ESHUTDOWN: it does not run */
/* Returns when each group of groups_mask (bit by group index; 0 = all that are on) has a sample begun after the call.
 * A group whose present tick is not sampled yet is sampled at once, off schedule, under that tick's number; one that
 * has it already waits for its next tick.  *tick: newest tick then.  -ESHUTDOWN: it does not run (any more). */
int pcf_collector_sample(pcf_collector *collector, uint64_t groups_mask, uint64_t *tick);
void pcf_collector_stats_get(pcf_collector *collector, pcf_collector_stats *out);

/* Truth: for every live container, reads the kernel's text, waits for a sample, reads it again, and checks that each
 * column lies inside the bracket.  Calls report for each column outside; returns how many, or negative errno. */
typedef void (*pcf_verify_report)(void *arg, const char *group, const char *column, const char *container,
				  const char *key, uint64_t before, uint64_t sample, uint64_t after);
int64_t pcf_collector_verify(pcf_collector *collector, pcf_verify_report report, void *arg, uint64_t *checked);
