/* The ring: one file on tmpfs for each group ("<dir>/<group>.ring") and one for who the containers
 * are ("<dir>/slots.dir"). Any process may map them read-only; layout below, native byte order.
 *
 * A group's file: header, column table, row table, tick table, cells.
 *   tick number    CLOCK_MONOTONIC / base interval, so it goes on over a restart of the collector
 *   ring position  (tick / stride) % ring_len, stride = interval_ns / base_ns
 *   tick entry     state = 2*tick+1 while the rows are written, 2*tick+2 when complete.  A reader takes
 *                  state before and after: equal to 2*tick+2 both times, or what it read is torn.
 *   cell row       uint32 tick (low bits), uint32 offset (microseconds after the tick's time), cells.
 *                  A row whose tick does not match was not sampled in that tick: absent, never cleared.
 *   row table      who a row belongs to: (slot, generation, key); scalar groups: row == slot, no key.
 *                  A row's cells of ticks before born_tick belong to an earlier tenant.
 */
#define PCF_REGION_VERSION 1
#define PCF_KEY_BYTES      32

typedef struct {
	char name[48];
	uint16_t index;  /* in a row of the group's columns.def order */
	uint16_t number; /* protobuf field */
	uint16_t offset; /* of the cell, from the start of the cell row */
	uint8_t cell;    /* PCF_CELL_* */
	uint8_t kind;    /* PCF_KIND_* */
} pcf_region_column;     /* 56 bytes */

typedef struct {
	uint32_t seq; /* odd while the entry changes */
	uint32_t slot;
	uint32_t generation; /* 0: never used */
	uint32_t key_len;
	uint64_t born_tick;
	uint64_t gone_tick; /* 0: alive */
	char key[32];
} pcf_region_row; /* 64 bytes */

typedef struct {
	uint64_t state;
	uint64_t tick;
	uint64_t monotonic_ns; /* when the pass began */
	uint64_t realtime_ns;  /* the same moment, wall clock */
	uint64_t duration_ns;
	uint64_t cpu_ns;
	uint32_t rows;     /* rows written */
	uint32_t row_high; /* rows with a higher number were never used */
	uint64_t spare;
} pcf_region_tick; /* 64 bytes */

typedef struct {
	char magic[8]; /* "PCFRING\n" */
	uint32_t version;
	uint32_t header_bytes; /* sizeof this struct */
	uint64_t schema_hash;  /* of everything that decides the layout of a row */
	char boot_id[40];      /* text of /proc/sys/kernel/random/boot_id */
	char group[32];
	uint32_t group_number;
	uint32_t key;
	uint64_t interval_ns;
	uint64_t base_ns;
	uint32_t ring_len;
	uint32_t row_capacity;
	uint32_t row_bytes;
	uint32_t column_count;
	uint64_t columns_offset;
	uint64_t rows_offset;
	uint64_t ticks_offset;
	uint64_t cells_offset;
	uint64_t tick_bytes; /* cells of one tick, a multiple of the page size */
	uint64_t file_bytes;
	uint64_t writer_start_ns; /* CLOCK_MONOTONIC when the writer opened it */
	uint32_t writer_pid;
	uint32_t row_high;    /* atomic */
	uint64_t latest_tick; /* atomic; 0 = no complete tick yet */
	uint64_t rows_seq;    /* atomic; changes when the row table changes */
	uint64_t slots_epoch; /* epoch of the slots.dir its slot numbers refer to, 0 = there was none */
} pcf_region_header;

#define PCF_SLOT_FREE 0
#define PCF_SLOT_LIVE 1
#define PCF_SLOT_GONE 2

typedef struct {
	uint32_t seq;        /* odd while the record changes */
	uint32_t generation; /* 0: never used */
	uint32_t state;      /* PCF_SLOT_* */
	uint32_t flags;      /* PCF_SLOT_FLAG_* */
	uint64_t created_ns; /* wall clock, creation of the cgroup as far as known */
	uint64_t born_tick;
	uint64_t gone_tick;
	uint64_t cgroup_id;   /* inode of the cgroup directory in the hierarchy that named it */
	uint64_t netns;       /* inode of its network namespace, 0 unknown */
	uint32_t netns_owner; /* slot that carries the network rows of a shared namespace; itself when own */
	uint32_t spare;
	char runtime[16]; /* "docker", "containerd", "crio", "podman", "systemd", "raw", ... */
	char id[72];      /* runtime's id, "" when none */
	char name[128];   /* runtime's name, "" when none (yet) */
	char image[160];
	char path[576]; /* cgroup path, "/" = root; NUL-terminated, cut when longer */
} pcf_slot_record;      /* 1024 bytes */

#define PCF_SLOT_FLAG_HOST_NETWORK   1
#define PCF_SLOT_FLAG_SHARED_NETWORK 2 /* rows are with netns_owner */
#define PCF_SLOT_FLAG_PATH_CUT       4

typedef struct {
	char magic[8]; /* "PCFSLOT\n" */
	uint32_t version;
	uint32_t header_bytes;
	char boot_id[40];
	uint32_t capacity;
	uint32_t record_bytes;
	uint64_t records_offset;
	uint64_t file_bytes;
	uint64_t writer_start_ns;
	uint32_t writer_pid;
	uint32_t high;  /* atomic: slots with a higher number were never used */
	uint64_t seq;   /* atomic: changes when any record changes */
	uint64_t epoch; /* wall clock of its creation: generations count from here */
} pcf_slots_header;

typedef struct pcf_region pcf_region;
typedef struct pcf_slots pcf_slots;

/* ---- reading: any process, any thread ----
 * Attaching checks everything a reader relies on against the size of the file; later reads cannot leave the
 * mapping whatever the file says; only its owner can cut the file short under a reader, so attach to rings of
 * users you trust.  Rows from row_high on have no memory: reading their cells would allocate it. */
int pcf_region_attach(pcf_region **out, const char *dir, const char *group, pcf_error *err);
int pcf_slots_attach(pcf_slots **out, const char *dir, pcf_error *err);
void pcf_region_close(pcf_region *region);
void pcf_slots_close(pcf_slots *slots);
/* 1: another file has its name now, attach again; 0: no; -ENOENT: none has. */
int pcf_region_replaced(const pcf_region *region);
int pcf_slots_replaced(const pcf_slots *slots);
/* 1: a collector has it open, 0: none.  Asks the kernel, so neither a reused pid nor a pid namespace misleads. */
int pcf_region_is_written(const pcf_region *region);
int pcf_slots_is_written(const pcf_slots *slots);
const pcf_region_header *pcf_region_head(const pcf_region *region);
const pcf_slots_header *pcf_slots_head(const pcf_slots *slots);
const pcf_region_column *pcf_region_columns(const pcf_region *region);

uint64_t pcf_region_latest(const pcf_region *region);              /* tick number, 0 = none */
uint64_t pcf_region_oldest(const pcf_region *region);              /* oldest tick still whole, 0 = none */
uint64_t pcf_region_next(const pcf_region *region, uint64_t tick); /* first complete tick > tick, 0 = none */
/* -ENOENT: not complete, or gone. */
int pcf_region_tick_read(const pcf_region *region, uint64_t tick, pcf_region_tick *out);
/* First cell row of that ring position; NULL: not a tick of this group. */
const void *pcf_region_cells(const pcf_region *region, uint64_t tick);
int pcf_region_check(const pcf_region *region, uint64_t tick); /* 0: what was read of it is whole; -ESTALE */
/* A consistent copy; -ENOENT: never used, -EAGAIN: left half changed by a writer that was killed. */
int pcf_region_row_read(const pcf_region *region, uint32_t row, pcf_region_row *out);
/* Entries first .. first + count - 1 of the row table, each a consistent copy; unused or half changed ones all zero. */
void pcf_region_rows_read(const pcf_region *region, uint32_t first, uint32_t count, pcf_region_row *out);
/* One row as values; 0, -ENOENT (not sampled in that tick), -ESTALE (torn or gone). values: header.column_count
 * entries in the region's column order; offset_usec may be NULL. */
int pcf_region_values(const pcf_region *region, uint64_t tick, uint32_t row, uint64_t *values, uint32_t *offset_usec);
/* A consistent copy; -ENOENT, -EAGAIN as pcf_region_row_read. */
int pcf_slots_read(const pcf_slots *slots, uint32_t slot, pcf_slot_record *out);
uint64_t pcf_cell_load(const void *cell_row, const pcf_region_column *column); /* the value of one cell */

/* ---- writing: the collector, one process ----
 * Create the slots first, then the regions: a region's history is taken over only with the slots it refers to.
 * -EBUSY: another collector writes there (also one of this process).
 * Claim and release may run in any thread and at any time, also while another thread is inside begin..end; begin,
 * store and end of one region belong to one thread.  Nobody stores into a row that is released. */
int pcf_ring_dir_is_tmpfs(const char *dir); /* 1, 0, or negative errno */

typedef struct {
	const char *dir;
	int group; /* index into pcf_groups */
	uint64_t interval_ns;
	uint64_t base_ns;
	uint32_t ring_len;
	uint32_t row_capacity;
	const uint8_t *present; /* one byte a column: 0 = this host cannot give it, no cell is kept */
} pcf_region_spec;

#define PCF_TAKEN_NEW      0 /* there was nothing */
#define PCF_TAKEN_OVER     1 /* the history of an earlier collector goes on */
#define PCF_TAKEN_REPLACED 2 /* there was one and it does not match: err->text says why (code stays 0) */

int pcf_region_create(pcf_region **out, const pcf_region_spec *spec, int *taken, pcf_error *err);
int pcf_slots_create(pcf_slots **out, const char *dir, uint32_t capacity, int *taken, pcf_error *err);
/* A slot for a cgroup: the live slot of the same path and cgroup_id from before a restart, else the one
 * freed longest ago, else a fresh one.  -ENOSPC: all are in use, or tmpfs is full. */
int pcf_slots_claim(pcf_slots *slots, const char *path, uint64_t cgroup_id, uint64_t tick, uint32_t *slot,
		    uint32_t *generation);
/* Identity fields only; seq, generation, state, path are kept.  -ENOENT: nobody has the slot. */
int pcf_slots_write(pcf_slots *slots, uint32_t slot, const pcf_slot_record *record);
int pcf_slots_release(pcf_slots *slots, uint32_t slot, uint32_t generation,
		      uint64_t tick); /* -ESTALE: not that tenant */
/* After a restart: the next slot from *slot on that is live from before and was not claimed since; 0 and fills
 * *slot and *generation, or -ENOENT.  Start with *slot = 0, release it, go on with *slot + 1. */
int pcf_slots_unclaimed(pcf_slots *slots, uint32_t *slot, uint32_t *generation);

/* Whether that row is this tenant's now. For the one thread that claims rows: whoever remembers where a row was asks
 * this, for a tenth of what claiming it again costs. */
int pcf_region_row_is(const pcf_region *region, uint32_t row, uint32_t slot, uint32_t generation, const char *key,
		      size_t key_len);
/* The row of (slot, generation, key) in a group, made when new; memory for it in every tick is reserved
 * first, so that a full tmpfs is an error here and never a SIGBUS.  -ENOSPC: capacity, tmpfs, or byte budget. */
int pcf_region_row_claim(pcf_region *region, uint32_t slot, uint32_t generation, const char *key, size_t key_len,
			 uint64_t tick, uint32_t *row);
/* All rows of the slot. */
void pcf_region_slot_release(pcf_region *region, uint32_t slot, uint32_t generation, uint64_t tick);
/* One row: its device or interface is gone. */
void pcf_region_row_release(pcf_region *region, uint32_t row, uint64_t tick);
/* Some rows more of a keyed group are looked at, in turn: those that none of the last ticks has are released, their
 * device or core is gone.  For the thread of begin..end, after end; only where each store follows a claim. */
void pcf_region_idle_release(pcf_region *region);
/* Ticks only grow: a pass for a tick that is not newer than the latest (a quick restart) is dropped as a whole. */
void pcf_region_begin(pcf_region *region, uint64_t tick, uint64_t monotonic_ns, uint64_t realtime_ns);
/* values: one for each column of the group in columns.def order (absent columns are dropped).  Returns how
 * many values did not fit their cell and were stored as absent. */
int pcf_region_store(pcf_region *region, uint32_t row, uint32_t offset_usec, const uint64_t *values);
void pcf_region_end(pcf_region *region, uint64_t duration_ns, uint64_t cpu_ns);
uint64_t pcf_region_memory(const pcf_region *region); /* bytes of tmpfs reserved */

/* Bytes all writing regions that share it may reserve together; 0 = no bound.  What a region holds when the
 * budget is set counts at once, also past the bound; claims that would pass it are refused (-ENOSPC).  Outlives
 * the regions that use it. */
typedef struct pcf_budget pcf_budget;
pcf_budget *pcf_budget_new(uint64_t bytes);
void pcf_budget_free(pcf_budget *budget);
uint64_t pcf_budget_used(const pcf_budget *budget);
void pcf_region_set_budget(pcf_region *region, pcf_budget *budget);
