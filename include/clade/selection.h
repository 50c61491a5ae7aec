/*
 * What of a moment is wanted: --owner, --filter and --top. Every format and every command holds
 * itself to the same selection, so that a table, a document and a page made with the same words
 * show the same processes.
 */
#ifndef CLADE_SELECTION_H
#define CLADE_SELECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/model.h"
#include "clade/query.h"

/* What was asked for; `{0}` is everything. */
struct wanted {
	const char *const *owners; /* any of these (owner_answers()), with the owners in them */
	size_t n_owners;
	const struct query *filter; /* NULL: all */
	const char *states;         /* only processes in these states, "DZ", and what is below
				       them in their owner; NULL: all */
	const uint32_t *uid;        /* only this user's, likewise; NULL: all */
	size_t top;                 /* only so many owners, the hottest; 0: all */
};

struct selection {
	bool *has_owner; /* by index into the attribution */
	bool *has_proc;  /* by index into the snapshot, as is the next */
	bool *has_cgroup;
	int32_t *owners; /* those that are in it, hottest first, an inner one before its outer */
	size_t n_owners;
	size_t n_procs;
	const int32_t
		*left; /* what `top` has left out of the rest: owners behind those in `owners` */
	size_t n_left;
	size_t left_procs;
};

/*
 * Whether an owner is meant by a word: its id ("owner:" may stand before it), "KIND:NAME", or NAME
 * alone. KIND is its kind, its product, or the beginning of that before a dash ("claude" of
 * claude-code); NAME its name, its key, or at least six characters that its key begins with.
 */
bool owner_answers(const struct owner *owner, const char *word);

/*
 * Chooses. A filter takes the processes that match with all below them, and of an owner that
 * matches all; a negated one those of which neither they nor their owners match. An owner is in
 * when one of its processes is, or, without a filter, when it was asked for. `wanted` NULL:
 * everything. selection_done() gives it back.
 */
void selection_make(struct selection *selection, const struct model *model,
		    const struct wanted *wanted);
void selection_done(struct selection *selection);

#endif
