#ifndef PCF_SOURCE_DESCRIPTORS_H
#define PCF_SOURCE_DESCRIPTORS_H
#include <stdatomic.h>

#include "source/source.h"

struct pcf_descriptors {
	_Atomic uint64_t used;
	uint64_t most;
};
#endif
