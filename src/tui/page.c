/* A page of text over the list: help, details, markers. */
#include <stdio.h>
#include <string.h>

#include "clade/safe.h"
#include "dialogue.h"
#include "panes.h"
#include "ui.h"

static size_t page_lines(const struct ui *ui)
{
	size_t lines = 0;

	for (size_t i = 0; i < ui->page.len; i++)
		lines += ui->page.data[i] == '\n';
	return lines;
}

static void handle_page(struct ui *ui, const struct event *event)
{
	uint32_t key = dialogue_event_key(event);

	if (dialogue_is_closing_key(key) || key == KEY_CODE_ENTER || key == KEY_CODE_F1 ||
	    key == 'h' || key == '?')
		dialogue_close(ui);
	else
		ui->page_top = dialogue_move(key, ui->page_top, page_lines(ui),
					     ui->height > 3 ? (size_t)ui->height - 3 : 1);
}

/* Draws a line, over as many rows as it needs; returns the row below. */
static int draw_line(struct cells *cells, int row, int bottom, const char *line)
{
	size_t len = strlen(line);
	size_t done = 0;

	do {
		size_t fit = safe_fit(line + done, (size_t)cells->columns, NULL);

		cells_put(cells, row++, 0, cells->columns, STYLE_NORMAL, line + done);
		done += fit > 0 ? fit : len - done;
	} while (done < len && row < bottom);
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
		size_t len = strcspn(from, "\n");

		text_clear(&line);
		text_add_bytes(&line, from, len);
		from += len + (from[len] == '\n');
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
