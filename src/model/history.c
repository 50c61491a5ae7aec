#include "history.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "clade/mem.h"
#include "roll.h"
#include "tree.h"

enum {
	MARKS = 32, /* samples kept: of the last minute, not closer than the next */
	MARK_APART_MS = 2000,
	SHORT_MS = 10000,
	LONG_MS = 60000,
	FORGET_MS = 120000, /* an owner that is gone: a crash loop is seen only by some samples */
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
	uint64_t lent;             /* starts that are counted here until an app tells of them */
	uint32_t trend[TREND_MAX]; /* a ring */
	uint32_t trend_kib[TREND_MAX];
	uint32_t n_trend;  /* how many were ever put into it */
	uint64_t trend_ms; /* when the last one was begun */
	UT_hash_handle hh;
};

struct history {
	struct thresholds thresholds;
	struct said *said;
	struct mark marks[MARKS];
	size_t n;
	struct mark latest;
	bool has_latest;
	struct roll last;
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
		mark_done(&history->marks[i]);
	mark_done(&history->latest);
	roll_done(&history->last);
	said_free(history->said);
	free(history);
}

static struct owner_history *find_owner(const struct history *history, const char *id)
{
	struct owner_history *owner;

	HASH_FIND_STR(history->owners, id, owner);
	return owner;
}

int history_compare(const struct history *history, struct model *model)
{
	if (!history->has_latest || isnan(model->snap->interval_s))
		return tree_branch(model);
	return roll_compare(&history->last, &history->latest, model);
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
static void add_trend(struct owner_history *owner, uint64_t now_ms, const struct totals *totals)
{
	uint64_t kib = totals->rss_bytes / 1024;
	uint32_t place;

	if (owner->n_trend == 0 || owner->trend_ms + TREND_APART_S * 1000 <= now_ms) {
		owner->trend_ms = now_ms;
		owner->n_trend++;
	}
	place = (owner->n_trend - 1) % TREND_MAX;
	owner->trend[place] = totals->procs;
	owner->trend_kib[place] = kib < UINT32_MAX ? (uint32_t)kib : UINT32_MAX;
}

/* What began in an owner since the last sample. */
struct begun {
	uint64_t roots; /* as the sample shows */
	uint64_t
		brief; /* children of a PM2 daemon, its apps, that lived between the samples only */
	uint64_t told; /* how many of those the apps' own counters tell of */
};

/* Adds the starts of an owner since the last sample. Lives that nobody saw are their daemon's until
 * the counter of an app tells of them, which it does only in a sample that shows the app. */
static void add_starts(struct owner_history *kept, const struct model *model, size_t g,
		       struct begun *begun)
{
	const struct owner *owner = &model->attr->owners[g];
	uint64_t starts = starts_between(kept, owner, begun[g].roots);

	if (owner->parent != NO_OWNER)
		begun[owner->parent].told += starts - begun[g].roots;
	kept->latest.starts += starts;
	if (begun[g].brief > begun[g].told) {
		kept->lent += begun[g].brief - begun[g].told;
		kept->latest.starts += begun[g].brief - begun[g].told;
	} else {
		uint64_t back = begun[g].told - begun[g].brief;

		back = back < kept->lent ? back : kept->lent;
		kept->lent -= back;
		kept->latest.starts -= back;
	}
}

static void add_owner(struct history *history, const struct model *model, size_t g,
		      struct begun *begun)
{
	const struct owner *owner = &model->attr->owners[g];
	const struct group *group = &model->groups[g];
	struct owner_history *kept = get_owner(history, owner->id);
	struct owner_mark *latest = &kept->latest;

	latest->own = size_of(&group->own, &latest->own);
	latest->nested = size_of(&group->nested, &latest->nested);
	add_starts(kept, model, g, begun);
	latest->kills += is_known(group->oom_kills_new) ? group->oom_kills_new : 0;
	latest->memory = group->memory.used;
	if (!owner->is_ended)
		kept->ended_ms = UNKNOWN;
	else if (kept->has_root)
		kept->ended_ms = model->snap->taken_ms;
	kept->has_root = owner->root != NO_PROC;
	latest->mono_ms = model->snap->mono_ms;
	kept->seen_ms = model->snap->mono_ms;
	add_trend(kept, model->snap->mono_ms, &group->nested);
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

/* The PM2 daemon whose process that is, and not one of its apps; or NO_OWNER. */
static int32_t daemon_of(const struct model *model, struct proc_key key)
{
	int32_t proc = snapshot_find(model->snap, key);
	int32_t at = proc != NO_PROC ? model->attr->procs[proc].owner : NO_OWNER;
	const struct owner *owner = at != NO_OWNER ? &model->attr->owners[at] : NULL;

	if (!owner || owner->kind != OWNER_PM2 || owner->root != proc ||
	    (owner->parent != NO_OWNER && model->attr->owners[owner->parent].kind == OWNER_PM2))
		return NO_OWNER;
	return at;
}

/* For each owner; NULL without memory. */
static struct begun *count_begun(const struct history *history, const struct model *model)
{
	struct begun *begun = calloc(model->attr->n_owners + 1, sizeof(*begun));

	if (!begun || !history->has_latest)
		return begun;
	for (size_t i = 0; i < model->snap->n_procs; i++) {
		const struct assignment *assignment = &model->attr->procs[i];

		if (assignment->is_root && model->nodes[i].is_new)
			begun[assignment->owner].roots++;
	}
	for (size_t b = 0; b < model->snap->n_briefs; b++) {
		int32_t daemon = daemon_of(model, model->snap->briefs[b].parent);

		if (daemon != NO_OWNER)
			begun[daemon].brief += model->snap->briefs[b].lives;
	}
	return begun;
}

int history_add(struct history *history, const struct model *model)
{
	uint64_t now_ms = model->snap->mono_ms;
	bool keep = history->n == 0 ||
		    now_ms >= history->marks[(history->n - 1) % MARKS].mono_ms + MARK_APART_MS;
	struct begun *begun = count_begun(history, model);
	struct roll roll = {0};
	struct mark mark = {0};

	if (!begun || roll_make(&roll, model) != 0 ||
	    mark_make(&mark, model, &history->latest) != 0) {
		free(begun);
		roll_done(&roll);
		return -ENOMEM;
	}
	/* apps before their daemon */
	for (size_t g = model->attr->n_owners; g-- > 0;)
		add_owner(history, model, g, begun);
	free(begun);
	roll_done(&history->last);
	history->last = roll;
	if (keep)
		mark_copy(&history->marks[history->n++ % MARKS], &mark);
	close_owners(history, now_ms, keep);
	mark_done(&history->latest);
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
	uint32_t *trend = arena_new(&model->arena, 2 * (size_t)n + 1, sizeof(*trend));

	if (!trend)
		return;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t place = (owner->n_trend - n + i) % TREND_MAX;

		trend[i] = owner->trend[place];
		trend[n + i] = owner->trend_kib[place];
	}
	group->trend = trend;
	group->trend_kib = trend + n;
	group->n_trend = n;
}

/* By the slower of both windows: what grows only now and then does not fill anything. */
static double fill_rate(uint64_t now, uint64_t ten, double ten_s, uint64_t sixty, double sixty_s)
{
	if (!is_known(now) || !is_known(ten) || !is_known(sixty) || ten_s <= 0 || sixty_s <= 0)
		return NAN;
	return fmin(((double)now - (double)ten) / ten_s, ((double)now - (double)sixty) / sixty_s);
}

/* Lives that began in the last minute and have ended again: what was started and is still there,
 * as when an app is given more instances, is none: the others are those
 * from before that minute, and living roots that are younger. */
static double short_lives(uint64_t started, uint64_t others)
{
	return started > others ? (double)(started - others) : 0;
}

/* Of each owner the living roots that began since a time; NULL without memory. */
static uint32_t *count_young(const struct model *model, uint64_t since_ms)
{
	const struct snapshot *snap = model->snap;
	uint64_t ticks_per_s = snap->host.ticks_per_s > 0 ? snap->host.ticks_per_s : 100;
	uint32_t *young = calloc(model->attr->n_owners + 1, sizeof(*young));

	for (size_t i = 0; young && i < snap->n_procs; i++) {
		const struct assignment *assignment = &model->attr->procs[i];

		if (assignment->is_root &&
		    snap->procs[i].start_ticks * 1000 / ticks_per_s >= since_ms)
			young[assignment->owner]++;
	}
	return young;
}

static void owner_rates(const struct history *history, struct model *model,
			const struct window *window)
{
	uint32_t *young = count_young(model, window->sixty_ms);

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
		group->loop_per_min = young && window->sixty_s > 0
					      ? short_lives(now->starts, sixty.starts + young[g])
					      : NAN;
		group->oom_per_min = window->sixty_s > 0 && is_known(group->oom_kills)
					     ? (double)(now->kills - sixty.kills)
					     : NAN;
	}
	free(young);
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
		now = mark_find(&history->latest, &at_now, key);
		ten = mark_find(&history->marks[window->ten], &at_ten, key);
		sixty = mark_find(&history->marks[window->sixty], &at_sixty, key);
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
