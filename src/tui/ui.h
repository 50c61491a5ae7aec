/*
 * The state of the UI and what keys do to it. Knows no terminal: events come in, ui_draw()
 * (panes.h) draws into cells.
 */
#ifndef CLADE_UI_H
#define CLADE_UI_H

#include <stdbool.h>

#include "clade/comeback.h"
#include "clade/model.h"
#include "clade/plan.h"
#include "clade/rows.h"
#include "clade/users.h"
#include "dialogue.h"
#include "keys.h"
#include "replay.h"
#include "tags.h"
#include "theme.h"

enum event_type { EVENT_KEY, EVENT_CLICK, EVENT_WHEEL_UP, EVENT_WHEEL_DOWN, EVENT_RESIZE };

struct event {
	enum event_type type;
	uint32_t key; /* EVENT_KEY: a character or a key_code */
	int row;      /* EVENT_CLICK; EVENT_RESIZE: the new size */
	int column;
};

enum { AHEAD_MOST = 40 }; /* keys that wait: the whole range of nice values */

/* Shows how far long work is that cannot be left; returns whether the user wants it to end. */
typedef bool ui_pulse(void *context);

/* What the user may do to others' processes, and where it is written down. */
struct ui_rights {
	uint32_t uid;
	bool is_mighty;                          /* anything to anybody's */
	bool (*may_signal)(struct proc_key key); /* NULL: nobody else's */
	const char *audit;                       /* a path, borrowed; NULL: the usual one */
};

struct ui {
	const struct model *model; /* what is shown; NULL before the first */
	const struct users *users;
	const struct theme *theme;
	const struct keymap *keymap;
	struct replay *replay; /* of a recording; NULL: this is the live machine */
	const char *collector; /* NULL: a recording */
	const char *collector_why;
	bool is_ascii;
	bool is_readonly;
	struct ui_rights rights;
	bool is_live; /* its processes are those of this machine, now */
	bool is_paused;
	bool is_following;
	bool wants_redraw; /* the terminal's contents may be broken */
	int height, width; /* of the screen */
	double delay_s;
	double grace_s; /* between a signal that ends and SIGKILL */
	double age_s;   /* how old the shown model is, when that is worth a word */
	size_t reading; /* processes read so far of the first sample */

	struct view view;
	struct fold_set *folds[VIEWS]; /* one a view mode */
	int32_t open_to[VIEWS];
	struct preferences preferences;
	struct thresholds thresholds; /* as set up; the loop hands them to the history */
	settings_keep *keep;
	void *keep_context;
	const struct io_maker *maker; /* who makes files in read-only mode; NULL: the program may */
	const char *snapshot_dir;     /* where files go that are given no other place; NULL: here */
	ui_pulse *pulse;              /* NULL: nothing is shown while long work goes on */
	void *pulse_context;
	bool ascending[VIEWS];
	struct query *filter;
	struct query *search;
	char states[2]; /* "" or one letter */
	struct rows rows;
	ptrdiff_t selected; /* index into rows */
	struct row_key selected_key;
	bool has_selected;
	size_t top; /* the first row in view */

	struct tags tags;

	const struct dialogue *dialogue; /* NULL: none is open */
	void *dialogue_state;
	struct event ahead[AHEAD_MOST]; /* pressed while it works */
	size_t n_ahead;
	struct text page; /* lines, "\n" after each */
	char page_title[40];
	size_t page_top;
	char message[160]; /* one line for the user, until the next key */
	bool is_message_bad;
	bool knows_no_audit;       /* was told that changes are not written down */
	struct comeback *comeback; /* what was ended last: it is watched; NULL */
	size_t came_back;          /* as often as was said */
	bool is_quitting;
};

enum ui_answer { UI_GO_ON, UI_QUIT };

/* What a UI begins with; all pointers are borrowed. */
struct ui_config {
	const struct theme *theme;
	const struct keymap *keymap;
	const struct preferences *preferences; /* NULL: the usual ones */
	const struct users *users;
	const struct thresholds *thresholds; /* NULL: the usual ones */
	settings_keep *keep;                 /* NULL: nothing can be kept */
	void *keep_context;
	struct replay *replay;        /* NULL: live */
	const struct io_maker *maker; /* NULL: files are made as usual */
	const char *snapshot_dir;
	ui_pulse *pulse;
	void *pulse_context;
	const char *collector; /* NULL: a recording */
	const char *collector_why;
	bool is_ascii;
	bool is_readonly;
	bool is_live;
	double delay_s;
	double grace_s;
	struct ui_rights rights;
};

void ui_init(struct ui *ui, const struct ui_config *config);
void ui_done(struct ui *ui);

/* From now on it is watched whether that comes back, which is the UI's now; each new model is to be
 * shown to ui_look_back(), also while others have to wait. */
void ui_watch_comeback(struct ui *ui, struct comeback *comeback);
void ui_look_back(struct ui *ui, const struct model *model);

/* Whether new models have to wait. */
bool ui_is_frozen(const struct ui *ui);

/* Shows another model; the selection stays on its row, or near it when that is gone. The old one
 * may be freed then. */
void ui_set_model(struct ui *ui, const struct model *model);

/* A key, a click, another size. While a dialogue works keys wait for its end. */
enum ui_answer ui_handle(struct ui *ui, const struct event *event);

/* Does a slice of a dialogue's work, and what was pressed meanwhile once that is over. Returns in
 * how many milliseconds it wants the next, as a dialogue's step() does. */
int ui_work(struct ui *ui);

/* Rows that the list has room for. */
int ui_list_height(const struct ui *ui);

/* Tells the user something. */
void ui_say(struct ui *ui, bool is_bad, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Makes the rows anew after the view has changed. */
void ui_refresh(struct ui *ui);

/* Moves the selection to the next (or previous) row that the search matches; false when there is
 * none. */
bool ui_search(struct ui *ui, bool forwards, bool from_here);

/* The selected row; NULL when there is none. */
const struct row *ui_selected(const struct ui *ui);

/* Moves the selection to a row; beyond an end is at that end. */
void ui_select(struct ui *ui, ptrdiff_t row);

/* Sorts the shown view by a column, in that column's usual order. */
void ui_sort(struct ui *ui, enum column_id column);

/* Opens or closes the selected row. */
void ui_toggle(struct ui *ui);

/*
 * What a command acts on: the tagged rows, or the selected one when none is tagged. Whatever a row
 * stands for is meant: a closed process is all that is below it. Returns how many; the array is the
 * heap's.
 */
size_t ui_targets(const struct ui *ui, struct target **targets);

/* The processes of the shown model that a target stands for now, those in closed and filtered rows
 * too, by index, ascending. Returns how many; the array is the heap's. */
size_t ui_target_procs(const struct ui *ui, struct target target, int32_t **procs);

/* The same as a plan takes them. Returns how many; the array is the heap's. */
size_t ui_plan_targets(const struct ui *ui, const struct target *targets, size_t n_targets,
		       struct plan_target **plan_targets);

/* "owner:docker:5e6e…", "pid:4211", "3 tagged rows": for the audit. */
void ui_add_target_words(struct text *words, const struct ui *ui, const struct target *targets,
			 size_t n);

/* Whether processes may be acted upon: not in read-only mode, not those of a recording. Otherwise
 * the user is told. */
bool ui_may_act(struct ui *ui, const char *refusal);

/* Selects a process, and opens what lies above it; false when a filter hides it. */
bool ui_go_to(struct ui *ui, struct proc_key key);

/* Whether a row is tagged itself, or hangs below one that is tagged as a whole. */
enum tagged { TAGGED_NOT, TAGGED_SELF, TAGGED_ABOVE };
enum tagged ui_row_tagged(const struct ui *ui, size_t row);

#endif
