#include "clade/rows.h"

#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "clade/mem.h"

enum { GUIDE_LEVELS = 64 };

/* A row_key as bytes to hash: no padding. */
struct fold_key {
	uint64_t a, b;
};

struct fold {
	struct fold_key key;
	UT_hash_handle hh;
};

struct fold_set {
	struct fold *folds;
};

static struct fold_key fold_key(struct row_key key)
{
	if (key.type == ROW_OWNER)
		return (struct fold_key){key.owner_hash, UINT64_MAX};
	return (struct fold_key){key.proc.start_ticks, (uint64_t)key.proc.pid};
}

struct fold_set *folds_new(void)
{
	return mem_new(1, sizeof(struct fold_set));
}

void folds_clear(struct fold_set *folds)
{
	struct fold *fold, *next;

	HASH_ITER (hh, folds->folds, fold, next) {
		HASH_DEL(folds->folds, fold);
		free(fold);
	}
}

void folds_free(struct fold_set *folds)
{
	if (!folds)
		return;
	folds_clear(folds);
	free(folds);
}

static struct fold *fold_find(const struct fold_set *folds, struct row_key key)
{
	struct fold_key bytes = fold_key(key);
	struct fold *fold;

	HASH_FIND(hh, folds->folds, &bytes, sizeof(bytes), fold);
	return fold;
}

void folds_toggle(struct fold_set *folds, struct row_key key)
{
	struct fold *fold = fold_find(folds, key);

	if (fold) {
		HASH_DEL(folds->folds, fold);
		free(fold);
		return;
	}
	fold = mem_new(1, sizeof(*fold));
	fold->key = fold_key(key);
	HASH_ADD(hh, folds->folds, key, sizeof(fold->key), fold);
}

/* FNV-1a (RFC 9923): owners are few, their ids are long. */
static uint64_t hash_id(const char *id)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *id; id++)
		hash = (hash ^ (unsigned char)*id) * 0x100000001b3;
	return hash;
}

static struct row_key key_of(const struct model *model, enum row_type type, int32_t index)
{
	if (type == ROW_OWNER)
		return (struct row_key){.type = type,
					.owner_hash = hash_id(model->attr->owners[index].id)};
	return (struct row_key){.type = type, .proc = process_key(&model->snap->procs[index])};
}

struct row_key row_key(const struct model *model, const struct row *row)
{
	return key_of(model, row->type, row->index);
}

bool row_key_equal(struct row_key a, struct row_key b)
{
	if (a.type != b.type)
		return false;
	if (a.type == ROW_OWNER)
		return a.owner_hash == b.owner_hash;
	return a.proc.pid == b.proc.pid && a.proc.start_ticks == b.proc.start_ticks;
}

ptrdiff_t rows_find(const struct rows *rows, const struct model *model, struct row_key key)
{
	for (size_t i = 0; i < rows->n; i++) {
		if (row_key_equal(row_key(model, &rows->items[i]), key))
			return (ptrdiff_t)i;
	}
	return -1;
}

void rows_init(struct rows *rows)
{
	*rows = (struct rows){0};
}

void rows_done(struct rows *rows)
{
	free(rows->items);
	rows_init(rows);
}

/* What a filter makes of a row. */
enum mark {
	MARK_MATCH = 1 << 0,
	MARK_ABOVE = 1 << 1, /* leads to a match */
	MARK_BELOW = 1 << 2, /* hangs below a match */
};

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
	bool is_filtered;
	uint8_t *procs; /* marks, when filtered */
	uint8_t *owners;
	struct pending *stack;
	size_t n_stack;
	size_t stack_size;
	struct pending *siblings; /* those of one level, before they are sorted */
	size_t n_siblings;
	size_t siblings_size;
};

static bool passes(const struct making *making, int32_t i)
{
	const struct view *view = making->view;
	const struct process *proc = &making->model->snap->procs[i];

	if (view->states && !strchr(view->states, proc->state))
		return false;
	if (view->uid != UINT32_MAX && proc->facts->uid != view->uid)
		return false;
	return !view->filter || query_match_proc(view->filter, making->model, i);
}

/* The row above a process: its parent, when that is shown in the same place. */
static int32_t row_parent(const struct making *making, int32_t i)
{
	int32_t parent = making->model->nodes[i].parent;

	if (parent == NO_PROC || making->view->mode == VIEW_TREE)
		return parent;
	return making->model->attr->procs[parent].owner == making->model->attr->procs[i].owner
		       ? parent
		       : NO_PROC;
}

static void mark_owners_above(struct making *making, int32_t owner)
{
	for (; owner != NO_OWNER && !(making->owners[owner] & MARK_ABOVE);
	     owner = making->model->attr->owners[owner].parent)
		making->owners[owner] |= MARK_ABOVE;
}

static void mark_above(struct making *making, int32_t i)
{
	int32_t at = row_parent(making, i);

	for (; at != NO_PROC && !(making->procs[at] & MARK_ABOVE); at = row_parent(making, at))
		making->procs[at] |= MARK_ABOVE;
	if (making->view->mode == VIEW_OWNERS)
		mark_owners_above(making, making->model->attr->procs[i].owner);
}

/* Matches, what leads to them, and (for a search by text) what hangs below them. */
static void mark_all(struct making *making)
{
	const struct model *model = making->model;
	const struct view *view = making->view;
	bool by_text_only = view->filter && !view->states && view->uid == UINT32_MAX;

	for (size_t g = 0; g < model->attr->n_owners && by_text_only && view->mode == VIEW_OWNERS;
	     g++) {
		if (!query_match_owner(view->filter, model, (int32_t)g))
			continue;
		making->owners[g] |= MARK_MATCH;
		mark_owners_above(making, model->attr->owners[g].parent);
	}
	for (size_t g = 0; g < model->attr->n_owners; g++) {
		int32_t parent = model->attr->owners[g].parent;

		if (parent != NO_OWNER && making->owners[parent] & (MARK_MATCH | MARK_BELOW))
			making->owners[g] |= MARK_BELOW;
	}
	for (size_t i = 0; i < model->snap->n_procs; i++) {
		if (view->mode == VIEW_OWNERS &&
		    making->owners[model->attr->procs[i].owner] & (MARK_MATCH | MARK_BELOW))
			making->procs[i] |= MARK_BELOW;
		if (!passes(making, (int32_t)i))
			continue;
		making->procs[i] |= MARK_MATCH;
		mark_above(making, (int32_t)i);
	}
}

/* Below a match everything stays: told on the way down, from the mark of the row above. */
static bool is_shown_proc(const struct making *making, int32_t i)
{
	int32_t parent;

	if (!making->is_filtered || making->procs[i])
		return true;
	if (!making->view->filter || making->view->states || making->view->uid != UINT32_MAX)
		return false;
	parent = row_parent(making, i);
	if (parent == NO_PROC || !(making->procs[parent] & (MARK_MATCH | MARK_BELOW)))
		return false;
	making->procs[i] |= MARK_BELOW;
	return true;
}

static bool is_shown_owner(const struct making *making, int32_t g)
{
	return !making->is_filtered || making->owners[g] != 0;
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

static int compare_siblings(const void *a, const void *b, void *context)
{
	const struct making *making = context;
	const struct pending *x = a;
	const struct pending *y = b;
	const struct view *view = making->view;
	int order;

	/* owners that lie in an owner come before its own processes */
	if (x->type != y->type)
		return x->type == ROW_OWNER ? -1 : 1;
	order = x->type == ROW_OWNER
			? column_compare_owners(view->sort, making->model, x->index, y->index)
			: column_compare_procs(view->sort, making->model, x->index, y->index);
	return view->is_ascending ? order : -order;
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

static void add_owner_children(struct making *making, int32_t g)
{
	const struct model *model = making->model;
	const struct group *group = &model->groups[g];

	for (int32_t child = group->first_child; child != NO_OWNER;
	     child = model->groups[child].next_sibling) {
		if (is_shown_owner(making, child))
			add_sibling(making, ROW_OWNER, child);
	}
	for (uint32_t n = 0; n < group->own.procs; n++) {
		int32_t i = model->by_owner[group->first_proc + n];

		if (row_parent(making, i) == NO_PROC && is_shown_proc(making, i))
			add_sibling(making, ROW_PROC, i);
	}
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

static bool has_children(const struct making *making, enum row_type type, int32_t index)
{
	const struct model *model = making->model;

	if (type == ROW_OWNER)
		return model->groups[index].own.procs > 0 ||
		       model->groups[index].first_child != NO_OWNER;
	for (int32_t child = model->nodes[index].first_child; child != NO_PROC;
	     child = model->nodes[child].next_sibling) {
		if (row_parent(making, child) == index)
			return true;
	}
	return false;
}

/* In the owners' view processes start open: who opens an owner wants to see them. */
bool view_is_open(const struct view *view, struct row_key key)
{
	bool is_toggled = view->folds && view->folds->folds && fold_find(view->folds, key);
	bool by_default =
		view->is_open_default || (key.type == ROW_PROC && view->mode == VIEW_OWNERS);

	return by_default != is_toggled;
}

/* A filter opens the way to its matches. */
static bool is_open(const struct making *making, enum row_type type, int32_t index)
{
	if (making->is_filtered) {
		uint8_t mark = type == ROW_OWNER ? making->owners[index] : making->procs[index];

		if (mark & MARK_ABOVE)
			return true;
	}
	return view_is_open(making->view, key_of(making->model, type, index));
}

static void write_row(struct making *making, const struct pending *pending)
{
	struct rows *rows = making->rows;
	uint8_t mark = 0;
	struct row *row;

	if (rows->n == rows->size) {
		rows->size = rows->size > 0 ? rows->size * 2 : 1024;
		rows->items = mem_grow(rows->items, rows->size, sizeof(*rows->items));
	}
	if (making->is_filtered)
		mark = pending->type == ROW_OWNER ? making->owners[pending->index]
						  : making->procs[pending->index];
	row = &rows->items[rows->n++];
	*row = (struct row){
		.type = pending->type,
		.index = pending->index,
		.depth = pending->depth,
		.guides = pending->guides,
		.is_last = pending->is_last,
		.is_match = (mark & MARK_MATCH) != 0,
		.has_children = has_children(making, pending->type, pending->index),
	};
	rows->matches += row->is_match;
	row->is_open = row->has_children && is_open(making, row->type, row->index);
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
		.is_filtered = view->filter || view->states || view->uid != UINT32_MAX,
	};

	rows->n = 0;
	rows->matches = 0;
	if (making.is_filtered) {
		making.procs = mem_new(model->snap->n_procs + 1, 1);
		making.owners = mem_new(model->attr->n_owners + 1, 1);
		mark_all(&making);
	}
	add_top(&making);
	push_siblings(&making, 0, 0);
	while (making.n_stack > 0) {
		struct pending pending = making.stack[--making.n_stack];
		const struct row *row;

		write_row(&making, &pending);
		row = &rows->items[rows->n - 1];
		if (!row->is_open)
			continue;
		if (row->type == ROW_OWNER)
			add_owner_children(&making, row->index);
		else
			add_proc_children(&making, row->index);
		push_siblings(&making, pending.depth + 1, pending.guides);
	}
	free(making.stack);
	free(making.siblings);
	free(making.procs);
	free(making.owners);
}
