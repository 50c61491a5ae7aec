/*
 * The terminal UI, as main.c starts it. Inside, panes draw into cells (cells.h) and only terminal.c
 * knows curses, so everything but the last step is tested without a terminal.
 */
#ifndef CLADE_TUI_H
#define CLADE_TUI_H

#include <stdbool.h>

#include "clade/attributor.h"
#include "clade/column.h"
#include "clade/io.h"
#include "clade/rows.h"
#include "clade/source.h"
#include "clade/text.h"
#include "clade/thresholds.h"
#include "clade/users.h"

/* Which key runs which command. `clade list keys` names the commands; [keys] in the configuration
 * sets their keys. */
struct keymap;

struct keymap *keymap_new(void); /* the usual keys */
void keymap_free(struct keymap *keymap);

/* Gives a command exactly the keys that `value` names, "F3 /", or "none"; another command that had
 * one of them loses it. Returns 0, or -EINVAL with a sentence in `error`. */
int keymap_set(struct keymap *keymap, const char *name, const char *value, struct text *error);

/* What the list shows in each of its views. One row of preference_rows[] (preferences.c) each,
 * under [screen] in the configuration. */
struct preferences {
	enum column_id columns[VIEWS][COLUMNS_N]; /* in their order */
	size_t n_columns[VIEWS];
	enum column_id sorts[VIEWS];
	uint32_t fold_least; /* siblings alike that become one row; FOLD_NEVER */
};

struct preferences preferences_default(void);

/* Sets one; returns 0, or -EINVAL with a sentence in `error` and nothing changed. */
int preferences_set(struct preferences *preferences, const char *name, const char *value,
		    struct text *error);

/* Adds the value of one as preferences_set() reads it; nothing for an unknown name. */
void preferences_add_value(struct text *out, const struct preferences *preferences,
			   const char *name);

/* One line for each with its value, for `clade list screen`. */
void preferences_list(struct text *out);

/* A value that the setup screen wants kept: section, key and value of the configuration. */
struct setting {
	const char *section;
	const char *name;
	char *value; /* the heap's */
};

/* Who keeps them: returns 0 or -errno; either way `path` gets the name of the file. */
typedef int settings_keep(void *context, const struct setting *settings, size_t n,
			  struct text *path);

struct tui_config {
	struct source *source; /* all borrowed */
	struct attributor *attributor;
	const struct users *users;
	const struct thresholds *thresholds;
	const struct keymap *keymap;
	const struct preferences *preferences;
	double delay_s;    /* between samples */
	double grace_s;    /* between a signal that ends and SIGKILL */
	const char *audit; /* where kills are written down; NULL: the usual place */
	const char *theme; /* a name from themes[], NULL: the default */
	bool is_ascii;     /* lines and marks of ASCII only */
	bool is_mono;      /* no colour: --no-color, NO_COLOR */
	bool has_mouse;
	settings_keep *keep; /* NULL: nothing can be kept */
	void *keep_context;
	const char *collector;     /* who reads the processes; NULL: it is a recording */
	const char *collector_why; /* why this one, a sentence; NULL with no collector */
	bool is_live; /* the source is this machine: a process can be looked at more closely */
	const struct io_maker
		*maker;           /* who makes files (io_file_open_by()); NULL: the UI itself may */
	const char *snapshot_dir; /* where they are put unless another place is typed; NULL: here */
	bool is_readonly;         /* nothing can be signalled: said on the screen */
	bool is_replay; /* the source is a recording: it is gone through, and read-only by nature */
	bool is_playing;         /* a replay that plays at once */
	const char *first_words; /* for the user, until a key; NULL: none */
};

/* Runs until the user quits. Returns 0, or -errno with a sentence for the user in `error`: -ENOTTY
 * without a terminal, -ENOTSUP for a terminal that cannot move its cursor. The terminal is put back
 * in any case, also on SIGTERM and SIGHUP. */
int tui_run(const struct tui_config *config, struct text *error);

/* One line for each command with its name, its usual keys and what it does, for `clade list keys`.
 */
void keys_list(struct text *out);

/* The themes' names, ended by NULL. */
const char *const *theme_names(void);

#endif
