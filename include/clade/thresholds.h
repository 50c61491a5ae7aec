/*
 * From where on something stands out. One row of threshold_rows[] each, which `clade list
 * thresholds`, the configuration file and clade(1) speak of; adding a threshold is adding a row.
 */
#ifndef CLADE_THRESHOLDS_H
#define CLADE_THRESHOLDS_H

#include <stddef.h>

#include "clade/text.h"

struct thresholds {
	double growing_per_s;
	double growing_per_min;
	double growing_least;
	double exploding_per_s;
	double exploding_eta_s;
	double loop_per_min;
	double zombies;
	double blocked;
	double pids_percent;
	double memory_percent;
	double table_percent;
	double user_percent;
	double memory_eta_s;
	double memory_growing;
	double memory_full;
	double memory_psi;
	double iowait_percent;
	double io_psi;
	double verdict_zombies;
	double verdict_blocked;
	double verdict_orphans;
};

struct threshold_row {
	const char *name;
	size_t offset; /* of a double in struct thresholds */
	double value;  /* the default */
	double least, most;
	const char *help;
};

extern const struct threshold_row threshold_rows[]; /* ends with a NULL name */

struct thresholds thresholds_default(void);

/* Sets one; returns 0, or -EINVAL with a sentence in `error` for an unknown name or a value that is
 * no number within its bounds. */
int thresholds_set(struct thresholds *thresholds, const char *name, const char *value,
		   struct text *error);

double thresholds_get(const struct thresholds *thresholds, const struct threshold_row *row);

/* One line a threshold with its default, for `clade list thresholds`. */
void thresholds_list(struct text *out);

#endif
