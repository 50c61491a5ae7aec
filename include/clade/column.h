/*
 * The columns: what a view and an export can show of an owner or a process. One row of columns.def
 * each; adding a column is adding a row there (and its value in column.c when it is a new kind of
 * value).
 */
#ifndef CLADE_COLUMN_H
#define CLADE_COLUMN_H

#include <stdbool.h>
#include <stddef.h>

#include "clade/bundle.h"
#include "clade/model.h"
#include "clade/text.h"
#include "clade/users.h"

enum column_id {
#define COLUMN(id, name, title, width, flags, help) COLUMN_##id,
#include "clade/columns.def"
#undef COLUMN
	COLUMNS_N
};

enum col_flag {
	COL_LEFT = 1 << 0,   /* text, aligned left; otherwise right */
	COL_OWNERS = 1 << 1, /* has a value for owners */
	COL_PROCS = 1 << 2,  /* has a value for processes */
	COL_DESC = 1 << 3,   /* sorts largest first by default */
	COL_REST = 1 << 4,   /* takes what is left of the line */
};

struct column {
	const char *name;  /* "cpu": on the command line and in the config */
	const char *title; /* "CPU%": at the head */
	int width;         /* columns of the terminal */
	unsigned flags;
	const char *help;
};

extern const struct column columns[COLUMNS_N];

/* Sets `*id`; returns 0, or -EINVAL for an unknown name. */
int column_parse(const char *name, enum column_id *id);

/* The value as a number, in the unit that the table says (bytes, seconds, percent); NAN when it is
 * not known or is a text (COL_LEFT). */
double column_owner_number(enum column_id id, const struct model *model, int32_t owner);
double column_proc_number(enum column_id id, const struct model *model, int32_t proc);

/* Adds the value for an owner or for a process (with its subtree where the column says so),
 * harmless, not padded;
 * "-" when unknown. */
void column_add_owner(struct text *out, enum column_id id, const struct model *model,
		      int32_t owner);
void column_add_proc(struct text *out, enum column_id id, const struct model *model, int32_t proc,
		     const struct users *users);

/* Draws figures as a line of `width` characters, the last ones at the right, from ▁ (the least of
 * them) to █ (the most); with ASCII from _ to #. Equal ones are all low. */
void trend_add(struct text *out, const uint32_t *figures, size_t n, size_t width, bool is_ascii);

void column_add_bundle(struct text *out, enum column_id id, const struct model *model,
		       const struct bundles *bundles, int32_t bundle, const struct users *users);

/* A process, or a bundle of them, among its siblings. */
struct proc_subject {
	bool is_bundle;
	int32_t index;
};

/* Order for sorting, ascending: below, equal or above 0. Unknown comes before everything. Ties are
 * broken by start time and pid, so the order never depends on the sort's mood. `bundles` may be
 * NULL when there are none. */
int column_compare_owners(enum column_id id, const struct model *model, int32_t a, int32_t b);
int column_compare_procs(enum column_id id, const struct model *model,
			 const struct bundles *bundles, struct proc_subject a,
			 struct proc_subject b);

#endif
