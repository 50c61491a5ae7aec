#include "clade/units.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *unknown(char *buf)
{
	strcpy(buf, "-");
	return buf;
}

/* At most four digits and a letter: "1023", "18.0M", "999G". */
static const char *scaled(char *buf, double value, double base, const char *letters)
{
	size_t unit = 0;

	while (value >= 999.5 && (unit > 0 || value >= base) && letters[unit + 1]) {
		value /= base;
		unit++;
	}
	if (unit == 0)
		snprintf(buf, UNITS_LEN, "%.0f", value);
	else
		snprintf(buf, UNITS_LEN, value < 99.95 ? "%.1f%c" : "%.0f%c", value, letters[unit]);
	return buf;
}

const char *units_bytes(char buf[UNITS_LEN], uint64_t bytes)
{
	return is_known(bytes) ? scaled(buf, (double)bytes, 1024, "BKMGTPE") : unknown(buf);
}

const char *units_bytes_rate(char buf[UNITS_LEN], double bytes_per_s)
{
	return isnan(bytes_per_s) || bytes_per_s < 0 ? unknown(buf)
						     : scaled(buf, bytes_per_s, 1024, "BKMGTPE");
}

const char *units_short(char buf[UNITS_LEN], uint64_t count)
{
	if (!is_known(count))
		return unknown(buf);
	if (count < 100000) {
		snprintf(buf, UNITS_LEN, "%" PRIu64, count);
		return buf;
	}
	return scaled(buf, (double)count, 1000, " KMGTPE");
}

const char *units_count(char buf[UNITS_LEN], uint64_t count)
{
	char digits[UNITS_LEN];
	size_t len;
	size_t out = 0;

	if (!is_known(count))
		return unknown(buf);
	len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, count);
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf[out++] = ',';
		buf[out++] = digits[i];
	}
	buf[out] = '\0';
	return buf;
}

const char *units_duration(char buf[UNITS_LEN], double seconds)
{
	static const struct {
		double size;
		char large, small;
		double part;
	} units[] = {
		{86400, 'd', 'h', 3600},
		{3600, 'h', 'm', 60},
		{60, 'm', 's', 1},
	};

	if (isnan(seconds) || seconds < 0)
		return unknown(buf);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		double whole = floor(seconds / units[i].size);

		if (whole < 1)
			continue;
		snprintf(buf, UNITS_LEN, "%.0f%c%.0f%c", whole, units[i].large,
			 floor((seconds - whole * units[i].size) / units[i].part), units[i].small);
		return buf;
	}
	snprintf(buf, UNITS_LEN, "%.0fs", floor(seconds));
	return buf;
}

static const char *real(char *buf, double value, const char *sign)
{
	double size = fabs(value);

	if (size < 99.95 && size != floor(size))
		snprintf(buf, UNITS_LEN, "%s%.1f", sign, value);
	else if (size < 9999.5)
		snprintf(buf, UNITS_LEN, "%s%.0f", sign, value);
	else
		snprintf(buf, UNITS_LEN, "%s%.0fK", sign, value / 1000);
	return buf;
}

const char *units_real(char buf[UNITS_LEN], double value)
{
	return isnan(value) ? unknown(buf) : real(buf, value, "");
}

const char *units_signed(char buf[UNITS_LEN], double value)
{
	if (isnan(value))
		return unknown(buf);
	return real(buf, fabs(value) < 0.05 ? 0 : value, value >= 0.05 ? "+" : "");
}

const char *units_time(char buf[UNITS_LEN], uint64_t epoch_ms)
{
	time_t seconds = (time_t)(epoch_ms / 1000);
	struct tm utc;

	if (!is_known(epoch_ms) || !gmtime_r(&seconds, &utc) ||
	    strftime(buf, UNITS_LEN, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		return unknown(buf);
	return buf;
}
