#include <string.h>

#include "clade/safe.h"
#include "clade/units.h"
#include "panes.h"

enum {
	MACHINE_ROWS = 3,
	LIST_LEAST = 3, /* rows that the list should have before anything else gets room */
	MENU_MARGIN = 2,
};

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

static void draw_input(const struct ui *ui, struct cells *cells, int row)
{
	const char *prompt = ui->dialogue == DIALOGUE_SEARCH ? "Search: " : "Filter (! negates): ";
	int at = cells_put(cells, row, 0, cells->columns, STYLE_KEY, prompt);

	at += cells_put(cells, row, at, cells->columns - at, STYLE_VALUE, ui->input);
	at += cells_put(cells, row, at, 1, STYLE_SELECTED, " ");
	if (ui->message[0])
		cells_put_cut(cells, row, at + 1, cells->columns - at - 1, STYLE_WARN, ui->message,
			      ui->is_ascii);
	else
		cells_put(cells, row, at + 1, cells->columns - at - 1, STYLE_DIM,
			  "Enter keeps, Esc drops");
}

static int draw_key(struct cells *cells, int row, int at, const char *shown, const char *text)
{
	char key[8];
	size_t len = strcspn(shown, " ");

	if (len >= sizeof(key))
		len = sizeof(key) - 1;
	memcpy(key, shown, len);
	key[len] = '\0';
	at += cells_put(cells, row, at, cells->columns - at, STYLE_KEY, key);
	at += cells_put(cells, row, at, cells->columns - at, STYLE_KEY_TEXT, text);
	return at + cells_put(cells, row, at, cells->columns - at, STYLE_KEY_TEXT, " ");
}

static void draw_keys(const struct ui *ui, struct cells *cells, int row)
{
	int at = 0;

	if (ui->dialogue == DIALOGUE_PAGE || ui->dialogue == DIALOGUE_MENU) {
		at = draw_key(cells, row, at, "Esc", "Close");
		at = draw_key(cells, row, at, "Up/Dn", "Move");
		if (ui->dialogue == DIALOGUE_MENU)
			draw_key(cells, row, at, "Enter", "Choose");
		return;
	}
	for (const struct key_row *key = key_rows; key->command != DO_NOTHING; key++) {
		/* a key that does not fit as a whole is left out */
		if (key->footer && at + (int)(strcspn(key->shown, " ") + strlen(key->footer)) + 1 <=
					   cells->columns)
			at = draw_key(cells, row, at, key->shown,
				      key->command == DO_TREE && ui->view.mode == VIEW_TREE
					      ? "Owners"
					      : key->footer);
	}
}

static void draw_footer(const struct ui *ui, struct cells *cells, int row)
{
	if (row < 0)
		return;
	if (ui->dialogue == DIALOGUE_SEARCH || ui->dialogue == DIALOGUE_FILTER)
		draw_input(ui, cells, row);
	else if (ui->message[0])
		cells_put_cut(cells, row, 0, cells->columns,
			      ui->is_message_bad ? STYLE_WARN : STYLE_VALUE, ui->message,
			      ui->is_ascii);
	else
		draw_keys(ui, cells, row);
}

static void draw_menu(const struct ui *ui, struct cells *cells, const struct layout *layout)
{
	static const char *const titles[] = {
		[MENU_SORT] = "Sort by",
		[MENU_STATES] = "Show processes in state",
		[MENU_USERS] = "Show processes of",
	};
	int height = cells->rows - (layout->footer_row >= 0) - 1;
	size_t visible = height > 0 ? (size_t)height : 0;
	size_t top =
		ui->menu_selected >= visible && visible > 0 ? ui->menu_selected - visible + 1 : 0;

	cells_reset(cells, cells->rows, cells->columns);
	cells_paint(cells, 0, 0, cells->columns, STYLE_HEAD);
	cells_put(cells, 0, 0, cells->columns, STYLE_HEAD, titles[ui->menu]);
	for (size_t i = 0; i < visible && top + i < ui->n_menu_items; i++) {
		enum style style =
			top + i == ui->menu_selected ? STYLE_DIALOGUE_SELECTED : STYLE_DIALOGUE;

		cells_paint(cells, (int)i + 1, 0, cells->columns, style);
		cells_put_cut(cells, (int)i + 1, MENU_MARGIN, cells->columns - MENU_MARGIN, style,
			      ui->menu_items[top + i].text, ui->is_ascii);
	}
}

/* Lines that are longer than the screen go on below. */
static void draw_page(const struct ui *ui, struct cells *cells, const struct layout *layout)
{
	int bottom = layout->footer_row >= 0 ? layout->footer_row : cells->rows;
	const char *line = text_str(&ui->page);
	size_t skip = ui->page_top;
	int row = 1;

	cells_reset(cells, cells->rows, cells->columns);
	cells_paint(cells, 0, 0, cells->columns, STYLE_HEAD);
	cells_put(cells, 0, 0, cells->columns, STYLE_HEAD, ui->page_title);
	while (*line && row < bottom) {
		size_t len = strcspn(line, "\n");
		struct text rest = {0};
		size_t done = 0;

		text_add_bytes(&rest, line, len);
		line += len + (line[len] == '\n');
		if (skip > 0) {
			skip--;
			text_done(&rest);
			continue;
		}
		do {
			size_t fit = safe_fit(text_str(&rest) + done, (size_t)cells->columns, NULL);

			cells_put(cells, row++, 0, cells->columns, STYLE_NORMAL,
				  text_str(&rest) + done);
			done += fit > 0 ? fit : rest.len - done;
		} while (done < rest.len && row < bottom);
		text_done(&rest);
	}
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
	if (ui->dialogue == DIALOGUE_MENU) {
		draw_menu(ui, cells, &layout);
	} else if (ui->dialogue == DIALOGUE_PAGE) {
		draw_page(ui, cells, &layout);
	} else if (!ui->model) {
		draw_waiting(ui, cells);
	} else {
		draw_machine(ui, cells, layout.machine_rows);
		draw_verdict(ui, cells, layout.verdict_row);
		draw_list(ui, cells, &layout);
	}
	draw_footer(ui, cells, layout.footer_row);
}
