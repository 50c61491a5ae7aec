/* What the setup screen can set, line by line: a table of choices, then the columns of each view,
 * then the thresholds. */
#ifndef CLADE_SETUP_ITEMS_H
#define CLADE_SETUP_ITEMS_H

#include "clade/tui.h"
#include "ui.h"

/* A line that is stepped through. */
struct choice {
	const char *label;
	const char *section, *name; /* in the configuration */
	const char *help;
	void (*step)(struct ui *ui, int direction);
	void (*add)(struct text *out, const struct ui *ui); /* its value, as in the configuration */
};

enum item_type { ITEM_HEAD, ITEM_COLLECTOR, ITEM_CHOICE, ITEM_COLUMN, ITEM_THRESHOLD };

struct item {
	enum item_type type;         /* ITEM_COLLECTOR: which one is used; cannot be changed here */
	const char *head;            /* ITEM_HEAD */
	const struct choice *choice; /* ITEM_CHOICE */
	enum view_mode mode;         /* ITEM_COLUMN */
	enum column_id column;
	const struct threshold_row *threshold; /* ITEM_THRESHOLD */
};

struct items {
	struct item *items; /* the heap's */
	size_t n;
};

/* All lines as they are now. The old ones are replaced. */
void items_make(struct items *items, const struct ui *ui);
void items_done(struct items *items);

bool item_is_same(const struct item *a, const struct item *b);

/* Adds the value of a line. */
void item_add_value(struct text *out, const struct ui *ui, const struct item *item);

/* The next or the previous value; a column is shown or hidden. */
void item_step(struct ui *ui, const struct item *item, int direction);

/* Moves a column by one place; nothing for others. */
void item_move(struct ui *ui, const struct item *item, int direction);

/* Every value that can be kept, by section and name, in an order that is always the same. Returns
 * how many; settings_free() gives them back. */
size_t settings_make(struct setting **settings, const struct ui *ui);
void settings_free(struct setting *settings, size_t n);

#endif
