/*
 * The lines of a view: owners that open into their trees, or the whole tree, filtered, sorted and
 * folded. Made anew from the model whenever the model or the view changes; the screen and the text
 * snapshot draw from them.
 */
#ifndef CLADE_ROWS_H
#define CLADE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/bundle.h"
#include "clade/column.h"
#include "clade/model.h"
#include "clade/query.h"
#include "clade/selection.h"

enum row_type { ROW_OWNER, ROW_PROC, ROW_BUNDLE };

/* What a row stands for, the same from sample to sample: selection, folds and tags hold these. */
struct row_key {
	enum row_type type;
	struct proc_key proc; /* ROW_PROC; ROW_BUNDLE: its parent */
	uint64_t hash;        /* ROW_OWNER: of its id; ROW_BUNDLE: its shape */
};

struct row {
	enum row_type type;
	int32_t index;   /* into model.groups, model.nodes or rows.bundles.items */
	int32_t depth;   /* of nesting, 0 at the left */
	uint64_t guides; /* bit d: at depth d (below 64) another row of that level follows further
			    down */
	bool is_last;    /* the last of its siblings */
	bool is_open;
	bool has_children; /* can be opened */
	bool is_match;     /* the search or filter hit this row itself, not only something above or
			      below it */
};

struct rows {
	struct row *items; /* the heap's */
	size_t n;
	size_t size;
	struct bundles bundles;
};

/* Which rows are open; the default differs by row (see view.open_to). The set holds the
 * exceptions. */
struct fold_set;

struct fold_set *folds_new(void);
void folds_free(struct fold_set *folds);
void folds_toggle(struct fold_set *folds, struct row_key key);
void folds_clear(struct fold_set *folds);

enum view_mode { VIEW_OWNERS, VIEW_TREE, VIEWS };

struct view {
	enum view_mode mode;
	enum column_id sort;
	bool is_ascending;
	int32_t open_to; /* rows start open above this depth; with 0 in VIEW_OWNERS owners start
			    closed and what is in them open */
	const struct fold_set *folds; /* NULL: none */
	uint32_t fold_least;          /* siblings alike that become one row; 0: BUNDLE_LEAST */
	bool are_bundles_open;      /* bundles start open too; else closed, whatever the default */
	const struct query *filter; /* NULL: all; matches keep what is above and below them */
	const char *states;         /* only processes in these states, "DZ", and what is below
				       them in their owner; NULL: all */
	uint32_t uid;               /* only this user's, likewise; UINT32_MAX: all */
	const struct selection *selection; /* only what is in it, and what leads there; NULL: all */
};

enum { OPEN_ALL = INT32_MAX, FOLD_NEVER = INT32_MAX };

/* Whether the row with that key at that depth is open, as far as folds say. */
bool view_is_open(const struct view *view, struct row_key key, int32_t depth);

void rows_init(struct rows *rows);
void rows_done(struct rows *rows);

/* Replaces the contents of `rows`. Time is linear in the processes, but for sorting siblings. */
void rows_make(struct rows *rows, const struct model *model, const struct view *view);

/* `rows` are those that the row is of; NULL is fine for an owner or a process. */
struct row_key row_key(const struct model *model, const struct rows *rows, const struct row *row);
bool row_key_equal(struct row_key a, struct row_key b);

/* The owner that a key is of, or NO_OWNER. */
int32_t row_key_find_owner(const struct model *model, struct row_key key);

/* Index of the row with that key, or -1. A process that has no row of its own is found in the
 * bundle that holds it. */
ptrdiff_t rows_find(const struct rows *rows, const struct model *model, struct row_key key);

/* The process that a row stands for: a bundle's oldest, an owner's root or NO_PROC. */
int32_t row_proc(const struct model *model, const struct rows *rows, const struct row *row);

/* The sums of a row. */
struct totals row_totals(const struct model *model, const struct rows *rows, const struct row *row);

/* Adds the row's value in a column, harmless, not padded. Where owners have a kind, processes have
 * their user. */
void row_add_value(struct text *out, enum column_id id, const struct model *model,
		   const struct rows *rows, const struct row *row, const struct users *users);

#endif
