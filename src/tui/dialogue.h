/*
 * What lies over the list. A dialogue is a row of functions in a file of its own, opened by a
 * command; adding one is adding that file and a row to ui_commands[]. While a dialogue is open
 * every event goes to it and the model that is shown stays.
 */
#ifndef CLADE_DIALOGUE_H
#define CLADE_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cells.h"

struct ui;
struct event;
struct layout;

/* A key and what it does there, for the footer. */
struct dialogue_key {
	const char *key;
	const char *text;
};

struct dialogue {
	/* A key, a click, a turn of the wheel; a change of size is drawn, not told. */
	void (*handle)(struct ui *ui, const struct event *event);
	/* Draws over the screen, down to the footer. NULL: the list stays in view. */
	void (*draw)(const struct ui *ui, struct cells *cells, const struct layout *layout);
	/* Draws the footer. NULL: the keys below. */
	void (*draw_footer)(const struct ui *ui, struct cells *cells, int row);
	const struct dialogue_key *keys; /* ends with NULL */
	/* Does a slice of long work, a few milliseconds at most. Returns in how many milliseconds
	 * it wants the next, 0: at once, below 0: never. NULL: there is no such work. */
	int (*step)(struct ui *ui);
	/* Whether that work goes on; NULL: never. Meanwhile only keys that close go to handle(), to
	 * end it; all others wait. */
	bool (*is_working)(const struct ui *ui);
	/* Gives ui->dialogue_state back. NULL: there is none. */
	void (*close)(struct ui *ui);
};

/* Closes the one that is open and opens another. `state` is its own, until its close(). */
void dialogue_open(struct ui *ui, const struct dialogue *dialogue, void *state);
void dialogue_close(struct ui *ui);

/* As the functions of the dialogue that is open say. */
void dialogue_handle(struct ui *ui, const struct event *event);
int dialogue_step(struct ui *ui);
bool dialogue_is_working(const struct ui *ui);

/* The key of an event; the wheel is up and down, a click is no key. */
uint32_t dialogue_event_key(const struct event *event);

/* Whether a key closes what is only looked at: Esc, q, F10. */
bool dialogue_is_closing_key(uint32_t key);

/* Where a key moves to from `at` among `n` lines of which `page` are in view. */
size_t dialogue_move(uint32_t key, size_t at, size_t n, size_t page);

/* Clears the screen and draws a title into the first row. */
void dialogue_draw_title(struct cells *cells, const char *title);

/* Draws a key with what it does; returns the column behind. */
int dialogue_draw_key(struct cells *cells, int row, int at, const char *key, const char *text);

/* Draws a row of keys, for a footer. */
void dialogue_draw_keys(struct cells *cells, int row, const struct dialogue_key *keys);

/* ---- A line of input (input.c) ---- */

enum { INPUT_MAX = 120 };

struct input {
	char text[INPUT_MAX + 1]; /* UTF-8 */
	size_t len;
};

/* Takes a key: a character is added, Backspace takes one away. Returns whether the text changed. */
bool input_take(struct input *input, uint32_t key);

/* Draws the prompt, the text and a cursor; returns the columns they take. */
int input_draw(const struct input *input, struct cells *cells, int row, const char *prompt);

/* ---- A list to choose from (menu.c) ---- */

struct menu;
struct text;

/* Opens one; what is chosen goes to the function, once the menu is closed. NULL before the first
 * sample. */
struct menu *menu_open(struct ui *ui, const char *title,
		       void (*function)(struct ui *ui, uint32_t value));

/* Adds an item; takes the text, which is empty then. */
void menu_add(struct menu *menu, uint32_t value, struct text *text, bool is_selected);

/* ---- A page of text (page.c) ---- */

/* Opens a page with the lines of ui->page. */
void page_open(struct ui *ui, const char *title);

#endif
