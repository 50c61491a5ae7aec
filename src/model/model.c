#include "clade/model.h"

#include <errno.h>
#include <stdlib.h>

#include "group.h"
#include "history.h"
#include "limits.h"
#include "tree.h"
#include "verdict.h"

static struct model *model_new(const struct snapshot *snap, const struct attribution *attr)
{
	struct model *model = calloc(1, sizeof(*model));

	if (!model)
		return NULL;
	arena_init(&model->arena);
	model->snap = snap;
	model->attr = attr;
	model->all = totals_none();
	model->nodes = arena_new(&model->arena, snap->n_procs + 1, sizeof(*model->nodes));
	model->groups = arena_new(&model->arena, attr->n_owners + 1, sizeof(*model->groups));
	if (!model->nodes || !model->groups) {
		model_free(model);
		return NULL;
	}
	for (size_t g = 0; g < attr->n_owners; g++) {
		model->groups[g] = (struct group){
			.own = totals_none(),
			.nested = totals_none(),
			.first_child = NO_OWNER,
			.next_sibling = NO_OWNER,
		};
	}
	return model;
}

/* The machine as a whole: the sum of the trees, and the deaths, which are in no tree when a root
 * died. */
static void sum_all(struct model *model)
{
	uint64_t deaths = model->all.deaths;

	for (int32_t root = model->first_root; root != NO_PROC;
	     root = model->nodes[root].next_sibling) {
		struct totals tree = node_subtree(model, root);

		totals_add(&model->all, &tree);
	}
	model->all.deaths = deaths;
}

static int fill(struct model *model, struct history *history)
{
	int32_t *order = calloc(model->snap->n_procs + 1, sizeof(*order));
	int rc = order ? tree_link(model, order) : -ENOMEM;

	if (rc == 0)
		rc = history_compare(history, model);
	if (rc != 0) {
		free(order);
		return rc;
	}
	tree_sum(model, order);
	free(order);
	rc = groups_make(model);
	if (rc != 0)
		return rc;
	limits_make(model);
	sum_all(model);
	rc = history_add(history, model);
	if (rc != 0)
		return rc;
	history_rates(history, model);
	badges_make(model);
	return verdict_make(model);
}

int model_make(struct history *history, const struct snapshot *snap, const struct attribution *attr,
	       struct model **model)
{
	struct model *made = model_new(snap, attr);
	int rc = -ENOMEM;

	if (made) {
		made->thresholds = history_thresholds(history);
		rc = fill(made, history);
	}

	if (rc != 0) {
		model_free(made);
		return rc;
	}
	*model = made;
	return 0;
}

void model_free(struct model *model)
{
	if (!model)
		return;
	arena_done(&model->arena);
	free(model);
}
