/* The setup screen: columns and their order, theme, delay, thresholds, folding. What is changed
 * holds at once; F10 keeps it in the configuration. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "clade/safe.h"
#include "commands.h"
#include "dialogue.h"
#include "panes.h"
#include "setup_items.h"
#include "ui.h"

enum {
	LABEL_AT = 4,
	VALUE_AT = 24,
	HELP_AT = 38,
	HELP_LEAST = 10, /* columns of it that say something */
	LINES_OVER = 2,  /* the title, and the footer */
};

struct setup {
	struct items items;
	size_t selected;
	size_t top;
	struct setting *before; /* every value when the screen was opened or last kept */
	size_t n_before;
	bool is_typing; /* a threshold */
	struct input input;
};

static void close_setup(struct ui *ui)
{
	struct setup *setup = ui->dialogue_state;

	settings_free(setup->before, setup->n_before);
	items_done(&setup->items);
	free(setup);
}

static size_t visible_lines(const struct ui *ui)
{
	return ui->height > LINES_OVER ? (size_t)(ui->height - LINES_OVER) : 1;
}

/* A head is no place to be; in which direction to go on from there. */
static void select_line(struct ui *ui, size_t at, int direction)
{
	struct setup *setup = ui->dialogue_state;

	if (setup->items.items[at].type == ITEM_HEAD && at == 0)
		direction = 1;
	while (setup->items.items[at].type == ITEM_HEAD && at + 1 < setup->items.n)
		at += (size_t)direction;
	setup->selected = at;
}

static void scroll(const struct ui *ui, struct setup *setup)
{
	size_t visible = visible_lines(ui);

	/* the head over the first line stays in view with it */
	if (setup->selected < setup->top + 1)
		setup->top = setup->selected > 0 ? setup->selected - 1 : 0;
	if (setup->selected >= setup->top + visible)
		setup->top = setup->selected - visible + 1;
}

/* After a change: the rows and the lines anew, the selection on what it was on. */
static void apply(struct ui *ui)
{
	struct setup *setup = ui->dialogue_state;
	struct item selected = setup->items.items[setup->selected];

	items_make(&setup->items, ui);
	for (size_t i = 0; i < setup->items.n; i++) {
		if (item_is_same(&setup->items.items[i], &selected))
			setup->selected = i;
	}
	ui_refresh(ui);
}

/* Only what differs from before is written: the file stays small, and what others set goes on. */
static size_t changed(const struct setup *setup, struct setting *now, size_t n, struct setting *out)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(now[i].value ? now[i].value : "",
			   setup->before[i].value ? setup->before[i].value : "") != 0)
			out[count++] = now[i];
	}
	return count;
}

static void keep(struct ui *ui)
{
	struct setup *setup = ui->dialogue_state;
	struct setting *now;
	size_t n = settings_make(&now, ui);
	struct setting *different = mem_new(n + 1, sizeof(*different));
	size_t count = changed(setup, now, n, different);
	struct text path = {0};
	int rc = 0;

	if (count > 0)
		rc = ui->keep(ui->keep_context, different, count, &path);
	dialogue_close(ui);
	if (count == 0)
		ui_say(ui, false, "nothing has changed");
	else if (rc == 0)
		ui_say(ui, false, "kept in %s", text_str(&path));
	else
		ui_say(ui, true, "%s: %s; it holds until clade ends", text_str(&path),
		       strerror(-rc));
	text_done(&path);
	free(different);
	settings_free(now, n);
}

static void try_to_keep(struct ui *ui)
{
	if (ui->is_readonly)
		ui_say(ui, true, "read-only: nothing is written; it holds until clade ends");
	else if (!ui->keep)
		ui_say(ui, true, "there is no configuration to keep it in");
	else
		keep(ui);
}

static void finish_typing(struct ui *ui)
{
	struct setup *setup = ui->dialogue_state;
	struct text error = {0};

	setup->is_typing = false;
	if (thresholds_set(&ui->thresholds, setup->items.items[setup->selected].threshold->name,
			   setup->input.text, &error) != 0)
		ui_say(ui, true, "%s", text_str(&error));
	text_done(&error);
	apply(ui);
}

static void type_value(struct ui *ui, uint32_t key)
{
	struct setup *setup = ui->dialogue_state;

	if (key == KEY_CODE_ENTER)
		finish_typing(ui);
	else if (key == KEY_CODE_ESCAPE)
		setup->is_typing = false;
	else
		input_take(&setup->input, key);
}

static bool begins_value(const struct setup *setup, uint32_t key)
{
	return setup->items.items[setup->selected].type == ITEM_THRESHOLD &&
	       (key == KEY_CODE_ENTER || (key >= '0' && key <= '9'));
}

static void begin_value(struct setup *setup, uint32_t key)
{
	setup->is_typing = true;
	setup->input = (struct input){0};
	if (key != KEY_CODE_ENTER)
		input_take(&setup->input, key);
}

static void click_line(struct ui *ui, int row)
{
	struct setup *setup = ui->dialogue_state;
	size_t at = setup->top + (size_t)row - 1;

	if (row < 1 || at >= setup->items.n || setup->items.items[at].type == ITEM_HEAD)
		return;
	setup->is_typing = false;
	if (at == setup->selected) {
		item_step(ui, &setup->items.items[at], 1);
		apply(ui);
	}
	setup->selected = at;
}

static void press_key(struct ui *ui, uint32_t key)
{
	struct setup *setup = ui->dialogue_state;
	const struct item item = setup->items.items[setup->selected];
	size_t to;

	switch (key) {
	case KEY_CODE_RIGHT:
	case KEY_CODE_ENTER:
	case ' ':
		item_step(ui, &item, 1);
		apply(ui);
		break;
	case KEY_CODE_LEFT:
		item_step(ui, &item, -1);
		apply(ui);
		break;
	case '<':
	case '-':
		item_move(ui, &item, -1);
		apply(ui);
		break;
	case '>':
	case '+':
		item_move(ui, &item, 1);
		apply(ui);
		break;
	default:
		to = dialogue_move(key, setup->selected, setup->items.n, visible_lines(ui));
		select_line(ui, to, to < setup->selected ? -1 : 1);
	}
}

static void handle_setup(struct ui *ui, const struct event *event)
{
	struct setup *setup = ui->dialogue_state;
	uint32_t key = dialogue_event_key(event);

	if (event->type == EVENT_CLICK) {
		click_line(ui, event->row);
		return;
	}
	if (setup->is_typing) {
		type_value(ui, key);
	} else if (key == KEY_CODE_F10) {
		try_to_keep(ui);
		return;
	} else if (dialogue_is_closing_key(key) || key == KEY_CODE_F2) {
		dialogue_close(ui);
		return;
	} else if (begins_value(setup, key)) {
		begin_value(setup, key);
	} else {
		press_key(ui, key);
	}
	scroll(ui, setup);
}

static const char *label_of(const struct item *item)
{
	switch (item->type) {
	case ITEM_HEAD:
		return item->head;
	case ITEM_COLLECTOR:
		return "Collector";
	case ITEM_CHOICE:
		return item->choice->label;
	case ITEM_COLUMN:
		return columns[item->column].title;
	case ITEM_THRESHOLD:
		return item->threshold->name;
	}
	return "";
}

static const char *help_of(const struct ui *ui, const struct item *item)
{
	switch (item->type) {
	case ITEM_HEAD:
		break;
	case ITEM_COLLECTOR:
		return ui->collector_why;
	case ITEM_CHOICE:
		return item->choice->help;
	case ITEM_COLUMN:
		return columns[item->column].help;
	case ITEM_THRESHOLD:
		return item->threshold->help;
	}
	return "";
}

static void draw_item(const struct ui *ui, struct cells *cells, int row, const struct item *item,
		      bool is_selected)
{
	enum style style = is_selected ? STYLE_DIALOGUE_SELECTED : STYLE_DIALOGUE;
	struct text value = {0};

	if (item->type == ITEM_HEAD) {
		cells_put(cells, row, 0, cells->columns, STYLE_LABEL, item->head);
		return;
	}
	cells_paint(cells, row, 0, cells->columns, style);
	cells_put_cut(cells, row, LABEL_AT, VALUE_AT - LABEL_AT - 1, style, label_of(item),
		      ui->is_ascii);
	item_add_value(&value, ui, item);
	cells_put(cells, row, VALUE_AT, HELP_AT - VALUE_AT, is_selected ? style : STYLE_VALUE,
		  text_str(&value));
	if (cells->columns - HELP_AT >= HELP_LEAST)
		cells_put_cut(cells, row, HELP_AT, cells->columns - HELP_AT,
			      is_selected ? style : STYLE_DIM, help_of(ui, item), ui->is_ascii);
	text_done(&value);
}

static void draw_setup(const struct ui *ui, struct cells *cells, const struct layout *layout)
{
	const struct setup *setup = ui->dialogue_state;
	int bottom = layout->footer_row >= 0 ? layout->footer_row : cells->rows;
	struct setup shown = *setup;

	scroll(ui, &shown); /* the screen may have become smaller */
	dialogue_draw_title(cells, "Setup");
	for (int row = 1; row < bottom && shown.top + (size_t)row - 1 < shown.items.n; row++) {
		size_t at = shown.top + (size_t)row - 1;

		draw_item(ui, cells, row, &shown.items.items[at], at == shown.selected);
	}
}

static const struct dialogue_key setup_keys[] = {
	{"Esc", "Close"},  {"F10", "Keep"}, {"Left/Right", "Change"},
	{"Space", "Show"}, {"< >", "Move"}, {"0-9", "Type"},
	{NULL, NULL},
};

static void draw_setup_footer(const struct ui *ui, struct cells *cells, int row)
{
	const struct setup *setup = ui->dialogue_state;
	struct text prompt = {0};

	if (setup->is_typing) {
		text_printf(&prompt, "%s: ", setup->items.items[setup->selected].threshold->name);
		input_draw(&setup->input, cells, row, text_str(&prompt));
		text_done(&prompt);
	} else if (ui->message[0]) {
		cells_put_cut(cells, row, 0, cells->columns,
			      ui->is_message_bad ? STYLE_WARN : STYLE_VALUE, ui->message,
			      ui->is_ascii);
	} else {
		dialogue_draw_keys(cells, row, setup_keys);
	}
}

static const struct dialogue dialogue_setup = {
	.handle = handle_setup,
	.draw = draw_setup,
	.draw_footer = draw_setup_footer,
	.close = close_setup,
};

void command_setup(struct ui *ui)
{
	struct setup *setup = mem_new(1, sizeof(*setup));

	setup->n_before = settings_make(&setup->before, ui);
	items_make(&setup->items, ui);
	dialogue_open(ui, &dialogue_setup, setup);
	select_line(ui, 0, 1);
}
