/* The kernel's BTF, parsed once for everybody who asks between a begin and its end: parsing costs some 20 ms and
 * 6 MiB, so it is neither done twice in one start nor kept after it. Begins may be nested, in any thread. */
#ifndef PCF_HOST_SHARED_BTF_H
#define PCF_HOST_SHARED_BTF_H
#include "btf/btf.h"

void pcf_shared_btf_begin(void);
void pcf_shared_btf_end(void); /* the last end frees it */
/* Valid until the caller's end; parsed by the first call.  The error stays the same until the last end. */
int pcf_shared_btf(const pcf_btf **out, pcf_error *err);
#endif
