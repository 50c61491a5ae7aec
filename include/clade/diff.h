/*
 * What is different between two moments: which processes appeared and vanished, and what that made
 * of each owner. Processes are the same when pid and start time are, owners when their id is.
 */
#ifndef CLADE_DIFF_H
#define CLADE_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/model.h"
#include "clade/selection.h"

/* An owner in one or both of the moments; figures are its own, without those of owners in it. */
struct owner_change {
	int32_t before, after; /* indexes; NO_OWNER: it is not there */
	uint32_t appeared;     /* processes, also those that another owner had */
	uint32_t vanished;
	double rss_bytes; /* more than before */
};

/* A process that is in both. */
struct proc_change {
	int32_t before, after;
};

struct difference {
	const struct model *before, *after;
	bool is_same_boot;           /* else no process is the same */
	struct owner_change *owners; /* what changed most comes first */
	size_t n_owners;
	int32_t *appeared; /* indexes into `after`, by pid */
	size_t n_appeared;
	int32_t *vanished; /* indexes into `before` */
	size_t n_vanished;
	struct proc_change *grew; /* what has more resident memory, most first */
	size_t n_grew;
};

/* Compares what is selected in both; they must outlive the difference (diff_done()). */
void diff_make(struct difference *diff, const struct model *before,
	       const struct selection *selected_before, const struct model *after,
	       const struct selection *selected_after);
void diff_done(struct difference *diff);

/* The owner that a change is about: as it is after, else as it was. */
const struct owner *diff_owner(const struct difference *diff, const struct owner_change *change);

/* Its own totals before and after; all 0 where it is not there. */
struct totals diff_totals_before(const struct difference *diff, const struct owner_change *change);
struct totals diff_totals_after(const struct difference *diff, const struct owner_change *change);

#endif
