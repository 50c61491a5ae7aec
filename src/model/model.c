#include "clade/model.h"

#include <errno.h>
#include <math.h>
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

/* Where all events came there is nothing that was not seen: what is left are threads. */
static uint64_t count_unseen(const struct model *model)
{
	const struct snapshot *snap = model->snap;
	double forks = snap->machine.forks_per_s * snap->interval_s;

	if (snap->has_events && !snap->is_at_least)
		return 0;
	if (isnan(forks))
		return UNKNOWN;
	return forks > (double)model->all.births ? (uint64_t)(forks + 0.5) - model->all.births : 0;
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
	model->unseen_births = count_unseen(model);
}

struct model_maker {
	struct history *history;
	struct model *model;
	int32_t *order; /* process indexes, parents before children */
	size_t part;
};

static int link_tree(struct model_maker *maker)
{
	return tree_link(maker->model, maker->order);
}

static int compare(struct model_maker *maker)
{
	return history_compare(maker->history, maker->model);
}

static int sum_up(struct model_maker *maker)
{
	tree_sum(maker->model, maker->order);
	return groups_make(maker->model);
}

static int remember(struct model_maker *maker)
{
	limits_make(maker->model);
	sum_all(maker->model);
	return history_add(maker->history, maker->model);
}

static int judge(struct model_maker *maker)
{
	int rc;

	history_rates(maker->history, maker->model);
	said_recall(history_said(maker->history), maker->model);
	badges_make(maker->model);
	rc = verdict_make(maker->model);
	if (rc == 0)
		said_keep(history_said(maker->history), maker->model);
	return rc;
}

/* The parts of the making, in their order. */
static int (*const parts[])(struct model_maker *maker) = {
	link_tree, compare, sum_up, remember, judge,
};

enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

int model_begin(struct history *history, const struct snapshot *snap,
		const struct attribution *attr, struct model_maker **maker)
{
	struct model_maker *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->history = history;
	made->order = calloc(snap->n_procs + 1, sizeof(*made->order));
	made->model = model_new(snap, attr);
	if (!made->order || !made->model) {
		model_drop(made);
		return -ENOMEM;
	}
	made->model->thresholds = history_thresholds(history);
	*maker = made;
	return 0;
}

int model_step(struct model_maker *maker)
{
	int rc;

	if (maker->part == PARTS)
		return 0;
	rc = parts[maker->part++](maker);
	return rc != 0 ? rc : maker->part < PARTS;
}

struct model *model_end(struct model_maker *maker)
{
	struct model *model = maker->model;

	free(maker->order);
	free(maker);
	return model;
}

void model_drop(struct model_maker *maker)
{
	if (maker)
		model_free(model_end(maker));
}

int model_make(struct history *history, const struct snapshot *snap, const struct attribution *attr,
	       struct model **model)
{
	struct model_maker *maker;
	int rc = model_begin(history, snap, attr, &maker);

	if (rc != 0)
		return rc;
	do {
		rc = model_step(maker);
	} while (rc > 0);
	if (rc == 0)
		*model = model_end(maker);
	else
		model_drop(maker);
	return rc;
}

void model_free(struct model *model)
{
	if (!model)
		return;
	arena_done(&model->arena);
	free(model);
}
