/* One moment with all that is made of it: the snapshot, who owns what in it, and what that means.
 * They die together. */
#ifndef CLADE_MOMENT_H
#define CLADE_MOMENT_H

#include "clade/attributor.h"
#include "clade/model.h"

/* `{0}` is an empty one. */
struct moment {
	struct snapshot *snap;
	struct attribution *attr;
	struct model *model;
};

/*
 * Makes the rest of a snapshot in steps, as a source takes one, so that the caller can look at the
 * keyboard in between. The snapshot is handed over in any case.
 */
struct moment_maker;

/* Returns 0 and what makes it, or -ENOMEM. */
int moment_begin(struct attributor *attributor, struct history *history, struct snapshot *snap,
		 struct moment_maker **maker);

/* Works for some milliseconds. Returns 1 when there is more to do, 0 when done, or -ENOMEM. */
int moment_step(struct moment_maker *maker);

/* Hands the moment over when it is done. */
struct moment moment_end(struct moment_maker *maker);

/* Ends one that is not to be done; NULL is fine. */
void moment_drop(struct moment_maker *maker);

/* All steps at once. Returns 0, or -ENOMEM with `moment` as it was. */
int moment_make(struct attributor *attributor, struct history *history, struct snapshot *snap,
		struct moment *moment);

/* Frees what is there and leaves it empty. */
void moment_done(struct moment *moment);

#endif
