/*
 * Thresholds for cron and monitoring: figures of the machine, or of each owner, against levels.
 * The answer is one line as plugins of Nagios write it, with performance data, and a status.
 */
#ifndef CLADE_CHECK_H
#define CLADE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "clade/model.h"
#include "clade/selection.h"
#include "clade/text.h"

enum check_measure {
	CHECK_PROCESSES,
	CHECK_ZOMBIES,
	CHECK_ORPHANS,
	CHECK_GROWTH,   /* net processes per minute */
	CHECK_HEADROOM, /* percent that is left before the nearest limit: bad when low */
	CHECK_MEASURES
};

enum check_level { CHECK_WARN, CHECK_CRITICAL, CHECK_LEVELS };

/* As plugins exit; of several the worst counts, and what is known to be bad outdoes what is not
 * known. */
enum check_status { CHECK_OK, CHECK_WARNING, CHECK_IS_CRITICAL, CHECK_UNKNOWN };

struct check_limits {
	double at[CHECK_MEASURES][CHECK_LEVELS]; /* NAN: none */
};

struct check_limits check_limits_none(void);
bool check_has_any(const struct check_limits *limits);

/* "1000", "100/min", "5/s", "10%": as the measure has it. Returns 0, or -EINVAL. */
int check_parse(enum check_measure measure, const char *value, double *level);

/* Holds what is selected against the limits, in all or each of its owners (with those in it), and
 * replaces `line`. */
enum check_status check_make(struct text *line, const struct model *model,
			     const struct selection *selection, const struct check_limits *limits,
			     bool is_each_owner);

/* The line of a check that could not be made. */
void check_unknown(struct text *line, const char *why);

#endif
