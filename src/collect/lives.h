/*
 * What a file says of the time between two samples: lives that no sample has seen, and whose child
 * an orphan was. It is of one sample only.
 */
#ifndef CLADE_LIVES_H
#define CLADE_LIVES_H

#include <jansson.h>

#include "clade/snapshot.h"

struct lives {
	bool are_known, is_at_least;
	uint64_t brief_lives;
	struct brief *briefs; /* the heap's */
	size_t n_briefs;
	struct origin *origins; /* the heap's, by pid, ascending */
	size_t n_origins;
};

/* Gives back what there is and begins anew. */
void lives_clear(struct lives *lives);

/* Takes the line, or the part of a document, "lives" in. What names no process is left out. Returns
 * 0 or -ENOMEM. */
int lives_take(struct lives *lives, const json_t *object);

/* Copies all of it into a snapshot. Returns 0 or -ENOMEM. */
int lives_copy(const struct lives *lives, struct snapshot *snap);

#endif
