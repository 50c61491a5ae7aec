#include "cells.h"

#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "clade/safe.h"

void cells_init(struct cells *cells)
{
	*cells = (struct cells){0};
}

void cells_done(struct cells *cells)
{
	free(cells->items);
	cells_init(cells);
}

static struct cell *cell_at(struct cells *cells, int row, int column)
{
	if (row < 0 || row >= cells->rows || column < 0 || column >= cells->columns)
		return NULL;
	return &cells->items[(size_t)row * (size_t)cells->columns + (size_t)column];
}

void cells_reset(struct cells *cells, int rows, int columns)
{
	size_t n = (size_t)rows * (size_t)columns;

	cells->rows = rows;
	cells->columns = columns;
	cells->items = mem_grow(cells->items, n + 1, sizeof(*cells->items));
	for (size_t i = 0; i < n; i++)
		cells->items[i] = (struct cell){.text = " ", .style = STYLE_NORMAL};
}

/* A character that combines goes to the cell left of it. */
static void combine(struct cells *cells, int row, int column, const char *s, size_t len)
{
	struct cell *cell = cell_at(cells, row, column);
	size_t used = cell ? strlen(cell->text) : 0;

	if (used == 0 || used + len >= CELL_BYTES)
		return;
	memcpy(cell->text + used, s, len);
	cell->text[used + len] = '\0';
}

static void set_cell(struct cells *cells, int row, int column, enum style style, const char *s,
		     size_t len)
{
	struct cell *cell = cell_at(cells, row, column);

	if (!cell || len >= CELL_BYTES)
		return;
	memcpy(cell->text, s, len);
	cell->text[len] = '\0';
	cell->style = (uint8_t)style;
}

int cells_put(struct cells *cells, int row, int column, int width, enum style style,
	      const char *text)
{
	size_t len = strlen(text);
	int used = 0;

	for (size_t i = 0; i < len;) {
		uint32_t code;
		size_t n = safe_decode(text + i, len - i, &code);
		int columns = n > 0 ? safe_char_width(code) : -1;

		if (columns < 0) { /* not harmless after all */
			used += cells_put(cells, row, column + used, width - used, style, "?");
			i += n > 0 ? n : 1;
			continue;
		}
		if (columns == 0) {
			combine(cells, row, column + used - 1, text + i, n);
			i += n;
			continue;
		}
		if (used + columns > width || column + used + columns > cells->columns)
			break;
		set_cell(cells, row, column + used, style, text + i, n);
		if (columns == 2)
			set_cell(cells, row, column + used + 1, style, "", 0);
		used += columns;
		i += n;
	}
	return used;
}

int cells_put_cut(struct cells *cells, int row, int column, int width, enum style style,
		  const char *text, bool is_ascii)
{
	int room = column + width > cells->columns ? cells->columns - column : width;
	int used;

	if (room <= 0)
		return 0;
	if (safe_width(text) <= (size_t)room)
		return cells_put(cells, row, column, room, style, text);
	used = cells_put(cells, row, column, room - 1, style, text);
	return used + cells_put(cells, row, column + used, 1, style, is_ascii ? "~" : "…");
}

void cells_paint(struct cells *cells, int row, int column, int width, enum style style)
{
	for (int i = 0; i < width; i++) {
		struct cell *cell = cell_at(cells, row, column + i);

		if (cell)
			cell->style = (uint8_t)style;
	}
}

void cells_add_text(const struct cells *cells, struct text *out)
{
	for (int row = 0; row < cells->rows; row++) {
		for (int column = 0; column < cells->columns; column++)
			text_add(out, cells->items[row * cells->columns + column].text);
		while (out->len > 0 && out->data[out->len - 1] == ' ')
			out->data[--out->len] = '\0';
		text_add_char(out, '\n');
	}
}
