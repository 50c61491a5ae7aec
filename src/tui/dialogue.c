#include "dialogue.h"

#include <string.h>

#include "ui.h"

void dialogue_open(struct ui *ui, const struct dialogue *dialogue, void *state)
{
	dialogue_close(ui);
	ui->dialogue = dialogue;
	ui->dialogue_state = state;
}

void dialogue_close(struct ui *ui)
{
	if (ui->dialogue && ui->dialogue->close)
		ui->dialogue->close(ui);
	ui->dialogue = NULL;
	ui->dialogue_state = NULL;
}

void dialogue_handle(struct ui *ui, const struct event *event)
{
	ui->dialogue->handle(ui, event);
}

int dialogue_step(struct ui *ui)
{
	return ui->dialogue && ui->dialogue->step ? ui->dialogue->step(ui) : -1;
}

bool dialogue_is_working(const struct ui *ui)
{
	return ui->dialogue && ui->dialogue->is_working && ui->dialogue->is_working(ui);
}

uint32_t dialogue_event_key(const struct event *event)
{
	switch (event->type) {
	case EVENT_KEY:
		return event->key;
	case EVENT_WHEEL_UP:
		return KEY_CODE_UP;
	case EVENT_WHEEL_DOWN:
		return KEY_CODE_DOWN;
	case EVENT_CLICK:
	case EVENT_RESIZE:
		break;
	}
	return KEY_CODE_NONE;
}

bool dialogue_is_closing_key(uint32_t key)
{
	return key == KEY_CODE_ESCAPE || key == 'q' || key == KEY_CODE_F10;
}

size_t dialogue_move(uint32_t key, size_t at, size_t n, size_t page)
{
	size_t last = n > 0 ? n - 1 : 0;

	switch (key) {
	case KEY_CODE_UP:
	case 'k':
		return at > 0 ? at - 1 : 0;
	case KEY_CODE_DOWN:
	case 'j':
		return at < last ? at + 1 : last;
	case KEY_CODE_PAGE_UP:
		return at > page ? at - page : 0;
	case KEY_CODE_PAGE_DOWN:
	case ' ':
		return at + page < last ? at + page : last;
	case KEY_CODE_HOME:
	case 'g':
		return 0;
	case KEY_CODE_END:
	case 'G':
		return last;
	default:
		return at;
	}
}

void dialogue_draw_title(struct cells *cells, const char *title)
{
	cells_reset(cells, cells->rows, cells->columns);
	cells_paint(cells, 0, 0, cells->columns, STYLE_HEAD);
	cells_put(cells, 0, 0, cells->columns, STYLE_HEAD, title);
}

int dialogue_draw_key(struct cells *cells, int row, int at, const char *key, const char *text)
{
	at += cells_put(cells, row, at, cells->columns - at, STYLE_KEY, key);
	at += cells_put(cells, row, at, cells->columns - at, STYLE_KEY_TEXT, text);
	return at + cells_put(cells, row, at, cells->columns - at, STYLE_KEY_TEXT, " ");
}

void dialogue_draw_keys(struct cells *cells, int row, const struct dialogue_key *keys)
{
	int at = 0;

	cells_paint(cells, row, 0, cells->columns, STYLE_KEY_TEXT);
	for (; keys && keys->key; keys++) {
		/* a key that does not fit as a whole is left out */
		if (at + (int)(strlen(keys->key) + strlen(keys->text)) + 1 <= cells->columns)
			at = dialogue_draw_key(cells, row, at, keys->key, keys->text);
	}
}
