#include "recognise.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "kin.h"

enum {
	PAPERS_MAX = 256 << 10, /* bytes of an environment that are looked at */
	DEPTH_MAX = 64,
	IMAGES_MAX = 4096, /* members whose image is kept */
	TABLE_ROOM = 256,
	NOBODYS = -1, /* no reason to take someone in */
};

/* A set of numbers with a value each. 0 is no member. */
struct table {
	struct table_slot {
		uint64_t key;
		uint64_t value;
	} * slots;
	size_t n_slots, n_used;
};

enum { OURS = 1, THEIRS = 2 };

struct recogniser {
	struct crew *crew;
	const struct look *look;
	struct kin *kin;
	uint32_t number; /* of the look */
	struct table sessions, groups;
	struct table stacks; /* see struct look_entry */
	struct table images; /* what they run, with what */
	struct table names;  /* of members */
	bool knows_others;   /* stacks and images of who is no member are in the tables */
	size_t n_imaged;     /* members up to here have theirs in the table */
	char *markers;       /* blocks of "NAME=value" ended by NUL, each block by another NUL */
	size_t markers_len;
	char *cgroups; /* "controllers:path" ended by NUL */
	size_t cgroups_len;
	int32_t *reaping;
	size_t n_reaping;
	uint32_t *users; /* of the plan */
	size_t n_users;
	uint64_t newest; /* start time of who was born last when the plan was made */
	size_t strays;
	char *papers;
};

/* ---- Tables ---- */

static struct table_slot *table_slot(const struct table *table, uint64_t key)
{
	size_t at = (size_t)(key ^ key >> 32) & (table->n_slots - 1);

	while (table->slots[at].key != 0 && table->slots[at].key != key)
		at = (at + 1) & (table->n_slots - 1);
	return &table->slots[at];
}

static uint64_t table_get(const struct table *table, uint64_t key)
{
	return table->n_slots > 0 && key != 0 ? table_slot(table, key)->value : 0;
}

static int table_grow(struct table *table)
{
	struct table bigger = {.n_slots = table->n_slots > 0 ? 2 * table->n_slots : TABLE_ROOM,
			       .n_used = table->n_used};

	bigger.slots = calloc(bigger.n_slots, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < table->n_slots; i++) {
		if (table->slots[i].key != 0)
			*table_slot(&bigger, table->slots[i].key) = table->slots[i];
	}
	free(table->slots);
	*table = bigger;
	return 0;
}

static int table_set(struct table *table, uint64_t key, uint64_t value)
{
	struct table_slot *slot;

	if (key == 0)
		return 0;
	if (2 * (table->n_used + 1) > table->n_slots && table_grow(table) != 0)
		return -ENOMEM;
	slot = table_slot(table, key);
	table->n_used += slot->key == 0;
	*slot = (struct table_slot){.key = key, .value = value};
	return 0;
}

/* What is theirs, too, is no proof. */
static int table_claim(struct table *table, uint64_t key)
{
	return table_get(table, key) == THEIRS ? 0 : table_set(table, key, OURS);
}

/* ---- What a newcomer shows ---- */

static bool block_has(const char *block, size_t len, const char *pair)
{
	const char *end = block + len;
	size_t pair_len = strlen(pair) + 1;

	for (; block < end; block += strnlen(block, (size_t)(end - block)) + 1) {
		if ((size_t)(end - block) >= pair_len && memcmp(block, pair, pair_len) == 0)
			return true;
	}
	return false;
}

static bool has_markers(const struct recogniser *recogniser, size_t environ_len)
{
	const char *at = recogniser->markers;
	const char *end = at + recogniser->markers_len;

	while (at < end) {
		bool has_all = true;

		for (; *at; at += strlen(at) + 1)
			has_all = has_all && block_has(recogniser->papers, environ_len, at);
		if (has_all)
			return true;
		at++;
	}
	return false;
}

/* "3:pids:/user/1000" against "pids:/user". */
static bool line_lies_in(const char *line, const char *want)
{
	const char *from = strchr(line, ':');
	size_t len = strlen(want);

	return from && strncmp(from + 1, want, len) == 0 &&
	       (from[1 + len] == '\0' || from[1 + len] == '\n' || from[1 + len] == '/');
}

static bool lies_in_cgroup(const struct recogniser *recogniser, int32_t pid)
{
	const char *end = recogniser->cgroups + recogniser->cgroups_len;
	ssize_t len;

	if (recogniser->cgroups_len == 0)
		return false;
	len = look_read_file(recogniser->look, pid, "cgroup", recogniser->papers, PAPERS_MAX);
	if (len <= 0)
		return false;
	recogniser->papers[len] = '\0';
	for (const char *want = recogniser->cgroups; want < end; want += strlen(want) + 1) {
		for (const char *line = recogniser->papers; line && *line;) {
			if (line_lies_in(line, want))
				return true;
			line = strchr(line, '\n');
			line = line ? line + 1 : NULL;
		}
	}
	return false;
}

/* What a process runs: program, user, arguments and the whole environment, as one number; 0 when
 * that may not be read. Leaves the environment in the papers. */
static uint64_t image_of(const struct recogniser *recogniser, int32_t pid, size_t *environ_len)
{
	uint64_t device, inode;
	uint64_t hash = HASH_START;
	uint32_t uid;
	ssize_t len;
	int rc;

	*environ_len = 0;
	rc = look_read_exe(recogniser->look, pid, &device, &inode, &uid);
	len = look_read_file(recogniser->look, pid, "cmdline", recogniser->papers, PAPERS_MAX);
	if (len > 0)
		hash = hash_add(hash, recogniser->papers, (size_t)len);
	len = look_read_file(recogniser->look, pid, "environ", recogniser->papers, PAPERS_MAX);
	if (len <= 0)
		return 0;
	*environ_len = (size_t)len;
	if (rc != 0)
		return 0;
	hash = hash_add(hash, recogniser->papers, (size_t)len);
	hash = hash_add(hash, &device, sizeof(device));
	hash = hash_add(hash, &inode, sizeof(inode));
	return hash_add(hash, &uid, sizeof(uid));
}

int recogniser_remember(struct recogniser *recogniser, size_t n)
{
	const struct crew *crew = recogniser->crew;

	for (; recogniser->n_imaged < n; recogniser->n_imaged++) {
		const struct member *member = &crew->members[recogniser->n_imaged];
		size_t environ_len;
		uint64_t image;

		if (member->is_gone || recogniser->images.n_used >= IMAGES_MAX)
			continue;
		image = image_of(recogniser, member->pid, &environ_len);
		if (table_claim(&recogniser->images, image) != 0)
			return -ENOMEM;
	}
	return 0;
}

/* ---- Judging ---- */

static bool is_reaping(const struct recogniser *recogniser, int32_t pid)
{
	for (size_t i = 0; i < recogniser->n_reaping; i++) {
		if (recogniser->reaping[i] == pid)
			return true;
	}
	return false;
}

/* Whether pid 1 or an ancestor of the plan has most likely forked it itself, as who restarts things
 * does: an orphan that fell to it has left its session, or is no leader of its own. */
static bool is_started_anew(const struct recogniser *recogniser, const struct look_entry *entry)
{
	struct look_entry parent;

	return entry->pid == entry->session ||
	       (look_read(recogniser->look, entry->ppid, &parent) == 0 &&
		parent.session == entry->session && parent.pgrp == entry->pgrp);
}

static uint64_t name_of(const struct look_entry *entry)
{
	return hash_add(HASH_START, entry->comm, strlen(entry->comm));
}

/* Who is no member may fork twice, too: whoever looks like it may be its child. Of what the plan
 * lies below, only members are forked. */
static int take_other(struct recogniser *recogniser, const struct look_entry *other)
{
	size_t environ_len;
	int rc;

	if (is_reaping(recogniser, other->pid))
		return 0;
	rc = table_set(&recogniser->stacks, other->stack, THEIRS);
	if (rc == 0 && table_get(&recogniser->names, name_of(other)) == OURS)
		rc = table_set(&recogniser->images, image_of(recogniser, other->pid, &environ_len),
			       THEIRS);
	return rc;
}

/* Once is enough: those who come later have been judged themselves. */
static int take_others(struct recogniser *recogniser)
{
	uint64_t start_ticks;
	size_t at = 0;
	int rc = 0;

	while (rc == 0 && !recogniser->knows_others) {
		int32_t pid = crew_next_other(recogniser->crew, &at, &start_ticks);
		struct look_entry other;

		if (pid == 0)
			recogniser->knows_others = true;
		else if (look_read(recogniser->look, pid, &other) == 0 &&
			 other.start_ticks == start_ticks && !look_is_dead(&other))
			rc = take_other(recogniser, &other);
	}
	return rc;
}

/* Whether it looks like somebody of the plan, and like nobody else. */
static int judge_likeness(struct recogniser *recogniser, const struct look_entry *entry,
			  uint64_t image)
{
	uint64_t stack = entry->is_forked ? entry->stack : 0;

	if (table_get(&recogniser->stacks, stack) != OURS &&
	    table_get(&recogniser->images, image) != OURS)
		return NOBODYS;
	if (take_others(recogniser) != 0)
		return -ENOMEM;
	if (table_get(&recogniser->stacks, stack) == OURS)
		return PLAN_LOOKALIKE;
	if (table_get(&recogniser->images, image) == OURS && !is_started_anew(recogniser, entry))
		return PLAN_LOOKALIKE;
	return NOBODYS;
}

/* Why someone whose parent tells nothing belongs to the plan, or NOBODYS. */
static int judge_orphan(struct recogniser *recogniser, const struct look_entry *entry)
{
	size_t environ_len;
	uint64_t image;
	int why;

	if (table_get(&recogniser->sessions, (uint64_t)entry->session) == OURS)
		return PLAN_SESSION;
	if (table_get(&recogniser->groups, (uint64_t)entry->pgrp) == OURS)
		return PLAN_GROUP;
	why = judge_likeness(recogniser, entry, 0);
	if (why != NOBODYS)
		return why;
	/* forked from what a stranger runs it has the stranger's image: it need not be read */
	if (recogniser->markers_len == 0 && entry->is_forked &&
	    table_get(&recogniser->stacks, entry->stack) == THEIRS)
		return NOBODYS;
	/* last, as it has to wait for who is forking just now */
	if (recogniser_remember(recogniser, recogniser->crew->n) != 0)
		return -ENOMEM;
	image = image_of(recogniser, entry->pid, &environ_len);
	if (has_markers(recogniser, environ_len))
		return PLAN_MARKER;
	return judge_likeness(recogniser, entry, image);
}

/* Whether it may be of the plan all the same: an orphan of the same user that was born since, where
 * the kernel has not told whose child it is. */
static bool is_stray(const struct recogniser *recogniser, const struct look_entry *entry)
{
	uint32_t uid;

	if (kin_is_whole(recogniser->kin) || entry->start_ticks < recogniser->newest ||
	    is_started_anew(recogniser, entry) ||
	    look_read_user(recogniser->look, entry->pid, &uid) != 0)
		return false;
	for (size_t i = 0; i < recogniser->n_users; i++) {
		if (recogniser->users[i] == uid)
			return true;
	}
	return false;
}

static bool is_members(const struct recogniser *recogniser, int32_t pid)
{
	return crew_find_pid(recogniser->crew, pid) != NULL;
}

/* A session or group is the plan's when one of its members began it, or when nobody leads it any
 * more and no stranger has been seen in it. */
static int claim(struct recogniser *recogniser, struct table *table, int32_t id)
{
	struct look_entry leader;

	if (id <= 0 || table_get(table, (uint64_t)id) != 0)
		return 0;
	if (!is_members(recogniser, id) &&
	    (recogniser->number < 2 || look_read(recogniser->look, id, &leader) != -ESRCH))
		return 0;
	return table_set(table, (uint64_t)id, OURS);
}

void recogniser_see_member(struct recogniser *recogniser, const struct look_entry *entry,
			   bool has_lasted)
{
	/* without memory one is known by other things */
	(void)table_claim(&recogniser->stacks, entry->stack);
	(void)table_claim(&recogniser->names, name_of(entry));
	if (has_lasted)
		kin_add(recogniser->kin, entry->pid);
}

static int take_in(struct recogniser *recogniser, const struct look_entry *entry, int why)
{
	struct member member = {
		.start_ticks = entry->start_ticks,
		.pid = entry->pid,
		.pgrp = entry->pgrp,
		.session = entry->session,
		.seen = recogniser->number,
		.why = (uint8_t)why,
		.state = entry->state,
	};
	int32_t index;
	int rc;

	memcpy(member.comm, entry->comm, sizeof(member.comm));
	recogniser_see_member(recogniser, entry, false);
	rc = crew_add_member(recogniser->crew, &member, &index);
	if (rc == 0)
		rc = claim(recogniser, &recogniser->sessions, entry->session);
	if (rc == 0)
		rc = claim(recogniser, &recogniser->groups, entry->pgrp);
	return rc;
}

static int judge(struct recogniser *recogniser, const struct look_entry *entry, int depth,
		 int *made);

/* The parent's standing: a member's index, CREW_OTHER, or CREW_UNKNOWN when it is not to be seen.
 */
static int find_parent(struct recogniser *recogniser, const struct look_entry *entry, int depth,
		       int *made, int32_t *standing)
{
	struct look_entry parent;
	int rc;

	*standing = CREW_UNKNOWN;
	if (entry->ppid <= 0 || look_read(recogniser->look, entry->ppid, &parent) != 0 ||
	    parent.start_ticks > entry->start_ticks)
		return 0;
	*standing = crew_find(recogniser->crew, parent.pid, parent.start_ticks);
	if (*standing != CREW_UNKNOWN || depth >= DEPTH_MAX)
		return 0;
	rc = judge(recogniser, &parent, depth + 1, made);
	*standing = crew_find(recogniser->crew, parent.pid, parent.start_ticks);
	return rc;
}

/* On its way out it has nothing to show any more, and is no proof against its children. */
static bool is_ending(const struct recogniser *recogniser, const struct look_entry *entry)
{
	struct look_entry now;

	return look_read(recogniser->look, entry->pid, &now) != 0 || now.is_exiting ||
	       look_is_dead(&now);
}

static int judge(struct recogniser *recogniser, const struct look_entry *entry, int depth,
		 int *made)
{
	int32_t parent;
	int why = NOBODYS;
	int rc = find_parent(recogniser, entry, depth, made, &parent);
	bool is_orphan;

	if (rc != 0)
		return rc;
	is_orphan = parent == CREW_UNKNOWN || is_reaping(recogniser, entry->ppid);
	if (parent >= 0)
		why = PLAN_CHILD;
	else if (kin_has(recogniser->kin, entry->pid))
		why = PLAN_FORKED;
	else if (lies_in_cgroup(recogniser, entry->pid))
		why = PLAN_CGROUP;
	else if (is_orphan)
		why = judge_orphan(recogniser, entry);
	if (why == -ENOMEM)
		return why;
	if (why == NOBODYS && is_ending(recogniser, entry))
		return 0;
	if (why == NOBODYS) {
		recogniser->strays += is_orphan && is_stray(recogniser, entry);
		recogniser_see_other(recogniser, entry);
		return crew_add_other(recogniser->crew, entry->pid, entry->start_ticks);
	}
	++*made;
	return take_in(recogniser, entry, why);
}

int recogniser_judge(struct recogniser *recogniser, const struct look_entry *entry)
{
	int made = 0;
	int rc = judge(recogniser, entry, 0, &made);

	return rc == 0 ? made : rc;
}

void recogniser_see_other(struct recogniser *recogniser, const struct look_entry *entry)
{
	/* without memory less is known to be theirs: then nothing more becomes ours either */
	(void)table_set(&recogniser->sessions, (uint64_t)entry->session, THEIRS);
	(void)table_set(&recogniser->groups, (uint64_t)entry->pgrp, THEIRS);
}

void recogniser_begin(struct recogniser *recogniser, uint32_t look)
{
	recogniser->number = look;
	kin_begin(recogniser->kin);
}

void recogniser_listen(struct recogniser *recogniser)
{
	kin_listen(recogniser->kin);
}

size_t recogniser_strays(const struct recogniser *recogniser)
{
	return recogniser->strays;
}

/* ---- Making ---- */

static int copy_numbers(struct table *table, const int32_t *numbers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (table_set(table, (uint64_t)numbers[i], OURS) != 0)
			return -ENOMEM;
	}
	return 0;
}

static int copy_markers(struct recogniser *recogniser, const struct plan *plan)
{
	size_t len = 0;

	for (size_t i = 0; i < plan->n_markers; i++)
		len += plan->markers[i].len + 1;
	recogniser->markers = calloc(len + 1, 1);
	if (!recogniser->markers)
		return -ENOMEM;
	for (size_t i = 0; i < plan->n_markers; i++) {
		memcpy(recogniser->markers + recogniser->markers_len, plan->markers[i].block,
		       plan->markers[i].len);
		recogniser->markers_len += plan->markers[i].len + 1;
	}
	return 0;
}

static int copy_cgroups(struct recogniser *recogniser, const struct plan *plan)
{
	size_t len = 0;

	for (size_t i = 0; i < plan->n_cgroups; i++)
		len += strlen(plan->cgroups[i].controllers) + strlen(plan->cgroups[i].path) + 2;
	recogniser->cgroups = calloc(len + 1, 1);
	if (!recogniser->cgroups)
		return -ENOMEM;
	for (size_t i = 0; i < plan->n_cgroups; i++) {
		char *at = recogniser->cgroups + recogniser->cgroups_len;

		at = stpcpy(at, plan->cgroups[i].controllers);
		*at++ = ':';
		at = stpcpy(at, plan->cgroups[i].path);
		recogniser->cgroups_len = (size_t)(at + 1 - recogniser->cgroups);
	}
	return 0;
}

static uint64_t find_newest(const struct plan *plan)
{
	uint64_t newest = plan->n_steps > 0 ? plan->steps[plan->youngest].key.start_ticks : 0;

	for (size_t i = 0; i < plan->n_others; i++) {
		if (plan->others[i].start_ticks > newest)
			newest = plan->others[i].start_ticks;
	}
	return newest;
}

int recogniser_new(const struct plan *plan, struct crew *crew, const struct look *look,
		   struct recogniser **made)
{
	struct recogniser *recogniser = calloc(1, sizeof(*recogniser));
	int rc = -ENOMEM;

	if (!recogniser)
		return rc;
	recogniser->crew = crew;
	recogniser->look = look;
	recogniser->kin = kin_new();
	recogniser->papers = malloc(PAPERS_MAX + 1);
	recogniser->reaping = calloc(plan->n_reaping + 1, sizeof(*recogniser->reaping));
	recogniser->users = calloc(plan->n_users + 1, sizeof(*recogniser->users));
	if (recogniser->kin && recogniser->papers && recogniser->reaping && recogniser->users) {
		for (size_t i = 0; i < plan->n_users; i++)
			recogniser->users[recogniser->n_users++] = plan->users[i].uid;
		recogniser->newest = find_newest(plan);
		for (size_t i = 0; i < plan->n_reaping; i++)
			recogniser->reaping[recogniser->n_reaping++] = plan->reaping[i];
		rc = copy_numbers(&recogniser->sessions, plan->sessions, plan->n_sessions);
		if (rc == 0)
			rc = copy_numbers(&recogniser->groups, plan->groups, plan->n_groups);
		if (rc == 0)
			rc = copy_markers(recogniser, plan);
		if (rc == 0)
			rc = copy_cgroups(recogniser, plan);
	}
	if (rc == 0)
		*made = recogniser;
	else
		recogniser_free(recogniser);
	return rc;
}

void recogniser_free(struct recogniser *recogniser)
{
	if (!recogniser)
		return;
	free(recogniser->sessions.slots);
	free(recogniser->groups.slots);
	free(recogniser->stacks.slots);
	free(recogniser->images.slots);
	free(recogniser->names.slots);
	free(recogniser->markers);
	free(recogniser->cgroups);
	kin_free(recogniser->kin);
	free(recogniser->reaping);
	free(recogniser->users);
	free(recogniser->papers);
	free(recogniser);
}
