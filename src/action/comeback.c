#include "clade/comeback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "clade/safe.h"

/* Each new process is held against each top: thousands of orphans with a command each are not. */
enum { TOPS_MAX = 256 };

/* Something that can come back: an owner's roots, or a command below a parent. */
struct top {
	char *owner;            /* its id; NULL: a command */
	struct proc_key parent; /* of a command */
	uint64_t command;       /* hash of its arguments */
	char *name;             /* harmless */
	size_t roots;           /* how many there were */
	size_t births;          /* since */
	uint64_t restarts;      /* as its supervisor counted before; UNKNOWN */
	uint64_t restarts_now;
	char *by; /* who started the last one, harmless */
};

struct seen {
	struct proc_key key;
	UT_hash_handle hh;
};

struct comeback {
	struct top *tops;
	size_t n;
	struct seen *seen; /* what was there before, or has been counted */
	uint64_t first_ms, last_ms;
	bool has_looked;
};

static bool is_same(struct proc_key a, struct proc_key b)
{
	return a.pid == b.pid && a.start_ticks == b.start_ticks;
}

/* Returns whether it is new. */
static bool see(struct comeback *comeback, struct proc_key key)
{
	struct seen *seen;

	HASH_FIND(hh, comeback->seen, &key, sizeof(key), seen);
	if (seen)
		return false;
	seen = mem_new(1, sizeof(*seen));
	seen->key = key;
	HASH_ADD(hh, comeback->seen, key, sizeof(key), seen);
	return true;
}

static uint64_t command_of(const struct process *proc)
{
	const struct facts *facts = proc->facts;

	if (facts->argv_len == 0)
		return hash_add(HASH_START, facts->comm, strlen(facts->comm));
	return hash_add(HASH_START, facts->argv, facts->argv_len);
}

static char *harmless(const char *s)
{
	struct text out = {0};

	safe_add(&out, s, strlen(s));
	return text_take(&out);
}

static struct top *add(struct comeback *comeback)
{
	comeback->tops = mem_grow(comeback->tops, comeback->n + 1, sizeof(*comeback->tops));
	comeback->tops[comeback->n] = (struct top){.restarts = UNKNOWN, .restarts_now = UNKNOWN};
	return &comeback->tops[comeback->n++];
}

/* Owners that are one thing that runs; a login or "nobody" is none. */
static bool is_thing(const struct owner *owner)
{
	return owner->kind == OWNER_PM2 || owner->kind == OWNER_CONTAINER ||
	       owner->kind == OWNER_SERVICE || owner->kind == OWNER_AGENT;
}

static void add_root(struct comeback *comeback, const struct owner *owner)
{
	struct top *top;

	for (size_t i = 0; i < comeback->n; i++) {
		if (comeback->tops[i].owner && strcmp(comeback->tops[i].owner, owner->id) == 0) {
			comeback->tops[i].roots++;
			return;
		}
	}
	top = add(comeback);
	top->owner = mem_strdup(owner->id);
	top->name = harmless(owner->name);
	top->restarts = owner->restarts;
	top->roots = 1;
}

static void add_command(struct comeback *comeback, const struct snapshot *snap, int32_t parent,
			const struct process *proc)
{
	struct proc_key key = process_key(&snap->procs[parent]);
	uint64_t command = command_of(proc);
	struct text name = {0};
	struct top *top;

	for (size_t i = 0; i < comeback->n; i++) {
		top = &comeback->tops[i];
		if (!top->owner && top->command == command && is_same(top->parent, key)) {
			top->roots++;
			return;
		}
	}
	if (comeback->n == TOPS_MAX)
		return;
	top = add(comeback);
	top->parent = key;
	top->command = command;
	top->roots = 1;
	process_add_command(proc, &name);
	top->name = text_take(&name);
}

struct comeback *comeback_new(const struct model *before, const int32_t *procs, size_t n)
{
	const struct snapshot *snap = before->snap;
	const struct attribution *attr = before->attr;
	struct comeback *comeback = mem_new(1, sizeof(*comeback));
	bool *is_ended = mem_new(snap->n_procs + 1, sizeof(*is_ended));

	for (size_t i = 0; i < n; i++)
		is_ended[procs[i]] = true;
	for (size_t i = 0; i < snap->n_procs; i++)
		see(comeback, process_key(&snap->procs[i]));
	for (size_t i = 0; i < n; i++) {
		const struct assignment *assigned = &attr->procs[procs[i]];
		int32_t parent = before->nodes[procs[i]].parent;

		if (assigned->is_root && is_thing(&attr->owners[assigned->owner]))
			add_root(comeback, &attr->owners[assigned->owner]);
		else if (parent != NO_PROC && !is_ended[parent])
			add_command(comeback, snap, parent, &snap->procs[procs[i]]);
	}
	free(is_ended);
	return comeback;
}

void comeback_free(struct comeback *comeback)
{
	struct seen *seen;
	struct seen *next;

	if (!comeback)
		return;
	HASH_ITER (hh, comeback->seen, seen, next) {
		HASH_DEL(comeback->seen, seen);
		free(seen);
	}
	for (size_t i = 0; i < comeback->n; i++) {
		free(comeback->tops[i].owner);
		free(comeback->tops[i].name);
		free(comeback->tops[i].by);
	}
	free(comeback->tops);
	free(comeback);
}

static struct top *top_of(const struct comeback *comeback, const struct model *now, size_t proc)
{
	const struct assignment *assigned = &now->attr->procs[proc];
	const char *owner = assigned->is_root ? now->attr->owners[assigned->owner].id : NULL;
	int32_t parent = now->nodes[proc].parent;
	uint64_t command = command_of(&now->snap->procs[proc]);

	for (size_t i = 0; i < comeback->n; i++) {
		struct top *top = &comeback->tops[i];

		if (top->owner && owner && strcmp(top->owner, owner) == 0)
			return top;
		if (!top->owner && parent != NO_PROC && top->command == command &&
		    is_same(top->parent, process_key(&now->snap->procs[parent])))
			return top;
	}
	return NULL;
}

static void count(struct top *top, const struct model *now, size_t proc)
{
	int32_t parent = now->nodes[proc].parent;
	struct text by = {0};

	top->births++;
	if (parent == NO_PROC)
		return;
	process_add_command(&now->snap->procs[parent], &by);
	text_printf(&by, " (pid %d)", (int)now->snap->procs[parent].pid);
	free(top->by);
	top->by = text_take(&by);
}

void comeback_look(struct comeback *comeback, const struct model *now)
{
	const struct attribution *attr = now->attr;

	if (!comeback->has_looked)
		comeback->first_ms = now->snap->mono_ms;
	comeback->has_looked = true;
	comeback->last_ms = now->snap->mono_ms;
	for (size_t i = 0; i < now->snap->n_procs; i++) {
		struct top *top;

		if (!see(comeback, process_key(&now->snap->procs[i])))
			continue;
		top = top_of(comeback, now, i);
		if (top)
			count(top, now, i);
	}
	for (size_t i = 0; i < comeback->n; i++) {
		struct top *top = &comeback->tops[i];
		int32_t owner = top->owner ? attribution_find(attr, top->owner) : NO_OWNER;

		if (owner != NO_OWNER && is_known(attr->owners[owner].restarts))
			top->restarts_now = attr->owners[owner].restarts;
	}
}

bool comeback_is_over(const struct comeback *comeback)
{
	return comeback->has_looked &&
	       comeback->last_ms - comeback->first_ms >= COMEBACK_WATCH_S * 1000;
}

/* What lived between two looks was not seen; PM2 counts it. */
static size_t times_of(const struct top *top)
{
	size_t seen = (top->births + top->roots - 1) / top->roots;
	uint64_t counted = 0;

	if (top->births > 0 && is_known(top->restarts) && is_known(top->restarts_now) &&
	    top->restarts_now > top->restarts)
		counted = (top->restarts_now - top->restarts) / top->roots;
	return counted > seen ? (size_t)counted : seen;
}

static const struct top *worst(const struct comeback *comeback)
{
	const struct top *worst = NULL;

	for (size_t i = 0; i < comeback->n; i++) {
		if (!worst || times_of(&comeback->tops[i]) > times_of(worst))
			worst = &comeback->tops[i];
	}
	return worst;
}

size_t comeback_times(const struct comeback *comeback)
{
	const struct top *top = worst(comeback);

	return top ? times_of(top) : 0;
}

void comeback_add_text(struct text *out, const struct comeback *comeback)
{
	const struct top *top = worst(comeback);
	size_t times = top ? times_of(top) : 0;
	double seconds = (double)(comeback->last_ms - comeback->first_ms) / 1000;

	if (times == 0)
		return;
	text_add(out, "came back ");
	if (times == 1)
		text_add(out, "once");
	else
		text_printf(out, "%zu times", times);
	text_printf(out, " in %.0f s: %s", seconds < 1 ? 1 : seconds, top->name);
	if (top->by)
		text_printf(out, ", started by %s", top->by);
}
