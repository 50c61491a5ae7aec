#include "keys.h"

#include <stddef.h>

#include "clade/tui.h"

enum { CTRL_L = 'l' & 0x1f };

/* clang-format off */
const struct key_row key_rows[] = {
	{{KEY_CODE_F1, 'h', '?'},            DO_HELP,            "F1 h ?",     "Help",   "this help"},
	{{KEY_CODE_UP, 'k'},                 DO_UP,              "Up k",       NULL,     "one row up"},
	{{KEY_CODE_DOWN, 'j'},               DO_DOWN,            "Down j",     NULL,     "one row down"},
	{{KEY_CODE_PAGE_UP},                 DO_PAGE_UP,         "PgUp",       NULL,     "one page up"},
	{{KEY_CODE_PAGE_DOWN},               DO_PAGE_DOWN,       "PgDn",       NULL,     "one page down"},
	{{KEY_CODE_HOME, 'g'},               DO_FIRST,           "Home g",     NULL,     "to the first row"},
	{{KEY_CODE_END, 'G'},                DO_LAST,            "End G",      NULL,     "to the last row"},
	{{KEY_CODE_RIGHT, '+', '='},         DO_OPEN,            "Right + =",  NULL,     "open an owner or a tree"},
	{{KEY_CODE_LEFT, '-'},               DO_CLOSE,           "Left -",     NULL,     "close it; on a closed row: to the row it hangs on"},
	{{' '},                              DO_TOGGLE,          "Space",      NULL,     "open or close"},
	{{'*'},                              DO_TOGGLE_ALL,      "*",          NULL,     "open everything, or close it again"},
	{{KEY_CODE_ENTER},                   DO_DETAILS,         "Enter",      "Details", "all about a row, and why it has this owner"},
	{{'e'},                              DO_MARKERS,         "e",          NULL,     "the owner markers in a process's environment, by name"},
	{{KEY_CODE_F3, '/'},                 DO_SEARCH,          "F3 /",       "Search", "search: a regular expression; the selection goes to the first row that matches"},
	{{'n'},                              DO_SEARCH_NEXT,     "n",          NULL,     "next match"},
	{{'N'},                              DO_SEARCH_PREVIOUS, "N",          NULL,     "previous match"},
	{{KEY_CODE_F4, '\\'},                DO_FILTER,          "F4 \\",      "Filter", "filter: a regular expression, ! in front negates; what is above and below a match stays"},
	{{KEY_CODE_F5, 't'},                 DO_TREE,            "F5 t",       "Tree",   "owners, or the whole process tree"},
	{{KEY_CODE_F6, '>', '<'},            DO_SORT,            "F6 > <",     "Sort",   "choose what to sort by"},
	{{'I'},                              DO_INVERT,          "I",          NULL,     "turn the order round"},
	{{'P'},                              DO_SORT_CPU,        "P",          NULL,     "sort by CPU"},
	{{'M'},                              DO_SORT_MEMORY,     "M",          NULL,     "sort by memory"},
	{{'T'},                              DO_SORT_AGE,        "T",          NULL,     "sort by age"},
	{{'r'},                              DO_SORT_GROWTH,     "r",          NULL,     "sort by growth"},
	{{'s'},                              DO_STATES,          "s",          "State",  "only processes in one state: D, Z, T, R"},
	{{'u'},                              DO_USERS,           "u",          NULL,     "only one user's processes"},
	{{'F'},                              DO_FOLLOW,          "F",          NULL,     "keep the selected row in view wherever it moves"},
	{{'Z'},                              DO_PAUSE,           "Z",          "Pause",  "stop and go on taking in new samples"},
	{{CTRL_L},                           DO_REDRAW,          "Ctrl-L",     NULL,     "draw the whole screen again"},
	{{KEY_CODE_ESCAPE},                  DO_CLEAR,           "Esc",        NULL,     "drop the search and all filters"},
	{{KEY_CODE_F10, 'q'},                DO_QUIT,            "F10 q",      "Quit",   "quit"},
	{{0},                                DO_NOTHING,         NULL,         NULL,     NULL},
};
/* clang-format on */

enum command_id keys_find(uint32_t key)
{
	for (const struct key_row *row = key_rows; row->command != DO_NOTHING; row++) {
		for (size_t i = 0; i < KEYS_OF_COMMAND && row->keys[i]; i++) {
			if (row->keys[i] == key)
				return row->command;
		}
	}
	return DO_NOTHING;
}

void keys_list(struct text *out)
{
	for (const struct key_row *row = key_rows; row->command != DO_NOTHING; row++)
		text_printf(out, "%-10s  %s\n", row->shown, row->help);
}
