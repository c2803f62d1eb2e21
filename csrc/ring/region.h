/* A mapped ring as its reader and its writer hold it. */
#ifndef PCF_RING_REGION_H
#define PCF_RING_REGION_H
#include <pthread.h>

#include "ring/atomic.h"
#include "ring/file.h"

#define PCF_NO_ROW     UINT32_MAX
#define PCF_IDLE_TICKS 64         /* a key that so many ticks (or all of the ring) are without is gone */
#define PCF_MOST_SLOTS (1u << 24) /* a slot number past it is damage, not a container */

/* Columns of one cell type are stored together: a run of them in a row. */
struct pcf_cell_run {
	int cell; /* PCF_CELL_* */
	int count;
	int offset; /* of the first cell in the cell row */
	int from;   /* of the first one in writer->source */
};

/* The writer's private book of rows, rebuilt from the row table when a history is taken over. */
struct pcf_row_book {
	uint32_t *bucket; /* heads of hash chains, PCF_NO_ROW = empty */
	uint32_t buckets; /* power of two */
	uint32_t live;
	uint32_t *hash_next; /* by row */
	uint32_t *slot_next; /* by row: next row of its slot */
	uint32_t *free_next; /* by row: next free row */
	uint32_t free_first, free_last;
	uint32_t *slot_first; /* by slot */
	uint32_t slots;
};

struct pcf_region_writer {
	pthread_mutex_t lock; /* claim, release, memory */
	pcf_budget *budget;
	uint64_t memory;        /* bytes reserved */
	uint64_t cell_bytes;    /* of them in each tick */
	uint64_t table_bytes;   /* of them in the row table */
	uint64_t full_until_ns; /* tmpfs was full: not asked again before */
	struct pcf_row_book book;
	int source[PCF_MAX_GROUP_COLUMNS]; /* index in values, by cell order */
	struct pcf_cell_run run[8];
	int runs;
	pcf_region_tick *entry; /* of the tick being written, NULL = dropped */
	uint8_t *cells;
	uint32_t stamp;
	uint32_t rows;
	uint32_t ended;  /* ticks, up to PCF_IDLE_TICKS */
	uint32_t looked; /* rows below this one were looked at for idle ones */
	uint64_t newest; /* tick last begun: atomic */
};

struct pcf_region {
	struct pcf_ring_file file;
	pcf_region_header shape; /* copied and checked: what reads rely on */
	uint64_t stride;
	pcf_region_header *head;    /* live */
	pcf_region_column *columns; /* copied and checked */
	pcf_region_row *rows;
	pcf_region_tick *ticks;
	uint8_t *cells;
	struct pcf_region_writer *writer; /* NULL: attached */
};

/* layout.c */
int pcf_region_shape_make(const pcf_region_spec *spec, pcf_region_header *shape, pcf_region_column *columns,
			  pcf_error *err);
int pcf_region_shape_check(const pcf_region_header *shape, const pcf_region_column *columns, uint64_t file_bytes,
			   char *why, size_t size);
void pcf_region_shape_difference(const pcf_region_header *was, const pcf_region_header *is, char *why,
				 size_t size); /* "" = none */
unsigned pcf_cell_bytes(int cell);

/* attach.c */
int pcf_region_bind(pcf_region *region, char *why, size_t size); /* mapped file -> checked shape; needs region->file */

/* reserve.c */
int pcf_region_reserve_head(int fd, const pcf_region_header *shape);
int pcf_region_reserve_rows(pcf_region *region, uint32_t rows);
int pcf_budget_take(pcf_budget *budget, uint64_t bytes); /* 0: not that much is left */
void pcf_budget_give(pcf_budget *budget, uint64_t bytes);

/* book.c */
int pcf_row_book_open(struct pcf_row_book *book, uint32_t capacity);
void pcf_row_book_close(struct pcf_row_book *book);
uint32_t pcf_row_book_find(const pcf_region *region, uint32_t slot, uint32_t generation, const char *key,
			   size_t key_len);
int pcf_row_book_room(pcf_region *region, uint32_t slot); /* for one more row of that slot; -ENOMEM */
void pcf_row_book_add(pcf_region *region, uint32_t row);
void pcf_row_book_drop(pcf_region *region, uint32_t row);
void pcf_row_book_push_free(struct pcf_row_book *book, uint32_t row);
uint32_t pcf_row_book_pop_free(struct pcf_row_book *book);

/* rows.c */
int pcf_region_is_sampled(const pcf_region *region, uint32_t row, uint64_t tick);
int pcf_region_rows_recover(pcf_region *region); /* the book from the row table of an earlier collector */
#endif
