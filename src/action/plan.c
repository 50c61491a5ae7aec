#include "clade/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "clade/safe.h"
#include "plan_parts.h"

enum {
	COUNT_TO_TYPE = 50, /* more processes than this need their number to be typed */
	EXAMPLE_MAX = 200,
};

/* ---- Who is selected ---- */

static void mark(struct planning *planning, int32_t proc, enum plan_why why)
{
	if (planning->marks[proc] == UNMARKED)
		planning->marks[proc] = (uint8_t)why;
}

/* A process and all below it, without recursion. What has been walked once is not walked again, so
 * that a hundred tags in one tree cost one walk. */
static void mark_tree(struct planning *planning, int32_t top)
{
	const struct node *nodes = planning->model->nodes;
	int32_t at = top;

	for (;;) {
		bool is_new = !planning->is_walked[at];

		planning->is_walked[at] = true;
		mark(planning, at, at == top ? PLAN_CHOSEN : PLAN_BELOW);
		if (is_new && nodes[at].first_child != NO_PROC) {
			at = nodes[at].first_child;
			continue;
		}
		while (at != top && nodes[at].next_sibling == NO_PROC)
			at = nodes[at].parent;
		if (at == top)
			return;
		at = nodes[at].next_sibling;
	}
}

bool planning_are_alike(const struct planning *planning, int32_t a, int32_t b)
{
	const struct model *model = planning->model;
	const struct facts *facts = model->snap->procs[a].facts;

	return facts->argv && facts->exe && facts == model->snap->procs[b].facts &&
	       model->attr->procs[a].owner == model->attr->procs[b].owner;
}

/* Whatever runs the same, wherever it stands, with all below it. */
static void mark_alike(struct planning *planning, int32_t proc)
{
	const struct facts *facts = planning->model->snap->procs[proc].facts;

	mark_tree(planning, proc);
	if (!facts->argv || !facts->exe)
		planning->doubted = facts->comm;
	for (size_t i = 0; i < planning->model->snap->n_procs; i++) {
		if (planning_are_alike(planning, proc, (int32_t)i))
			mark_tree(planning, (int32_t)i);
	}
}

static void mark_own(struct planning *planning, int32_t owner, enum plan_why why)
{
	const struct group *group = &planning->model->groups[owner];

	planning->is_targeted[owner] = true;
	for (uint32_t i = 0; i < group->own.procs; i++)
		mark(planning, planning->model->by_owner[group->first_proc + i], why);
}

/* Owners stand after those that they lie in. */
static void mark_nested(struct planning *planning, int32_t top)
{
	const struct attribution *attr = planning->model->attr;
	bool *is_in = arena_new(&planning->plan->arena, attr->n_owners, sizeof(*is_in));

	if (!is_in) {
		planning->is_out_of_memory = true;
		return;
	}
	is_in[top] = true;
	mark_own(planning, top, PLAN_OWNED);
	for (size_t i = (size_t)top + 1; i < attr->n_owners; i++) {
		int32_t parent = attr->owners[i].parent;

		if (parent == NO_OWNER || !is_in[parent])
			continue;
		is_in[i] = true;
		mark_own(planning, (int32_t)i, PLAN_NESTED);
	}
}

static void mark_targets(struct planning *planning)
{
	const struct plan_request *request = planning->request;

	for (size_t i = 0; i < request->n_targets; i++) {
		int32_t index = request->targets[i].index;

		switch (request->targets[i].type) {
		case TARGET_TREE:
			/* nobody means the whole machine: below pid 1 is everything */
			if (planning->model->snap->procs[index].pid != 1) {
				mark_tree(planning, index);
				break;
			}
			mark(planning, index, PLAN_CHOSEN);
			break;
		case TARGET_ALIKE:
			mark_alike(planning, index);
			break;
		case TARGET_PROC:
			mark(planning, index, PLAN_CHOSEN);
			break;
		case TARGET_OWNER:
			mark_own(planning, index, PLAN_OWNED);
			break;
		case TARGET_OWNER_NESTED:
			mark_nested(planning, index);
			break;
		}
	}
}

/* ---- Who is kept ---- */

static void keep(struct planning *planning, int32_t proc, enum plan_kept why)
{
	if (planning->keeps[proc] == UNMARKED)
		planning->keeps[proc] = (uint8_t)why;
}

static void keep_with_ancestors(struct planning *planning, int32_t proc, enum plan_kept why)
{
	for (; proc != NO_PROC; proc = planning->model->nodes[proc].parent)
		keep(planning, proc, why);
}

static bool is_multiplexer(const char *comm)
{
	return strncmp(comm, "tmux: server", 12) == 0 || strcmp(comm, "screen") == 0 ||
	       strcmp(comm, "SCREEN") == 0;
}

static bool is_client(const char *comm)
{
	return strncmp(comm, "tmux: client", 12) == 0 || strcmp(comm, "screen") == 0;
}

/* Within tmux or screen, what shows clade's terminal is no ancestor of clade: it is a client of the
 * same user, somewhere else. */
static void keep_clients(struct planning *planning, int32_t self)
{
	const struct snapshot *snap = planning->model->snap;
	int32_t server = planning->model->nodes[self].parent;

	while (server != NO_PROC && !is_multiplexer(snap->procs[server].facts->comm))
		server = planning->model->nodes[server].parent;
	if (server == NO_PROC)
		return;
	for (size_t i = 0; i < snap->n_procs; i++) {
		const struct facts *facts = snap->procs[i].facts;

		if (is_client(facts->comm) && facts->uid == snap->procs[server].facts->uid)
			keep_with_ancestors(planning, (int32_t)i, KEPT_TERMINAL);
	}
}

static void keep_self(struct planning *planning)
{
	const struct snapshot *snap = planning->model->snap;
	int32_t self = is_known(snap->host.self_pid)
			       ? snapshot_find_pid(snap, (int64_t)snap->host.self_pid)
			       : NO_PROC;

	if (self == NO_PROC)
		return;
	keep(planning, self, KEPT_SELF);
	keep_with_ancestors(planning, planning->model->nodes[self].parent, KEPT_ANCESTOR);
	keep_clients(planning, self);
}

static bool may_signal(const struct plan_request *request, const struct process *proc)
{
	if (request->is_mighty || proc->facts->uid == request->uid)
		return true;
	return request->may_signal && request->may_signal(process_key(proc));
}

/* A leader that has ended while its threads go on looks like a zombie and is none. */
static bool is_zombie(const struct process *proc)
{
	return (proc->state == 'Z' && proc->threads <= 1) || proc->state == 'X';
}

static void keep_others(struct planning *planning)
{
	const struct snapshot *snap = planning->model->snap;

	for (size_t i = 0; i < snap->n_procs; i++) {
		const struct process *proc = &snap->procs[i];

		if (planning->marks[i] == UNMARKED)
			continue;
		if (proc->is_kernel)
			keep(planning, (int32_t)i, KEPT_KERNEL);
		else if (proc->pid == 1)
			planning->keeps[i] = KEPT_INIT;
		else if (is_zombie(proc))
			keep(planning, (int32_t)i, KEPT_ZOMBIE);
		else if (!may_signal(planning->request, proc))
			keep(planning, (int32_t)i, KEPT_DENIED);
	}
}

/* ---- Steps and exclusions ---- */

static const char *copy_comm(struct planning *planning, const struct facts *facts)
{
	if (planning->comm_of != facts) {
		planning->comm = arena_strdup(&planning->plan->arena, facts->comm);
		planning->comm_of = planning->comm ? facts : NULL;
	}
	if (!planning->comm)
		planning->is_out_of_memory = true;
	return planning->comm;
}

static void add_step(struct planning *planning, int32_t i)
{
	const struct process *proc = &planning->model->snap->procs[i];

	planning->plan->steps[planning->plan->n_steps++] = (struct plan_step){
		.key = process_key(proc),
		.ppid = proc->ppid,
		.pgrp = proc->pgrp,
		.session = proc->session,
		.uid = proc->facts->uid,
		.why = planning->marks[i],
		.state = proc->state,
		.comm = copy_comm(planning, proc->facts),
	};
}

static void add_kept(struct planning *planning, int32_t i)
{
	const struct process *proc = &planning->model->snap->procs[i];

	planning->plan->kept[planning->plan->n_kept++] = (struct plan_exclusion){
		.key = process_key(proc),
		.ppid = proc->ppid,
		.uid = proc->facts->uid,
		.why = planning->keeps[i],
		.comm = copy_comm(planning, proc->facts),
	};
}

/* Indexes of all processes, those high in the tree first: sorted by counting. */
static int32_t *order_by_depth(struct planning *planning)
{
	const struct model *model = planning->model;
	size_t n = model->snap->n_procs;
	int32_t *order = arena_new(&planning->plan->arena, n + 1, sizeof(*order));
	uint32_t *from = arena_new(&planning->plan->arena, n + 2, sizeof(*from));

	if (!order || !from)
		return NULL;
	for (size_t i = 0; i < n; i++)
		from[model->nodes[i].depth + 1]++;
	for (size_t depth = 1; depth <= n; depth++)
		from[depth] += from[depth - 1];
	for (size_t i = 0; i < n; i++)
		order[from[model->nodes[i].depth]++] = (int32_t)i;
	return order;
}

bool planning_is_settled(const struct planning *planning, int32_t proc)
{
	const struct process *process = &planning->model->snap->procs[proc];
	const struct facts *facts = process->facts;

	if (process->is_kernel || process->state == 'Z' || planning->keeps[proc] != UNMARKED)
		return true;
	if (planning->doubted && strcmp(facts->comm, planning->doubted) == 0)
		return false;
	/* whose environment may be read shows the rest, too, unless it is forking or on its way out
	 */
	return facts->env != ENV_UNREAD && (facts->env != ENV_READ || (facts->argv && facts->exe));
}

static int add_all(struct planning *planning)
{
	struct plan *plan = planning->plan;
	size_t n = planning->model->snap->n_procs;

	planning->order = order_by_depth(planning);
	plan->steps = arena_new(&plan->arena, n + 1, sizeof(*plan->steps));
	plan->kept = arena_new(&plan->arena, n + 1, sizeof(*plan->kept));
	plan->others = arena_new(&plan->arena, n + 1, sizeof(*plan->others));
	if (!planning->order || !plan->steps || !plan->kept || !plan->others)
		return -ENOMEM;
	for (size_t at = 0; at < n; at++) {
		int32_t i = planning->order[at];

		if (planning_has(planning, i)) {
			add_step(planning, i);
			continue;
		}
		if (planning->marks[i] != UNMARKED)
			add_kept(planning, i);
		if (planning_is_settled(planning, i))
			plan->others[plan->n_others++] =
				process_key(&planning->model->snap->procs[i]);
	}
	return planning->is_out_of_memory ? -ENOMEM : 0;
}

/* ---- Counts ---- */

struct tally {
	uint64_t key;
	size_t n;
	int32_t first; /* the oldest that counts here */
	UT_hash_handle hh;
};

static void tally_add(struct tally **tallies, uint64_t key, int32_t proc,
		      const struct snapshot *snap)
{
	struct tally *tally;

	HASH_FIND(hh, *tallies, &key, sizeof(key), tally);
	if (!tally) {
		tally = mem_new(1, sizeof(*tally));
		*tally = (struct tally){.key = key, .first = proc};
		HASH_ADD(hh, *tallies, key, sizeof(tally->key), tally);
	}
	tally->n++;
	if (snap->procs[proc].start_ticks < snap->procs[tally->first].start_ticks)
		tally->first = proc;
}

static int most_first(struct tally *a, struct tally *b)
{
	return (a->n < b->n) - (a->n > b->n);
}

enum tally_of { BY_COMMAND, BY_USER, BY_OWNER };

static uint64_t tally_key(const struct planning *planning, enum tally_of of, int32_t proc)
{
	const struct facts *facts = planning->model->snap->procs[proc].facts;

	switch (of) {
	case BY_COMMAND:
		return hash_add(HASH_START, facts->comm, strlen(facts->comm));
	case BY_USER:
		return facts->uid;
	case BY_OWNER:
		return (uint64_t)planning->model->attr->procs[proc].owner;
	}
	return 0;
}

static void fill_count(struct planning *planning, enum tally_of of, const struct tally *tally,
		       struct plan_count *count)
{
	const struct model *model = planning->model;
	const struct process *first = &model->snap->procs[tally->first];
	const struct owner *owner = &model->attr->owners[model->attr->procs[tally->first].owner];
	struct text example = {0};

	*count = (struct plan_count){.n = tally->n, .uid = first->facts->uid};
	if (of == BY_USER)
		return;
	if (of == BY_COMMAND) {
		process_add_command(first, &example);
	} else {
		safe_add(&example, owner->product, strlen(owner->product));
		text_add_char(&example, ' ');
		safe_add(&example, owner->name, strlen(owner->name));
	}
	count->name = arena_strdup(&planning->plan->arena,
				   of == BY_COMMAND ? first->facts->comm : owner->id);
	count->example = arena_printf(&planning->plan->arena, "%.*s",
				      (int)safe_fit(text_str(&example), EXAMPLE_MAX, NULL),
				      text_str(&example));
	if (!count->name || !count->example)
		planning->is_out_of_memory = true;
	text_done(&example);
}

static void count(struct planning *planning, enum tally_of of, struct plan_count **counts,
		  size_t *n)
{
	struct tally *tallies = NULL;
	struct tally *tally, *next;

	for (size_t i = 0; i < planning->model->snap->n_procs; i++) {
		if (planning_has(planning, (int32_t)i))
			tally_add(&tallies, tally_key(planning, of, (int32_t)i), (int32_t)i,
				  planning->model->snap);
	}
	HASH_SORT(tallies, most_first);
	*counts = arena_new(&planning->plan->arena, HASH_COUNT(tallies) + 1, sizeof(**counts));
	if (!*counts)
		planning->is_out_of_memory = true;
	HASH_ITER (hh, tallies, tally, next) {
		if (*counts)
			fill_count(planning, of, tally, &(*counts)[(*n)++]);
		HASH_DEL(tallies, tally);
		free(tally);
	}
}

static void find_ages(struct planning *planning)
{
	const struct snapshot *snap = planning->model->snap;
	struct plan *plan = planning->plan;

	for (size_t i = 0; i < plan->n_steps; i++) {
		uint64_t start = plan->steps[i].key.start_ticks;

		if (start < plan->steps[plan->oldest].key.start_ticks)
			plan->oldest = i;
		if (start > plan->steps[plan->youngest].key.start_ticks)
			plan->youngest = i;
	}
	if (plan->n_steps == 0)
		return;
	plan->oldest_s = snapshot_age_s(
		snap, &snap->procs[snapshot_find(snap, plan->steps[plan->oldest].key)]);
	plan->youngest_s = snapshot_age_s(
		snap, &snap->procs[snapshot_find(snap, plan->steps[plan->youngest].key)]);
}

/* ---- Zombies ---- */

/* The parents of the selected zombies, most first as they come in the tree. */
static void find_reapers(struct planning *planning)
{
	const struct model *model = planning->model;
	struct plan *plan = planning->plan;
	uint32_t *zombies = arena_new(&plan->arena, model->snap->n_procs + 1, sizeof(*zombies));
	size_t n = 0;

	plan->reapers = arena_new(&plan->arena, plan->n_kept + 1, sizeof(*plan->reapers));
	if (!zombies || !plan->reapers) {
		planning->is_out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < model->snap->n_procs; i++) {
		int32_t parent = model->nodes[i].parent;

		if (planning->keeps[i] == KEPT_ZOMBIE && planning->marks[i] != UNMARKED &&
		    parent != NO_PROC)
			n += zombies[parent]++ == 0;
	}
	for (size_t i = 0; n > 0 && i < model->snap->n_procs; i++) {
		const struct process *proc = &model->snap->procs[i];

		if (zombies[i] == 0)
			continue;
		plan->reapers[plan->n_reapers++] = (struct plan_reaper){
			.key = process_key(proc),
			.comm = copy_comm(planning, proc->facts),
			.zombies = zombies[i],
			.is_planned = planning_has(planning, (int32_t)i),
		};
	}
}

/* ---- Together ---- */

static int make(struct planning *planning)
{
	const struct model *model = planning->model;
	struct plan *plan = planning->plan;
	size_t n = model->snap->n_procs;
	int rc;

	planning->marks = arena_new(&plan->arena, n + 1, 1);
	planning->keeps = arena_new(&plan->arena, n + 1, 1);
	planning->is_walked = arena_new(&plan->arena, n + 1, sizeof(bool));
	planning->is_targeted = arena_new(&plan->arena, model->attr->n_owners + 1, sizeof(bool));
	plan->words = planning->request->words
			      ? arena_strdup(&plan->arena, planning->request->words)
			      : "";
	if (!planning->marks || !planning->keeps || !planning->is_walked ||
	    !planning->is_targeted || !plan->words)
		return -ENOMEM;
	memset(planning->marks, UNMARKED, n);
	memset(planning->keeps, UNMARKED, n);
	mark_targets(planning);
	keep_self(planning);
	keep_others(planning);
	rc = add_all(planning);
	if (rc != 0)
		return rc;
	count(planning, BY_COMMAND, &plan->commands, &plan->n_commands);
	count(planning, BY_USER, &plan->users, &plan->n_users);
	count(planning, BY_OWNER, &plan->owners, &plan->n_owners);
	find_ages(planning);
	find_reapers(planning);
	plan_traits(planning);
	plan_warn(planning);
	return planning->is_out_of_memory ? -ENOMEM : 0;
}

int plan_make(const struct model *model, const struct plan_request *request, struct plan **made)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	struct planning planning = {.model = model, .request = request, .plan = plan};
	int rc;

	if (!plan)
		return -ENOMEM;
	arena_init(&plan->arena);
	plan->signal = request->signal;
	rc = make(&planning);
	if (rc == 0)
		*made = plan;
	else
		plan_free(plan);
	return rc;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	arena_done(&plan->arena);
	free(plan);
}

bool plan_needs_count(const struct plan *plan)
{
	return plan->n_steps > COUNT_TO_TYPE;
}
