#include <string.h>

#include "clade/safe.h"
#include "clade/units.h"
#include "commands.h"
#include "panes.h"

enum {
	MACHINE_ROWS = 3,
	LIST_LEAST = 3, /* rows that the list should have before anything else gets room */
};

static const char READONLY[] = " [READ-ONLY]";

struct layout layout_of(int height, int width)
{
	struct layout layout = {.verdict_row = -1, .head_row = -1, .footer_row = -1};
	int left = height;
	int at;

	(void)width;
	if (left > LIST_LEAST) {
		layout.verdict_row = 0;
		left--;
	}
	if (left > LIST_LEAST) {
		layout.footer_row = height - 1;
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
	at = layout.machine_rows;
	if (layout.verdict_row >= 0)
		layout.verdict_row = at++;
	if (layout.head_row >= 0)
		layout.head_row = at++;
	layout.list_top = at;
	layout.list_rows = left > 0 ? left : 0;
	return layout;
}

static int draw_key(struct cells *cells, int row, int at, const char *key, const char *text)
{
	at += cells_put(cells, row, at, cells->columns - at, STYLE_KEY, key);
	at += cells_put(cells, row, at, cells->columns - at, STYLE_KEY_TEXT, text);
	return at + cells_put(cells, row, at, cells->columns - at, STYLE_KEY_TEXT, " ");
}

static void draw_dialogue_keys(struct cells *cells, int row, const struct dialogue_key *key)
{
	int at = 0;

	for (; key && key->key; key++)
		at = draw_key(cells, row, at, key->key, key->text);
}

/* A key that does not fit as a whole is left out. */
static void draw_keys(const struct ui *ui, struct cells *cells, int row, int width)
{
	struct text key = {0};
	int at = 0;

	for (const struct ui_command *command = ui_commands; command->name; command++) {
		uint32_t code = keymap_first(ui->keymap, command);
		const char *text = command->footer;

		if (!text || !code)
			continue;
		if (command->run == command_tree && ui->view.mode == VIEW_TREE)
			text = "Owners";
		text_clear(&key);
		key_add_name(&key, code);
		if (at + (int)(key.len + strlen(text)) + 1 <= width)
			at = draw_key(cells, row, at, text_str(&key), text);
	}
	text_done(&key);
}

static void draw_footer(const struct ui *ui, struct cells *cells, int row)
{
	int width = cells->columns - (ui->is_readonly ? (int)strlen(READONLY) : 0);

	if (row < 0)
		return;
	if (ui->dialogue && ui->dialogue->draw_footer)
		ui->dialogue->draw_footer(ui, cells, row);
	else if (ui->message[0])
		cells_put_cut(cells, row, 0, width, ui->is_message_bad ? STYLE_WARN : STYLE_VALUE,
			      ui->message, ui->is_ascii);
	else if (ui->dialogue)
		draw_dialogue_keys(cells, row, ui->dialogue->keys);
	else
		draw_keys(ui, cells, row, width);
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
	struct layout layout = layout_of(ui->height, ui->width);

	cells_reset(cells, ui->height, ui->width);
	if (ui->dialogue && ui->dialogue->draw) {
		ui->dialogue->draw(ui, cells, &layout);
	} else if (!ui->model) {
		draw_waiting(ui, cells);
	} else {
		draw_machine(ui, cells, layout.machine_rows);
		draw_verdict(ui, cells, layout.verdict_row);
		draw_list(ui, cells, &layout);
	}
	draw_footer(ui, cells, layout.footer_row);
}
