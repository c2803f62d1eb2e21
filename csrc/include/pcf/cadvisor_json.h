/* Samples of the ring as cAdvisor's JSON: arrays of ContainerStats. The caller may be any thread; one encoder is used by
 * one at a time. */
typedef struct pcf_json pcf_json;

#define PCF_JSON_V1      0 /* ContainerStats of info/v1 */
#define PCF_JSON_V20     1 /* DeprecatedContainerStats of info/v2 */
#define PCF_JSON_V21     2 /* ContainerStats of info/v2 */
#define PCF_JSON_MACHINE 3 /* MachineStats of info/v2 */
#define PCF_JSON_SHAPES  4

/* has_* of a container's spec */
#define PCF_JSON_CPU        1
#define PCF_JSON_MEMORY     2
#define PCF_JSON_HUGETLB    4
#define PCF_JSON_NETWORK    8
#define PCF_JSON_PROCESSES  16
#define PCF_JSON_FILESYSTEM 32
#define PCF_JSON_DISKIO     64

#define PCF_JSON_STRICT 1 /* block IO of cgroup v2 without Discard and Total, as cAdvisor has it */

/* Which samples of a container. Texts are JSON that does not come from the ring: values, where empty means that the field
 * is left out, and `head`, an object without its last brace: the array becomes its member "stats", which is left out where
 * there are no samples, and the brace is added. */
typedef struct {
	uint32_t slot;
	uint32_t generation;
	int64_t count;     /* at most so many, the newest; negative: all */
	uint64_t start_ns; /* wall clock, inclusive; 0 = open */
	uint64_t end_ns;
	const char *filesystem;
	const char *accelerators;
	const char *health; /* a quoted string */
	const char *head;
	uint32_t filesystem_len;
	uint32_t accelerators_len;
	uint32_t health_len;
	uint32_t has;     /* PCF_JSON_CPU, ... */
	uint32_t is_host; /* "/": interfaces that cAdvisor skips on the host are skipped */
	uint32_t head_len;
} pcf_json_wanted;

/* A block device's name as a quoted JSON string. */
typedef struct {
	uint32_t major;
	uint32_t minor;
	const char *name;
	uint32_t name_len;
	uint32_t spare;
} pcf_json_device;

/* regions: by group index, NULL = off; they must live as long as the encoder.  NULL: no memory, or no such shape. */
pcf_json *pcf_json_new(pcf_region *const *regions, int shape, uint32_t flags);
void pcf_json_free(pcf_json *json);
/* An array ("[...]"), or an object with one, for each of the containers, one after the other, until they are all done or `enough` bytes are
 * written.  devices: ascending by (major, minor).  Returns how many containers were done; ends: where each text ends
 * in *data, which is the encoder's own and good until the next call.  -ESTALE: a tick was overwritten meanwhile, call
 * again; -ENOMEM. */
int pcf_json_encode(pcf_json *json, const pcf_json_wanted *wanted, uint32_t count, const pcf_json_device *devices,
		    uint32_t device_count, size_t enough, size_t *ends, const char **data);
