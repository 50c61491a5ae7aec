#include "tree.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct totals totals_none(void)
{
	return (struct totals){.cpu_percent = NAN, .io_read_rate = NAN, .io_write_rate = NAN};
}

/* The sum of what is known. */
static void add_known(double *sum, double value)
{
	if (isnan(value))
		return;
	*sum = isnan(*sum) ? value : *sum + value;
}

void totals_add_proc(struct totals *totals, const struct process *proc,
		     const struct assignment *assignment)
{
	totals->procs++;
	totals->threads += proc->threads;
	totals->zombies += proc->state == 'Z';
	totals->blocked += proc->state == 'D';
	totals->orphans += assignment->is_orphan;
	if (is_known(proc->rss_bytes))
		totals->rss_bytes += proc->rss_bytes;
	add_known(&totals->cpu_percent, (double)proc->cpu_percent);
	add_known(&totals->io_read_rate, (double)proc->io_read_rate);
	add_known(&totals->io_write_rate, (double)proc->io_write_rate);
}

void totals_add(struct totals *totals, const struct totals *part)
{
	totals->procs += part->procs;
	totals->zombies += part->zombies;
	totals->orphans += part->orphans;
	totals->blocked += part->blocked;
	totals->threads += part->threads;
	totals->rss_bytes += part->rss_bytes;
	totals->births += part->births;
	totals->deaths += part->deaths;
	add_known(&totals->cpu_percent, part->cpu_percent);
	add_known(&totals->io_read_rate, part->io_read_rate);
	add_known(&totals->io_write_rate, part->io_write_rate);
}

static int32_t find_parent(const struct snapshot *snap, size_t i)
{
	const struct process *proc = &snap->procs[i];
	int32_t parent = proc->ppid > 0 ? snapshot_find_pid(snap, proc->ppid) : NO_PROC;

	if (parent < 0 || (size_t)parent == i ||
	    snap->procs[parent].start_ticks > proc->start_ticks)
		return NO_PROC;
	return parent;
}

static void hang(struct model *model, int32_t i, int32_t parent)
{
	struct node *node = &model->nodes[i];
	int32_t *list = parent == NO_PROC ? &model->first_root : &model->nodes[parent].first_child;

	node->parent = parent;
	node->next_sibling = *list;
	*list = i;
}

/* Walks down from `i`, writing what it meets; level by level, without recursion. */
static size_t walk(struct model *model, int32_t i, int32_t *order, size_t done)
{
	size_t from = done;

	order[done++] = i;
	for (; from < done; from++) {
		int32_t at = order[from];

		for (int32_t c = model->nodes[at].first_child; c != NO_PROC;
		     c = model->nodes[c].next_sibling) {
			model->nodes[c].depth = model->nodes[at].depth + 1;
			order[done++] = c;
		}
	}
	return done;
}

/* Takes a process out of its parent's list, to be a root: it was in a cycle. */
static void cut(struct model *model, int32_t i)
{
	struct node *parent = &model->nodes[model->nodes[i].parent];
	int32_t *link = &parent->first_child;

	while (*link != i)
		link = &model->nodes[*link].next_sibling;
	*link = model->nodes[i].next_sibling;
	hang(model, i, NO_PROC);
}

/* What no root leads to hangs in a cycle. */
static size_t cut_cycles(struct model *model, int32_t *order, size_t done)
{
	size_t n = model->snap->n_procs;
	bool *seen = arena_new(&model->arena, n + 1, sizeof(*seen));

	if (!seen)
		return done;
	for (size_t i = 0; i < done; i++)
		seen[order[i]] = true;
	for (size_t i = 0; i < n; i++) {
		size_t from = done;

		if (seen[i])
			continue;
		cut(model, (int32_t)i);
		done = walk(model, (int32_t)i, order, done);
		for (; from < done; from++)
			seen[order[from]] = true;
	}
	return done;
}

/* Indexes in the order of pids; for children the order of age is wanted, which is the same but
 * where pids wrapped round. */
struct aged {
	uint64_t start_ticks;
	int32_t index;
};

static int by_age_descending(const void *a, const void *b)
{
	const struct aged *x = a;
	const struct aged *y = b;

	if (x->start_ticks != y->start_ticks)
		return x->start_ticks < y->start_ticks ? 1 : -1;
	return (x->index < y->index) - (x->index > y->index);
}

int tree_link(struct model *model, int32_t *order)
{
	const struct snapshot *snap = model->snap;
	struct aged *ages = malloc((snap->n_procs + 1) * sizeof(*ages));
	size_t done = 0;

	if (!ages)
		return -ENOMEM;
	model->first_root = NO_PROC;
	for (size_t i = 0; i < snap->n_procs; i++) {
		model->nodes[i] = (struct node){
			.parent = NO_PROC,
			.first_child = NO_PROC,
			.next_sibling = NO_PROC,
			.branch = NO_BRANCH,
		};
		ages[i] = (struct aged){.start_ticks = snap->procs[i].start_ticks,
					.index = (int32_t)i};
	}
	/* lists grow at their heads: the youngest first, so that the oldest ends up in front */
	qsort(ages, snap->n_procs, sizeof(*ages), by_age_descending);
	for (size_t n = 0; n < snap->n_procs; n++) {
		int32_t i = ages[n].index;
		int32_t parent = find_parent(snap, (size_t)i);

		model->nodes[i].is_parent_unseen = parent == NO_PROC && snap->procs[i].ppid > 0;
		hang(model, i, parent);
	}
	free(ages);
	for (int32_t root = model->first_root; root != NO_PROC;
	     root = model->nodes[root].next_sibling)
		done = walk(model, root, order, done);
	if (done < snap->n_procs)
		done = cut_cycles(model, order, done);
	return done == snap->n_procs ? 0 : -ENOMEM;
}

int tree_branch(struct model *model)
{
	size_t n = model->snap->n_procs;

	for (size_t i = 0; i < n; i++) {
		struct node *node = &model->nodes[i];

		if (node->first_child != NO_PROC || node->branch == BRANCH_WANTED)
			node->branch = (int32_t)model->n_branches++;
	}
	model->branches = arena_new(&model->arena, model->n_branches + 1, sizeof(*model->branches));
	if (!model->branches)
		return -ENOMEM;
	for (size_t b = 0; b < model->n_branches; b++)
		model->branches[b].subtree = totals_none();
	return 0;
}

/* What a process alone adds to a sum. */
static void add_self(struct totals *totals, const struct model *model, int32_t proc)
{
	totals_add_proc(totals, &model->snap->procs[proc], &model->attr->procs[proc]);
	totals->births += model->nodes[proc].is_new;
}

void tree_sum(struct model *model, const int32_t *order)
{
	for (size_t n = model->snap->n_procs; n-- > 0;) {
		int32_t i = order[n];
		const struct node *node = &model->nodes[i];
		struct branch *own =
			node->branch != NO_BRANCH ? &model->branches[node->branch] : NULL;
		struct branch *above = node->parent != NO_PROC
					       ? &model->branches[model->nodes[node->parent].branch]
					       : NULL;

		if (own)
			add_self(&own->subtree, model, i);
		if (!above)
			continue;
		if (own)
			totals_add(&above->subtree, &own->subtree);
		else
			add_self(&above->subtree, model, i);
		above->zombie_children += model->snap->procs[i].state == 'Z';
	}
}

struct totals node_subtree(const struct model *model, int32_t proc)
{
	int32_t branch = model->nodes[proc].branch;
	struct totals self = totals_none();

	if (branch != NO_BRANCH)
		return model->branches[branch].subtree;
	add_self(&self, model, proc);
	return self;
}

uint32_t node_zombies(const struct model *model, int32_t proc)
{
	int32_t branch = model->nodes[proc].branch;

	return branch != NO_BRANCH ? model->branches[branch].zombie_children : 0;
}

int32_t tree_walk_on(const struct model *model, int32_t at)
{
	if (model->nodes[at].first_child != NO_PROC)
		return model->nodes[at].first_child;
	while (at != NO_PROC && model->nodes[at].next_sibling == NO_PROC)
		at = model->nodes[at].parent;
	return at != NO_PROC ? model->nodes[at].next_sibling : NO_PROC;
}

bool tree_stays_for_parent(const struct model *model, int32_t proc)
{
	const struct attribution *attr = model->attr;
	int32_t parent = model->nodes[proc].parent;
	int32_t owner = attr->procs[proc].owner;

	return parent != NO_PROC && attr->procs[parent].owner == owner &&
	       attr->owners[owner].kind != OWNER_NONE;
}
