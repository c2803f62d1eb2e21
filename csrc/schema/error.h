/* Filling a pcf_error: what failed, on what, and what to do. */
#ifndef PCF_SCHEMA_ERROR_H
#define PCF_SCHEMA_ERROR_H
#include <stdarg.h>
#include <stdio.h>

#include "pcf.h"

/* Returns code, so that a failing function can end with it. err may be NULL. */
__attribute__((format(printf, 3, 4))) static inline int pcf_error_say(pcf_error *err, int code, const char *format, ...)
{
	if (err) {
		va_list list;

		va_start(list, format);
		err->code = code;
		(void)vsnprintf(err->text, sizeof err->text, format, list);
		va_end(list);
	}
	return code;
}
#endif
