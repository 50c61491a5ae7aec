/* The tree of a page: rows within one another as <details>, which open without a script. */
#include <string.h>

#include "clade/rows.h"
#include "clade/safe.h"
#include "html.h"

enum {
	MEMBERS_MAX = 40,   /* shown of a bundle */
	ROWS_MAX = 20000,   /* of the whole page */
	COMMAND_MAX = 4000, /* bytes of a line */
	DEPTH_MAX = 120,    /* of elements in one another, two a level and 256 in all for libxml2;
			       deeper ones stand side by side */
};

struct tree {
	struct html *html;
	struct rows rows;
	int32_t open[DEPTH_MAX]; /* depths of the rows that are open around */
	size_t n_open;
	size_t written;
	size_t more; /* rows that had no room */
};

static struct text *out_of(const struct tree *tree)
{
	return &tree->html->outlet.text;
}

static void put_cells(const struct tree *tree, const struct row *row)
{
	struct html *html = tree->html;
	struct text *out = out_of(tree);

	for (size_t i = 0; i < html->n_proc_columns; i++) {
		const struct column *column = &columns[html->proc_columns[i]];

		text_clear(&html->cell);
		row_add_value(&html->cell, html->proc_columns[i], html->job->model, &tree->rows,
			      row, html->job->config->users);
		text_printf(out, "<span class=\"f%s\" style=\"width:%dch\">",
			    column->flags & COL_LEFT ? " l" : "", column->width + 1);
		html_add(out, html->cell.len > 0 ? text_str(&html->cell) : "\xc2\xa0");
		text_add(out, "</span>");
	}
}

static void put_name(const struct tree *tree, const struct row *row)
{
	struct html *html = tree->html;
	const struct model *model = html->job->model;
	struct text *out = out_of(tree);
	char number[UNITS_LEN];

	text_add(out, row->type == ROW_OWNER ? "<span class=\"n own\">" : "<span class=\"n\">");
	if (row->type == ROW_OWNER)
		text_printf(out, "<span class=\"dim\">%s</span> ",
			    owner_kind_name(model->attr->owners[row->index].kind));
	if (row->type == ROW_BUNDLE)
		text_printf(out, "×%s ",
			    units_count(number, tree->rows.bundles.items[row->index].n));
	if (row->type != ROW_OWNER &&
	    model->attr->procs[row_proc(model, &tree->rows, row)].is_orphan)
		text_add(out, "<span class=\"badge warn\">orphan</span> ");
	text_clear(&html->cell);
	row_add_value(&html->cell, COLUMN_NAME, model, &tree->rows, row, html->job->config->users);
	if (html->cell.len > COMMAND_MAX) {
		text_cut(&html->cell, safe_fit(text_str(&html->cell), COMMAND_MAX, NULL));
		text_add(&html->cell, " …");
	}
	html_add(out, text_str(&html->cell));
	if (row->type == ROW_OWNER)
		html_add_badges(html, row->index);
	text_add(out, "</span>");
}

static void put_more(struct tree *tree, size_t more)
{
	char number[UNITS_LEN];

	if (more > 0)
		text_printf(out_of(tree), "<div class=\"row dim\">… and %s more</div>\n",
			    units_count(number, more));
}

/* Ends what is open at this depth and below. */
static void close_to(struct tree *tree, int32_t depth)
{
	while (tree->n_open > 0 && tree->open[tree->n_open - 1] >= depth) {
		text_add(out_of(tree), "</div></details>\n");
		tree->n_open--;
	}
}

static void put_why(const struct tree *tree, const struct row *row)
{
	const struct owner *owner = &tree->html->job->model->attr->owners[row->index];

	text_add(out_of(tree), "<div class=\"why\">");
	html_add_safe(out_of(tree), owner->id);
	if (owner->evidence && *owner->evidence) {
		text_add(out_of(tree), ": ");
		html_add_safe(out_of(tree), owner->evidence);
	}
	text_add(out_of(tree), "</div>\n");
}

static void put_row(struct tree *tree, const struct row *row, bool has_more, bool is_open)
{
	struct text *out = out_of(tree);
	bool opens = (has_more || row->type == ROW_OWNER) && tree->n_open < DEPTH_MAX;

	close_to(tree, row->depth);
	text_add(out, !opens    ? "<div class=\"row\">"
		      : is_open ? "<details open><summary>"
				: "<details><summary>");
	put_name(tree, row);
	put_cells(tree, row);
	text_add(out, opens ? "</summary><div class=\"in\">\n" : "</div>\n");
	if (opens) {
		tree->open[tree->n_open++] = row->depth;
		if (row->type == ROW_OWNER)
			put_why(tree, row);
	}
	outlet_drain(&tree->html->outlet);
	tree->written++;
}

/* Where the row's own tree ends. */
static size_t end_of(const struct tree *tree, size_t at)
{
	size_t end = at + 1;

	while (end < tree->rows.n && tree->rows.items[end].depth > tree->rows.items[at].depth)
		end++;
	return end;
}

/* A bundle of many: some of its members, and how many more there are. Returns where it ends. */
static size_t put_bundle(struct tree *tree, size_t at)
{
	const struct row *row = &tree->rows.items[at];
	size_t end = end_of(tree, at);
	size_t shown = 0;
	size_t i = at + 1;

	put_row(tree, row, true, false);
	while (i < end && shown < MEMBERS_MAX) {
		size_t next = end_of(tree, i);

		for (; i < next && tree->written < ROWS_MAX; i++)
			put_row(tree, &tree->rows.items[i],
				i + 1 < next &&
					tree->rows.items[i + 1].depth > tree->rows.items[i].depth,
				false);
		i = next;
		shown++;
	}
	close_to(tree, row->depth + 1);
	put_more(tree, tree->rows.bundles.items[row->index].n - shown);
	return end;
}

static void put_rows(struct tree *tree)
{
	const struct selection *selection = tree->html->job->selection;

	for (size_t i = 0; i < tree->rows.n;) {
		const struct row *row = &tree->rows.items[i];
		bool has_more = i + 1 < tree->rows.n && tree->rows.items[i + 1].depth > row->depth;

		if (row->type == ROW_OWNER && !selection->has_owner[row->index] && !has_more) {
			i++;
		} else if (tree->written >= ROWS_MAX) {
			tree->more++;
			i++;
		} else if (row->type == ROW_BUNDLE) {
			i = put_bundle(tree, i);
		} else {
			/* the hottest owner is open when the page is */
			bool is_hottest = row->type == ROW_OWNER && selection->n_owners > 0 &&
					  row->index == selection->owners[0];

			put_row(tree, row, has_more, is_hottest || row->type == ROW_PROC);
			i++;
		}
	}
	close_to(tree, 0);
	put_more(tree, tree->more);
}

static void put_titles(const struct tree *tree)
{
	const struct html *html = tree->html;
	struct text *out = out_of(tree);

	text_add(out, "<div class=\"row head\"><span class=\"n\">owner, command</span>");
	for (size_t i = 0; i < html->n_proc_columns; i++) {
		const struct column *column = &columns[html->proc_columns[i]];

		text_printf(out, "<span class=\"f%s\" style=\"width:%dch\">",
			    column->flags & COL_LEFT ? " l" : "", column->width + 1);
		html_add(out, column->title);
		text_add(out, "</span>");
	}
	text_add(out, "</div>\n");
}

void html_put_tree(struct html *html)
{
	const struct selection *selection = html->job->selection;
	const struct model *model = html->job->model;
	bool is_all = selection->n_procs == model->snap->n_procs;
	struct tree tree = {.html = html};
	struct view view = {
		.mode = VIEW_OWNERS,
		.sort = COLUMN_HEAT,
		.open_to = INT32_MAX,
		.are_bundles_open = true,
		.uid = UINT32_MAX,
		.selection = is_all ? NULL : selection,
	};

	rows_init(&tree.rows);
	rows_make(&tree.rows, model, &view);
	text_add(out_of(&tree), "<h2>Tree</h2>\n<div class=\"tree\">\n");
	put_titles(&tree);
	put_rows(&tree);
	text_add(out_of(&tree), "</div>\n");
	rows_done(&tree.rows);
}
