/* The rows: columns of figures, then the name in its tree. */
#include <stdio.h>
#include <string.h>

#include "clade/safe.h"
#include "panes.h"

enum {
	NAME_LEAST = 24, /* columns that the name should have before a figure gets room, */
	NAME_USUAL = 35, /* on a usual screen, where a badge shall not be cut; on a wide one more */
	USUAL_WIDTH = 80,
	LEVELS_SHOWN = 16, /* deeper rows are marked with their depth instead */
	NAME_ROOM = 12,    /* of a name, that badges leave */
};

/* Where it is narrow, those of low rank go first. */
static const int ranks[COLUMNS_N] = {
	[COLUMN_PROCS] = 100,  [COLUMN_GROWTH] = 95,  [COLUMN_CPU] = 90,     [COLUMN_MEMORY] = 85,
	[COLUMN_PID] = 70,     [COLUMN_KIND] = 66,    [COLUMN_ZOMBIES] = 65, [COLUMN_STATE] = 60,
	[COLUMN_USER] = 58,    [COLUMN_AGE] = 57,     [COLUMN_BIRTHS] = 55,  [COLUMN_TREND] = 52,
	[COLUMN_ORPHANS] = 50, [COLUMN_LIMIT] = 48,   [COLUMN_BLOCKED] = 45, [COLUMN_READ] = 25,
	[COLUMN_WRITE] = 25,   [COLUMN_THREADS] = 10,
};

/* The columns that are shown, from the left. */
struct shown {
	enum column_id ids[COLUMNS_N];
	size_t n;
};

/* Which columns fit: the most important first, as long as the name keeps its room. */
static struct shown choose_columns(const struct ui *ui, int width)
{
	const struct preferences *preferences = &ui->preferences;
	size_t n = preferences->n_columns[ui->view.mode];
	int least = width < USUAL_WIDTH ? NAME_LEAST : NAME_USUAL;
	int left = width - (width * 3 / 8 > least ? width * 3 / 8 : least);
	bool fits[COLUMNS_N] = {false};
	struct shown shown = {.n = 0};

	for (;;) {
		size_t best = n;

		for (size_t i = 0; i < n; i++) {
			enum column_id id = preferences->columns[ui->view.mode][i];

			if (!fits[i] && columns[id].width + 1 <= left &&
			    (best == n ||
			     ranks[id] > ranks[preferences->columns[ui->view.mode][best]]))
				best = i;
		}
		if (best == n)
			break;
		fits[best] = true;
		left -= columns[preferences->columns[ui->view.mode][best]].width + 1;
	}
	for (size_t i = 0; i < n; i++) {
		if (fits[i])
			shown.ids[shown.n++] = preferences->columns[ui->view.mode][i];
	}
	return shown;
}

enum column_id list_column_at(const struct ui *ui, int column)
{
	struct shown shown = choose_columns(ui, ui->width);
	int at = 0;

	for (size_t i = 0; i < shown.n; i++) {
		at += columns[shown.ids[i]].width + 1;
		if (column < at)
			return shown.ids[i];
	}
	return COLUMN_NAME;
}

/* A value in its column, aligned. */
static int put_cell(struct cells *cells, int row, int at, const struct column *column,
		    enum style style, const char *text)
{
	int width = (int)safe_width(text);
	int pad = width < column->width && !(column->flags & COL_LEFT) ? column->width - width : 0;

	cells_put(cells, row, at + pad, column->width - pad, style, text);
	return at + column->width + 1;
}

static void draw_head(const struct ui *ui, struct cells *cells, int row, const struct shown *shown)
{
	int end = cells->columns - draw_note_sign(ui, cells, row);
	enum column_id sort = ui->preferences.sorts[ui->view.mode];
	const char *arrow = ui->is_ascii ? (ui->view.is_ascending ? "^" : "v")
					 : (ui->view.is_ascending ? "▴" : "▾");
	char title[32];
	int at = 0;

	cells_paint(cells, row, 0, end, STYLE_HEAD);
	for (size_t i = 0; i < shown->n; i++) {
		const struct column *column = &columns[shown->ids[i]];
		bool is_sort = shown->ids[i] == sort;

		snprintf(title, sizeof(title), "%s%s", column->title,
			 is_sort && (int)strlen(column->title) < column->width ? arrow : "");
		at = put_cell(cells, row, at, column, is_sort ? STYLE_SELECTED : STYLE_HEAD, title);
	}
	at += cells_put(cells, row, at, end - at, STYLE_HEAD,
			ui->view.mode == VIEW_OWNERS ? "OWNER / COMMAND " : "COMMAND ");
	if (ui->is_following)
		at += cells_put(cells, row, at, end - at, STYLE_TAGGED, " FOLLOWING ");
	if (ui->filter || ui->states[0] || ui->view.uid != UINT32_MAX)
		at += cells_put(cells, row, at, end - at, STYLE_MATCH, " FILTERED ");
	if (ui->tags.n > 0) {
		snprintf(title, sizeof(title), " %zu TAGGED ", ui->tags.n);
		at += cells_put(cells, row, at, end - at, STYLE_TAGGED, title);
	}
	snprintf(title, sizeof(title), " by %s %s", columns[sort].title, arrow);
	if ((int)safe_width(title) <= end - at)
		cells_put(cells, row, at, end - at, STYLE_HEAD, title);
}

static enum style kind_style(enum owner_kind kind)
{
	switch (kind) {
	case OWNER_AGENT:
		return STYLE_AGENT;
	case OWNER_PM2:
		return STYLE_APP;
	case OWNER_CONTAINER:
		return STYLE_CONTAINER;
	case OWNER_SERVICE:
	case OWNER_LOGIN:
		return STYLE_SERVICE;
	default:
		return STYLE_DIM;
	}
}

/* What is nothing, or not known, steps back. */
static bool is_nothing(const char *value)
{
	return strcmp(value, "0") == 0 || strcmp(value, "-") == 0;
}

static enum style value_style(enum column_id id, const struct ui *ui, const struct row *row)
{
	const struct model *model = ui->model;
	struct totals totals = row_totals(model, &ui->rows, row);
	unsigned badges = row->type == ROW_OWNER ? model->groups[row->index].badges : 0;

	switch (id) {
	case COLUMN_ZOMBIES:
		return totals.zombies > 0 ? STYLE_ZOMBIE : STYLE_DIM;
	case COLUMN_ORPHANS:
		return totals.orphans > 0 ? STYLE_ORPHAN : STYLE_DIM;
	case COLUMN_BLOCKED:
		return totals.blocked > 0 ? STYLE_BLOCKED : STYLE_DIM;
	case COLUMN_GROWTH:
	case COLUMN_BIRTHS:
		return badges & (BADGE_EXPLODING | BADGE_GROWING) ? STYLE_WARN : STYLE_NORMAL;
	case COLUMN_LIMIT:
		return badges & BADGE_LIMIT ? STYLE_ZOMBIE : STYLE_NORMAL;
	case COLUMN_KIND:
		return row->type == ROW_OWNER ? kind_style(model->attr->owners[row->index].kind)
					      : STYLE_NORMAL;
	case COLUMN_STATE:
		if (row->type == ROW_PROC && model->snap->procs[row->index].state == 'R')
			return STYLE_RUNNING;
		if (row->type == ROW_PROC && model->snap->procs[row->index].state == 'Z')
			return STYLE_ZOMBIE;
		return STYLE_NORMAL;
	case COLUMN_PROCS:
		return row->type == ROW_PROC ? STYLE_NORMAL : STYLE_VALUE;
	default:
		return STYLE_NORMAL;
	}
}

static void add_value(struct text *text, const struct ui *ui, const struct row *row,
		      enum column_id id)
{
	if (id == COLUMN_TREND && row->type == ROW_OWNER)
		trend_add(text, ui->model->groups[row->index].trend,
			  ui->model->groups[row->index].n_trend, (size_t)columns[id].width,
			  ui->is_ascii);
	else
		row_add_value(text, id, ui->model, &ui->rows, row, ui->users);
}

/* The lines that lead to a row: │ ├ └, and whether it opens. */
static void add_guides(struct text *text, const struct ui *ui, const struct row *row)
{
	int levels = row->depth < LEVELS_SHOWN ? row->depth : LEVELS_SHOWN;

	if (row->depth > LEVELS_SHOWN)
		text_printf(text, "+%d ", row->depth);
	for (int level = row->depth > LEVELS_SHOWN ? levels - 1 : 1; level < levels; level++)
		text_add(text,
			 row->guides & (uint64_t)1 << level ? (ui->is_ascii ? "| " : "│ ") : "  ");
	if (row->depth > 0)
		text_add(text, row->is_last ? (ui->is_ascii ? "`-" : "└─")
					    : (ui->is_ascii ? "|-" : "├─"));
	if (row->has_children)
		text_add(text, row->is_open ? (ui->is_ascii ? "- " : "▾ ")
					    : (ui->is_ascii ? "+ " : "▸ "));
	else if (row->type == ROW_OWNER)
		text_add(text, "  ");
}

static enum style name_style(const struct ui *ui, size_t i)
{
	const struct row *row = &ui->rows.items[i];
	const struct model *model = ui->model;
	int32_t proc = row_proc(model, &ui->rows, row);

	if (ui_row_tagged(ui, i) != TAGGED_NOT)
		return STYLE_TAGGED;
	if (row->is_match && ui->filter)
		return STYLE_MATCH;
	if (row->type == ROW_OWNER)
		return model->attr->owners[row->index].is_ended ? STYLE_DIM : STYLE_OWNER;
	if (model->snap->procs[proc].state == 'Z')
		return STYLE_ZOMBIE;
	if (model->attr->procs[proc].is_orphan)
		return STYLE_ORPHAN;
	return model->snap->procs[proc].is_kernel ? STYLE_DIM : STYLE_NORMAL;
}

/* Colour is never the only sign. */
static void add_sign(struct text *text, const struct ui *ui, size_t i)
{
	const struct row *row = &ui->rows.items[i];
	int32_t proc = row_proc(ui->model, &ui->rows, row);
	enum tagged tagged = ui_row_tagged(ui, i);
	char number[UNITS_LEN];

	if (tagged == TAGGED_SELF)
		text_add(text, ui->is_ascii ? "# " : "◆ ");
	else if (tagged == TAGGED_ABOVE)
		text_add(text, ui->is_ascii ? "% " : "◇ ");
	if (row->type == ROW_OWNER)
		return;
	/* before the command, where no narrow screen cuts it off */
	if (row->type == ROW_BUNDLE)
		text_printf(text, "%s%s ", ui->is_ascii ? "x" : "×",
			    units_count(number, ui->rows.bundles.items[row->index].n));
	if (ui->model->snap->procs[proc].state == 'Z')
		text_add(text, ui->is_ascii ? "x " : "✗ ");
	if (ui->model->attr->procs[proc].is_orphan)
		text_add(text, ui->is_ascii ? "o " : "○ ");
}

static enum style badge_style(unsigned badges)
{
	if (badges & (BADGE_EXPLODING | BADGE_OOM | BADGE_LIMIT))
		return STYLE_ALARM;
	if (badges & (BADGE_GROWING | BADGE_LOOP))
		return STYLE_WARN;
	if (badges & BADGE_ZOMBIES)
		return STYLE_ZOMBIE;
	if (badges & BADGE_ORPHANS)
		return STYLE_ORPHAN;
	return STYLE_BLOCKED;
}

/* Before an owner's name stands its product, where there is room for all. */
static void add_product(struct text *name, const struct owner *owner, int room)
{
	int product = (int)strlen(owner->product) + 1;

	if (owner->kind == OWNER_KERNEL || owner->kind == OWNER_NONE ||
	    strcmp(owner->name, owner->product) == 0)
		return;
	if (product + (int)safe_width(owner->name) <= room)
		text_printf(name, "%s ", owner->product);
}

/* The columns that the first bytes of a text take. */
static int width_of(const char *text, size_t len)
{
	struct text part = {0};
	int width;

	text_add_bytes(&part, text, len);
	width = (int)safe_width(text_str(&part));
	text_done(&part);
	return width;
}

/* Of "/usr/lib/jvm/bin/java -jar" the directory steps back: what runs is to be read at a glance.
 * The command stands in `text` behind `lead` bytes of signs. */
static void dim_directory(struct cells *cells, int screen_row, int at, const char *text,
			  size_t lead)
{
	const char *command = text + lead;
	const char *slash = memrchr(command, '/', strcspn(command, " "));

	if (*command == '/')
		cells_paint(cells, screen_row, at + width_of(text, lead),
			    width_of(command, (size_t)(slash - command) + 1), STYLE_DIM);
}

/* The badges of an owner get the room first, but for some of its name. */
static int room_for_name(int room, const struct text *badges)
{
	int left = room - (badges->len > 0 ? (int)badges->len + 1 : 0);

	left = left < NAME_ROOM ? NAME_ROOM : left;
	return left < room ? left : room;
}

static void draw_name(const struct ui *ui, struct cells *cells, int screen_row, int at, size_t i)
{
	const struct row *row = &ui->rows.items[i];
	enum style style = name_style(ui, i);
	struct text name = {0};
	struct text badges = {0};
	size_t lead;
	int room;
	int used;

	add_guides(&name, ui, row);
	at += cells_put(cells, screen_row, at, cells->columns - at, STYLE_DIM, text_str(&name));
	text_clear(&name);
	if (row->type == ROW_OWNER)
		badges_add(&badges, ui->model, row->index);
	room = room_for_name(cells->columns - at, &badges);
	add_sign(&name, ui, i);
	if (row->type == ROW_OWNER)
		add_product(&name, &ui->model->attr->owners[row->index], room);
	lead = name.len;
	row_add_value(&name, COLUMN_NAME, ui->model, &ui->rows, row, ui->users);
	used = cells_put_cut(cells, screen_row, at, room, style, text_str(&name), ui->is_ascii);
	if (style == STYLE_NORMAL)
		dim_directory(cells, screen_row, at, text_str(&name), lead);
	if (badges.len > 0)
		cells_put_cut(cells, screen_row, at + used + 1, cells->columns - at - used - 1,
			      badge_style(ui->model->groups[row->index].badges), text_str(&badges),
			      ui->is_ascii);
	text_done(&badges);
	text_done(&name);
}

/* What alarms goes on doing so on the selected row. */
static void paint_selected(struct cells *cells, int row)
{
	for (int column = 0; column < cells->columns; column++) {
		if (cells->items[row * cells->columns + column].style != STYLE_ALARM)
			cells_paint(cells, row, column, 1, STYLE_SELECTED);
	}
}

static void draw_row(const struct ui *ui, struct cells *cells, int screen_row, size_t i,
		     const struct shown *shown)
{
	const struct row *row = &ui->rows.items[i];
	struct text value = {0};
	int at = 0;

	for (size_t c = 0; c < shown->n; c++) {
		enum column_id id = shown->ids[c];

		text_clear(&value);
		add_value(&value, ui, row, id);
		at = put_cell(cells, screen_row, at, &columns[id],
			      is_nothing(text_str(&value)) ? STYLE_DIM : value_style(id, ui, row),
			      text_str(&value));
	}
	draw_name(ui, cells, screen_row, at, i);
	if ((ptrdiff_t)i == ui->selected)
		paint_selected(cells, screen_row);
	text_done(&value);
}

void draw_list(const struct ui *ui, struct cells *cells, const struct layout *layout)
{
	struct shown shown = choose_columns(ui, cells->columns);

	if (layout->head_row >= 0)
		draw_head(ui, cells, layout->head_row, &shown);
	for (int r = 0; r < layout->list_rows && ui->top + (size_t)r < ui->rows.n; r++)
		draw_row(ui, cells, layout->list_top + r, ui->top + (size_t)r, &shown);
	if (ui->rows.n == 0 && layout->list_rows > 0)
		cells_put(cells, layout->list_top, 0, cells->columns, STYLE_DIM,
			  "nothing matches; Esc drops the filters");
}
