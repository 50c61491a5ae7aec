/* Parts of the page. */
#ifndef CLADE_HTML_H
#define CLADE_HTML_H

#include "writers.h"

extern const char html_style[];

struct html {
	struct outlet outlet;
	const struct export_job *job;
	struct text cell;
	enum column_id owner_columns[COLUMNS_N];
	enum column_id proc_columns[COLUMNS_N];
	size_t n_owner_columns;
	size_t n_proc_columns;
};

/* Adds a harmless text, its &, <, > and quotes written as entities. */
void html_add(struct text *out, const char *s);

/* The same for bytes of strangers. */
void html_add_safe(struct text *out, const char *s);

/* An owner's badges, each in a box. */
void html_add_badges(struct html *html, int32_t owner);

/* The tree of all owners and processes, which opens (html_tree.c). */
void html_put_tree(struct html *html);

#endif
