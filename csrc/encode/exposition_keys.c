/* Keys of rows as labels: interfaces, cores, devices. */
#include "encode/exposition.h"

static int name_compare(const void *key, const void *name)
{
	return memcmp(key, ((const pcf_exposition_name *)name)->key, PCF_KEY_BYTES);
}

const pcf_exposition_name *pcf_device_name(const pcf_exposition_request *request, const struct pcf_row_entry *entry)
{
	char key[PCF_KEY_BYTES] = {0};
	memcpy(key, entry->key, entry->key_len);
	if (!request->name_count)
		return NULL;
	return bsearch(key, request->names, request->name_count, sizeof *request->names, name_compare);
}

/* "cpu07": two digits at least. */
static unsigned core_label(const struct pcf_row_entry *entry, struct pcf_key_label *label, char room[PCF_KEY_TEXT])
{
	size_t length = 3;
	memcpy(room, "cpu", length);
	if (entry->key_len < 2)
		room[length++] = '0';
	memcpy(room + length, entry->key, entry->key_len);
	label->value = room;
	label->value_len = length + entry->key_len;
	return 1;
}

/* "8:16" as major and minor. */
static unsigned number_labels(const struct pcf_row_entry *entry, struct pcf_key_label labels[2])
{
	const char *colon = memchr(entry->key, ':', entry->key_len);
	size_t major = colon ? (size_t)(colon - entry->key) : entry->key_len;
	labels[0] = (struct pcf_key_label){"major", entry->key, major};
	labels[1] = (struct pcf_key_label){"minor", colon ? colon + 1 : "", colon ? entry->key_len - major - 1 : 0};
	return 2;
}

unsigned pcf_key_labels(const struct pcf_sample_out *sample, struct pcf_key_label labels[PCF_KEY_LABELS],
			char room[PCF_KEY_TEXT])
{
	const struct pcf_row_entry *entry = sample->entry;
	labels[0] = (struct pcf_key_label){sample->series->key_label, entry->key, entry->key_len};
	switch (sample->series->key) {
	case PCF_LABEL_NONE:
		return 0;
	case PCF_LABEL_CORE:
		return core_label(entry, &labels[0], room);
	case PCF_LABEL_DEVICE:
	case PCF_LABEL_NUMBERS:
		if (sample->device_name) {
			labels[0].value = sample->device_name->name;
			labels[0].value_len = sample->device_name->name_len;
		}
		return sample->series->key == PCF_LABEL_DEVICE ? 1 : 1 + number_labels(entry, &labels[1]);
	default:
		return 1;
	}
}
