/*
 * The terminal UI, as main.c starts it. Inside, panes draw into cells (cells.h) and only terminal.c
 * knows curses, so everything but the last step is tested without a terminal.
 */
#ifndef CLADE_TUI_H
#define CLADE_TUI_H

#include <stdbool.h>

#include "clade/attributor.h"
#include "clade/source.h"
#include "clade/text.h"
#include "clade/thresholds.h"
#include "clade/users.h"

struct tui_config {
	struct source *source; /* all borrowed */
	struct attributor *attributor;
	const struct users *users;
	const struct thresholds *thresholds;
	double delay_s;    /* between samples */
	const char *theme; /* a name from themes[], NULL: the default */
	bool is_ascii;     /* lines and marks of ASCII only */
	bool is_mono;      /* no colour: --no-color, NO_COLOR */
	bool has_mouse;
};

/* Runs until the user quits. Returns 0, or -errno with a sentence for the user in `error`: -ENOTTY
 * without a terminal, -ENOTSUP for a terminal that cannot move its cursor. The terminal is put back
 * in any case, also on SIGTERM and SIGHUP. */
int tui_run(const struct tui_config *config, struct text *error);

/* One line for each key and what it does, as `clade list keys` prints them and the help screen
 * shows them. */
void keys_list(struct text *out);

/* The themes' names, ended by NULL. */
const char *const *theme_names(void);

#endif
