/* What the list shows: columns and their order, what it is sorted by, what is folded. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clade/bundle.h"
#include "clade/tui.h"

enum { FOLD_MOST = 1000000 };

/* clang-format off */
static const enum column_id owner_columns[] = {
	COLUMN_PID, COLUMN_KIND, COLUMN_PROCS, COLUMN_BIRTHS, COLUMN_GROWTH, COLUMN_TREND, COLUMN_ZOMBIES, COLUMN_ORPHANS,
	COLUMN_BLOCKED, COLUMN_CPU, COLUMN_MEMORY, COLUMN_LIMIT, COLUMN_READ, COLUMN_WRITE, COLUMN_THREADS, COLUMN_AGE,
};
static const enum column_id tree_columns[] = {
	COLUMN_PID, COLUMN_USER, COLUMN_STATE, COLUMN_PROCS, COLUMN_BIRTHS, COLUMN_GROWTH, COLUMN_ZOMBIES, COLUMN_BLOCKED,
	COLUMN_CPU, COLUMN_MEMORY, COLUMN_READ, COLUMN_WRITE, COLUMN_THREADS, COLUMN_AGE,
};
/* clang-format on */

struct preference_row {
	const char *name;
	enum view_mode mode;
	int (*set)(struct preferences *preferences, enum view_mode mode, const char *value,
		   struct text *error);
	void (*add)(struct text *out, const struct preferences *preferences, enum view_mode mode);
	const char *help;
};

static int find_column(const char *word, size_t len, enum column_id *id, struct text *error)
{
	struct text name = {0};
	int rc;

	text_add_bytes(&name, word, len);
	rc = column_parse(text_str(&name), id);
	if (rc != 0)
		text_printf(error, "unknown column '%s'; see clade list columns", text_str(&name));
	text_done(&name);
	return rc;
}

static int set_columns(struct preferences *preferences, enum view_mode mode, const char *value,
		       struct text *error)
{
	enum column_id ids[COLUMNS_N];
	bool is_there[COLUMNS_N] = {false};
	size_t n = 0;

	for (value += strspn(value, " \t"); *value; value += strspn(value, " \t")) {
		size_t len = strcspn(value, " \t");
		enum column_id id;
		int rc = find_column(value, len, &id, error);

		if (rc != 0)
			return rc;
		if (!is_there[id] && id != COLUMN_NAME) /* the name is always last */
			ids[n++] = id;
		is_there[id] = true;
		value += len;
	}
	memcpy(preferences->columns[mode], ids, n * sizeof(ids[0]));
	preferences->n_columns[mode] = n;
	return 0;
}

static void add_columns(struct text *out, const struct preferences *preferences,
			enum view_mode mode)
{
	for (size_t i = 0; i < preferences->n_columns[mode]; i++)
		text_printf(out, "%s%s", i > 0 ? " " : "",
			    columns[preferences->columns[mode][i]].name);
}

static int set_sort(struct preferences *preferences, enum view_mode mode, const char *value,
		    struct text *error)
{
	return find_column(value, strlen(value), &preferences->sorts[mode], error);
}

static void add_sort(struct text *out, const struct preferences *preferences, enum view_mode mode)
{
	text_add(out, columns[preferences->sorts[mode]].name);
}

static int set_fold(struct preferences *preferences, enum view_mode mode, const char *value,
		    struct text *error)
{
	char *end;
	unsigned long parsed = strtoul(value, &end, 10);

	(void)mode;
	if (strcmp(value, "never") == 0) {
		preferences->fold_least = FOLD_NEVER;
		return 0;
	}
	if (end == value || *end || parsed < 2 || parsed > FOLD_MOST) {
		text_printf(error, "fold is never or a number from 2 to %d, not '%s'", FOLD_MOST,
			    value);
		return -EINVAL;
	}
	preferences->fold_least = (uint32_t)parsed;
	return 0;
}

static void add_fold(struct text *out, const struct preferences *preferences, enum view_mode mode)
{
	(void)mode;
	if (preferences->fold_least == FOLD_NEVER)
		text_add(out, "never");
	else
		text_printf(out, "%u", preferences->fold_least);
}

/* clang-format off */
static const struct preference_row preference_rows[] = {
	{"owner-columns", VIEW_OWNERS, set_columns, add_columns, "columns of the owners' view, in their order"},
	{"owner-sort",    VIEW_OWNERS, set_sort,    add_sort,    "what owners are sorted by at first"},
	{"tree-columns",  VIEW_TREE,   set_columns, add_columns, "columns of the tree"},
	{"tree-sort",     VIEW_TREE,   set_sort,    add_sort,    "what the tree is sorted by at first"},
	{"fold",          VIEW_OWNERS, set_fold,    add_fold,    "so many siblings alike become one row, or never"},
};
/* clang-format on */

enum { PREFERENCES = sizeof(preference_rows) / sizeof(preference_rows[0]) };

struct preferences preferences_default(void)
{
	struct preferences preferences = {
		.n_columns = {sizeof(owner_columns) / sizeof(owner_columns[0]),
			      sizeof(tree_columns) / sizeof(tree_columns[0])},
		.sorts = {COLUMN_HEAT, COLUMN_AGE},
		.fold_least = BUNDLE_LEAST,
	};

	memcpy(preferences.columns[VIEW_OWNERS], owner_columns, sizeof(owner_columns));
	memcpy(preferences.columns[VIEW_TREE], tree_columns, sizeof(tree_columns));
	return preferences;
}

static const struct preference_row *find(const char *name)
{
	for (size_t i = 0; i < PREFERENCES; i++) {
		if (strcmp(preference_rows[i].name, name) == 0)
			return &preference_rows[i];
	}
	return NULL;
}

int preferences_set(struct preferences *preferences, const char *name, const char *value,
		    struct text *error)
{
	const struct preference_row *row = find(name);

	if (!row) {
		text_printf(error, "unknown setting '%s'; see clade list screen", name);
		return -EINVAL;
	}
	return row->set(preferences, row->mode, value, error);
}

void preferences_add_value(struct text *out, const struct preferences *preferences,
			   const char *name)
{
	const struct preference_row *row = find(name);

	if (row)
		row->add(out, preferences, row->mode);
}

void preferences_list(struct text *out)
{
	struct preferences preferences = preferences_default();

	for (size_t i = 0; i < PREFERENCES; i++) {
		text_printf(out, "%-14s  %s: ", preference_rows[i].name, preference_rows[i].help);
		preference_rows[i].add(out, &preferences, preference_rows[i].mode);
		text_add_char(out, '\n');
	}
}
