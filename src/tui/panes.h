/* What draws: each pane has its rectangle of cells, and draws from the state of the UI alone. */
#ifndef CLADE_PANES_H
#define CLADE_PANES_H

#include "cells.h"
#include "ui.h"

/* Where things are. A small screen gives up the machine's lines before the list, and the footer
 * before the verdict. */
struct layout {
	int timeline_rows; /* of a replay, from row 0 on */
	int machine_top;
	int machine_rows;
	int verdict_row; /* -1: no room */
	int note_row;    /* what could not be seen; -1: nothing, or no room */
	int head_row;    /* -1: no room */
	int list_top;
	int list_rows;
	int footer_row; /* -1: no room */
};

struct layout layout_of(const struct ui *ui);

/* Draws everything. `cells` gets the size of the screen. */
void ui_draw(const struct ui *ui, struct cells *cells);

/* The command whose key stands at that column of the footer, or NULL. */
const struct ui_command *footer_command_at(const struct ui *ui, int column);

/* machine.c: CPU, memory, the process table, load, pressure. */
void draw_machine(const struct ui *ui, struct cells *cells, int rows);

/* verdict_line.c */
void draw_verdict(const struct ui *ui, struct cells *cells, int row);

/* notes.c: what could not be seen, in a line of its own; and as a sign at the end of the list's
 * head, which returns its width. */
void draw_note(const struct ui *ui, struct cells *cells, int row);
int draw_note_sign(const struct ui *ui, struct cells *cells, int row);

/* list.c: the head and the rows. */
void draw_list(const struct ui *ui, struct cells *cells, const struct layout *layout);

/* The column of the list that stands at that column of the screen. */
enum column_id list_column_at(const struct ui *ui, int column);

#endif
