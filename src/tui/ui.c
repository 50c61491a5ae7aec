#include "ui.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "panes.h"

enum { WHEEL_ROWS = 3 };

void ui_init(struct ui *ui, const struct theme *theme, const struct users *users, bool is_ascii,
	     double delay_s)
{
	*ui = (struct ui){
		.users = users,
		.theme = theme,
		.is_ascii = is_ascii,
		.delay_s = delay_s,
		.height = 24,
		.width = 80,
		.sorts = {COLUMN_HEAT, COLUMN_AGE},
		.all_open = {[VIEW_TREE] = true},
	};
	ui->folds[VIEW_OWNERS] = folds_new();
	ui->folds[VIEW_TREE] = folds_new();
	ui->view = (struct view){.mode = VIEW_OWNERS, .uid = UINT32_MAX};
	rows_init(&ui->rows);
}

void ui_done(struct ui *ui)
{
	dialogue_close(ui);
	folds_free(ui->folds[VIEW_OWNERS]);
	folds_free(ui->folds[VIEW_TREE]);
	query_free(ui->filter);
	query_free(ui->search);
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

bool ui_is_frozen(const struct ui *ui)
{
	return ui->is_paused || ui->dialogue != DIALOGUE_NONE;
}

int ui_list_height(const struct ui *ui)
{
	struct layout layout = layout_of(ui->height, ui->width);

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

static void select_row(struct ui *ui, ptrdiff_t row)
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
	ui->view.sort = ui->sorts[mode];
	ui->view.is_ascending = ui->ascending[mode];
	ui->view.folds = ui->folds[mode];
	ui->view.is_open_default = ui->all_open[mode];
	ui->view.filter = ui->filter;
	ui->view.states = ui->states[0] ? ui->states : NULL;
	rows_make(&ui->rows, ui->model, &ui->view);
	found = ui->has_selected ? rows_find(&ui->rows, ui->model, ui->selected_key) : -1;
	/* the list moves under the selection rather than the selection over the list */
	if (found >= 0 && found >= offset && !ui->is_following)
		ui->top = (size_t)(found - offset);
	select_row(ui, found >= 0 ? found : ui->selected);
}

void ui_set_model(struct ui *ui, const struct model *model)
{
	bool is_first = !ui->model;
	bool was_at_top = !is_first && ui->top == 0 && ui->selected == 0 && !ui->is_following;

	ui->model = model;
	/* nobody has chosen a row yet: stay with the hottest */
	if (was_at_top)
		ui->has_selected = false;
	ui_refresh(ui);
}

static const struct row *selected_row(const struct ui *ui)
{
	return ui->model && ui->rows.n > 0 ? &ui->rows.items[ui->selected] : NULL;
}

static void toggle(struct ui *ui)
{
	const struct row *row = selected_row(ui);

	if (!row || !row->has_children)
		return;
	folds_toggle(ui->folds[ui->view.mode], row_key(ui->model, &ui->rows, row));
	ui_refresh(ui);
}

static void open_row(struct ui *ui)
{
	const struct row *row = selected_row(ui);

	if (row && row->has_children && !row->is_open)
		toggle(ui);
	else if (row && row->is_open)
		select_row(ui, ui->selected + 1);
}

static void close_row(struct ui *ui)
{
	const struct row *row = selected_row(ui);
	ptrdiff_t above = ui->selected;

	if (!row)
		return;
	if (row->is_open) {
		toggle(ui);
		return;
	}
	while (above > 0 && ui->rows.items[above].depth >= row->depth)
		above--;
	if (ui->rows.items[above].depth < row->depth)
		select_row(ui, above);
}

static void toggle_all(struct ui *ui)
{
	ui->all_open[ui->view.mode] = !ui->all_open[ui->view.mode];
	folds_clear(ui->folds[ui->view.mode]);
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
		if (!view_is_open(&ui->view, key))
			folds_toggle(ui->folds[ui->view.mode], key);
	}
	ui->selected_key = row_key(ui->model, all, &all->items[i]);
	ui->has_selected = true;
	ui_refresh(ui);
}

bool ui_search(struct ui *ui, bool forwards, bool from_here)
{
	struct view view = ui->view;
	struct rows all;
	ptrdiff_t at;
	bool found = false;

	if (!ui->search || !ui->model)
		return false;
	/* what is closed is searched too */
	view.folds = NULL;
	view.is_open_default = true;
	view.are_bundles_open = true;
	rows_init(&all);
	rows_make(&all, ui->model, &view);
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

static void search_again(struct ui *ui, bool forwards)
{
	if (!ui->search)
		dialogue_open_input(ui, DIALOGUE_SEARCH);
	else if (!ui_search(ui, forwards, false))
		ui_say(ui, true, "nothing matches");
}

static void change_view(struct ui *ui)
{
	const struct row *row = selected_row(ui);

	ui->view.mode = ui->view.mode == VIEW_OWNERS ? VIEW_TREE : VIEW_OWNERS;
	/* an owner is at home in its root, a process in its place in the tree */
	if (row && row->type == ROW_OWNER && ui->model->attr->owners[row->index].root != NO_PROC)
		ui->selected_key = (struct row_key){
			.type = ROW_PROC,
			.proc = process_key(
				&ui->model->snap->procs[ui->model->attr->owners[row->index].root]),
		};
	ui_refresh(ui);
}

static void sort_by(struct ui *ui, enum column_id column)
{
	ui->sorts[ui->view.mode] = column;
	ui->ascending[ui->view.mode] = !(columns[column].flags & COL_DESC);
	ui_refresh(ui);
	ui_say(ui, false, "sorted by %s", columns[column].title);
}

static void clear_all(struct ui *ui)
{
	query_free(ui->filter);
	query_free(ui->search);
	ui->filter = NULL;
	ui->search = NULL;
	ui->states[0] = '\0';
	ui->view.uid = UINT32_MAX;
	ui_refresh(ui);
}

static enum ui_answer run_command(struct ui *ui, enum command_id command)
{
	ptrdiff_t page = ui_list_height(ui) > 1 ? ui_list_height(ui) - 1 : 1;

	switch (command) {
	case DO_QUIT:
		return UI_QUIT;
	case DO_HELP:
		details_help(ui);
		break;
	case DO_UP:
		select_row(ui, ui->selected - 1);
		break;
	case DO_DOWN:
		select_row(ui, ui->selected + 1);
		break;
	case DO_PAGE_UP:
		select_row(ui, ui->selected - page);
		break;
	case DO_PAGE_DOWN:
		select_row(ui, ui->selected + page);
		break;
	case DO_FIRST:
		select_row(ui, 0);
		break;
	case DO_LAST:
		select_row(ui, (ptrdiff_t)ui->rows.n - 1);
		break;
	case DO_TOGGLE:
		toggle(ui);
		break;
	case DO_OPEN:
		open_row(ui);
		break;
	case DO_CLOSE:
		close_row(ui);
		break;
	case DO_TOGGLE_ALL:
		toggle_all(ui);
		break;
	case DO_DETAILS:
		details_row(ui);
		break;
	case DO_MARKERS:
		details_markers(ui);
		break;
	case DO_TREE:
		change_view(ui);
		break;
	case DO_SEARCH:
		dialogue_open_input(ui, DIALOGUE_SEARCH);
		break;
	case DO_SEARCH_NEXT:
		search_again(ui, true);
		break;
	case DO_SEARCH_PREVIOUS:
		search_again(ui, false);
		break;
	case DO_FILTER:
		dialogue_open_input(ui, DIALOGUE_FILTER);
		break;
	case DO_SORT:
		dialogue_open_menu(ui, MENU_SORT);
		break;
	case DO_INVERT:
		ui->ascending[ui->view.mode] = !ui->ascending[ui->view.mode];
		ui_refresh(ui);
		break;
	case DO_SORT_CPU:
		sort_by(ui, COLUMN_CPU);
		break;
	case DO_SORT_MEMORY:
		sort_by(ui, COLUMN_MEMORY);
		break;
	case DO_SORT_AGE:
		sort_by(ui, COLUMN_AGE);
		break;
	case DO_SORT_GROWTH:
		sort_by(ui, COLUMN_GROWTH);
		break;
	case DO_STATES:
		dialogue_open_menu(ui, MENU_STATES);
		break;
	case DO_USERS:
		dialogue_open_menu(ui, MENU_USERS);
		break;
	case DO_FOLLOW:
		ui->is_following = !ui->is_following;
		ui_say(ui, false,
		       ui->is_following ? "following the selected row" : "no longer following");
		break;
	case DO_PAUSE:
		ui->is_paused = !ui->is_paused;
		break;
	case DO_REDRAW:
		ui->wants_redraw = true;
		break;
	case DO_CLEAR:
		clear_all(ui);
		break;
	case DO_NOTHING:
		break;
	}
	return UI_GO_ON;
}

static void click(struct ui *ui, const struct event *event)
{
	struct layout layout = layout_of(ui->height, ui->width);
	ptrdiff_t row = (ptrdiff_t)ui->top + event->row - layout.list_top;

	if (event->row < layout.list_top || event->row >= layout.list_top + layout.list_rows ||
	    row >= (ptrdiff_t)ui->rows.n)
		return;
	/* a second click on a row opens it */
	if (row == ui->selected)
		toggle(ui);
	else
		select_row(ui, row);
}

static void resize(struct ui *ui, const struct event *event)
{
	ui->height = event->row;
	ui->width = event->column;
	ui->wants_redraw = true;
	if (ui->model)
		scroll_to_selected(ui);
}

enum ui_answer ui_handle(struct ui *ui, const struct event *event)
{
	if (event->type == EVENT_RESIZE) {
		resize(ui, event);
		return UI_GO_ON;
	}
	ui->message[0] = '\0';
	if (ui->dialogue != DIALOGUE_NONE) {
		dialogue_handle(ui, event);
		return UI_GO_ON;
	}
	switch (event->type) {
	case EVENT_KEY:
		return run_command(ui, keys_find(event->key));
	case EVENT_CLICK:
		click(ui, event);
		break;
	case EVENT_WHEEL_UP:
		select_row(ui, ui->selected - WHEEL_ROWS);
		break;
	case EVENT_WHEEL_DOWN:
		select_row(ui, ui->selected + WHEEL_ROWS);
		break;
	case EVENT_RESIZE:
		break;
	}
	return UI_GO_ON;
}
