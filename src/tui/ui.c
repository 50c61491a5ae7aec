#include "ui.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "panes.h"

enum { WHEEL_ROWS = 3 };

void ui_init(struct ui *ui, const struct ui_config *config)
{
	*ui = (struct ui){
		.users = config->users,
		.theme = config->theme,
		.keymap = config->keymap,
		.collector = config->collector,
		.collector_why = config->collector_why,
		.is_ascii = config->is_ascii,
		.is_live = config->is_live,
		.replay = config->replay,
		.is_readonly = config->is_readonly,
		.maker = config->maker,
		.snapshot_dir = config->snapshot_dir,
		.pulse = config->pulse,
		.pulse_context = config->pulse_context,
		.delay_s = config->delay_s,
		.grace_s = config->grace_s,
		.rights = config->rights,
		.height = 24,
		.width = 80,
		.thresholds = config->thresholds ? *config->thresholds : thresholds_default(),
		.keep = config->keep,
		.keep_context = config->keep_context,
		.preferences = config->preferences ? *config->preferences : preferences_default(),
		.open_to = {[VIEW_TREE] = OPEN_ALL},
	};
	ui->folds[VIEW_OWNERS] = folds_new();
	ui->folds[VIEW_TREE] = folds_new();
	ui->view = (struct view){.mode = VIEW_OWNERS, .uid = UINT32_MAX};
	rows_init(&ui->rows);
}

void ui_done(struct ui *ui)
{
	dialogue_close(ui);
	comeback_free(ui->comeback);
	folds_free(ui->folds[VIEW_OWNERS]);
	folds_free(ui->folds[VIEW_TREE]);
	query_free(ui->filter);
	query_free(ui->search);
	tags_done(&ui->tags);
	rows_done(&ui->rows);
	text_done(&ui->page);
}

void ui_say(struct ui *ui, bool is_bad, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ui->message, sizeof(ui->message), format, args);
	va_end(args);
	ui->is_message_bad = is_bad;
}

void ui_watch_comeback(struct ui *ui, struct comeback *comeback)
{
	comeback_free(ui->comeback);
	ui->comeback = comeback;
	ui->came_back = 0;
}

void ui_look_back(struct ui *ui, const struct model *model)
{
	struct text words = {0};
	size_t times;

	if (!ui->comeback)
		return;
	comeback_look(ui->comeback, model);
	times = comeback_times(ui->comeback);
	if (times > ui->came_back) {
		comeback_add_text(&words, ui->comeback);
		ui_say(ui, true, "%s", text_str(&words));
		ui->came_back = times;
		text_done(&words);
	}
	if (comeback_is_over(ui->comeback))
		ui_watch_comeback(ui, NULL);
}

bool ui_is_frozen(const struct ui *ui)
{
	return ui->is_paused || ui->dialogue;
}

int ui_list_height(const struct ui *ui)
{
	struct layout layout = layout_of(ui);

	return layout.list_rows;
}

/* The selected row and, as far as it goes, the rows around it are in view. */
static void scroll_to_selected(struct ui *ui)
{
	size_t height = (size_t)ui_list_height(ui);
	size_t selected = ui->selected > 0 ? (size_t)ui->selected : 0;

	if (height == 0)
		height = 1;
	if (selected < ui->top)
		ui->top = selected;
	if (selected >= ui->top + height)
		ui->top = selected - height + 1;
	if (ui->top + height > ui->rows.n)
		ui->top = ui->rows.n > height ? ui->rows.n - height : 0;
}

void ui_select(struct ui *ui, ptrdiff_t row)
{
	ptrdiff_t last = (ptrdiff_t)ui->rows.n - 1;

	if (row > last)
		row = last;
	if (row < 0)
		row = 0;
	ui->selected = row;
	ui->has_selected = ui->rows.n > 0;
	if (ui->has_selected)
		ui->selected_key = row_key(ui->model, &ui->rows, &ui->rows.items[row]);
	scroll_to_selected(ui);
}

void ui_refresh(struct ui *ui)
{
	enum view_mode mode = ui->view.mode;
	ptrdiff_t found;
	ptrdiff_t offset = ui->selected - (ptrdiff_t)ui->top;

	if (!ui->model)
		return;
	ui->view.sort = ui->preferences.sorts[mode];
	ui->view.fold_least = ui->preferences.fold_least;
	ui->view.is_ascending = ui->ascending[mode];
	ui->view.folds = ui->folds[mode];
	ui->view.open_to = ui->open_to[mode];
	ui->view.filter = ui->filter;
	ui->view.states = ui->states[0] ? ui->states : NULL;
	rows_make(&ui->rows, ui->model, &ui->view);
	found = ui->has_selected ? rows_find(&ui->rows, ui->model, ui->selected_key) : -1;
	/* the list moves under the selection rather than the selection over the list */
	if (found >= 0 && found >= offset && !ui->is_following)
		ui->top = (size_t)(found - offset);
	ui_select(ui, found >= 0 ? found : ui->selected);
}

void ui_set_model(struct ui *ui, const struct model *model)
{
	bool is_first = !ui->model;
	bool was_at_top = !is_first && ui->top == 0 && ui->selected == 0 && !ui->is_following;

	ui->model = model;
	tags_prune(&ui->tags, model);
	/* nobody has chosen a row yet: stay with the hottest */
	if (was_at_top)
		ui->has_selected = false;
	ui_refresh(ui);
}

void ui_sort(struct ui *ui, enum column_id column)
{
	ui->preferences.sorts[ui->view.mode] = column;
	ui->ascending[ui->view.mode] = !(columns[column].flags & COL_DESC);
	ui_refresh(ui);
	ui_say(ui, false, "sorted by %s", columns[column].title);
}

const struct row *ui_selected(const struct ui *ui)
{
	return ui->model && ui->rows.n > 0 ? &ui->rows.items[ui->selected] : NULL;
}

void ui_toggle(struct ui *ui)
{
	const struct row *row = ui_selected(ui);

	if (!row || !row->has_children)
		return;
	folds_toggle(ui->folds[ui->view.mode], row_key(ui->model, &ui->rows, row));
	ui_refresh(ui);
}

static bool row_matches(const struct ui *ui, const struct row *row)
{
	if (row->type == ROW_BUNDLE)
		return false; /* its members have rows of their own here */
	return row->type == ROW_OWNER ? query_match_owner(ui->search, ui->model, row->index)
				      : query_match_proc(ui->search, ui->model, row->index);
}

/* Opens what lies above a row of `all`, so that it comes into view. */
static void reveal(struct ui *ui, const struct rows *all, size_t i)
{
	const struct row *below = &all->items[i];

	for (size_t above = i; above-- > 0 && below->depth > 0;) {
		bool is_owner_in_owner =
			below->type == ROW_OWNER && all->items[above].type == ROW_OWNER;
		struct row_key key;

		if (all->items[above].depth >= below->depth)
			continue;
		below = &all->items[above];
		if (is_owner_in_owner)
			continue; /* shown also where the outer one is closed */
		key = row_key(ui->model, all, &all->items[above]);
		if (!view_is_open(&ui->view, key, below->depth))
			folds_toggle(ui->folds[ui->view.mode], key);
	}
	ui->selected_key = row_key(ui->model, all, &all->items[i]);
	ui->has_selected = true;
	ui_refresh(ui);
}

/* All rows of the view, also those in what is closed. */
static void make_all_rows(const struct ui *ui, struct rows *all)
{
	struct view view = ui->view;

	view.folds = NULL;
	view.open_to = OPEN_ALL;
	view.are_bundles_open = true;
	rows_init(all);
	rows_make(all, ui->model, &view);
}

bool ui_go_to(struct ui *ui, struct proc_key key)
{
	struct rows all;
	ptrdiff_t at;

	make_all_rows(ui, &all);
	at = rows_find(&all, ui->model, (struct row_key){.type = ROW_PROC, .proc = key});
	if (at >= 0)
		reveal(ui, &all, (size_t)at);
	rows_done(&all);
	return at >= 0;
}

bool ui_search(struct ui *ui, bool forwards, bool from_here)
{
	struct rows all;
	ptrdiff_t at;
	bool found = false;

	if (!ui->search || !ui->model)
		return false;
	/* what is closed is searched too */
	make_all_rows(ui, &all);
	at = ui->has_selected ? rows_find(&all, ui->model, ui->selected_key) : 0;
	for (size_t step = from_here ? 0 : 1; step <= all.n && all.n > 0 && !found; step++) {
		size_t i = ((size_t)(at > 0 ? at : 0) + (forwards ? step : all.n - step % all.n)) %
			   all.n;

		found = row_matches(ui, &all.items[i]);
		if (found)
			reveal(ui, &all, i);
	}
	rows_done(&all);
	return found;
}

/* A click on a title sorts by it, another one turns the order round. */
static void click_title(struct ui *ui, int at)
{
	enum column_id column = list_column_at(ui, at);

	if (ui->preferences.sorts[ui->view.mode] == column)
		command_invert(ui);
	else
		ui_sort(ui, column);
}

/* A click selects a row; another one on the same row opens or closes it. */
static void click_row(struct ui *ui, ptrdiff_t row)
{
	if (row >= (ptrdiff_t)ui->rows.n)
		return;
	if (row == ui->selected)
		ui_toggle(ui);
	else
		ui_select(ui, row);
}

static void click(struct ui *ui, const struct event *event)
{
	struct layout layout = layout_of(ui);
	const struct ui_command *command;

	if (event->row < layout.timeline_rows) {
		ui->replay->is_playing = false;
		replay_go(ui->replay, timeline_moment_at(ui, event->column));
	} else if (event->row == layout.footer_row) {
		command = footer_command_at(ui, event->column);
		if (command)
			command->run(ui);
	} else if (!ui->model) {
		return;
	} else if (event->row == layout.head_row) {
		click_title(ui, event->column);
	} else if (event->row >= layout.list_top &&
		   event->row < layout.list_top + layout.list_rows) {
		click_row(ui, (ptrdiff_t)ui->top + event->row - layout.list_top);
	}
}

static void press(struct ui *ui, uint32_t key)
{
	const struct ui_command *command = keymap_find(ui->keymap, key);

	if (command)
		command->run(ui);
}

static void resize(struct ui *ui, const struct event *event)
{
	ui->height = event->row;
	ui->width = event->column;
	ui->wants_redraw = true;
	if (ui->model)
		scroll_to_selected(ui);
}

/* Whether an event waits for the end of a dialogue's work. One that closes ends that now, and what
 * was pressed for afterwards is not meant any more. */
static bool has_to_wait(struct ui *ui, const struct event *event)
{
	if (!dialogue_is_working(ui))
		return false;
	if (dialogue_is_closing_key(dialogue_event_key(event))) {
		ui->n_ahead = 0;
		return false;
	}
	if (ui->n_ahead < AHEAD_MOST)
		ui->ahead[ui->n_ahead++] = *event;
	return true;
}

enum ui_answer ui_handle(struct ui *ui, const struct event *event)
{
	if (event->type == EVENT_RESIZE) {
		resize(ui, event);
		return UI_GO_ON;
	}
	if (has_to_wait(ui, event))
		return UI_GO_ON;
	ui->message[0] = '\0';
	if (ui->dialogue) {
		dialogue_handle(ui, event);
		return ui->is_quitting ? UI_QUIT : UI_GO_ON;
	}
	switch (event->type) {
	case EVENT_KEY:
		press(ui, event->key);
		break;
	case EVENT_CLICK:
		click(ui, event);
		break;
	case EVENT_WHEEL_UP:
		ui_select(ui, ui->selected - WHEEL_ROWS);
		break;
	case EVENT_WHEEL_DOWN:
		ui_select(ui, ui->selected + WHEEL_ROWS);
		break;
	case EVENT_RESIZE:
		break;
	}
	return ui->is_quitting ? UI_QUIT : UI_GO_ON;
}

/* Does what was pressed during the work. Where a dialogue stays open, as with the result of a kill,
 * nobody has seen yet what it says: no key that is older answers it. */
static void catch_up(struct ui *ui)
{
	struct event ahead[AHEAD_MOST];
	size_t n = ui->dialogue ? 0 : ui->n_ahead;

	memcpy(ahead, ui->ahead, n * sizeof(*ahead));
	ui->n_ahead = 0;
	for (size_t i = 0; i < n; i++)
		ui_handle(ui, &ahead[i]);
}

int ui_work(struct ui *ui)
{
	int wait_ms = dialogue_step(ui);

	if (dialogue_is_working(ui))
		return wait_ms;
	catch_up(ui);
	return dialogue_is_working(ui) ? 0 : wait_ms;
}
