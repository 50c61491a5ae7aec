/* A sample as rates look back at it: what its branches and the machine held. The history keeps
 * some of them. */
#ifndef CLADE_MARK_H
#define CLADE_MARK_H

#include "growth.h"

/* A branch of the tree as it was: a leaf's growth needs no table. */
struct past {
	struct proc_key key;
	struct size size;
};

/* At most as many items as there were processes. `{0}` is one of no sample. */
struct mark {
	uint64_t mono_ms;
	uint64_t oom_kills; /* of the machine, since boot; UNKNOWN */
	uint64_t memory;    /* of the machine that is used; UNKNOWN */
	struct size all;
	struct past *items; /* by pid; the heap's */
	size_t n;
};

/* Makes the mark of a model whose sums are finished; births and deaths are added to those of the
 * sample before. Returns 0, or -ENOMEM with `mark` as it was. */
int mark_make(struct mark *mark, const struct model *model, const struct mark *before);

/* Makes `to`, whatever it held, a copy of `from`. One that does not fit has no items: its branches
 * then grow from 0. */
void mark_copy(struct mark *to, const struct mark *from);

void mark_done(struct mark *mark);

/* A branch, or NULL. Those that are asked for come by ascending pid; `*at` begins as 0 and keeps
 * the place. */
const struct past *mark_find(const struct mark *mark, size_t *at, struct proc_key key);

#endif
