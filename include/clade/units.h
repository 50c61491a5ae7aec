/* Numbers as people read them in narrow columns. All write into a buffer of the caller and return
 * it. */
#ifndef CLADE_UNITS_H
#define CLADE_UNITS_H

#include <stdint.h>

enum { UNITS_LEN = 32 };

/* The value of a number that is not known. For reals it is NAN. */
#define UNKNOWN UINT64_MAX

static inline int is_known(uint64_t value)
{
	return value != UNKNOWN;
}

/* 1023 -> "1023", 18 MiB -> "18.0M", 999 GiB -> "999G": binary prefixes, at most 5 characters;
 * unknown -> "-". */
const char *units_bytes(char buf[UNITS_LEN], uint64_t bytes);

/* The same for a rate in bytes per second, "-" for NAN. */
const char *units_bytes_rate(char buf[UNITS_LEN], double bytes_per_s);

/* 15134 -> "15,134"; unknown -> "-". */
const char *units_count(char buf[UNITS_LEN], uint64_t count);

/* 15134 -> "15134", 1234567 -> "1.2M": at most 5 characters; unknown -> "-". */
const char *units_short(char buf[UNITS_LEN], uint64_t count);

/* 7 -> "7s", 250 -> "4m10s", 8000 -> "2h13m", 200000 -> "2d7h"; NAN or negative -> "-". */
const char *units_duration(char buf[UNITS_LEN], double seconds);

/* 0.25 -> "0.2", 12.3 -> "12.3", 894.2 -> "894": at most 5 characters; NAN -> "-". */
const char *units_real(char buf[UNITS_LEN], double value);

/* The same with a sign: "+894", "-3", "-0.5", "0". */
const char *units_signed(char buf[UNITS_LEN], double value);

/* 2026-11-24T10:12:45Z (RFC 3339, UTC, whole seconds) of milliseconds since the epoch; "-" when
 * unknown. */
const char *units_time(char buf[UNITS_LEN], uint64_t epoch_ms);

#endif
