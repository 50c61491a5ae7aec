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

/* Makes the rest of a snapshot, which is handed over in any case. Returns 0, or -ENOMEM with
 * `moment` as it was. */
int moment_make(struct attributor *attributor, struct history *history, struct snapshot *snap,
		struct moment *moment);

/* Frees what is there and leaves it empty. */
void moment_done(struct moment *moment);

#endif
