/* The terminal: what is drawn goes out here, what is typed comes in. The one file that knows
 * curses. */
#ifndef CLADE_TERMINAL_H
#define CLADE_TERMINAL_H

#include <stdbool.h>

#include "cells.h"
#include "ui.h"

struct terminal_config {
	const struct theme *theme;
	bool is_mono;
	bool has_mouse;
};

/* Takes the terminal over. Returns 0, -ENOTTY or -ENOTSUP with a sentence in `error`. */
int terminal_open(const struct terminal_config *config, struct text *error);

/* Gives it back as it was. */
void terminal_close(void);

/* Shows everything in other colours from now on. */
void terminal_set_theme(const struct theme *theme);

void terminal_size(int *height, int *width);

/* Shows the cells; only what differs from before is sent. `is_whole` sends everything. */
void terminal_show(const struct cells *cells, bool is_whole);

/* The next event, if there is one now. */
bool terminal_read(struct event *event);

/* Waits until something is typed, a signal comes or the time is over. */
void terminal_wait(int timeout_ms);

/* Whether a signal asked to end the program. */
bool terminal_is_ending(void);

#endif
