/* What the filters of a view leave of a moment: marks on its processes and owners, from which rows
 * are made. */
#ifndef CLADE_SIFT_H
#define CLADE_SIFT_H

#include "clade/rows.h"

/* Why something is shown; nothing: it is not. */
enum sift_mark {
	SIFT_MATCH = 1 << 0,
	SIFT_ABOVE = 1 << 1, /* leads to a match */
	SIFT_BELOW = 1 << 2, /* hangs below a match, or is what a negated filter leaves */
};

/* Of each process and each owner its marks; NULL: everything is shown. */
struct sift {
	uint8_t *procs; /* the heap's */
	uint8_t *owners;
};

/*
 * A filter by text keeps what is above and below a match; negated it takes out what matches, and
 * all of an owner that does. Of what that leaves, and a selection, state and user keep their
 * matches, what is above them, and what is below them in the same owner.
 */
void sift_make(struct sift *sift, const struct model *model, const struct view *view);
void sift_done(struct sift *sift);

/* The process whose row a process hangs on: its parent, when that is shown in the same place. */
int32_t sift_row_parent(const struct model *model, const struct view *view, int32_t proc);

#endif
