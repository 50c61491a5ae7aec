/* What commands act on: the tagged rows or the selected one, and which processes that are. */
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "ui.h"

size_t ui_targets(const struct ui *ui, struct target **targets)
{
	const struct row *row = ui_selected(ui);
	size_t n = ui->tags.n;

	*targets = mem_new(n + 1, sizeof(**targets));
	if (n > 0) {
		memcpy(*targets, ui->tags.items, n * sizeof(**targets));
		return n;
	}
	if (!row)
		return 0;
	**targets = (struct target){.key = row_key(ui->model, &ui->rows, row), .is_whole = true};
	return 1;
}

/* An owner with those in it: owners come after the one that they lie in. */
static void mark_owner(const struct model *model, int32_t owner, bool *marks)
{
	const struct attribution *attr = model->attr;
	bool *owners = mem_new(attr->n_owners + 1, sizeof(*owners));

	if (owner != NO_OWNER)
		owners[owner] = true;
	for (size_t g = 0; g < attr->n_owners; g++) {
		if (attr->owners[g].parent != NO_OWNER && owners[attr->owners[g].parent])
			owners[g] = true;
	}
	for (size_t i = 0; i < attr->n_procs; i++)
		marks[i] = owners[attr->procs[i].owner];
	free(owners);
}

/* Marks what is below the marked ones too. */
static void mark_below(const struct model *model, int32_t top, bool *marks)
{
	int32_t at = top;

	/* down first, then sideways, then up: no stack, however deep the tree */
	marks[at] = true;
	for (;;) {
		if (model->nodes[at].first_child != NO_PROC) {
			at = model->nodes[at].first_child;
		} else {
			while (at != top && model->nodes[at].next_sibling == NO_PROC)
				at = model->nodes[at].parent;
			if (at == top)
				return;
			at = model->nodes[at].next_sibling;
		}
		marks[at] = true;
	}
}

/* A bundle is made with the rows; one in a closed owner is found by opening everything. */
static void mark_bundle(const struct ui *ui, struct row_key key, bool *marks)
{
	struct view view = ui->view;
	struct rows all;
	ptrdiff_t at;

	view.folds = NULL;
	view.open_to = OPEN_ALL;
	view.filter = NULL;
	view.states = NULL;
	view.uid = UINT32_MAX;
	rows_init(&all);
	rows_make(&all, ui->model, &view);
	at = rows_find(&all, ui->model, key);
	if (at >= 0) {
		const struct bundle *bundle = &all.bundles.items[all.items[at].index];

		for (uint32_t m = 0; m < bundle->n; m++)
			mark_below(ui->model, all.bundles.members[bundle->first + m], marks);
	}
	rows_done(&all);
}

size_t ui_target_procs(const struct ui *ui, struct target target, int32_t **procs)
{
	const struct model *model = ui->model;
	bool *marks = mem_new(model->snap->n_procs + 1, sizeof(*marks));
	int32_t proc = NO_PROC;
	size_t n = 0;

	switch (target.key.type) {
	case ROW_OWNER:
		mark_owner(model, row_key_find_owner(model, target.key), marks);
		break;
	case ROW_PROC:
		proc = snapshot_find(model->snap, target.key.proc);
		if (proc != NO_PROC && target.is_whole)
			mark_below(model, proc, marks);
		else if (proc != NO_PROC)
			marks[proc] = true;
		break;
	case ROW_BUNDLE:
		mark_bundle(ui, target.key, marks);
		break;
	}
	*procs = mem_new(model->snap->n_procs + 1, sizeof(**procs));
	for (size_t i = 0; i < model->snap->n_procs; i++) {
		if (marks[i])
			(*procs)[n++] = (int32_t)i;
	}
	free(marks);
	return n;
}

enum tagged ui_row_tagged(const struct ui *ui, size_t row)
{
	int32_t depth = ui->rows.items[row].depth;

	if (ui->tags.n == 0)
		return TAGGED_NOT;
	if (tags_find(&ui->tags, row_key(ui->model, &ui->rows, &ui->rows.items[row])))
		return TAGGED_SELF;
	for (size_t above = row; above-- > 0 && depth > 0;) {
		const struct row *over = &ui->rows.items[above];
		const struct target *tag;

		if (over->depth >= depth)
			continue;
		depth = over->depth;
		tag = tags_find(&ui->tags, row_key(ui->model, &ui->rows, over));
		if (tag && tag->is_whole)
			return TAGGED_ABOVE;
	}
	return TAGGED_NOT;
}

/* ---- For plans ---- */

static void add_target(struct plan_target **plan_targets, size_t *n, enum plan_target_type type,
		       int32_t index)
{
	*plan_targets = mem_grow(*plan_targets, *n + 1, sizeof(**plan_targets));
	(*plan_targets)[(*n)++] = (struct plan_target){.type = type, .index = index};
}

static void add_tree_of_each(const struct ui *ui, struct target target,
			     struct plan_target **plan_targets, size_t *n)
{
	int32_t *procs;
	size_t n_procs = ui_target_procs(ui, target, &procs);

	for (size_t i = 0; i < n_procs; i++)
		add_target(plan_targets, n, TARGET_TREE, procs[i]);
	free(procs);
}

size_t ui_plan_targets(const struct ui *ui, const struct target *targets, size_t n_targets,
		       struct plan_target **plan_targets)
{
	size_t n = 0;
	int32_t index;

	*plan_targets = NULL;
	for (size_t i = 0; i < n_targets; i++) {
		struct target target = targets[i];

		switch (target.key.type) {
		case ROW_OWNER:
			index = row_key_find_owner(ui->model, target.key);
			if (index != NO_OWNER)
				add_target(plan_targets, &n, TARGET_OWNER_NESTED, index);
			break;
		case ROW_PROC:
			index = snapshot_find(ui->model->snap, target.key.proc);
			if (index != NO_PROC)
				add_target(plan_targets, &n,
					   target.is_whole ? TARGET_TREE : TARGET_PROC, index);
			break;
		case ROW_BUNDLE:
			add_tree_of_each(ui, target, plan_targets, &n);
			break;
		}
	}
	return n;
}

void ui_add_target_words(struct text *words, const struct ui *ui, const struct target *targets,
			 size_t n)
{
	int32_t owner;

	if (n > 1 || ui->tags.n > 0) {
		text_printf(words, "%zu tagged %s", n, n == 1 ? "row" : "rows");
		return;
	}
	switch (targets[0].key.type) {
	case ROW_OWNER:
		owner = row_key_find_owner(ui->model, targets[0].key);
		if (owner != NO_OWNER)
			text_printf(words, "owner:%s", ui->model->attr->owners[owner].id);
		break;
	case ROW_PROC:
		text_printf(words, "pid:%lld", (long long)targets[0].key.proc.pid);
		break;
	case ROW_BUNDLE:
		text_printf(words, "those alike below pid %lld",
			    (long long)targets[0].key.proc.pid);
		break;
	}
}

bool ui_may_act(struct ui *ui, const char *refusal)
{
	if (ui->is_readonly)
		ui_say(ui, true, "read-only: %s", refusal);
	else if (!ui->is_live)
		ui_say(ui, true, "these processes are not those of this machine, now");
	return !ui->is_readonly && ui->is_live && ui->model;
}
