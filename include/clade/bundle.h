/*
 * Bundles: siblings that look alike, as one row. 73,217 shells of one parent are one line. Alike
 * are processes of one owner whose name and arguments are equal but for numbers, and which are all
 * zombies or all none.
 */
#ifndef CLADE_BUNDLE_H
#define CLADE_BUNDLE_H

#include <stddef.h>
#include <stdint.h>

#include "clade/model.h"

enum { BUNDLE_LEAST = 5 }; /* fewer stay rows of their own, when nobody says otherwise */

/* What a bundle is, the same from sample to sample. No padding: it is a hash key. */
struct bundle_key {
	struct proc_key parent; /* whose children they are; all 0: nobody's in this view */
	uint64_t shape;         /* hash of what they have in common */
};

struct bundle {
	struct bundle_key key;
	uint32_t first; /* its members: bundles.members[first .. first + n), oldest first */
	uint32_t n;
	struct totals totals; /* of all members with what is below them */
	struct growth growth; /* births of members that live; net growth since the bundle was first
			       * shown, at most 10 and 60 s; NAN before that */
};

struct bundle_past; /* how many there were in the last minute */

/* All bundles of one making of rows. */
struct bundles {
	struct bundle *items;
	size_t n;
	size_t size;
	int32_t *members; /* process indexes */
	size_t n_members;
	size_t members_size;
	struct bundle_past *past;
};

void bundles_init(struct bundles *bundles);
void bundles_done(struct bundles *bundles);

/* Begins anew; what was before is remembered for growth. */
void bundles_clear(struct bundles *bundles);

/*
 * Finds which of the siblings `procs[0..n)`, children of `parent` (or NO_PROC), look alike, and
 * adds a bundle for each set of at least `least`. `in[i]` becomes the index of the bundle that
 * procs[i] is in, or -1. Time is linear.
 */
void bundles_add(struct bundles *bundles, const struct model *model, int32_t parent,
		 const int32_t *procs, size_t n, uint32_t least, int32_t *in);

#endif
