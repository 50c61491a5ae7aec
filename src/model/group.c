#include "group.h"

#include <errno.h>

#include "tree.h"

static void link_groups(struct model *model)
{
	for (size_t g = model->attr->n_owners; g-- > 0;) {
		int32_t parent = model->attr->owners[g].parent;

		if (parent == NO_OWNER)
			continue;
		model->groups[g].next_sibling = model->groups[parent].first_child;
		model->groups[parent].first_child = (int32_t)g;
	}
}

static void sum_own(struct model *model)
{
	for (size_t i = 0; i < model->snap->n_procs; i++) {
		const struct assignment *assignment = &model->attr->procs[i];

		totals_add_proc(&model->groups[assignment->owner].own, &model->snap->procs[i],
				assignment);
	}
}

/* Parents stand before their children: from the last to the first every sum is whole when it is
 * added. */
static void sum_nested(struct model *model)
{
	for (size_t g = model->attr->n_owners; g-- > 0;) {
		struct group *group = &model->groups[g];
		int32_t parent = model->attr->owners[g].parent;

		totals_add(&group->nested, &group->own);
		if (parent != NO_OWNER)
			totals_add(&model->groups[parent].nested, &group->nested);
	}
}

static void list_procs(struct model *model)
{
	uint32_t at = 0;

	for (size_t g = 0; g < model->attr->n_owners; g++) {
		model->groups[g].first_proc = at;
		at += model->groups[g].own.procs;
	}
	/* each first_proc serves as a cursor, and is put back */
	for (size_t i = 0; i < model->snap->n_procs; i++)
		model->by_owner[model->groups[model->attr->procs[i].owner].first_proc++] =
			(int32_t)i;
	for (size_t g = 0; g < model->attr->n_owners; g++)
		model->groups[g].first_proc -= model->groups[g].own.procs;
}

int groups_make(struct model *model)
{
	model->by_owner =
		arena_new(&model->arena, model->snap->n_procs + 1, sizeof(*model->by_owner));
	if (!model->by_owner)
		return -ENOMEM;
	link_groups(model);
	sum_own(model);
	sum_nested(model);
	list_procs(model);
	return 0;
}
