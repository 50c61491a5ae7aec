#include "sift.h"

#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "tree.h"

/* What one sifting is about. */
struct sifting {
	const struct model *model;
	const struct view *view;
	uint8_t *procs;
	uint8_t *owners;
};

int32_t sift_row_parent(const struct model *model, const struct view *view, int32_t proc)
{
	int32_t parent = model->nodes[proc].parent;

	if (parent == NO_PROC || view->mode == VIEW_TREE)
		return parent;
	return model->attr->procs[parent].owner == model->attr->procs[proc].owner ? parent
										  : NO_PROC;
}

static int32_t row_parent(const struct sifting *sifting, int32_t proc)
{
	return sift_row_parent(sifting->model, sifting->view, proc);
}

/* Whether processes are chosen one by one, and not by what their owners are called. */
static bool is_narrow(const struct view *view)
{
	return view->states || view->uid != UINT32_MAX || view->selection;
}

/* Whether it is in that state and of that user. */
static bool is_wanted(const struct sifting *sifting, int32_t i)
{
	const struct view *view = sifting->view;
	const struct process *proc = &sifting->model->snap->procs[i];

	if (view->states && !strchr(view->states, proc->state))
		return false;
	return view->uid == UINT32_MAX || proc->facts->uid == view->uid;
}

/* ---- By text ---- */

/* Owners that match, and those in them. They stand behind those that they lie in. */
static void match_owners(const struct sifting *sifting)
{
	const struct attribution *attr = sifting->model->attr;

	for (size_t g = 0; g < attr->n_owners; g++) {
		int32_t parent = attr->owners[g].parent;

		if (query_match_owner(sifting->view->filter, sifting->model, (int32_t)g))
			sifting->owners[g] |= SIFT_MATCH;
		if (parent != NO_OWNER && sifting->owners[parent])
			sifting->owners[g] |= SIFT_BELOW;
	}
}

/* What matches, what hangs below it, and what belongs to an owner that matches. */
static void match_procs(const struct sifting *sifting)
{
	const struct model *model = sifting->model;

	for (int32_t i = model->first_root; i != NO_PROC; i = tree_walk_on(model, i)) {
		int32_t parent = row_parent(sifting, i);

		if (query_match_proc(sifting->view->filter, model, i))
			sifting->procs[i] |= SIFT_MATCH;
		if (sifting->owners[model->attr->procs[i].owner] ||
		    (parent != NO_PROC && sifting->procs[parent]))
			sifting->procs[i] |= SIFT_BELOW;
	}
}

/* Owners that do not match what is negated, nor lie in one that does. */
static void leave_owners(const struct sifting *sifting)
{
	const struct attribution *attr = sifting->model->attr;

	for (size_t g = 0; g < attr->n_owners; g++) {
		int32_t parent = attr->owners[g].parent;

		if (query_match_owner(sifting->view->filter, sifting->model, (int32_t)g) &&
		    (parent == NO_OWNER || sifting->owners[parent]))
			sifting->owners[g] = SIFT_BELOW;
	}
}

static void leave_procs(const struct sifting *sifting)
{
	const struct model *model = sifting->model;
	bool has_owners = sifting->view->mode == VIEW_OWNERS;

	for (size_t i = 0; i < model->snap->n_procs; i++) {
		if ((!has_owners || sifting->owners[model->attr->procs[i].owner]) &&
		    query_match_proc(sifting->view->filter, model, (int32_t)i))
			sifting->procs[i] = SIFT_BELOW;
	}
}

static void sift_text(const struct sifting *sifting)
{
	bool has_owners = sifting->view->mode == VIEW_OWNERS;

	if (query_is_negated(sifting->view->filter)) {
		if (has_owners)
			leave_owners(sifting);
		leave_procs(sifting);
		/* those stay that something is left of */
		memset(sifting->owners, 0, sifting->model->attr->n_owners);
		return;
	}
	if (has_owners)
		match_owners(sifting);
	match_procs(sifting);
}

/* ---- One by one ---- */

/* Whether text and selection leave it. */
static bool is_left(const struct sifting *sifting, int32_t i)
{
	const struct view *view = sifting->view;

	return (!view->filter || sifting->procs[i]) &&
	       (!view->selection || view->selection->has_proc[i]);
}

/* Its parent has its mark already. */
static uint8_t narrow_mark(const struct sifting *sifting, int32_t i)
{
	const struct model *model = sifting->model;

	if (!is_left(sifting, i))
		return 0;
	if (is_wanted(sifting, i))
		return SIFT_MATCH;
	if (tree_stays_for_parent(model, i) && sifting->procs[model->nodes[i].parent])
		return SIFT_BELOW;
	return 0;
}

static void sift_narrow(const struct sifting *sifting)
{
	const struct model *model = sifting->model;
	const struct view *view = sifting->view;

	for (int32_t i = model->first_root; i != NO_PROC; i = tree_walk_on(model, i))
		sifting->procs[i] = narrow_mark(sifting, i);
	for (size_t g = 0; g < model->attr->n_owners; g++)
		sifting->owners[g] =
			view->selection && view->selection->has_owner[g] ? SIFT_BELOW : 0;
}

/* ---- What leads there ---- */

/* Adds a mark to an owner and to those that it lies in. */
static void mark_owners(const struct sifting *sifting, int32_t owner, uint8_t mark)
{
	for (; owner != NO_OWNER && !(sifting->owners[owner] & mark);
	     owner = sifting->model->attr->owners[owner].parent)
		sifting->owners[owner] |= mark;
}

static void lead_to_proc(const struct sifting *sifting, int32_t i)
{
	bool is_match = sifting->procs[i] & SIFT_MATCH;
	int32_t at = row_parent(sifting, i);

	for (; at != NO_PROC && !(sifting->procs[at] & SIFT_ABOVE); at = row_parent(sifting, at))
		sifting->procs[at] |= SIFT_ABOVE;
	/* what a negated filter leaves is most of what there is: no owner opens for that */
	mark_owners(sifting, sifting->model->attr->procs[i].owner,
		    is_match ? SIFT_ABOVE : SIFT_BELOW);
}

static void lead(const struct sifting *sifting)
{
	const struct view *view = sifting->view;
	const struct attribution *attr = sifting->model->attr;
	bool is_negated = view->filter && query_is_negated(view->filter);

	for (size_t g = 0; g < attr->n_owners; g++) {
		if (sifting->owners[g] & SIFT_MATCH)
			mark_owners(sifting, attr->owners[g].parent, SIFT_ABOVE);
	}
	for (size_t i = 0; i < sifting->model->snap->n_procs; i++) {
		if (sifting->procs[i] & (is_negated ? SIFT_MATCH | SIFT_BELOW : SIFT_MATCH))
			lead_to_proc(sifting, (int32_t)i);
	}
}

void sift_make(struct sift *sift, const struct model *model, const struct view *view)
{
	struct sifting sifting = {.model = model, .view = view};

	*sift = (struct sift){0};
	if (!view->filter && !is_narrow(view))
		return;
	sift->procs = sifting.procs = mem_new(model->snap->n_procs + 1, 1);
	sift->owners = sifting.owners = mem_new(model->attr->n_owners + 1, 1);
	if (view->filter)
		sift_text(&sifting);
	if (is_narrow(view))
		sift_narrow(&sifting);
	lead(&sifting);
}

void sift_done(struct sift *sift)
{
	free(sift->procs);
	free(sift->owners);
	*sift = (struct sift){0};
}
