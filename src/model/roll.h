/* The roll of one sample, called in the next: who is new, who has died, and for whom that counts.
 */
#ifndef CLADE_ROLL_H
#define CLADE_ROLL_H

#include "clade/arena.h"
#include "mark.h"

/* `{0}` is an empty one. Lives until the next sample has been compared with it. */
struct roll {
	struct arena arena;
	struct roll_entry *entries; /* by pid */
	size_t n;
	const char **owners; /* the ids of those that the entries belong to */
	size_t n_owners;
};

/* Writes down the processes of a model. Returns 0, or -ENOMEM with `roll` as it was. */
int roll_make(struct roll *roll, const struct model *model);

void roll_done(struct roll *roll);

/*
 * Counts births and deaths since that sample into the model's branches (each process's own only),
 * the groups' own sums and those of the machine, and makes the branches; what is one in `before`,
 * the mark of that sample, is one still. Returns 0 or -ENOMEM.
 */
int roll_compare(const struct roll *roll, const struct mark *before, struct model *model);

#endif
