/* What only the processes of a plan have: by it, who is born later or has slipped away is known to
 * belong to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "plan_parts.h"

/* How many processes have something, and how many of these are in the plan. */
struct share {
	int64_t key;
	size_t planned, all;
	UT_hash_handle hh;
};

static void share_add(struct share **shares, int64_t key, bool is_planned)
{
	struct share *share;

	HASH_FIND(hh, *shares, &key, sizeof(key), share);
	if (!share) {
		share = mem_new(1, sizeof(*share));
		share->key = key;
		HASH_ADD(hh, *shares, key, sizeof(share->key), share);
	}
	share->all++;
	share->planned += is_planned;
}

static int by_key(struct share *a, struct share *b)
{
	return (a->key > b->key) - (a->key < b->key);
}

/* Takes the keys of which the plan has all. Zombies count for it: they do nothing any more. */
static void take_whole(struct planning *planning, struct share **shares, int32_t **keys, size_t *n)
{
	struct share *share, *next;

	HASH_SORT(*shares, by_key);
	*keys = arena_new(&planning->plan->arena, HASH_COUNT(*shares) + 1, sizeof(**keys));
	if (!*keys)
		planning->is_out_of_memory = true;
	HASH_ITER (hh, *shares, share, next) {
		if (*keys && share->key > 0 && share->planned == share->all)
			(*keys)[(*n)++] = (int32_t)share->key;
		HASH_DEL(*shares, share);
		free(share);
	}
}

static bool goes(const struct planning *planning, size_t i)
{
	return planning_has(planning, (int32_t)i) ||
	       (planning->marks[i] != UNMARKED && planning->keeps[i] == KEPT_ZOMBIE);
}

static void find_sessions(struct planning *planning)
{
	const struct snapshot *snap = planning->model->snap;
	struct share *sessions = NULL;
	struct share *groups = NULL;

	for (size_t i = 0; i < snap->n_procs; i++) {
		share_add(&sessions, snap->procs[i].session, goes(planning, i));
		share_add(&groups, snap->procs[i].pgrp, goes(planning, i));
	}
	take_whole(planning, &sessions, &planning->plan->sessions, &planning->plan->n_sessions);
	take_whole(planning, &groups, &planning->plan->groups, &planning->plan->n_groups);
}

/* ---- Control groups ---- */

/* The processes that have the same /proc/N/cgroup. */
struct membership {
	const char *cgroup;
	size_t planned, all;
	UT_hash_handle hh;
};

static struct membership *memberships_make(const struct planning *planning)
{
	const struct snapshot *snap = planning->model->snap;
	struct membership *memberships = NULL;
	struct membership *entry = NULL;

	for (size_t i = 0; i < snap->n_procs; i++) {
		const char *cgroup = snap->procs[i].facts->cgroup;

		if (!cgroup)
			cgroup = "";
		/* neighbours often share it */
		if (!entry || strcmp(entry->cgroup, cgroup) != 0)
			HASH_FIND_STR(memberships, cgroup, entry);
		if (!entry) {
			entry = mem_new(1, sizeof(*entry));
			entry->cgroup = cgroup;
			HASH_ADD_KEYPTR(hh, memberships, entry->cgroup, strlen(cgroup), entry);
		}
		entry->all++;
		entry->planned += goes(planning, i);
	}
	return memberships;
}

/* The next line "N:controllers:path" of a membership. */
struct cgroup_line {
	const char *controllers, *path;
	size_t controllers_len, path_len;
};

static bool next_line(const char **at, struct cgroup_line *line)
{
	const char *end = *at + strcspn(*at, "\n");
	const char *first = memchr(*at, ':', (size_t)(end - *at));
	const char *second = first ? memchr(first + 1, ':', (size_t)(end - first - 1)) : NULL;

	if (!second)
		return false;
	line->controllers = first + 1;
	line->controllers_len = (size_t)(second - first - 1);
	line->path = second + 1;
	line->path_len = (size_t)(end - second - 1);
	*at = *end ? end + 1 : end;
	return true;
}

static bool find_line(const char *cgroup, const struct cgroup_line *like, struct cgroup_line *line)
{
	while (next_line(&cgroup, line)) {
		if (line->controllers_len == like->controllers_len &&
		    memcmp(line->controllers, like->controllers, like->controllers_len) == 0)
			return true;
	}
	return false;
}

/* Length of the longest path that both lie in, or are. */
static size_t common_path(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t whole = 0;
	size_t i = 0;

	while (i < a_len && i < b_len && a[i] == b[i]) {
		if (a[i] == '/')
			whole = i;
		i++;
	}
	if ((i == a_len || a[i] == '/') && (i == b_len || b[i] == '/'))
		whole = i;
	return whole;
}

static bool lies_in(const struct cgroup_line *line, const char *path, size_t len)
{
	return line->path_len >= len && memcmp(line->path, path, len) == 0 &&
	       (line->path_len == len || line->path[len] == '/');
}

/* In one hierarchy: the group that all of the plan lie in, if nobody else does. */
static void find_cgroup(struct planning *planning, struct membership *memberships,
			const struct cgroup_line *like)
{
	struct plan *plan = planning->plan;
	struct membership *entry, *next;
	struct cgroup_line line;
	const char *path = NULL;
	size_t len = 0;

	HASH_ITER (hh, memberships, entry, next) {
		if (entry->planned == 0)
			continue;
		if (!find_line(entry->cgroup, like, &line))
			return;
		len = path ? common_path(path, len, line.path, line.path_len) : line.path_len;
		path = line.path;
	}
	if (!path || len <= 1)
		return;
	HASH_ITER (hh, memberships, entry, next) {
		if (entry->planned < entry->all && find_line(entry->cgroup, like, &line) &&
		    lies_in(&line, path, len))
			return;
	}
	plan->cgroups[plan->n_cgroups++] = (struct plan_cgroup){
		.controllers = arena_printf(&plan->arena, "%.*s", (int)like->controllers_len,
					    like->controllers),
		.path = arena_printf(&plan->arena, "%.*s", (int)len, path),
	};
	if (!plan->cgroups[plan->n_cgroups - 1].controllers ||
	    !plan->cgroups[plan->n_cgroups - 1].path)
		planning->is_out_of_memory = true;
}

static void find_cgroups(struct planning *planning)
{
	struct membership *memberships = memberships_make(planning);
	struct membership *entry, *next;
	struct cgroup_line like;
	const char *at = NULL;
	size_t lines = 0;

	HASH_ITER (hh, memberships, entry, next) {
		if (entry->planned > 0 && !at)
			at = entry->cgroup;
	}
	for (const char *count = at; count && next_line(&count, &like);)
		lines++;
	planning->plan->cgroups =
		arena_new(&planning->plan->arena, lines + 1, sizeof(*planning->plan->cgroups));
	if (!planning->plan->cgroups)
		planning->is_out_of_memory = true;
	while (!planning->is_out_of_memory && at && next_line(&at, &like))
		find_cgroup(planning, memberships, &like);
	HASH_ITER (hh, memberships, entry, next) {
		HASH_DEL(memberships, entry);
		free(entry);
	}
}

/* ---- Markers ---- */

/* What the markers of an owner's processes have in common. */
struct common {
	struct text block;
	const struct facts *last;
	bool is_set;
};

static bool block_has(const char *block, size_t len, const char *pair)
{
	const char *end = block + len;

	for (; block < end; block += strlen(block) + 1) {
		if (strcmp(block, pair) == 0)
			return true;
	}
	return false;
}

static void common_add(struct common *common, const struct facts *facts)
{
	struct text left = {0};

	if (facts == common->last || facts->markers_len == 0)
		return;
	common->last = facts;
	if (!common->is_set) {
		text_add_bytes(&common->block, facts->markers, facts->markers_len);
		common->is_set = true;
		return;
	}
	for (size_t i = 0; i < common->block.len; i += strlen(common->block.data + i) + 1) {
		const char *pair = common->block.data + i;

		if (block_has(facts->markers, facts->markers_len, pair))
			text_add_bytes(&left, pair, strlen(pair) + 1);
	}
	text_done(&common->block);
	common->block = left;
}

static bool has_name(const struct common *common, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < common->block.len; i += strlen(common->block.data + i) + 1) {
		if (strncmp(common->block.data + i, name, len) == 0 &&
		    common->block.data[i + len] == '=')
			return true;
	}
	return false;
}

/* Whether the markers tell this owner from others of its kind: a session's id or its root's pid is
 * among them; an app of PM2 has its number, its name and its home. "GEMINI_CLI=1" is anybody's. */
static bool tells_apart(const struct planning *planning, const struct owner *owner,
			const struct common *common)
{
	char pid[24] = "";

	if (owner->kind == OWNER_PM2)
		return has_name(common, "pm_id") && has_name(common, "PM2_HOME");
	if (owner->root != NO_PROC)
		snprintf(pid, sizeof(pid), "%d", planning->model->snap->procs[owner->root].pid);
	for (size_t i = 0; i < common->block.len; i += strlen(common->block.data + i) + 1) {
		const char *value = strchr(common->block.data + i, '=');

		if (value && ((owner->key && *owner->key && strcmp(value + 1, owner->key) == 0) ||
			      (*pid && strcmp(value + 1, pid) == 0)))
			return true;
	}
	return false;
}

/* A root carries what started it; what it started carries the owner's own. */
static void find_common(const struct planning *planning, size_t owner, bool with_roots,
			struct common *common)
{
	const struct model *model = planning->model;
	const struct group *group = &model->groups[owner];

	for (uint32_t i = 0; i < group->own.procs; i++) {
		int32_t proc = model->by_owner[group->first_proc + i];

		if (model->attr->procs[proc].is_root == with_roots)
			common_add(common, model->snap->procs[proc].facts);
	}
}

static void take_markers(struct planning *planning, size_t owner)
{
	struct plan *plan = planning->plan;
	struct common common = {0};

	find_common(planning, owner, false, &common);
	if (!common.is_set)
		find_common(planning, owner, true, &common);
	if (common.block.len > 0 &&
	    tells_apart(planning, &planning->model->attr->owners[owner], &common)) {
		struct plan_markers *markers = &plan->markers[plan->n_markers];

		markers->len = common.block.len;
		markers->block = arena_copy(&plan->arena, common.block.data, common.block.len);
		if (markers->block)
			plan->n_markers++;
		else
			planning->is_out_of_memory = true;
	}
	text_done(&common.block);
}

static void find_markers(struct planning *planning)
{
	size_t n = planning->model->attr->n_owners;

	planning->plan->markers =
		arena_new(&planning->plan->arena, n + 1, sizeof(*planning->plan->markers));
	if (!planning->plan->markers) {
		planning->is_out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (planning->is_targeted[i])
			take_markers(planning, i);
	}
}

/* ---- Who orphans fall to ---- */

/* Pid 1, or an ancestor that has made itself a subreaper: which of them is one cannot be seen. */
static void find_reaping(struct planning *planning)
{
	const struct model *model = planning->model;
	struct plan *plan = planning->plan;
	bool *is_above = arena_new(&plan->arena, model->snap->n_procs + 1, sizeof(*is_above));

	plan->reaping = arena_new(&plan->arena, model->snap->n_procs + 1, sizeof(*plan->reaping));
	if (!is_above || !plan->reaping) {
		planning->is_out_of_memory = true;
		return;
	}
	plan->reaping[plan->n_reaping++] = 1;
	for (size_t i = 0; i < model->snap->n_procs; i++) {
		int32_t above = model->nodes[i].parent;

		if (!planning_has(planning, (int32_t)i))
			continue;
		for (; above != NO_PROC && !is_above[above]; above = model->nodes[above].parent) {
			is_above[above] = true;
			if (!planning_has(planning, above) && model->snap->procs[above].pid != 1)
				plan->reaping[plan->n_reaping++] = model->snap->procs[above].pid;
		}
	}
	/* children of others are looked at, too, where one could not be */
	for (size_t i = 0; i < model->snap->n_procs; i++) {
		int32_t above = model->nodes[i].parent;

		if (planning_is_settled(planning, (int32_t)i) || above == NO_PROC ||
		    is_above[above] || planning_has(planning, above))
			continue;
		is_above[above] = true;
		plan->reaping[plan->n_reaping++] = model->snap->procs[above].pid;
	}
}

void plan_traits(struct planning *planning)
{
	find_sessions(planning);
	find_cgroups(planning);
	find_markers(planning);
	find_reaping(planning);
}
