#include "roll.h"

#include <errno.h>
#include <stdlib.h>

#include "tree.h"

/* Not looked for yet, where NO_PROC or NO_OWNER would say that there is none. */
enum { UNSOUGHT = -2 };

struct roll_entry {
	struct proc_key key;
	int32_t parent; /* index into the same table, NO_PROC */
	int32_t owner;  /* index into roll.owners */
};

/* What is worked out while a roll is called; an index of each entry, or owner. */
struct call {
	const struct roll *roll;
	struct model *model;
	int32_t *now;    /* the entry's process in the snapshot; NO_PROC: it has died */
	int32_t *above;  /* of one that has died, the nearest above it that lives; NO_PROC */
	int32_t *owners; /* of the model */
};

int roll_make(struct roll *roll, const struct model *model)
{
	const struct snapshot *snap = model->snap;
	const struct attribution *attr = model->attr;
	struct roll made = {.n = snap->n_procs, .n_owners = attr->n_owners};
	bool fits;

	arena_init(&made.arena);
	made.entries = arena_new(&made.arena, made.n + 1, sizeof(*made.entries));
	made.owners = arena_new(&made.arena, made.n_owners + 1, sizeof(*made.owners));
	fits = made.entries && made.owners;
	for (size_t g = 0; fits && g < made.n_owners; g++) {
		made.owners[g] = arena_strdup(&made.arena, attr->owners[g].id);
		fits = made.owners[g] != NULL;
	}
	if (!fits) {
		arena_done(&made.arena);
		return -ENOMEM;
	}
	for (size_t i = 0; i < made.n; i++) {
		made.entries[i] = (struct roll_entry){
			.key = process_key(&snap->procs[i]),
			.parent = model->nodes[i].parent,
			.owner = attr->procs[i].owner,
		};
	}
	*roll = made;
	return 0;
}

void roll_done(struct roll *roll)
{
	arena_done(&roll->arena);
	*roll = (struct roll){0};
}

/* Owners are few and found by id; processes are many: each owner is looked up once. */
static int32_t owner_now(const struct call *call, int32_t entry)
{
	int32_t *owner = &call->owners[call->roll->entries[entry].owner];

	if (*owner == UNSOUGHT)
		*owner = attribution_find(call->model->attr,
					  call->roll->owners[call->roll->entries[entry].owner]);
	return *owner;
}

/* Walks both tables in step, for both are by pid: who is still there, and who is new. */
static void match(const struct call *call)
{
	const struct roll *roll = call->roll;
	struct model *model = call->model;
	const struct snapshot *snap = model->snap;
	size_t i = 0;

	for (size_t e = 0; e < roll->n; e++)
		call->now[e] = NO_PROC;
	for (size_t e = 0; e < roll->n; e++) {
		const struct proc_key *key = &roll->entries[e].key;

		while (i < snap->n_procs && snap->procs[i].pid < key->pid)
			model->nodes[i++].is_new = true;
		if (i == snap->n_procs || snap->procs[i].pid != key->pid)
			continue;
		if (snap->procs[i].start_ticks == key->start_ticks)
			call->now[e] = (int32_t)i;
		else
			model->nodes[i].is_new = true;
		i++;
	}
	for (; i < snap->n_procs; i++)
		model->nodes[i].is_new = true;
}

/* The living process nearest above one that died, as an index into the snapshot: followed once for
 * each. */
static int32_t living_above(const struct call *call, int32_t entry)
{
	const struct roll_entry *entries = call->roll->entries;
	int32_t at = entry;
	int32_t found = NO_PROC;

	while (at != NO_PROC) {
		if (call->now[at] != NO_PROC) {
			found = call->now[at];
			break;
		}
		if (call->above[at] != UNSOUGHT) {
			found = call->above[at];
			break;
		}
		call->above[at] = NO_PROC; /* stops a cycle */
		at = entries[at].parent;
	}
	for (int32_t back = entry; back != at && back != NO_PROC; back = entries[back].parent)
		call->above[back] = found;
	return found;
}

/* Below them deaths will be counted, so they are branches. */
static void find_living(const struct call *call)
{
	for (size_t e = 0; e < call->roll->n; e++)
		call->above[e] = UNSOUGHT;
	for (size_t e = 0; e < call->roll->n; e++) {
		if (call->now[e] == NO_PROC && living_above(call, (int32_t)e) != NO_PROC)
			call->model->nodes[call->above[e]].branch = BRANCH_WANTED;
	}
}

static int compare_key(const void *key, const void *entry)
{
	int64_t pid = ((const struct proc_key *)key)->pid;
	int64_t other = ((const struct roll_entry *)entry)->key.pid;

	return (pid > other) - (pid < other);
}

static int32_t find_entry(const struct roll *roll, struct proc_key key)
{
	const struct roll_entry *entry = NULL;

	if (roll->n > 0)
		entry = bsearch(&key, roll->entries, roll->n, sizeof(*entry), compare_key);
	return entry && entry->key.start_ticks == key.start_ticks ? (int32_t)(entry - roll->entries)
								  : NO_PROC;
}

/* The living process that brief lives are counted below, or NO_PROC. */
static int32_t brief_holder(const struct call *call, const struct brief *brief)
{
	int32_t i = snapshot_find(call->model->snap, brief->parent);
	int32_t entry = i == NO_PROC ? find_entry(call->roll, brief->parent) : NO_PROC;

	return entry != NO_PROC ? call->above[entry] : i;
}

static void find_brief(const struct call *call)
{
	const struct snapshot *snap = call->model->snap;

	for (size_t b = 0; b < snap->n_briefs; b++) {
		int32_t i = brief_holder(call, &snap->briefs[b]);

		if (i != NO_PROC)
			call->model->nodes[i].branch = BRANCH_WANTED;
	}
}

/* What was a branch in the last sample is one still: what was born and died below it stays counted.
 */
static void keep_branches(const struct mark *before, struct model *model)
{
	size_t at = 0;

	for (size_t i = 0; i < model->snap->n_procs && at < before->n; i++) {
		if (mark_find(before, &at, process_key(&model->snap->procs[i])))
			model->nodes[i].branch = BRANCH_WANTED;
	}
}

static struct totals *subtree_of(struct model *model, int32_t proc)
{
	return &model->branches[model->nodes[proc].branch].subtree;
}

/* Counts the deaths, of owners and below the nearest that lives. */
static void count_deaths(const struct call *call)
{
	struct model *model = call->model;

	for (size_t e = 0; e < call->roll->n; e++) {
		int32_t owner;

		if (call->now[e] != NO_PROC)
			continue;
		owner = owner_now(call, (int32_t)e);
		if (owner != NO_OWNER)
			model->groups[owner].own.deaths++;
		if (call->above[e] != NO_PROC)
			subtree_of(model, call->above[e])->deaths++;
		model->all.deaths++;
	}
}

/* The owner of the parent of brief lives, or NO_OWNER. */
static int32_t brief_owner(const struct call *call, const struct brief *brief)
{
	int32_t alive = snapshot_find(call->model->snap, brief->parent);
	int32_t entry = find_entry(call->roll, brief->parent);

	if (alive != NO_PROC)
		return call->model->attr->procs[alive].owner;
	return entry != NO_PROC ? owner_now(call, entry) : NO_OWNER;
}

/* Counts what lived between the samples only: one birth and one death each. Once the trees are
 * summed up, all births are in `all` but those of nobody. */
static void count_brief(const struct call *call)
{
	struct model *model = call->model;
	uint64_t placed = 0;

	for (size_t b = 0; b < model->snap->n_briefs; b++) {
		const struct brief *brief = &model->snap->briefs[b];
		int32_t holder = brief_holder(call, brief);
		int32_t owner = brief_owner(call, brief);

		if (owner != NO_OWNER) {
			model->groups[owner].own.births += brief->lives;
			model->groups[owner].own.deaths += brief->lives;
		}
		if (holder == NO_PROC)
			continue;
		subtree_of(model, holder)->births += brief->lives;
		subtree_of(model, holder)->deaths += brief->lives;
		placed += brief->lives;
	}
	model->all.births += model->snap->brief_lives - placed;
	model->all.deaths += model->snap->brief_lives;
}

static int compare(const struct call *call, const struct mark *before)
{
	struct model *model = call->model;
	int rc;

	match(call);
	for (size_t i = 0; i < model->snap->n_procs; i++)
		model->groups[model->attr->procs[i].owner].own.births += model->nodes[i].is_new;
	keep_branches(before, model);
	find_living(call);
	find_brief(call);
	rc = tree_branch(model);
	if (rc != 0)
		return rc;
	for (size_t g = 0; g < call->roll->n_owners; g++)
		call->owners[g] = UNSOUGHT;
	count_deaths(call);
	count_brief(call);
	return 0;
}

int roll_compare(const struct roll *roll, const struct mark *before, struct model *model)
{
	struct call call = {
		.roll = roll,
		.model = model,
		.now = calloc(roll->n + 1, sizeof(*call.now)),
		.above = calloc(roll->n + 1, sizeof(*call.above)),
		.owners = calloc(roll->n_owners + 1, sizeof(*call.owners)),
	};
	int rc = -ENOMEM;

	if (call.now && call.above && call.owners)
		rc = compare(&call, before);
	free(call.now);
	free(call.above);
	free(call.owners);
	return rc;
}
