/* Inside the collector. Locks, in the order they may be taken: doing, lock, done_lock.
 *   doing      one thread at a time adds, removes, starts or stops
 *   lock       short: the list of commands for the tick thread, the containers, last_error
 *   done_lock  short: which passes are complete; waiters sleep on done
 * What no lock guards belongs to the tick thread, or, while it does not run, to the holder of doing. */
#ifndef PCF_TICK_COLLECTOR_H
#define PCF_TICK_COLLECTOR_H
#include <pthread.h>
#include <stdatomic.h>

#include "pcf.h"
#include "schema/clock.h"
#include "schema/enums.h"
#include "source/descriptors.h"
#include "source/source.h"
#include "source/walk.h"

#define PCF_SOURCES_MAX 5
#define PCF_NO_INDEX    UINT32_MAX

typedef struct pcf_command {
	struct pcf_command *next;
	uint32_t slot, generation;
	enum { PCF_DO_ADOPT, PCF_DO_REFRESH, PCF_DO_DROP } what;
	void *prepared[PCF_SOURCES_MAX]; /* by source, NULL: nothing */
} pcf_command;

typedef struct {
	char *path; /* NULL: no container has this slot */
	uint32_t generation;
	uint32_t next; /* in its bucket */
	uint64_t cgroup_id;
} pcf_tenant;

/* The group's own figures; the columns of the tick group. */
typedef struct {
	uint64_t values[PCF_TICK_COUNT];
	uint64_t last_tick; /* 0: none since the start */
	uint64_t begun_ns;  /* when its last complete sample began; under done_lock */
	uint64_t skipped_from;
} pcf_group_state;

struct pcf_collector {
	pcf_options options;
	char *ring_dir, *sysroot;
	pcf_host host;
	pcf_plan plan;
	char notes[4096];
	pcf_budget *budget;
	pcf_region *regions[PCF_GROUP_COUNT];
	int is_new_file[PCF_GROUP_COUNT], is_new_slots,
		is_new_dir; /* made by us: taken away again when opening fails */
	pcf_slots *slots;
	pcf_events *events;    /* NULL: none */
	pcf_kernel_walk *walk; /* NULL: everything comes from files */
	pcf_descriptors descriptors;
	pcf_source_env env;
	pcf_source *sources[PCF_SOURCES_MAX];
	int source_count;

	pthread_mutex_t doing, lock, done_lock;
	pthread_cond_t done;
	pcf_command *commands, **commands_end;
	pcf_tenant *tenants;
	uint32_t *buckets, bucket_mask;
	uint64_t live, refused;
	char last_error[200];
	_Atomic uint64_t *vanished; /* bit by slot */
	_Atomic uint32_t vanished_count;

	pthread_t thread;
	_Atomic int running, stopping, wants_pass;
	int timer_fd, wake_fd, epoll_fd, tick_fd;
	uint64_t stride[PCF_GROUP_COUNT]; /* 0: off */
	pcf_group_state state[PCF_GROUP_COUNT];
	uint32_t root_slot, root_generation; /* PCF_NO_INDEX: none */
	uint32_t self_rows[PCF_GROUP_COUNT];
	_Atomic uint64_t latest_tick, ticks, skipped, lateness_max_ns, cpu_ns, rows, reads, read_errors,
		unrepresentable, rows_refused, truncated, columns_demoted;
	int inside;           /* under done_lock: threads that wait, sample or verify; close lets them leave first */
	uint64_t passes_tick; /* under done_lock: latest_tick as waiters see it */
};

/* ring_dir.c: the directory, its regions and slots */
int pcf_ring_dir_open(pcf_collector *collector, pcf_error *err);
void pcf_ring_dir_close(pcf_collector *collector, int failed);
void pcf_note(pcf_collector *collector, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* events.c: opened beside everything else that opening takes; then either ended or abandoned */
typedef struct {
	pcf_events_options wanted;
	pcf_events *events;
	pcf_error error;
	pthread_t thread;
	int is_begun, has_thread, code;
} pcf_events_opening;
void pcf_events_opening_begin(pcf_collector *collector, pcf_events_opening *opening); /* the host is known by now */
void pcf_events_opening_end(pcf_collector *collector, pcf_events_opening *opening);
void pcf_events_opening_abandon(pcf_events_opening *opening);

/* tenants.c: under lock */
uint32_t pcf_tenant_find(const pcf_collector *collector, const char *path); /* PCF_NO_INDEX */
int pcf_tenant_enter(pcf_collector *collector, uint32_t slot, uint32_t generation, const char *path,
		     uint64_t cgroup_id);
void pcf_tenant_leave(pcf_collector *collector, uint32_t slot);
int pcf_tenant_is(const pcf_collector *collector, uint32_t slot, uint32_t generation);

/* commands.c */
pcf_command *pcf_command_new(uint32_t slot, uint32_t generation, int what);
void pcf_command_send(pcf_collector *collector, pcf_command *command); /* under doing; done here when no thread runs */
void pcf_commands_do(pcf_collector *collector);
void pcf_commands_discard(pcf_collector *collector, pcf_command *command);
void pcf_collector_wake(pcf_collector *collector);

/* containers.c */
int pcf_containers_add_root(pcf_collector *collector, pcf_error *err);
int pcf_cgroup_look(const pcf_host *host, const char *path, uint64_t *cgroup_id, uint64_t *created_ns);

/* feedback.c: what sources tell */
void pcf_feedback_bind(pcf_collector *collector);

/* schedule.c: pure */
uint64_t pcf_schedule_next(const uint64_t *stride, int groups, uint64_t after); /* first due tick > after, 0: none */
uint64_t pcf_schedule_last(const uint64_t *stride, int groups, uint64_t until); /* last due tick <= until, 0: none */
uint64_t pcf_schedule_missed(uint64_t stride, uint64_t last, uint64_t tick);    /* multiples strictly between */

/* pass.c */
void pcf_pass_scheduled(pcf_collector *collector, uint64_t tick, uint64_t now_ns);
void pcf_pass_extra(pcf_collector *collector, uint64_t now_ns); /* groups whose present tick was not sampled yet */

/* wait.c */
void pcf_collector_enter(pcf_collector *collector);
void pcf_collector_leave(pcf_collector *collector);
void pcf_collector_await_empty(pcf_collector *collector);

/* self.c */
void pcf_self_late(pcf_group_state *state, uint64_t lateness_ns);
void pcf_self_sample(pcf_collector *collector, pcf_pass *pass);

/* thread.c */
void *pcf_tick_thread(void *collector);
#endif
