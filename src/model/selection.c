#include "clade/selection.h"

#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "tree.h"

enum { KEY_LEAST = 6 }; /* of a long id that people shorten */

static bool is_word(const char *s, const char *word, size_t len)
{
	return s && strlen(s) == len && strncmp(s, word, len) == 0;
}

/* The kind before the colon: "agent", "claude-code", or "claude" for short. */
static bool is_of_kind(const struct owner *owner, const char *word, size_t len)
{
	return is_word(owner_kind_name(owner->kind), word, len) ||
	       is_word(owner->product, word, len) ||
	       (owner->product && strncmp(owner->product, word, len) == 0 &&
		owner->product[len] == '-');
}

static bool is_named(const struct owner *owner, const char *name)
{
	size_t len = strlen(name);

	if (strcmp(owner->name, name) == 0)
		return true;
	return owner->key && (strcmp(owner->key, name) == 0 ||
			      (len >= KEY_LEAST && strncmp(owner->key, name, len) == 0));
}

bool owner_answers(const struct owner *owner, const char *word)
{
	const char *colon = strchr(word, ':');

	if (strcmp(owner->id, word) == 0 ||
	    (strncmp(word, "owner:", 6) == 0 && strcmp(owner->id, word + 6) == 0))
		return true;
	if (colon && is_of_kind(owner, word, (size_t)(colon - word)) && is_named(owner, colon + 1))
		return true;
	return is_named(owner, word);
}

static bool answers_any(const struct owner *owner, const struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->n_owners; i++) {
		if (owner_answers(owner, wanted->owners[i]))
			return true;
	}
	return wanted->n_owners == 0;
}

/* Owners stand behind those that they lie in. */
static void choose_owners(struct selection *selection, const struct model *model,
			  const struct wanted *wanted)
{
	for (size_t g = 0; g < model->attr->n_owners; g++) {
		const struct owner *owner = &model->attr->owners[g];

		selection->has_owner[g] =
			answers_any(owner, wanted) ||
			(owner->parent != NO_OWNER && selection->has_owner[owner->parent]);
	}
}

/* Whether the filter takes an owner: one that it lies in is enough; of a negated one all must. */
static void match_owners(bool *matches, const struct model *model, const struct query *filter)
{
	bool is_negated = query_is_negated(filter);

	for (size_t g = 0; g < model->attr->n_owners; g++) {
		int32_t parent = model->attr->owners[g].parent;
		bool outer = parent != NO_OWNER ? matches[parent] : is_negated;
		bool is_match = query_match_owner(filter, model, (int32_t)g);

		matches[g] = is_negated ? is_match && outer : is_match || outer;
	}
}

/* What hangs below a process that is in is in too. */
static void spread(bool *has_proc, const struct model *model)
{
	for (int32_t i = model->first_root; i != NO_PROC; i = tree_walk_on(model, i)) {
		int32_t parent = model->nodes[i].parent;

		if (parent != NO_PROC && has_proc[parent])
			has_proc[i] = true;
	}
}

static void filter_procs(struct selection *selection, const struct model *model,
			 const struct query *filter)
{
	bool *owners = mem_new(model->attr->n_owners + 1, sizeof(*owners));
	bool is_negated = query_is_negated(filter);

	match_owners(owners, model, filter);
	for (size_t i = 0; i < model->snap->n_procs; i++) {
		bool is_owned = owners[model->attr->procs[i].owner];

		selection->has_proc[i] = is_owned == is_negated
						 ? query_match_proc(filter, model, (int32_t)i)
						 : is_owned;
	}
	if (!is_negated)
		spread(selection->has_proc, model);
	free(owners);
}

static bool is_wanted(const struct process *proc, const struct wanted *wanted)
{
	if (wanted->states && !strchr(wanted->states, proc->state))
		return false;
	return !wanted->uid || proc->facts->uid == *wanted->uid;
}

/* Leaves of those that are in the ones that are wanted, and what stays for them. */
static void narrow_procs(bool *has_proc, const struct model *model, const struct wanted *wanted)
{
	for (int32_t i = model->first_root; i != NO_PROC; i = tree_walk_on(model, i)) {
		bool stays = tree_stays_for_parent(model, i) && has_proc[model->nodes[i].parent];

		has_proc[i] = has_proc[i] && (stays || is_wanted(&model->snap->procs[i], wanted));
	}
}

/* The processes of the owners that are in, and of the owners those that have any. */
static void settle(struct selection *selection, const struct model *model, bool is_filtered)
{
	bool *has_any = mem_new(model->attr->n_owners + 1, sizeof(*has_any));

	selection->n_procs = 0;
	for (size_t i = 0; i < model->snap->n_procs; i++) {
		int32_t owner = model->attr->procs[i].owner;

		selection->has_proc[i] = selection->has_proc[i] && selection->has_owner[owner];
		selection->n_procs += selection->has_proc[i];
		has_any[owner] |= selection->has_proc[i];
	}
	for (size_t g = 0; g < model->attr->n_owners && is_filtered; g++)
		selection->has_owner[g] = selection->has_owner[g] && has_any[g];
	free(has_any);
}

struct hot {
	double heat;
	int32_t owner;
};

static int hottest_first(const void *a, const void *b)
{
	const struct hot *x = a;
	const struct hot *y = b;

	if (x->heat != y->heat)
		return x->heat < y->heat ? 1 : -1;
	/* an outer owner is as hot as the hottest in it, which says more; it stands before that */
	return x->owner < y->owner ? 1 : -1;
}

static void sort_owners(struct selection *selection, const struct model *model)
{
	struct hot *hot = mem_new(model->attr->n_owners + 1, sizeof(*hot));
	size_t n = 0;

	for (size_t g = 0; g < model->attr->n_owners; g++) {
		if (selection->has_owner[g])
			hot[n++] = (struct hot){model->groups[g].heat, (int32_t)g};
	}
	qsort(hot, n, sizeof(*hot), hottest_first);
	for (size_t i = 0; i < n; i++)
		selection->owners[i] = hot[i].owner;
	selection->n_owners = n;
	free(hot);
}

static void keep_hottest(struct selection *selection, const struct model *model, size_t top)
{
	size_t procs = selection->n_procs;

	if (top == 0 || selection->n_owners <= top)
		return;
	for (size_t i = top; i < selection->n_owners; i++)
		selection->has_owner[selection->owners[i]] = false;
	selection->left = selection->owners + top;
	selection->n_left = selection->n_owners - top;
	selection->n_owners = top;
	settle(selection, model, false);
	selection->left_procs = procs - selection->n_procs;
}

/* The control groups of what is in. */
static void mark_cgroups(struct selection *selection, const struct model *model)
{
	const struct snapshot *snap = model->snap;
	const char *last = NULL;

	for (size_t i = 0; i < snap->n_procs; i++) {
		const char *cgroup = snap->procs[i].facts->cgroup;
		const struct cgroup_use *use;

		/* processes often share their facts */
		if (!selection->has_proc[i] || cgroup == last)
			continue;
		last = cgroup;
		use = snapshot_find_cgroup(snap, cgroup);
		if (use)
			selection->has_cgroup[use - snap->cgroups] = true;
	}
}

void selection_make(struct selection *selection, const struct model *model,
		    const struct wanted *wanted)
{
	static const struct wanted everything = {0};

	if (!wanted)
		wanted = &everything;
	*selection = (struct selection){
		.has_owner = mem_new(model->attr->n_owners + 1, sizeof(bool)),
		.has_cgroup = mem_new(model->snap->n_cgroups + 1, sizeof(bool)),
		.has_proc = mem_new(model->snap->n_procs + 1, sizeof(bool)),
		.owners = mem_new(model->attr->n_owners + 1, sizeof(int32_t)),
	};
	choose_owners(selection, model, wanted);
	if (wanted->filter)
		filter_procs(selection, model, wanted->filter);
	else
		memset(selection->has_proc, true, model->snap->n_procs * sizeof(bool));
	narrow_procs(selection->has_proc, model, wanted);
	settle(selection, model, wanted->filter || wanted->states || wanted->uid);
	sort_owners(selection, model);
	keep_hottest(selection, model, wanted->top);
	mark_cgroups(selection, model);
}

void selection_done(struct selection *selection)
{
	free(selection->has_owner);
	free(selection->has_proc);
	free(selection->has_cgroup);
	free(selection->owners);
	*selection = (struct selection){0};
}
