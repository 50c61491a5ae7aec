/* A page of text over the list: help, details, markers. */
#include <stdio.h>
#include <string.h>

#include "clade/safe.h"
#include "dialogue.h"
#include "panes.h"
#include "ui.h"

enum { INDENT_MOST = 20 };

/* The bytes of a line that stand in one row: up to a blank, where there is one. */
static size_t row_len(const char *line, size_t width)
{
	size_t fit = safe_fit(line, width, NULL);
	/* one that stands right behind the row is a place to part at too */
	const char *blank = fit > 0 && line[fit] ? memrchr(line, ' ', fit + 1) : NULL;

	if (blank && (size_t)(blank - line) > fit / 4)
		return (size_t)(blank - line) + 1;
	return fit > 0 ? fit : strlen(line);
}

/* Where the further rows of a line begin: below what stands behind its label. */
static size_t indent_of(const char *line, size_t width)
{
	const char *gap = strstr(line, "  ");
	size_t indent = gap ? (size_t)(gap - line) + strspn(gap, " ") : 0;

	return indent <= INDENT_MOST && 2 * indent < width ? indent : 0;
}

/* A line as it is laid out: the next row of it, and how far that is to the right. */
struct laid {
	const char *rest;
	size_t width;  /* of the screen */
	size_t indent; /* of the rows behind the first */
	size_t at;     /* of the next one */
};

static struct laid lay(const char *line, size_t width)
{
	return (struct laid){.rest = line, .width = width, .indent = indent_of(line, width)};
}

/* Goes on by a row; returns its bytes. */
static size_t lay_row(struct laid *laid)
{
	size_t len = row_len(laid->rest, laid->width - laid->at);

	laid->rest += len;
	laid->at = laid->indent;
	return len;
}

/* How many rows it needs. */
static size_t line_rows(const char *line, size_t width)
{
	struct laid laid = lay(line, width);
	size_t rows = 0;

	do {
		lay_row(&laid);
		rows++;
	} while (*laid.rest);
	return rows;
}

/* The next line of a page into `line`; returns what is behind it. */
static const char *next_line(const char *from, struct text *line)
{
	size_t len = strcspn(from, "\n");

	text_clear(line);
	text_add_bytes(line, from, len);
	return from + len + (from[len] == '\n');
}

static size_t rows_in_view(const struct ui *ui)
{
	return ui->height > 3 ? (size_t)ui->height - 2 : 1;
}

/* How many lines can stand at the top: from the last of them on, all that is left is in view. */
static size_t page_tops(const struct ui *ui)
{
	const char *from = text_str(&ui->page);
	size_t width = (size_t)ui->width;
	struct text line = {0};
	size_t rows = 0;
	size_t tops = 1;

	while (*from) {
		from = next_line(from, &line);
		rows += line_rows(text_str(&line), width);
	}
	for (from = text_str(&ui->page); *from && rows > rows_in_view(ui); tops++) {
		from = next_line(from, &line);
		rows -= line_rows(text_str(&line), width);
	}
	text_done(&line);
	return tops;
}

static void handle_page(struct ui *ui, const struct event *event)
{
	uint32_t key = dialogue_event_key(event);

	if (dialogue_is_closing_key(key) || key == KEY_CODE_ENTER || key == KEY_CODE_F1 ||
	    key == 'h' || key == '?')
		dialogue_close(ui);
	else
		ui->page_top = dialogue_move(key, ui->page_top, page_tops(ui), rows_in_view(ui));
}

/* Draws a line, over as many rows as it needs, its label in that colour; returns the row below. */
static int draw_line(struct cells *cells, int row, int bottom, const char *line)
{
	struct laid laid = lay(line, (size_t)cells->columns);
	struct text part = {0};
	int label_row = row;

	do {
		int at = (int)laid.at;
		const char *from = laid.rest;

		text_clear(&part);
		text_add_bytes(&part, from, lay_row(&laid));
		cells_put(cells, row++, at, cells->columns - at, STYLE_NORMAL, text_str(&part));
	} while (*laid.rest && row < bottom);
	cells_paint(cells, label_row, 0, (int)laid.indent, STYLE_LABEL);
	text_done(&part);
	return row;
}

static void draw_page(const struct ui *ui, struct cells *cells, const struct layout *layout)
{
	int bottom = layout->footer_row >= 0 ? layout->footer_row : cells->rows;
	const char *from = text_str(&ui->page);
	struct text line = {0};
	size_t skip = ui->page_top;
	int row = 1;

	dialogue_draw_title(cells, ui->page_title);
	while (*from && row < bottom) {
		from = next_line(from, &line);
		if (skip > 0)
			skip--;
		else
			row = draw_line(cells, row, bottom, text_str(&line));
	}
	text_done(&line);
}

static const struct dialogue_key page_keys[] = {{"Esc", "Close"}, {"Up/Dn", "Move"}, {NULL, NULL}};

static const struct dialogue dialogue_page = {
	.handle = handle_page,
	.draw = draw_page,
	.keys = page_keys,
};

void page_open(struct ui *ui, const char *title)
{
	dialogue_open(ui, &dialogue_page, NULL);
	snprintf(ui->page_title, sizeof(ui->page_title), "%s", title);
	ui->page_top = 0;
}
