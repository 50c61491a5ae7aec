#include "clade/rows.h"

#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "sift.h"

enum { GUIDE_LEVELS = 64 };

void rows_init(struct rows *rows)
{
	*rows = (struct rows){0};
	bundles_init(&rows->bundles);
}

void rows_done(struct rows *rows)
{
	free(rows->items);
	bundles_done(&rows->bundles);
	rows_init(rows);
}

/* A row that waits to be written, with where it goes. */
struct pending {
	enum row_type type;
	int32_t index;
	int32_t depth;
	uint64_t guides;
	bool is_last;
};

struct making {
	struct rows *rows;
	const struct model *model;
	const struct view *view;
	struct sift sift;
	struct pending *stack;
	size_t n_stack;
	size_t stack_size;
	struct pending *siblings; /* those of one level, before they are sorted */
	size_t n_siblings;
	size_t siblings_size;
};

/* The row above a process. */
static int32_t row_parent(const struct making *making, int32_t i)
{
	return sift_row_parent(making->model, making->view, i);
}

static bool is_shown_proc(const struct making *making, int32_t i)
{
	return !making->sift.procs || making->sift.procs[i];
}

static bool is_shown_owner(const struct making *making, int32_t g)
{
	return !making->sift.owners || making->sift.owners[g];
}

static void add_sibling(struct making *making, enum row_type type, int32_t index)
{
	if (making->n_siblings == making->siblings_size) {
		making->siblings_size = making->siblings_size > 0 ? making->siblings_size * 2 : 256;
		making->siblings = mem_grow(making->siblings, making->siblings_size,
					    sizeof(*making->siblings));
	}
	making->siblings[making->n_siblings++] = (struct pending){.type = type, .index = index};
}

static struct proc_subject subject_of(const struct pending *pending)
{
	return (struct proc_subject){.is_bundle = pending->type == ROW_BUNDLE,
				     .index = pending->index};
}

static int compare_siblings(const void *a, const void *b, void *context)
{
	const struct making *making = context;
	const struct pending *x = a;
	const struct pending *y = b;
	const struct view *view = making->view;
	int order;

	/* owners that lie in an owner come before its own processes */
	if ((x->type == ROW_OWNER) != (y->type == ROW_OWNER))
		return x->type == ROW_OWNER ? -1 : 1;
	order = x->type == ROW_OWNER
			? column_compare_owners(view->sort, making->model, x->index, y->index)
			: column_compare_procs(view->sort, making->model, &making->rows->bundles,
					       subject_of(x), subject_of(y));
	return view->is_ascending ? order : -order;
}

/* Siblings that look alike become one row. */
static void bundle_siblings(struct making *making, int32_t parent)
{
	size_t n = making->n_siblings;
	int32_t *procs = mem_new(n + 1, sizeof(*procs));
	int32_t *in = mem_new(n + 1, sizeof(*in));
	size_t first_new = making->rows->bundles.n;
	uint32_t least = making->view->fold_least > 0 ? making->view->fold_least : BUNDLE_LEAST;
	size_t n_procs = 0;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (making->siblings[i].type == ROW_PROC)
			procs[n_procs++] = making->siblings[i].index;
	}
	bundles_add(&making->rows->bundles, making->model, parent, procs, n_procs, least, in);
	n_procs = 0;
	for (size_t i = 0; i < n; i++) {
		if (making->siblings[i].type == ROW_PROC && in[n_procs++] >= 0)
			continue;
		making->siblings[kept++] = making->siblings[i];
	}
	making->n_siblings = kept;
	for (size_t b = first_new; b < making->rows->bundles.n; b++)
		add_sibling(making, ROW_BUNDLE, (int32_t)b);
	free(procs);
	free(in);
}

/* Sorts the siblings and puts them on the stack, the last first, so that the first is written next.
 */
static void push_siblings(struct making *making, int32_t depth, uint64_t guides)
{
	size_t n = making->n_siblings;

	if (n == 0)
		return;
	qsort_r(making->siblings, n, sizeof(*making->siblings), compare_siblings, making);
	if (making->n_stack + n > making->stack_size) {
		making->stack_size = (making->n_stack + n) * 2;
		making->stack = mem_grow(making->stack, making->stack_size, sizeof(*making->stack));
	}
	for (size_t i = n; i-- > 0;) {
		struct pending *sibling = &making->siblings[i];

		sibling->depth = depth;
		sibling->is_last = i == n - 1;
		sibling->guides = guides;
		if (!sibling->is_last && depth < GUIDE_LEVELS)
			sibling->guides |= (uint64_t)1 << depth;
		making->stack[making->n_stack++] = *sibling;
	}
	making->n_siblings = 0;
}

/* Owners that lie in an owner are shown also when it is closed: sixty apps of one PM2 daemon are
 * what one looks for. */
static void add_owners_in(struct making *making, int32_t g)
{
	const struct model *model = making->model;
	const struct group *group = &model->groups[g];

	for (int32_t child = group->first_child; child != NO_OWNER;
	     child = model->groups[child].next_sibling) {
		if (is_shown_owner(making, child))
			add_sibling(making, ROW_OWNER, child);
	}
}

static void add_owned_procs(struct making *making, int32_t g)
{
	const struct model *model = making->model;
	const struct group *group = &model->groups[g];

	for (uint32_t n = 0; n < group->own.procs; n++) {
		int32_t i = model->by_owner[group->first_proc + n];

		if (row_parent(making, i) == NO_PROC && is_shown_proc(making, i))
			add_sibling(making, ROW_PROC, i);
	}
}

static void add_members(struct making *making, int32_t b)
{
	const struct bundle *bundle = &making->rows->bundles.items[b];

	for (uint32_t m = 0; m < bundle->n; m++)
		add_sibling(making, ROW_PROC, making->rows->bundles.members[bundle->first + m]);
}

static void add_proc_children(struct making *making, int32_t i)
{
	const struct model *model = making->model;

	for (int32_t child = model->nodes[i].first_child; child != NO_PROC;
	     child = model->nodes[child].next_sibling) {
		if (row_parent(making, child) == i && is_shown_proc(making, child))
			add_sibling(making, ROW_PROC, child);
	}
}

static bool has_owned_procs(const struct making *making, int32_t g)
{
	const struct group *group = &making->model->groups[g];

	for (uint32_t n = 0; n < group->own.procs; n++) {
		if (is_shown_proc(making, making->model->by_owner[group->first_proc + n]))
			return true;
	}
	return false;
}

static bool has_children(const struct making *making, enum row_type type, int32_t index)
{
	const struct model *model = making->model;

	if (type == ROW_BUNDLE)
		return true;
	if (type == ROW_OWNER)
		return has_owned_procs(making, index);
	for (int32_t child = model->nodes[index].first_child; child != NO_PROC;
	     child = model->nodes[child].next_sibling) {
		if (row_parent(making, child) == index && is_shown_proc(making, child))
			return true;
	}
	return false;
}

/* What a filter has made of a row; of a bundle what it has made of any of its members. */
static uint8_t mark_of(const struct making *making, enum row_type type, int32_t index)
{
	const struct bundles *bundles = &making->rows->bundles;
	uint8_t mark = 0;

	if (!making->sift.procs)
		return 0;
	if (type == ROW_OWNER)
		return making->sift.owners[index];
	if (type == ROW_PROC)
		return making->sift.procs[index];
	for (uint32_t m = 0; m < bundles->items[index].n; m++)
		mark |= making->sift.procs[bundles->members[bundles->items[index].first + m]];
	return mark;
}

/* A filter opens the way to its matches; a selection only leaves out. */
static bool is_open(const struct making *making, const struct row *row)
{
	if (!making->view->selection && mark_of(making, row->type, row->index) & SIFT_ABOVE)
		return true;
	return view_is_open(making->view, row_key(making->model, making->rows, row), row->depth);
}

static void write_row(struct making *making, const struct pending *pending)
{
	struct rows *rows = making->rows;
	struct row *row;

	if (rows->n == rows->size) {
		rows->size = rows->size > 0 ? rows->size * 2 : 1024;
		rows->items = mem_grow(rows->items, rows->size, sizeof(*rows->items));
	}
	row = &rows->items[rows->n++];
	*row = (struct row){
		.type = pending->type,
		.index = pending->index,
		.depth = pending->depth,
		.guides = pending->guides,
		.is_last = pending->is_last,
		.is_match = (mark_of(making, pending->type, pending->index) & SIFT_MATCH) != 0,
		.has_children = has_children(making, pending->type, pending->index),
	};
	row->is_open = row->has_children && is_open(making, row);
}

static void add_top(struct making *making)
{
	const struct model *model = making->model;

	if (making->view->mode == VIEW_TREE) {
		for (int32_t i = model->first_root; i != NO_PROC;
		     i = model->nodes[i].next_sibling) {
			if (is_shown_proc(making, i))
				add_sibling(making, ROW_PROC, i);
		}
		return;
	}
	for (size_t g = 0; g < model->attr->n_owners; g++) {
		if (model->attr->owners[g].parent == NO_OWNER && is_shown_owner(making, (int32_t)g))
			add_sibling(making, ROW_OWNER, (int32_t)g);
	}
}

void rows_make(struct rows *rows, const struct model *model, const struct view *view)
{
	struct making making = {
		.rows = rows,
		.model = model,
		.view = view,
	};

	rows->n = 0;
	bundles_clear(&rows->bundles);
	sift_make(&making.sift, model, view);
	add_top(&making);
	bundle_siblings(&making, NO_PROC);
	push_siblings(&making, 0, 0);
	while (making.n_stack > 0) {
		struct pending pending = making.stack[--making.n_stack];
		const struct row *row;

		write_row(&making, &pending);
		row = &rows->items[rows->n - 1];
		if (!row->is_open && row->type != ROW_OWNER)
			continue;
		switch (row->type) {
		case ROW_OWNER:
			add_owners_in(&making, row->index);
			if (row->is_open)
				add_owned_procs(&making, row->index);
			bundle_siblings(&making, NO_PROC);
			break;
		case ROW_PROC:
			add_proc_children(&making, row->index);
			bundle_siblings(&making, row->index);
			break;
		case ROW_BUNDLE:
			add_members(&making, row->index);
			break;
		}
		push_siblings(&making, pending.depth + 1, pending.guides);
	}
	free(making.stack);
	free(making.siblings);
	sift_done(&making.sift);
}
