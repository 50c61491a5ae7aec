/*
 * A grid of cells: what a screen should show. Panes draw into it, terminal.c carries it to the
 * terminal, tests read it as text. Whatever is drawn beyond an edge is cut there.
 */
#ifndef CLADE_CELLS_H
#define CLADE_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/text.h"
#include "theme.h"

enum { CELL_BYTES = 15 };

struct cell {
	char text[CELL_BYTES]; /* one character with what combines with it; "" right of a wide one
				*/
	uint8_t style;
};

struct cells {
	int rows;
	int columns;
	struct cell *items;
};

void cells_init(struct cells *cells);
void cells_done(struct cells *cells);

/* Makes the grid that size and blank, in STYLE_NORMAL. */
void cells_reset(struct cells *cells, int rows, int columns);

/* Writes harmless UTF-8 at a place, in at most `width` columns. Returns the columns it took. */
int cells_put(struct cells *cells, int row, int column, int width, enum style style,
	      const char *text);

/* The same, marked with "…" (or "~") when it had to be cut. */
int cells_put_cut(struct cells *cells, int row, int column, int width, enum style style,
		  const char *text, bool is_ascii);

/* Gives `width` cells a style and leaves what they show. */
void cells_paint(struct cells *cells, int row, int column, int width, enum style style);

/* The grid as lines of text without blanks at their ends. */
void cells_add_text(const struct cells *cells, struct text *out);

#endif
