#include <string.h>

#include "clade/safe.h"
#include "clade/units.h"
#include "commands.h"
#include "panes.h"
#include "replay.h"

enum {
	MACHINE_ROWS = 3,
	LIST_LEAST = 3,  /* rows that the list should have before anything else gets room */
	LIST_ROOMY = 20, /* and these before a note gets a line of its own */
};

static const char READONLY[] = " [READ-ONLY]";

struct layout layout_of(const struct ui *ui)
{
	struct layout layout = {
		.verdict_row = -1, .note_row = -1, .head_row = -1, .footer_row = -1};
	int left = ui->height;
	int at;

	if (left > LIST_LEAST) {
		layout.verdict_row = 0;
		left--;
	}
	if (left > LIST_LEAST) {
		layout.footer_row = ui->height - 1;
		left--;
	}
	if (left > LIST_LEAST) {
		layout.head_row = 0;
		left--;
	}
	while (layout.machine_rows < MACHINE_ROWS && left > LIST_LEAST) {
		layout.machine_rows++;
		left--;
	}
	while (ui->replay && layout.timeline_rows < TIMELINE_ROWS && left > LIST_LEAST) {
		layout.timeline_rows++;
		left--;
	}
	if (ui->model && ui->model->snap->n_notes > 0 && left > LIST_ROOMY) {
		layout.note_row = 0;
		left--;
	}
	layout.machine_top = layout.timeline_rows;
	at = layout.machine_top + layout.machine_rows;
	if (layout.verdict_row >= 0)
		layout.verdict_row = at++;
	if (layout.note_row >= 0)
		layout.note_row = at++;
	if (layout.head_row >= 0)
		layout.head_row = at++;
	layout.list_top = at;
	layout.list_rows = left > 0 ? left : 0;
	return layout;
}

static const char *footer_text(const struct ui *ui, const struct ui_command *command)
{
	return command->run == command_tree && ui->view.mode == VIEW_TREE ? "Owners"
									  : command->footer;
}

/* Columns of the footer that are not taken by the word that nothing can be done here. */
static int footer_room(const struct ui *ui)
{
	return ui->width - (ui->is_readonly ? (int)strlen(READONLY) : 0);
}

static int footer_width(const struct ui *ui, const struct ui_command *command)
{
	struct text key = {0};
	int width;

	key_add_name(&key, keymap_first(ui->keymap, command));
	width = (int)(safe_width(text_str(&key)) + strlen(footer_text(ui, command))) + 1;
	text_done(&key);
	return width;
}

/* Draws a key in the footer, or finds the one at a column. */
typedef bool footer_visit(void *context, const struct ui_command *command, int at, int width);

static bool acts_on_processes(const struct ui_command *command)
{
	return command->run == command_kill || command->run == command_nicer ||
	       command->run == command_less_nice;
}

static bool is_in_footer(const struct ui *ui, const struct ui_command *command)
{
	return command->footer && keymap_first(ui->keymap, command) != 0 &&
	       !(ui->is_readonly && acts_on_processes(command));
}

/* What this program is for, and the way out, are there on the narrowest screen. */
static bool is_vital(const struct ui_command *command)
{
	return command->run == command_kill || command->run == command_quit;
}

/* Function keys first, as on the keyboard, then the others. What does not fit is left out; the room
 * of the vital ones is kept. */
static void visit_footer(const struct ui *ui, footer_visit *visit, void *context)
{
	int room = footer_room(ui);
	int kept = 0;
	int at = 0;

	for (const struct ui_command *command = ui_commands; command->name; command++) {
		if (is_vital(command) && is_in_footer(ui, command))
			kept += footer_width(ui, command);
	}
	for (int pass = 0; pass < 2; pass++) {
		for (const struct ui_command *command = ui_commands; command->name; command++) {
			uint32_t key = keymap_first(ui->keymap, command);
			bool is_function = key >= KEY_CODE_F1 && key <= KEY_CODE_F12;
			int width;

			if (!is_in_footer(ui, command) || is_function != (pass == 0))
				continue;
			width = footer_width(ui, command);
			if (is_vital(command))
				kept -= width;
			if (at + width + kept > room)
				continue;
			if (!visit(context, command, at, width))
				return;
			at += width;
		}
	}
}

struct footer_drawing {
	const struct ui *ui;
	struct cells *cells;
	int row;
};

static bool draw_footer_key(void *context, const struct ui_command *command, int at, int width)
{
	const struct footer_drawing *drawing = context;
	struct text key = {0};

	(void)width;
	key_add_name(&key, keymap_first(drawing->ui->keymap, command));
	dialogue_draw_key(drawing->cells, drawing->row, at, text_str(&key),
			  footer_text(drawing->ui, command));
	text_done(&key);
	return true;
}

static void draw_keys(const struct ui *ui, struct cells *cells, int row)
{
	cells_paint(cells, row, 0, footer_room(ui), STYLE_KEY_TEXT);
	visit_footer(ui, draw_footer_key,
		     &(struct footer_drawing){.ui = ui, .cells = cells, .row = row});
}

struct footer_search {
	int column;
	const struct ui_command *found;
};

static bool is_footer_key_at(void *context, const struct ui_command *command, int at, int width)
{
	struct footer_search *search = context;

	if (search->column >= at && search->column < at + width)
		search->found = command;
	return !search->found;
}

const struct ui_command *footer_command_at(const struct ui *ui, int column)
{
	struct footer_search search = {.column = column};

	visit_footer(ui, is_footer_key_at, &search);
	return search.found;
}

static void draw_footer(const struct ui *ui, struct cells *cells, int row)
{
	int width = footer_room(ui);

	if (row < 0)
		return;
	if (ui->dialogue && ui->dialogue->draw_footer)
		ui->dialogue->draw_footer(ui, cells, row);
	else if (ui->message[0])
		cells_put_cut(cells, row, 0, width, ui->is_message_bad ? STYLE_WARN : STYLE_VALUE,
			      ui->message, ui->is_ascii);
	else if (ui->dialogue)
		dialogue_draw_keys(cells, row, ui->dialogue->keys);
	else
		draw_keys(ui, cells, row);
	if (ui->is_readonly)
		cells_put(cells, row, width, cells->columns - width, STYLE_WARN, READONLY);
}

static void draw_waiting(const struct ui *ui, struct cells *cells)
{
	char number[UNITS_LEN];
	struct text line = {0};

	text_printf(&line, "Reading processes%s %s", ui->is_ascii ? "..." : "…",
		    units_count(number, ui->reading));
	cells_put(cells, 0, 0, cells->columns, STYLE_VALUE, text_str(&line));
	text_done(&line);
}

void ui_draw(const struct ui *ui, struct cells *cells)
{
	struct layout layout = layout_of(ui);

	cells_reset(cells, ui->height, ui->width);
	if (ui->dialogue && ui->dialogue->draw) {
		ui->dialogue->draw(ui, cells, &layout);
	} else if (!ui->model) {
		draw_waiting(ui, cells);
	} else {
		struct cells below = {
			.rows = cells->rows - layout.machine_top,
			.columns = cells->columns,
			.items = cells->items + (ptrdiff_t)layout.machine_top * cells->columns,
		};

		draw_timeline(ui, cells, layout.timeline_rows);
		draw_machine(ui, &below, layout.machine_rows);
		draw_verdict(ui, cells, layout.verdict_row);
		draw_note(ui, cells, layout.note_row);
		draw_list(ui, cells, &layout);
	}
	draw_footer(ui, cells, layout.footer_row);
}
