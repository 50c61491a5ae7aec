#include "history.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "clade/mem.h"
#include "growth.h"
#include "tree.h"

enum {
	MARKS = 32, /* samples kept: of the last minute, not closer than the next */
	MARK_APART_MS = 2000,
	SHORT_MS = 10000,
	LONG_MS = 60000,
	FORGET_MS = 120000, /* an owner that is gone: a crash loop is seen only by some samples */
};

/* A branch of the tree as it was: a leaf's growth needs no table. */
struct past {
	struct proc_key key;
	struct size size;
};

/* One kept sample: at most as many items as there were processes. */
struct mark {
	uint64_t mono_ms;
	uint64_t oom_kills; /* of the machine, since boot; UNKNOWN */
	uint64_t memory;    /* of the machine that is used; UNKNOWN */
	struct size all;
	struct past *items; /* by pid */
	size_t n;
};

/* An owner's sizes at a kept sample. */
struct owner_mark {
	uint64_t mono_ms;
	struct size own;
	struct size nested;
	uint64_t starts; /* roots begun */
	uint64_t memory; /* of its control group that is used; UNKNOWN, 0 before it was there */
	uint64_t kills;  /* OOM kills in its control groups, as far as seen */
};

struct owner_history {
	char *id;
	struct owner_mark
		marks[MARKS]; /* at the places of history.marks; another time: not known yet then */
	struct owner_mark latest;
	uint64_t ended_ms;         /* when its root went, since the epoch; UNKNOWN */
	bool has_root;             /* it had one in the last sample */
	uint64_t seen_ms;          /* when it was last in a sample */
	uint64_t restarts;         /* the supervisor's counter then, UNKNOWN */
	uint32_t trend[TREND_MAX]; /* a ring */
	uint32_t n_trend;          /* how many were ever put into it */
	uint64_t trend_ms;         /* when the last one was begun */
	UT_hash_handle hh;
};

/* A process of the last sample. */
struct last_proc {
	struct proc_key key;
	int32_t parent; /* index into the same table, NO_PROC */
	struct owner_history *owner;
};

struct history {
	struct thresholds thresholds;
	struct said *said;
	struct mark marks[MARKS];
	size_t n;
	struct mark latest;
	bool has_latest;
	struct last_proc *last; /* by pid */
	size_t n_last;
	struct owner_history *owners;
};

struct history *history_new(const struct thresholds *thresholds)
{
	struct history *history = mem_new(1, sizeof(*history));

	history->thresholds = thresholds ? *thresholds : thresholds_default();
	history->said = said_new();
	return history;
}

void history_set_thresholds(struct history *history, const struct thresholds *thresholds)
{
	history->thresholds = *thresholds;
}

struct said *history_said(const struct history *history)
{
	return history->said;
}

const struct thresholds *history_thresholds(const struct history *history)
{
	return &history->thresholds;
}

void history_free(struct history *history)
{
	struct owner_history *owner, *next;

	if (!history)
		return;
	HASH_ITER (hh, history->owners, owner, next) {
		HASH_DEL(history->owners, owner);
		free(owner->id);
		free(owner);
	}
	for (size_t i = 0; i < MARKS; i++)
		free(history->marks[i].items);
	free(history->latest.items);
	free(history->last);
	said_free(history->said);
	free(history);
}

static struct owner_history *find_owner(const struct history *history, const char *id)
{
	struct owner_history *owner;

	HASH_FIND_STR(history->owners, id, owner);
	return owner;
}

/* The living process nearest above one that died, as an index into the snapshot: followed once for
 * each, remembered in `above` (NO_PROC - 1: not known yet). */
static int32_t living_above(const struct history *history, const int32_t *now, int32_t *above,
			    int32_t i)
{
	const int32_t not_yet = NO_PROC - 1;
	int32_t at = i;
	int32_t found = NO_PROC;

	while (at != NO_PROC) {
		if (now[at] != NO_PROC) {
			found = now[at];
			break;
		}
		if (above[at] != not_yet) {
			found = above[at];
			break;
		}
		above[at] = NO_PROC; /* stops a cycle */
		at = history->last[at].parent;
	}
	for (int32_t back = i; back != at && back != NO_PROC; back = history->last[back].parent)
		above[back] = found;
	return found;
}

static int32_t owner_index(const struct model *model, const struct owner_history *owner)
{
	return owner ? attribution_find(model->attr, owner->id) : NO_OWNER;
}

/* Owners are few and found by id; processes are many: each owner's index is looked up once. */
struct owner_slot {
	const struct owner_history *owner;
	int32_t index;
	UT_hash_handle hh;
};

static int32_t slot_of(struct owner_slot **slots, const struct model *model,
		       const struct owner_history *owner)
{
	struct owner_slot *slot;

	HASH_FIND_PTR(*slots, &owner, slot);
	if (!slot) {
		slot = mem_new(1, sizeof(*slot));
		slot->owner = owner;
		slot->index = owner_index(model, owner);
		HASH_ADD_PTR(*slots, owner, slot);
	}
	return slot->index;
}

static void slots_free(struct owner_slot *slots)
{
	struct owner_slot *slot, *next;

	HASH_ITER (hh, slots, slot, next) {
		HASH_DEL(slots, slot);
		free(slot);
	}
}

/* Walks both tables in step, for both are by pid: for each process of the last sample its index
 * now. */
static void match(const struct history *history, struct model *model, int32_t *now)
{
	const struct snapshot *snap = model->snap;
	size_t i = 0;

	for (size_t l = 0; l < history->n_last; l++)
		now[l] = NO_PROC;
	for (size_t l = 0; l < history->n_last; l++) {
		const struct proc_key *key = &history->last[l].key;

		while (i < snap->n_procs && snap->procs[i].pid < key->pid)
			model->nodes[i++].is_new = true;
		if (i == snap->n_procs || snap->procs[i].pid != key->pid)
			continue;
		if (snap->procs[i].start_ticks == key->start_ticks)
			now[l] = (int32_t)i;
		else
			model->nodes[i].is_new = true;
		i++;
	}
	for (; i < snap->n_procs; i++)
		model->nodes[i].is_new = true;
}

static const struct past *find_past(const struct mark *mark, size_t *at, struct proc_key key)
{
	while (*at < mark->n && mark->items[*at].key.pid < key.pid)
		(*at)++;
	if (*at == mark->n || mark->items[*at].key.pid != key.pid ||
	    mark->items[*at].key.start_ticks != key.start_ticks)
		return NULL;
	return &mark->items[*at];
}

/* What was a branch in the last sample is one still: what was born and died below it stays counted.
 */
static void keep_branches(const struct history *history, struct model *model)
{
	size_t at = 0;

	for (size_t i = 0; i < model->snap->n_procs && at < history->latest.n; i++) {
		if (find_past(&history->latest, &at, process_key(&model->snap->procs[i])))
			model->nodes[i].branch = BRANCH_WANTED;
	}
}

/* Counts the deaths, of owners and below the nearest that lives. */
static void count_deaths(const struct history *history, struct model *model, const int32_t *now,
			 const int32_t *above)
{
	struct owner_slot *slots = NULL;

	for (size_t l = 0; l < history->n_last; l++) {
		int32_t owner;

		if (now[l] != NO_PROC)
			continue;
		owner = slot_of(&slots, model, history->last[l].owner);
		if (owner != NO_OWNER)
			model->groups[owner].own.deaths++;
		if (above[l] != NO_PROC)
			model->branches[model->nodes[above[l]].branch].subtree.deaths++;
		model->all.deaths++;
	}
	slots_free(slots);
}

/* For each process that died the nearest above it that lives, which is a branch by that. */
static void find_living(const struct history *history, struct model *model, const int32_t *now,
			int32_t *above)
{
	for (size_t l = 0; l < history->n_last; l++)
		above[l] = NO_PROC - 1;
	for (size_t l = 0; l < history->n_last; l++) {
		if (now[l] == NO_PROC && living_above(history, now, above, (int32_t)l) != NO_PROC)
			model->nodes[above[l]].branch = BRANCH_WANTED;
	}
}

static int find_key(const void *key, const void *last)
{
	int64_t pid = ((const struct proc_key *)key)->pid;
	int64_t other = ((const struct last_proc *)last)->key.pid;

	return (pid > other) - (pid < other);
}

/* The process of the last sample, as an index into its table. */
static int32_t find_last(const struct history *history, struct proc_key key)
{
	const struct last_proc *last = NULL;

	if (history->n_last > 0)
		last = bsearch(&key, history->last, history->n_last, sizeof(*last), find_key);
	return last && last->key.start_ticks == key.start_ticks ? (int32_t)(last - history->last)
								: NO_PROC;
}

/* The living process that brief lives are counted below, or NO_PROC. */
static int32_t brief_holder(const struct history *history, const struct model *model,
			    const int32_t *above, const struct brief *brief)
{
	int32_t i = snapshot_find(model->snap, brief->parent);
	int32_t last = i == NO_PROC ? find_last(history, brief->parent) : NO_PROC;

	return last != NO_PROC ? above[last] : i;
}

static void find_brief(const struct history *history, struct model *model, const int32_t *above)
{
	for (size_t b = 0; b < model->snap->n_briefs; b++) {
		int32_t i = brief_holder(history, model, above, &model->snap->briefs[b]);

		if (i != NO_PROC)
			model->nodes[i].branch = BRANCH_WANTED;
	}
}

/* Counts what lived between the samples only: one birth and one death each, for the owner of the
 * parent. Once the trees are summed up, all births are in `all` but those of nobody. */
static void count_brief(const struct history *history, struct model *model, const int32_t *above)
{
	struct owner_slot *slots = NULL;
	uint64_t placed = 0;

	for (size_t b = 0; b < model->snap->n_briefs; b++) {
		const struct brief *brief = &model->snap->briefs[b];
		int32_t alive = snapshot_find(model->snap, brief->parent);
		int32_t last = find_last(history, brief->parent);
		int32_t holder = brief_holder(history, model, above, brief);
		int32_t owner = NO_OWNER;

		if (alive != NO_PROC)
			owner = model->attr->procs[alive].owner;
		else if (last != NO_PROC)
			owner = slot_of(&slots, model, history->last[last].owner);
		if (owner != NO_OWNER) {
			model->groups[owner].own.births += brief->lives;
			model->groups[owner].own.deaths += brief->lives;
		}
		if (holder == NO_PROC)
			continue;
		model->branches[model->nodes[holder].branch].subtree.births += brief->lives;
		model->branches[model->nodes[holder].branch].subtree.deaths += brief->lives;
		placed += brief->lives;
	}
	model->all.births += model->snap->brief_lives - placed;
	model->all.deaths += model->snap->brief_lives;
	slots_free(slots);
}

static int compare(const struct history *history, struct model *model, int32_t *now, int32_t *above)
{
	int rc;

	match(history, model, now);
	for (size_t i = 0; i < model->snap->n_procs; i++)
		model->groups[model->attr->procs[i].owner].own.births += model->nodes[i].is_new;
	keep_branches(history, model);
	find_living(history, model, now, above);
	find_brief(history, model, above);
	rc = tree_branch(model);
	if (rc != 0)
		return rc;
	count_deaths(history, model, now, above);
	count_brief(history, model, above);
	return 0;
}

int history_compare(const struct history *history, struct model *model)
{
	size_t n = history->n_last + 1;
	int32_t *now;
	int32_t *above;
	int rc = -ENOMEM;

	if (!history->has_latest || isnan(model->snap->interval_s))
		return tree_branch(model);
	now = calloc(n, sizeof(*now));
	above = calloc(n, sizeof(*above));
	if (now && above)
		rc = compare(history, model, now, above);
	free(now);
	free(above);
	return rc;
}

static uint64_t memory_used(const struct machine *machine)
{
	return is_known(machine->mem_total_bytes) && is_known(machine->mem_available_bytes)
		       ? machine->mem_total_bytes - machine->mem_available_bytes
		       : UNKNOWN;
}

/* The table of all branches. */
static int make_mark(const struct history *history, const struct model *model, struct mark *mark)
{
	const struct snapshot *snap = model->snap;
	size_t at = 0;

	*mark = (struct mark){
		.mono_ms = snap->mono_ms,
		.oom_kills = snap->machine.oom_kills,
		.memory = memory_used(&snap->machine),
		.items = malloc((model->n_branches + 1) * sizeof(*mark->items)),
		.all = size_of(&model->all, &history->latest.all),
	};
	if (!mark->items)
		return -ENOMEM;
	for (size_t i = 0; i < snap->n_procs; i++) {
		struct proc_key key = process_key(&snap->procs[i]);
		int32_t branch = model->nodes[i].branch;
		const struct past *before;

		if (branch == NO_BRANCH)
			continue;
		before = find_past(&history->latest, &at, key);
		mark->items[mark->n++] = (struct past){
			.key = key,
			.size = size_of(&model->branches[branch].subtree,
					before ? &before->size : NULL),
		};
	}
	return 0;
}

static struct owner_history *get_owner(struct history *history, const char *id)
{
	struct owner_history *owner = find_owner(history, id);

	if (owner)
		return owner;
	owner = mem_new(1, sizeof(*owner));
	owner->id = mem_strdup(id);
	owner->restarts = UNKNOWN;
	owner->ended_ms = UNKNOWN;
	HASH_ADD_KEYPTR(hh, history->owners, owner->id, strlen(owner->id), owner);
	return owner;
}

/* Restarts that no sample saw still count, when the supervisor counts them. */
static uint64_t starts_between(struct owner_history *history, const struct owner *owner,
			       uint64_t seen)
{
	uint64_t counted = 0;

	if (is_known(owner->restarts)) {
		if (is_known(history->restarts) && owner->restarts > history->restarts)
			counted = owner->restarts - history->restarts;
		history->restarts = owner->restarts;
	}
	return counted > seen ? counted : seen;
}

/* The newest place is of now; every ten seconds it stays and another is begun. */
static void add_trend(struct owner_history *owner, uint64_t now_ms, uint32_t procs)
{
	if (owner->n_trend == 0 || owner->trend_ms + TREND_APART_S * 1000 <= now_ms) {
		owner->trend_ms = now_ms;
		owner->n_trend++;
	}
	owner->trend[(owner->n_trend - 1) % TREND_MAX] = procs;
}

static void add_owner(struct history *history, const struct model *model, size_t g,
		      uint64_t roots_born)
{
	const struct owner *owner = &model->attr->owners[g];
	const struct group *group = &model->groups[g];
	struct owner_history *kept = get_owner(history, owner->id);
	struct owner_mark *latest = &kept->latest;

	latest->own = size_of(&group->own, &latest->own);
	latest->nested = size_of(&group->nested, &latest->nested);
	latest->starts += starts_between(kept, owner, roots_born);
	latest->kills += is_known(group->oom_kills_new) ? group->oom_kills_new : 0;
	latest->memory = group->memory.used;
	if (!owner->is_ended)
		kept->ended_ms = UNKNOWN;
	else if (kept->has_root)
		kept->ended_ms = model->snap->taken_ms;
	kept->has_root = owner->root != NO_PROC;
	latest->mono_ms = model->snap->mono_ms;
	kept->seen_ms = model->snap->mono_ms;
	add_trend(kept, model->snap->mono_ms, group->nested.procs);
}

/* Owners that this sample does not show are empty now; what was born in them stays counted. */
static void close_owners(struct history *history, uint64_t now_ms, bool keep)
{
	size_t place = (history->n + MARKS - 1) % MARKS;

	for (struct owner_history *owner = history->owners; owner; owner = owner->hh.next) {
		if (owner->seen_ms != now_ms) {
			owner->latest.own.procs = owner->latest.nested.procs = 0;
			owner->latest.own.rss_bytes = owner->latest.nested.rss_bytes = 0;
			owner->latest.mono_ms = now_ms;
		}
		if (keep)
			owner->marks[place] = owner->latest;
	}
}

static void forget_owners(struct history *history, uint64_t now_ms)
{
	struct owner_history *owner, *next;

	HASH_ITER (hh, history->owners, owner, next) {
		if (owner->seen_ms + FORGET_MS > now_ms)
			continue;
		HASH_DEL(history->owners, owner);
		free(owner->id);
		free(owner);
	}
}

/* Roots that began since the last sample, for each owner. */
static uint32_t *count_roots(const struct history *history, const struct model *model)
{
	uint32_t *roots = calloc(model->attr->n_owners + 1, sizeof(*roots));

	for (size_t i = 0; roots && history->has_latest && i < model->snap->n_procs; i++) {
		const struct assignment *assignment = &model->attr->procs[i];

		/* an owner seen for the first time has begun, it has not begun again */
		if (assignment->is_root && model->nodes[i].is_new)
			roots[assignment->owner]++;
	}
	return roots;
}

static struct last_proc *make_last(struct history *history, const struct model *model)
{
	const struct snapshot *snap = model->snap;
	struct last_proc *last = malloc((snap->n_procs + 1) * sizeof(*last));
	struct owner_history **owners =
		calloc(model->attr->n_owners + 1, sizeof(struct owner_history *));

	for (size_t g = 0; owners && g < model->attr->n_owners; g++)
		owners[g] = get_owner(history, model->attr->owners[g].id);
	for (size_t i = 0; last && owners && i < snap->n_procs; i++) {
		last[i] = (struct last_proc){
			.key = process_key(&snap->procs[i]),
			.parent = model->nodes[i].parent,
			.owner = owners[model->attr->procs[i].owner],
		};
	}
	if (!owners) {
		free(last);
		last = NULL;
	}
	free(owners);
	return last;
}

/* Puts a copy of a mark into the ring, over the oldest. One that does not fit has no items: they
 * then grow from 0. */
static void keep_mark(struct history *history, const struct mark *mark)
{
	struct mark *place = &history->marks[history->n++ % MARKS];

	free(place->items);
	*place = *mark;
	place->items = malloc((mark->n + 1) * sizeof(*mark->items));
	if (place->items)
		memcpy(place->items, mark->items, mark->n * sizeof(*mark->items));
	else
		place->n = 0;
}

int history_add(struct history *history, const struct model *model)
{
	uint64_t now_ms = model->snap->mono_ms;
	bool keep = history->n == 0 ||
		    now_ms >= history->marks[(history->n - 1) % MARKS].mono_ms + MARK_APART_MS;
	uint32_t *roots = count_roots(history, model);
	struct last_proc *last = make_last(history, model);
	struct mark mark = {0};
	int rc = make_mark(history, model, &mark);

	if (rc != 0 || !roots || !last) {
		free(roots);
		free(last);
		free(mark.items);
		return -ENOMEM;
	}
	for (size_t g = 0; g < model->attr->n_owners; g++) {
		/* of an owner that was not there before, its own first root is no restart */
		const struct owner_history *known = find_owner(history, model->attr->owners[g].id);

		add_owner(history, model, g, known && known->seen_ms > 0 ? roots[g] : 0);
	}
	free(roots);
	free(history->last);
	history->last = last;
	history->n_last = model->snap->n_procs;
	if (keep)
		keep_mark(history, &mark);
	close_owners(history, now_ms, keep);
	free(history->latest.items);
	history->latest = mark;
	history->has_latest = true;
	forget_owners(history, now_ms);
	return 0;
}

/* The place of the kept sample nearest to `ago` before now: the newest that is old enough, else the
 * oldest there is. */
static size_t choose(const struct history *history, uint64_t now_ms, uint64_t ago_ms)
{
	size_t oldest = history->n > MARKS ? history->n - MARKS : 0;

	for (size_t i = history->n; i-- > oldest;) {
		if (history->marks[i % MARKS].mono_ms + ago_ms <= now_ms)
			return i % MARKS;
	}
	return oldest % MARKS;
}

/* The two kept samples that rates are taken from, and how long ago they were. */
struct window {
	size_t ten, sixty; /* places */
	double ten_s, sixty_s;
	uint64_t ten_ms, sixty_ms; /* their times */
};

static struct window window_of(const struct history *history, uint64_t now_ms)
{
	struct window window = {
		.ten = choose(history, now_ms, SHORT_MS),
		.sixty = choose(history, now_ms, LONG_MS),
	};

	window.ten_ms = history->marks[window.ten].mono_ms;
	window.sixty_ms = history->marks[window.sixty].mono_ms;
	window.ten_s = (double)(now_ms - window.ten_ms) / 1000;
	window.sixty_s = (double)(now_ms - window.sixty_ms) / 1000;
	return window;
}

/* An owner at a kept sample; all 0 when it was not known then. */
static struct owner_mark owner_at(const struct owner_history *owner, size_t place, uint64_t mono_ms)
{
	if (owner->marks[place].mono_ms == mono_ms)
		return owner->marks[place];
	return (struct owner_mark){.mono_ms = mono_ms};
}

/* Without memory there is no trend. */
static void copy_trend(const struct owner_history *owner, struct model *model, struct group *group)
{
	uint32_t n = owner->n_trend < TREND_MAX ? owner->n_trend : TREND_MAX;
	uint32_t *trend = arena_new(&model->arena, n + 1, sizeof(*trend));

	if (!trend)
		return;
	for (uint32_t i = 0; i < n; i++)
		trend[i] = owner->trend[(owner->n_trend - n + i) % TREND_MAX];
	group->trend = trend;
	group->n_trend = n;
}

/* By the slower of both windows: what grows only now and then does not fill anything. */
static double fill_rate(uint64_t now, uint64_t ten, double ten_s, uint64_t sixty, double sixty_s)
{
	if (!is_known(now) || !is_known(ten) || !is_known(sixty) || ten_s <= 0 || sixty_s <= 0)
		return NAN;
	return fmin(((double)now - (double)ten) / ten_s, ((double)now - (double)sixty) / sixty_s);
}

static void owner_rates(const struct history *history, struct model *model,
			const struct window *window)
{
	for (size_t g = 0; g < model->attr->n_owners; g++) {
		struct group *group = &model->groups[g];
		const struct owner_history *owner = find_owner(history, model->attr->owners[g].id);
		struct owner_mark ten = owner_at(owner, window->ten, window->ten_ms);
		struct owner_mark sixty = owner_at(owner, window->sixty, window->sixty_ms);
		const struct owner_mark *now = &owner->latest;

		copy_trend(owner, model, group);
		group->ended_ms = owner->ended_ms;
		group->growth = growth_between(&now->nested, &ten.nested, window->ten_s,
					       &sixty.nested, window->sixty_s);
		group->own_growth = growth_between(&now->own, &ten.own, window->ten_s, &sixty.own,
						   window->sixty_s);
		group->memory_per_s = ten.memory > 0 && sixty.memory > 0
					      ? fill_rate(now->memory, ten.memory, window->ten_s,
							  sixty.memory, window->sixty_s)
					      : NAN;
		group->loop_per_min =
			window->sixty_s > 0 ? (double)(now->starts - sixty.starts) : NAN;
		group->oom_per_min = window->sixty_s > 0 && is_known(group->oom_kills)
					     ? (double)(now->kills - sixty.kills)
					     : NAN;
	}
}

static void branch_rates(const struct history *history, struct model *model,
			 const struct window *window)
{
	size_t at_now = 0;
	size_t at_ten = 0;
	size_t at_sixty = 0;

	for (size_t i = 0; i < model->snap->n_procs; i++) {
		struct proc_key key = process_key(&model->snap->procs[i]);
		int32_t branch = model->nodes[i].branch;
		const struct past *now;
		const struct past *ten;
		const struct past *sixty;
		struct size size;
		struct size then;
		struct size before;

		if (branch == NO_BRANCH)
			continue;
		now = find_past(&history->latest, &at_now, key);
		ten = find_past(&history->marks[window->ten], &at_ten, key);
		sixty = find_past(&history->marks[window->sixty], &at_sixty, key);
		size = now ? now->size : size_of(&model->branches[branch].subtree, NULL);
		then = ten ? ten->size : size_of_leaf(model->snap, i, window->ten_ms);
		before = sixty ? sixty->size : size_of_leaf(model->snap, i, window->sixty_ms);
		model->branches[branch].growth =
			growth_between(&size, &then, window->ten_s, &before, window->sixty_s);
	}
}

void history_rates(const struct history *history, struct model *model)
{
	struct window window = window_of(history, model->snap->mono_ms);
	const struct mark *ten = &history->marks[window.ten];
	const struct mark *sixty = &history->marks[window.sixty];

	model->ten_s = window.ten_s > 0 ? window.ten_s : NAN;
	model->sixty_s = window.sixty_s > 0 ? window.sixty_s : NAN;
	model->ten_ms = window.ten_ms;
	model->sixty_ms = window.sixty_ms;
	model->memory_per_s = fill_rate(history->latest.memory, ten->memory, window.ten_s,
					sixty->memory, window.sixty_s);
	model->oom_per_min =
		window.sixty_s > 0 && is_known(model->snap->machine.oom_kills) &&
				is_known(sixty->oom_kills)
			? (double)model->snap->machine.oom_kills - (double)sixty->oom_kills
			: NAN;
	owner_rates(history, model, &window);
	branch_rates(history, model, &window);
	model->growth = growth_between(&history->latest.all, &ten->all, window.ten_s, &sixty->all,
				       window.sixty_s);
}
