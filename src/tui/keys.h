/*
 * The keys: which key means which command, what the footer calls it and what help says of it. One
 * table; adding a key is adding a row.
 */
#ifndef CLADE_KEYS_H
#define CLADE_KEYS_H

#include <stdbool.h>
#include <stdint.h>

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
};

enum command_id {
	DO_NOTHING,
	DO_HELP,
	DO_QUIT,
	DO_UP,
	DO_DOWN,
	DO_PAGE_UP,
	DO_PAGE_DOWN,
	DO_FIRST,
	DO_LAST,
	DO_TOGGLE,
	DO_OPEN,
	DO_CLOSE,
	DO_TOGGLE_ALL,
	DO_DETAILS,
	DO_MARKERS,
	DO_TREE,
	DO_SEARCH,
	DO_SEARCH_NEXT,
	DO_SEARCH_PREVIOUS,
	DO_FILTER,
	DO_SORT,
	DO_INVERT,
	DO_SORT_CPU,
	DO_SORT_MEMORY,
	DO_SORT_AGE,
	DO_SORT_GROWTH,
	DO_STATES,
	DO_USERS,
	DO_FOLLOW,
	DO_PAUSE,
	DO_REDRAW,
	DO_CLEAR,
};

enum { KEYS_OF_COMMAND = 3 };

struct key_row {
	uint32_t keys[KEYS_OF_COMMAND]; /* 0 ends */
	enum command_id command;
	const char *shown;  /* how help writes them: "F3 /" */
	const char *footer; /* one word for the footer, NULL: not there */
	const char *help;   /* a sentence */
};

extern const struct key_row key_rows[]; /* ends with DO_NOTHING */

/* What a key means in the list. */
enum command_id keys_find(uint32_t key);

#endif
