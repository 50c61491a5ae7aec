/*
 * The state of the UI and what keys do to it. Knows no terminal: events come in, ui_draw()
 * (panes.h) draws into cells.
 */
#ifndef CLADE_UI_H
#define CLADE_UI_H

#include <stdbool.h>

#include "clade/model.h"
#include "clade/rows.h"
#include "clade/users.h"
#include "keys.h"
#include "theme.h"

enum event_type { EVENT_KEY, EVENT_CLICK, EVENT_WHEEL_UP, EVENT_WHEEL_DOWN, EVENT_RESIZE };

struct event {
	enum event_type type;
	uint32_t key; /* EVENT_KEY: a character or a key_code */
	int row;      /* EVENT_CLICK; EVENT_RESIZE: the new size */
	int column;
};

/* What lies over the list. While one does, or while paused, the model that is shown stays. */
enum dialogue {
	DIALOGUE_NONE,
	DIALOGUE_SEARCH, /* a line of input at the bottom */
	DIALOGUE_FILTER,
	DIALOGUE_MENU, /* a list to choose from */
	DIALOGUE_PAGE, /* a page of text: help, details, markers */
};

enum menu { MENU_SORT, MENU_STATES, MENU_USERS };

/* A list to choose from; values are column ids, states or uids. */
struct menu_item {
	char *text; /* the heap's */
	uint32_t value;
};

enum { INPUT_MAX = 120 };

struct ui {
	const struct model *model; /* what is shown; NULL before the first */
	const struct users *users;
	const struct theme *theme;
	bool is_ascii;
	bool is_paused;
	bool is_following;
	bool wants_redraw; /* the terminal's contents may be broken */
	int height, width; /* of the screen */
	double delay_s;
	double age_s;   /* how old the shown model is, when that is worth a word */
	size_t reading; /* processes read so far of the first sample */

	struct view view;
	struct fold_set *folds[2]; /* one a view mode */
	bool all_open[2];
	enum column_id sorts[2];
	bool ascending[2];
	struct query *filter;
	struct query *search;
	char states[2]; /* "" or one letter */
	struct rows rows;
	ptrdiff_t selected; /* index into rows */
	struct row_key selected_key;
	bool has_selected;
	size_t top; /* the first row in view */

	enum dialogue dialogue;
	enum menu menu;
	struct menu_item *menu_items;
	size_t n_menu_items;
	size_t menu_selected;
	char input[INPUT_MAX + 1];
	size_t input_len;
	struct text page; /* lines, "\n" after each */
	char page_title[40];
	size_t page_top;
	char message[160]; /* one line for the user, until the next key */
	bool is_message_bad;
};

enum ui_answer { UI_GO_ON, UI_QUIT };

void ui_init(struct ui *ui, const struct theme *theme, const struct users *users, bool is_ascii,
	     double delay_s);
void ui_done(struct ui *ui);

/* Whether new models have to wait. */
bool ui_is_frozen(const struct ui *ui);

/* Shows another model; the selection stays on its row, or near it when that is gone. The old one
 * may be freed then. */
void ui_set_model(struct ui *ui, const struct model *model);

/* A key, a click, another size. */
enum ui_answer ui_handle(struct ui *ui, const struct event *event);

/* Rows that the list has room for. */
int ui_list_height(const struct ui *ui);

/* Tells the user something. */
void ui_say(struct ui *ui, bool is_bad, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* dialogue.c: opens and closes what lies over the list. */
void dialogue_open_input(struct ui *ui, enum dialogue dialogue);
void dialogue_open_menu(struct ui *ui, enum menu menu);
void dialogue_open_page(struct ui *ui, const char *title);
void dialogue_close(struct ui *ui);
void dialogue_handle(struct ui *ui, const struct event *event);

/* Makes the rows anew after the view has changed. */
void ui_refresh(struct ui *ui);

/* Moves the selection to the next (or previous) row that the search matches; false when there is
 * none. */
bool ui_search(struct ui *ui, bool forwards, bool from_here);

/* details.c: what a page says. */
void details_help(struct ui *ui);
void details_row(struct ui *ui);
void details_markers(struct ui *ui);

#endif
