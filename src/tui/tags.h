/* The rows that a person has tagged. They are kept by key, so they stay from sample to sample and
 * from view to view. */
#ifndef CLADE_TAGS_H
#define CLADE_TAGS_H

#include <stdbool.h>
#include <stddef.h>

#include "clade/rows.h"

/* What something is done to. */
struct target {
	struct row_key key;
	bool is_whole; /* a process with all that is below it, also what comes there later; an owner
			  and a bundle are always meant as a whole */
};

struct tags {
	struct target *items;
	size_t n;
};

void tags_done(struct tags *tags);

/* Tags a row, or takes the tag away when it is there already in the same way. */
void tags_toggle(struct tags *tags, struct target target);
void tags_clear(struct tags *tags);

/* The tag of that key, or NULL. */
const struct target *tags_find(const struct tags *tags, struct row_key key);

/* Drops the tags of processes and owners that are not there any more. */
void tags_prune(struct tags *tags, const struct model *model);

#endif
