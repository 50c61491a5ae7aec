#include "setup_items.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clade/bundle.h"
#include "clade/mem.h"

static const double delays[] = {0.5, 1, 2, 3, 5, 10, 30, 60};
static const uint32_t folds[] = {2, 3, 5, 10, 20, 50, 100, FOLD_NEVER};
static const char *const screen_names[] = {"owner-columns", "tree-columns", NULL};

/* The neighbour of the place `at` among `n`, round at the ends. */
static size_t neighbour(size_t at, size_t n, int direction)
{
	return (at + n + (size_t)(direction + (int)n)) % n;
}

static void step_theme(struct ui *ui, int direction)
{
	const char *const *names = theme_names();
	size_t n = 0;
	size_t at = 0;

	for (; names[n]; n++) {
		if (strcmp(names[n], ui->theme->name) == 0)
			at = n;
	}
	ui->theme = theme_find(names[neighbour(at, n, direction)]);
	ui->wants_redraw = true;
}

static void add_theme(struct text *out, const struct ui *ui)
{
	text_add(out, ui->theme->name);
}

static void step_delay(struct ui *ui, int direction)
{
	size_t n = sizeof(delays) / sizeof(delays[0]);
	size_t at = 0;

	while (at + 1 < n && delays[at] < ui->delay_s)
		at++;
	ui->delay_s = delays[neighbour(at, n, direction)];
}

static void add_delay(struct text *out, const struct ui *ui)
{
	text_printf(out, "%g", ui->delay_s);
}

static void step_ascii(struct ui *ui, int direction)
{
	(void)direction;
	ui->is_ascii = !ui->is_ascii;
}

static void add_ascii(struct text *out, const struct ui *ui)
{
	text_add(out, ui->is_ascii ? "yes" : "no");
}

static void step_fold(struct ui *ui, int direction)
{
	size_t n = sizeof(folds) / sizeof(folds[0]);
	size_t at = 0;

	while (at + 1 < n && folds[at] < ui->preferences.fold_least)
		at++;
	ui->preferences.fold_least = folds[neighbour(at, n, direction)];
}

static void add_fold(struct text *out, const struct ui *ui)
{
	preferences_add_value(out, &ui->preferences, "fold");
}

/* Only by what the view has values for. */
static void step_sort(struct ui *ui, enum view_mode mode, int direction)
{
	unsigned wanted = mode == VIEW_OWNERS ? COL_OWNERS : COL_PROCS;
	size_t at = ui->preferences.sorts[mode];

	do {
		at = neighbour(at, COLUMNS_N, direction);
	} while (!(columns[at].flags & wanted));
	ui->preferences.sorts[mode] = (enum column_id)at;
	ui->ascending[mode] = !(columns[at].flags & COL_DESC);
}

static void step_owner_sort(struct ui *ui, int direction)
{
	step_sort(ui, VIEW_OWNERS, direction);
}

static void add_owner_sort(struct text *out, const struct ui *ui)
{
	preferences_add_value(out, &ui->preferences, "owner-sort");
}

static void step_tree_sort(struct ui *ui, int direction)
{
	step_sort(ui, VIEW_TREE, direction);
}

static void add_tree_sort(struct text *out, const struct ui *ui)
{
	preferences_add_value(out, &ui->preferences, "tree-sort");
}

/* clang-format off */
static const struct choice choices[] = {
	{"Theme",            "options", "theme",      "the colours",                                  step_theme,      add_theme},
	{"ASCII only",       "options", "ascii",      "lines and marks that every terminal has",      step_ascii,      add_ascii},
	{"Seconds a sample", "options", "delay",      "time from one sample to the next",             step_delay,      add_delay},
	{"Fold from",        "screen",  "fold",       "so many siblings alike become one row",        step_fold,       add_fold},
	{"Owners sorted by", "screen",  "owner-sort", "also when clade is started next",              step_owner_sort, add_owner_sort},
	{"Tree sorted by",   "screen",  "tree-sort",  "also when clade is started next",              step_tree_sort,  add_tree_sort},
};
/* clang-format on */

enum { CHOICES = sizeof(choices) / sizeof(choices[0]) };

static void add(struct items *items, struct item item)
{
	items->items = mem_grow(items->items, items->n + 1, sizeof(*items->items));
	items->items[items->n++] = item;
}

/* Where a column stands in a view; the number of shown ones when it does not. */
static size_t place_of(const struct preferences *preferences, enum view_mode mode,
		       enum column_id column)
{
	size_t at = 0;

	while (at < preferences->n_columns[mode] && preferences->columns[mode][at] != column)
		at++;
	return at;
}

static void add_columns(struct items *items, const struct ui *ui, enum view_mode mode,
			const char *head)
{
	unsigned wanted = mode == VIEW_OWNERS ? COL_OWNERS : COL_PROCS;
	const struct preferences *preferences = &ui->preferences;

	add(items, (struct item){.type = ITEM_HEAD, .head = head});
	for (size_t i = 0; i < preferences->n_columns[mode]; i++)
		add(items, (struct item){.type = ITEM_COLUMN,
					 .mode = mode,
					 .column = preferences->columns[mode][i]});
	for (size_t id = 0; id < COLUMNS_N; id++) {
		if (id != COLUMN_NAME && columns[id].flags & wanted &&
		    place_of(preferences, mode, (enum column_id)id) == preferences->n_columns[mode])
			add(items, (struct item){.type = ITEM_COLUMN,
						 .mode = mode,
						 .column = (enum column_id)id});
	}
}

void items_make(struct items *items, const struct ui *ui)
{
	items->n = 0;
	add(items, (struct item){.type = ITEM_HEAD, .head = "Screen"});
	for (size_t i = 0; i < CHOICES; i++)
		add(items, (struct item){.type = ITEM_CHOICE, .choice = &choices[i]});
	if (ui->collector)
		add(items, (struct item){.type = ITEM_COLLECTOR});
	add_columns(items, ui, VIEW_OWNERS, "Columns of the owners' view, from the left");
	add_columns(items, ui, VIEW_TREE, "Columns of the tree, from the left");
	add(items, (struct item){.type = ITEM_HEAD, .head = "Thresholds"});
	for (const struct threshold_row *row = threshold_rows; row->name; row++)
		add(items, (struct item){.type = ITEM_THRESHOLD, .threshold = row});
}

void items_done(struct items *items)
{
	free(items->items);
	*items = (struct items){0};
}

bool item_is_same(const struct item *a, const struct item *b)
{
	return a->type == b->type && a->head == b->head && a->choice == b->choice &&
	       a->mode == b->mode && a->column == b->column && a->threshold == b->threshold;
}

void item_add_value(struct text *out, const struct ui *ui, const struct item *item)
{
	switch (item->type) {
	case ITEM_HEAD:
		break;
	case ITEM_COLLECTOR:
		text_add(out, ui->collector);
		break;
	case ITEM_CHOICE:
		item->choice->add(out, ui);
		break;
	case ITEM_COLUMN:
		text_add(out, place_of(&ui->preferences, item->mode, item->column) <
					      ui->preferences.n_columns[item->mode]
				      ? "[x]"
				      : "[ ]");
		break;
	case ITEM_THRESHOLD:
		text_printf(out, "%g", thresholds_get(&ui->thresholds, item->threshold));
		break;
	}
}

static void toggle_column(struct preferences *preferences, enum view_mode mode,
			  enum column_id column)
{
	enum column_id *ids = preferences->columns[mode];
	size_t at = place_of(preferences, mode, column);

	if (at == preferences->n_columns[mode])
		ids[preferences->n_columns[mode]++] = column;
	else
		memmove(&ids[at], &ids[at + 1],
			(--preferences->n_columns[mode] - at) * sizeof(*ids));
}

/* By a tenth of its size: 5 -> 6, 100 -> 110. */
static void step_threshold(struct ui *ui, const struct threshold_row *row, int direction)
{
	double now = thresholds_get(&ui->thresholds, row);
	/* downwards from 100 to 90, not to 0 */
	double size = direction < 0 ? now * 0.99 : now;
	double step = pow(10, floor(log10(size)));
	char value[32];

	snprintf(value, sizeof(value), "%.10g",
		 fmin(fmax(now + direction * fmax(step, row->least < 1 ? 0.1 : 1), row->least),
		      row->most));
	thresholds_set(&ui->thresholds, row->name, value, NULL);
}

void item_step(struct ui *ui, const struct item *item, int direction)
{
	switch (item->type) {
	case ITEM_HEAD:
	case ITEM_COLLECTOR:
		break;
	case ITEM_CHOICE:
		item->choice->step(ui, direction);
		break;
	case ITEM_COLUMN:
		toggle_column(&ui->preferences, item->mode, item->column);
		break;
	case ITEM_THRESHOLD:
		step_threshold(ui, item->threshold, direction);
		break;
	}
}

void item_move(struct ui *ui, const struct item *item, int direction)
{
	enum column_id *ids = ui->preferences.columns[item->mode];
	size_t n = ui->preferences.n_columns[item->mode];
	size_t at = place_of(&ui->preferences, item->mode, item->column);
	size_t to = at + (size_t)direction; /* wraps to a place that is none */

	if (item->type != ITEM_COLUMN || at >= n || to >= n)
		return;
	ids[at] = ids[to];
	ids[to] = item->column;
}

static void add_setting(struct setting **settings, size_t *n, const char *section, const char *name,
			struct text *value)
{
	*settings = mem_grow(*settings, *n + 1, sizeof(**settings));
	(*settings)[(*n)++] =
		(struct setting){.section = section, .name = name, .value = text_take(value)};
}

size_t settings_make(struct setting **settings, const struct ui *ui)
{
	struct text value = {0};
	size_t n = 0;

	*settings = NULL;
	for (size_t i = 0; i < CHOICES; i++) {
		choices[i].add(&value, ui);
		add_setting(settings, &n, choices[i].section, choices[i].name, &value);
	}
	for (const char *const *name = screen_names; *name; name++) {
		text_add(&value, ""); /* a view may have no column but the name */
		preferences_add_value(&value, &ui->preferences, *name);
		add_setting(settings, &n, "screen", *name, &value);
	}
	for (const struct threshold_row *row = threshold_rows; row->name; row++) {
		text_printf(&value, "%g", thresholds_get(&ui->thresholds, row));
		add_setting(settings, &n, "thresholds", row->name, &value);
	}
	return n;
}

void settings_free(struct setting *settings, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(settings[i].value);
	free(settings);
}
