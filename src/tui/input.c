/* A line of input at the bottom: search and filter. */
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "clade/safe.h"
#include "commands.h"
#include "dialogue.h"
#include "ui.h"

static bool add_character(struct input *input, uint32_t code)
{
	struct text bytes = {0};
	bool fits;

	safe_encode(&bytes, code);
	fits = input->len + bytes.len <= INPUT_MAX;
	if (fits) {
		memcpy(input->text + input->len, bytes.data, bytes.len);
		input->len += bytes.len;
		input->text[input->len] = '\0';
	}
	text_done(&bytes);
	return fits;
}

static bool erase(struct input *input)
{
	if (input->len == 0)
		return false;
	while (input->len > 0) {
		bool is_start = ((unsigned char)input->text[--input->len] & 0xc0) != 0x80;

		input->text[input->len] = '\0';
		if (is_start)
			break;
	}
	return true;
}

bool input_take(struct input *input, uint32_t key)
{
	if (key == KEY_CODE_BACKSPACE)
		return erase(input);
	if (key >= KEY_CODE_NONE || safe_char_width(key) <= 0)
		return false;
	return add_character(input, key);
}

/* The end of a text that is too long for its room: it is where one types. */
static const char *end_of(const char *text, int room)
{
	while (*text && (int)safe_width(text) > room) {
		text++;
		while (((unsigned char)*text & 0xc0) == 0x80)
			text++;
	}
	return text;
}

int input_draw(const struct input *input, struct cells *cells, int row, const char *prompt)
{
	int at = cells_put(cells, row, 0, cells->columns, STYLE_KEY, prompt);
	int room = cells->columns - at - 1; /* the cursor stands behind it */

	at += cells_put(cells, row, at, room, STYLE_VALUE, end_of(input->text, room));
	return at + cells_put(cells, row, at, 1, STYLE_SELECTED, " ");
}

/* The query for what is typed; NULL when nothing is, or when it is not finished yet, which the
 * message then says. */
static struct query *typed_query(struct ui *ui, const struct input *input)
{
	struct query *query = NULL;
	struct text error = {0};

	if (input->len > 0 && query_new(input->text, &error, &query) != 0)
		ui_say(ui, true, "%s", text_str(&error));
	text_done(&error);
	return query;
}

/* Both show what they do while one types. They return whether what is typed means something. */
static bool apply_search(struct ui *ui, const struct input *input)
{
	struct query *query = typed_query(ui, input);

	if (input->len > 0 && !query)
		return false;
	query_free(ui->search);
	ui->search = query;
	if (query && !ui_search(ui, true, true))
		ui_say(ui, true, "nothing matches");
	return true;
}

static bool apply_filter(struct ui *ui, const struct input *input)
{
	struct query *query = typed_query(ui, input);

	if (input->len > 0 && !query)
		return false;
	query_free(ui->filter);
	ui->filter = query;
	ui_refresh(ui);
	return true;
}

static void handle_line(struct ui *ui, const struct event *event,
			bool (*apply)(struct ui *ui, const struct input *input))
{
	struct input *input = ui->dialogue_state;

	if (event->type != EVENT_KEY)
		return;
	switch (event->key) {
	case KEY_CODE_ENTER:
		if (apply(ui, input))
			dialogue_close(ui);
		break;
	case KEY_CODE_ESCAPE:
		*input = (struct input){0};
		apply(ui, input);
		dialogue_close(ui);
		break;
	default:
		if (input_take(input, event->key))
			apply(ui, input);
	}
}

static void handle_filter(struct ui *ui, const struct event *event)
{
	handle_line(ui, event, apply_filter);
}

static void handle_search(struct ui *ui, const struct event *event)
{
	uint32_t key = dialogue_event_key(event);

	if (key == KEY_CODE_UP || key == KEY_CODE_DOWN || key == KEY_CODE_F3)
		ui_search(ui, key != KEY_CODE_UP, false);
	else
		handle_line(ui, event, apply_search);
}

/* A process by its number, as it is typed: the selection goes there as soon as there is one. */
static bool apply_pid(struct ui *ui, const struct input *input)
{
	int32_t proc = ui->model ? snapshot_find_pid(ui->model->snap, atoi(input->text)) : NO_PROC;

	if (input->len == 0)
		return true;
	if (proc == NO_PROC || !ui_go_to(ui, process_key(&ui->model->snap->procs[proc]))) {
		ui_say(ui, true, "no such process here");
		return false;
	}
	return true;
}

static void handle_pid(struct ui *ui, const struct event *event)
{
	bool is_digit = event->key >= '0' && event->key <= '9';

	if (event->type == EVENT_KEY && event->key == KEY_CODE_ESCAPE)
		dialogue_close(ui);
	else if (event->type == EVENT_KEY && event->key == KEY_CODE_ENTER)
		dialogue_close(ui); /* the selection is there already, or nowhere */
	else if (is_digit || event->key == KEY_CODE_BACKSPACE)
		handle_line(ui, event, apply_pid);
}

static void draw_line(const struct ui *ui, struct cells *cells, int row, const char *prompt)
{
	int at = input_draw(ui->dialogue_state, cells, row, prompt) + 1;

	cells_put_cut(cells, row, at, cells->columns - at, ui->message[0] ? STYLE_WARN : STYLE_DIM,
		      ui->message[0] ? ui->message : "Enter keeps, Esc drops", ui->is_ascii);
}

static void draw_search(const struct ui *ui, struct cells *cells, int row)
{
	draw_line(ui, cells, row, "Search: ");
}

static void draw_filter(const struct ui *ui, struct cells *cells, int row)
{
	draw_line(ui, cells, row, "Filter (! negates): ");
}

static void draw_pid(const struct ui *ui, struct cells *cells, int row)
{
	draw_line(ui, cells, row, "Process id: ");
}

static void close_input(struct ui *ui)
{
	free(ui->dialogue_state);
}

static const struct dialogue dialogue_search = {
	.handle = handle_search,
	.draw_footer = draw_search,
	.close = close_input,
};

static const struct dialogue dialogue_filter = {
	.handle = handle_filter,
	.draw_footer = draw_filter,
	.close = close_input,
};

static const struct dialogue dialogue_pid = {
	.handle = handle_pid,
	.draw_footer = draw_pid,
	.close = close_input,
};

void command_pid(struct ui *ui)
{
	dialogue_open(ui, &dialogue_pid, mem_new(1, sizeof(struct input)));
}

void command_search(struct ui *ui)
{
	dialogue_open(ui, &dialogue_search, mem_new(1, sizeof(struct input)));
}

void command_filter(struct ui *ui)
{
	dialogue_open(ui, &dialogue_filter, mem_new(1, sizeof(struct input)));
}
