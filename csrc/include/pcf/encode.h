/* Protobuf bytes of a tick, straight from the ring; byte-identical to what protobuf itself writes for
 * pycadvisor_fast.v1.StatsBatch / ColumnsBatch. The caller may be any thread; one encoder is used by one at a time. */
typedef struct pcf_encoder pcf_encoder;

typedef struct {
	uint32_t slot;
	uint32_t generation;
	const uint8_t *identity; /* encoded identity fields of ContainerStats, copied as they are */
	uint32_t identity_len;
	uint32_t flags; /* PCF_ENCODE_WHOLE */
} pcf_encode_container;

typedef struct {
	int group;              /* index into pcf_groups */
	uint64_t tick;          /* the tick of this group to take; 0 = leave the group out */
	uint64_t previous_tick; /* for changed-only and rates; 0 = none */
	const uint8_t *columns; /* one byte a column of the group: 0 = leave out; NULL = all */
	uint32_t flags;         /* PCF_ENCODE_WHOLE */
} pcf_encode_group;

#define PCF_ENCODE_WHOLE 1 /* of a container or a group: its rows count as changed (it has just joined) */

#define PCF_ENCODE_CHANGED 1 /* only rows that differ from previous_tick; all of them when that tick is gone */
#define PCF_ENCODE_RATES   2 /* also <group>_rates messages for counters */

pcf_encoder *pcf_encoder_new(void);
void pcf_encoder_free(pcf_encoder *encoder);
/* The `containers` field of a StatsBatch for the given containers (ascending slot) and groups.  regions: by group
 * index, NULL = off.  A container without a row leaves nothing.  Returns 0 and points at the encoder's own buffer,
 * good until the next call; -ESTALE: a tick was overwritten meanwhile (take a newer one); -EINVAL: a group that is
 * off, unknown or given twice. */
int pcf_encode_containers(pcf_encoder *encoder, pcf_region *const *regions, const pcf_encode_container *containers,
			  uint32_t container_count, const pcf_encode_group *groups, uint32_t group_count,
			  uint32_t flags, const uint8_t **data, size_t *size);
/* The `groups` field of a ColumnsBatch: packed columns of the same selection. */
int pcf_encode_columns(pcf_encoder *encoder, pcf_region *const *regions, const pcf_encode_container *containers,
		       uint32_t container_count, const pcf_encode_group *groups, uint32_t group_count, uint32_t flags,
		       const uint8_t **data, size_t *size);
