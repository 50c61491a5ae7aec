#include "commands.h"

#include "ui.h"

static ptrdiff_t page_of(const struct ui *ui)
{
	return ui_list_height(ui) > 1 ? ui_list_height(ui) - 1 : 1;
}

void command_quit(struct ui *ui)
{
	ui->is_quitting = true;
}

void command_up(struct ui *ui)
{
	ui_select(ui, ui->selected - 1);
}

void command_down(struct ui *ui)
{
	ui_select(ui, ui->selected + 1);
}

void command_page_up(struct ui *ui)
{
	ui_select(ui, ui->selected - page_of(ui));
}

void command_page_down(struct ui *ui)
{
	ui_select(ui, ui->selected + page_of(ui));
}

void command_first(struct ui *ui)
{
	ui_select(ui, 0);
}

void command_last(struct ui *ui)
{
	ui_select(ui, (ptrdiff_t)ui->rows.n - 1);
}

void command_open(struct ui *ui)
{
	const struct row *row = ui_selected(ui);

	if (row && row->has_children && !row->is_open)
		ui_toggle(ui);
	else if (row && row->is_open)
		ui_select(ui, ui->selected + 1);
}

void command_close(struct ui *ui)
{
	const struct row *row = ui_selected(ui);
	ptrdiff_t above = ui->selected;

	if (!row)
		return;
	if (row->is_open) {
		ui_toggle(ui);
		return;
	}
	while (above > 0 && ui->rows.items[above].depth >= row->depth)
		above--;
	if (ui->rows.items[above].depth < row->depth)
		ui_select(ui, above);
}

/* Opens everything above a depth and closes the rest, whatever was opened by hand. */
static void open_to(struct ui *ui, int32_t depth)
{
	ui->open_to[ui->view.mode] = depth;
	folds_clear(ui->folds[ui->view.mode]);
	ui_refresh(ui);
}

void command_toggle_all(struct ui *ui)
{
	open_to(ui, ui->open_to[ui->view.mode] == OPEN_ALL ? 0 : OPEN_ALL);
}

static int32_t deepest(const struct ui *ui)
{
	int32_t depth = 0;

	for (size_t i = 0; i < ui->rows.n; i++) {
		if (ui->rows.items[i].depth > depth)
			depth = ui->rows.items[i].depth;
	}
	return depth;
}

static void say_depth(struct ui *ui)
{
	ui_say(ui, false, "open to depth %d", ui->open_to[ui->view.mode]);
}

void command_shallower(struct ui *ui)
{
	int32_t depth = ui->open_to[ui->view.mode];

	if (depth == OPEN_ALL)
		depth = deepest(ui);
	if (depth > 0)
		depth--;
	open_to(ui, depth);
	say_depth(ui);
}

void command_deeper(struct ui *ui)
{
	int32_t depth = ui->open_to[ui->view.mode];

	if (depth == OPEN_ALL)
		return;
	open_to(ui, depth + 1);
	say_depth(ui);
}

static void tag(struct ui *ui, bool is_whole)
{
	const struct row *row = ui_selected(ui);

	if (row)
		tags_toggle(&ui->tags, (struct target){.key = row_key(ui->model, &ui->rows, row),
						       .is_whole = is_whole});
}

/* A closed row is tagged with all that it hides: nobody tags what he sees and leaves the rest. */
void command_tag(struct ui *ui)
{
	const struct row *row = ui_selected(ui);

	if (!row)
		return;
	tag(ui, row->type != ROW_PROC || (row->has_children && !row->is_open));
	command_down(ui);
}

void command_tag_tree(struct ui *ui)
{
	tag(ui, true);
}

void command_untag_all(struct ui *ui)
{
	tags_clear(&ui->tags);
}

static void search_again(struct ui *ui, bool forwards)
{
	if (!ui->search)
		command_search(ui);
	else if (!ui_search(ui, forwards, false))
		ui_say(ui, true, "nothing matches");
}

void command_search_next(struct ui *ui)
{
	search_again(ui, true);
}

void command_search_previous(struct ui *ui)
{
	search_again(ui, false);
}

void command_tree(struct ui *ui)
{
	const struct row *row = ui_selected(ui);

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

void command_invert(struct ui *ui)
{
	ui->ascending[ui->view.mode] = !ui->ascending[ui->view.mode];
	ui_refresh(ui);
}

void command_sort_cpu(struct ui *ui)
{
	ui_sort(ui, COLUMN_CPU);
}

void command_sort_memory(struct ui *ui)
{
	ui_sort(ui, COLUMN_MEMORY);
}

void command_sort_age(struct ui *ui)
{
	ui_sort(ui, COLUMN_AGE);
}

void command_sort_growth(struct ui *ui)
{
	ui_sort(ui, COLUMN_GROWTH);
}

void command_follow(struct ui *ui)
{
	ui->is_following = !ui->is_following;
	ui_say(ui, false, ui->is_following ? "following the selected row" : "no longer following");
}

void command_pause(struct ui *ui)
{
	if (ui->replay)
		ui->replay->is_playing = !ui->replay->is_playing;
	else
		ui->is_paused = !ui->is_paused;
}

void command_redraw(struct ui *ui)
{
	ui->wants_redraw = true;
}

void command_clear(struct ui *ui)
{
	query_free(ui->filter);
	query_free(ui->search);
	ui->filter = NULL;
	ui->search = NULL;
	ui->states[0] = '\0';
	ui->view.uid = UINT32_MAX;
	ui_refresh(ui);
}
