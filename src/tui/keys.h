/*
 * The commands of the UI and the keys that run them. One table: adding a command is adding a row.
 * The keys in it are those that hold when the configuration says nothing; a keymap is what holds
 * now.
 */
#ifndef CLADE_KEYS_H
#define CLADE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/tui.h"

/* Keys that are no characters; all others are their Unicode number. */
enum key_code {
	KEY_CODE_NONE = 0x110000,
	KEY_CODE_UP,
	KEY_CODE_DOWN,
	KEY_CODE_LEFT,
	KEY_CODE_RIGHT,
	KEY_CODE_PAGE_UP,
	KEY_CODE_PAGE_DOWN,
	KEY_CODE_HOME,
	KEY_CODE_END,
	KEY_CODE_INSERT,
	KEY_CODE_DELETE,
	KEY_CODE_ENTER,
	KEY_CODE_ESCAPE,
	KEY_CODE_BACKSPACE,
	KEY_CODE_F1,
	KEY_CODE_F2,
	KEY_CODE_F3,
	KEY_CODE_F4,
	KEY_CODE_F5,
	KEY_CODE_F6,
	KEY_CODE_F7,
	KEY_CODE_F8,
	KEY_CODE_F9,
	KEY_CODE_F10,
	KEY_CODE_F11,
	KEY_CODE_F12,
	KEY_CODE_END_OF_CODES,
};

enum { KEYS_OF_COMMAND = 4 };

struct ui;

struct ui_command {
	const char *name;               /* "search": in clade.conf and `clade list keys` */
	uint32_t keys[KEYS_OF_COMMAND]; /* 0 ends */
	void (*run)(struct ui *ui);     /* declared in commands.h */
	const char *footer;             /* one word for the footer, NULL: not there */
	const char *help;               /* a sentence */
};

extern const struct ui_command ui_commands[]; /* ends with a NULL name */

/* What a key runs, or NULL. */
const struct ui_command *keymap_find(const struct keymap *keymap, uint32_t key);

/* The first key of a command, or 0. */
uint32_t keymap_first(const struct keymap *keymap, const struct ui_command *command);

/* Adds the names of a command's keys: "F3 /"; nothing when it has none. */
void keymap_add_names(struct text *out, const struct keymap *keymap,
		      const struct ui_command *command);

/* Adds the name of a key: "F3", "Space", "Ctrl-L", "/". */
void key_add_name(struct text *out, uint32_t key);

/* The key of that name, or 0. */
uint32_t key_parse(const char *name, size_t len);

/* One line for each command with its keys, for the help screen. */
void keymap_add_help(struct text *out, const struct keymap *keymap);

#endif
