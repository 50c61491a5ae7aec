/* What one row is. */
#include "clade/rows.h"

#include <string.h>

#include "clade/hash.h"
#include "tree.h"

static struct row_key key_of(const struct model *model, const struct rows *rows, enum row_type type,
			     int32_t index)
{
	struct row_key key = {.type = type};
	const char *id;

	switch (type) {
	case ROW_OWNER:
		id = model->attr->owners[index].id;
		key.hash = hash_add(HASH_START, id, strlen(id));
		break;
	case ROW_PROC:
		key.proc = process_key(&model->snap->procs[index]);
		break;
	case ROW_BUNDLE:
		key.proc = rows->bundles.items[index].key.parent;
		key.hash = rows->bundles.items[index].key.shape;
		break;
	}
	return key;
}

struct row_key row_key(const struct model *model, const struct rows *rows, const struct row *row)
{
	return key_of(model, rows, row->type, row->index);
}

bool row_key_equal(struct row_key a, struct row_key b)
{
	return a.type == b.type && a.hash == b.hash && a.proc.pid == b.proc.pid &&
	       a.proc.start_ticks == b.proc.start_ticks;
}

int32_t row_key_find_owner(const struct model *model, struct row_key key)
{
	for (size_t i = 0; i < model->attr->n_owners; i++) {
		if (key_of(model, NULL, ROW_OWNER, (int32_t)i).hash == key.hash)
			return (int32_t)i;
	}
	return NO_OWNER;
}

static bool bundle_holds(const struct model *model, const struct rows *rows, int32_t index,
			 struct proc_key key)
{
	const struct bundle *bundle = &rows->bundles.items[index];

	for (uint32_t m = 0; m < bundle->n; m++) {
		const struct process *proc =
			&model->snap->procs[rows->bundles.members[bundle->first + m]];

		if (proc->pid == key.pid && proc->start_ticks == key.start_ticks)
			return true;
	}
	return false;
}

ptrdiff_t rows_find(const struct rows *rows, const struct model *model, struct row_key key)
{
	for (size_t i = 0; i < rows->n; i++) {
		if (row_key_equal(row_key(model, rows, &rows->items[i]), key))
			return (ptrdiff_t)i;
	}
	for (size_t i = 0; i < rows->n && key.type == ROW_PROC; i++) {
		const struct row *row = &rows->items[i];

		if (row->type == ROW_BUNDLE && bundle_holds(model, rows, row->index, key.proc))
			return (ptrdiff_t)i;
	}
	return -1;
}

int32_t row_proc(const struct model *model, const struct rows *rows, const struct row *row)
{
	switch (row->type) {
	case ROW_OWNER:
		return model->attr->owners[row->index].root;
	case ROW_PROC:
		return row->index;
	case ROW_BUNDLE:
		return rows->bundles.members[rows->bundles.items[row->index].first];
	}
	return NO_PROC;
}

struct totals row_totals(const struct model *model, const struct rows *rows, const struct row *row)
{
	switch (row->type) {
	case ROW_OWNER:
		return model->groups[row->index].nested;
	case ROW_PROC:
		return node_subtree(model, row->index);
	case ROW_BUNDLE:
		return rows->bundles.items[row->index].totals;
	}
	return totals_none();
}

void row_add_value(struct text *out, enum column_id id, const struct model *model,
		   const struct rows *rows, const struct row *row, const struct users *users)
{
	enum column_id of_proc = id == COLUMN_KIND ? COLUMN_USER : id;

	switch (row->type) {
	case ROW_OWNER:
		column_add_owner(out, id, model, row->index);
		break;
	case ROW_PROC:
		column_add_proc(out, of_proc, model, row->index, users);
		break;
	case ROW_BUNDLE:
		column_add_bundle(out, of_proc, model, &rows->bundles, row->index, users);
		break;
	}
}
