/*
 * Which owner a mark in an environment names: a living root by its pid or its session, an app or a
 * pane below its daemon, or one that has ended and is known by the mark alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "pass.h"

bool claim_is_carried(const struct pass *pass, int32_t carrier, const struct claim *claim)
{
	const struct claims *claims;

	if (carrier < 0)
		return false;
	claims = &pass->found[carrier].profile->claims;
	for (size_t i = 0; i < claims->n; i++) {
		if (claim_equal(&claims->items[i], claim))
			return true;
	}
	return false;
}

static bool same_key(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* The owner of which the pid is a root, as the process `i` numbers processes: those in containers
 * number each other in their own namespace. Of merged wrappers each is the root. */
static int32_t anchor_by_pid(const struct pass *pass, int32_t i, int64_t pid)
{
	const struct snapshot *snap = pass->snap;
	uint64_t pid_ns = snap->procs[i].facts->pid_ns;
	int32_t root;

	if (!is_known(pid_ns) || pid_ns == snap->host.pid_ns) {
		root = pid <= INT32_MAX ? snapshot_find_pid(snap, (int32_t)pid) : NO_PROC;
		return root >= 0 ? pass->found[root].anchor : NO_OWNER;
	}
	for (size_t at = 0; at < pass->roster.n; at++) {
		const struct owner *owner = &pass_draft(pass, (int32_t)at)->owner;
		int32_t roots[] = {owner->root, pass_draft(pass, (int32_t)at)->core};

		for (size_t r = 0; r < 2; r++) {
			const struct process *proc = roots[r] >= 0 ? &snap->procs[roots[r]] : NULL;

			if (proc && proc->facts->pid_ns == pid_ns && proc->ns_pid == pid)
				return (int32_t)at;
		}
	}
	return NO_OWNER;
}

/* A living root of the claim's rule whose pid, as the process sees it, is the one that the claim
 * names. The pid may have been used again since: its holder must be the older. */
int32_t claim_root_by_pid(const struct pass *pass, const struct claim *claim, int32_t i)
{
	int32_t at = anchor_by_pid(pass, i, claim->root_pid);
	const struct draft *draft = at != NO_OWNER ? pass_draft(pass, at) : NULL;

	return draft && draft->rule == claim->rule && !draft->is_child &&
			       draft->owner.root != NO_PROC &&
			       pass_process(pass, draft->owner.root)->start_ticks <=
				       pass_process(pass, i)->start_ticks
		       ? at
		       : NO_OWNER;
}

static int32_t target_by_session(const struct pass *pass, const struct claim *claim)
{
	for (size_t at = 0; at < pass->roster.n; at++) {
		const struct draft *draft = pass_draft(pass, (int32_t)at);

		if (draft->rule == claim->rule && !draft->is_child &&
		    same_key(draft->session, claim->key))
			return (int32_t)at;
	}
	return NO_OWNER;
}

/* Agents that name no session: the only one of this product that the user runs, older than the
 * process. */
static int32_t target_by_user(const struct pass *pass, const struct claim *claim, int32_t i)
{
	const struct process *proc = pass_process(pass, i);
	int32_t only = NO_OWNER;
	int32_t here = NO_OWNER;
	size_t count = 0;
	size_t count_here = 0;

	for (size_t at = 0; at < pass->roster.n; at++) {
		const struct draft *draft = pass_draft(pass, (int32_t)at);
		const struct process *root;

		if (draft->rule != claim->rule || draft->owner.root == NO_PROC)
			continue;
		root = pass_process(pass, draft->owner.root);
		if (root->facts->uid != proc->facts->uid || root->start_ticks > proc->start_ticks ||
		    root->facts->pid_ns != proc->facts->pid_ns)
			continue;
		only = (int32_t)at;
		count++;
		if (same_key(root->facts->cwd, proc->facts->cwd)) {
			here = (int32_t)at;
			count_here++;
		}
	}
	if (count_here == 1)
		return here;
	return count == 1 ? only : NO_OWNER;
}

static void child_key(const struct claim *claim, char *key, size_t size)
{
	if (claim->rule->kind == OWNER_LOGIN)
		snprintf(key, size, "%lld/%s", (long long)claim->root_pid, claim->key);
	else
		snprintf(key, size, "%s", claim->key);
}

int32_t claim_target(const struct pass *pass, const struct claim *claim, int32_t i)
{
	char id[1024];
	char key[900];
	int32_t at = NO_OWNER;

	if (claim->is_child) {
		child_key(claim, key, sizeof(key));
		snprintf(id, sizeof(id), "%s:%s", claim->rule->name, key);
		return roster_find(&pass->roster, id);
	}
	if (claim->root_pid > 0)
		at = claim_root_by_pid(pass, claim, i);
	if (at == NO_OWNER && claim->key)
		at = target_by_session(pass, claim);
	if (at == NO_OWNER && !claim->key && claim->rule->session.n == 0 &&
	    claim->rule->roots.n > 0)
		at = target_by_user(pass, claim, i);
	/* an environment is no bridge into or out of a container */
	if (at != NO_OWNER && pass_draft(pass, at)->owner.root != NO_PROC &&
	    pass->found[pass_draft(pass, at)->owner.root].box != pass->found[i].box &&
	    pass_process(pass, pass_draft(pass, at)->owner.root)->facts->pid_ns !=
		    pass_process(pass, i)->facts->pid_ns)
		return NO_OWNER;
	return at;
}

/* The daemon that an app's or pane's claim belongs to, if it lives. */
int32_t claim_daemon(const struct pass *pass, const struct claim *claim, int32_t i)
{
	char id[1024];

	if (claim->root_pid > 0)
		return claim_root_by_pid(pass, claim, i);
	if (!claim->parent_key)
		return NO_OWNER;
	snprintf(id, sizeof(id), "%s:%s", claim->rule->name, claim->parent_key);
	return roster_find(&pass->roster, id);
}

static int32_t child_owner(struct pass *pass, const struct claim *claim, int32_t i, int32_t parent)
{
	int32_t daemon = claim_daemon(pass, claim, i);
	char key[900];
	struct draft *draft;
	int32_t at;

	child_key(claim, key, sizeof(key));
	at = pass_owner(pass, claim->rule, key);
	if (at < 0)
		return at;
	draft = pass_draft(pass, at);
	if (!draft->is_child) {
		draft->is_child = true;
		draft->owner.name = claim->name;
		roster_set_parent(&pass->roster, at, daemon != NO_OWNER ? daemon : parent);
		draft->owner.evidence =
			pass_say(pass, "%s in the environment of its processes", claim->marker);
	}
	/* of several lives the last one counts: the greatest counter */
	if (is_known(claim->restarts) &&
	    (!is_known(draft->owner.restarts) || claim->restarts > draft->owner.restarts))
		draft->owner.restarts = claim->restarts;
	return at;
}

/* An ended run that has no id of its own: what it was when it was last seen, else by its root's
 * pid, else by the kernel's session. */
static int32_t nameless_owner(struct pass *pass, const struct claim *claim, int32_t i)
{
	const struct process *proc = pass_process(pass, i);
	const struct known_owner *known = memory_find_proc(pass->memory, process_key(proc));
	int32_t sid = proc->session > 0 ? proc->session : proc->pgrp;
	char key[64];
	int32_t at;

	if (known && known->rule == claim->rule && !known->is_child) {
		at = roster_find(&pass->roster, known->id);
		return at != NO_OWNER ? at : pass_revive(pass, known);
	}
	if (claim->root_pid > 0)
		snprintf(key, sizeof(key), "pid-%" PRId64, claim->root_pid);
	else
		snprintf(key, sizeof(key), "sid-%d", sid);
	at = pass_owner(pass, claim->rule, key);
	if (at >= 0 && claim->root_pid == 0)
		pass_draft(pass, at)->nameless_sid = sid;
	return at;
}

int32_t claim_owner(struct pass *pass, const struct claim *claim, int32_t i, int32_t parent)
{
	int32_t at = claim_target(pass, claim, i);
	const char *key = claim->key ? claim->key : claim->name;
	struct draft *draft;

	if (claim->is_child)
		return child_owner(pass, claim, i, parent);
	if (at != NO_OWNER)
		return at;
	at = key ? pass_owner(pass, claim->rule, key) : nameless_owner(pass, claim, i);
	if (at < 0)
		return at;
	draft = pass_draft(pass, at);
	if (draft->sample != NO_PROC || draft->owner.root != NO_PROC || draft->owner.evidence)
		return at;
	draft->session = claim->key;
	if (draft->owner.parent == NO_OWNER)
		roster_set_parent(&pass->roster, at, parent);
	draft->owner.is_ended = true;
	if (is_known(claim->since_ms))
		draft->owner.since_ms = claim->since_ms;
	if (claim->name)
		draft->owner.name = claim->name;
	draft->owner.evidence =
		pass_say(pass, "%s in the environment of its processes; its root is gone or unseen",
			 claim->marker);
	return at;
}

int32_t pass_revive(struct pass *pass, const struct known_owner *known)
{
	struct draft *draft;
	int32_t at = roster_get(&pass->roster, known->rule->name, known->key, NULL);

	if (at < 0) {
		pass->error = at;
		return NO_OWNER;
	}
	draft = pass_draft(pass, at);
	draft->rule = known->rule;
	draft->owner.kind = known->rule->kind;
	draft->owner.label = known->rule->label;
	draft->is_child = known->is_child;
	draft->session = known->session ? arena_strdup(pass->arena, known->session) : NULL;
	draft->owner.since_ms = known->since_ms;
	roster_set_parent(&pass->roster, at,
			  known->parent_id ? roster_find(&pass->roster, known->parent_id)
					   : NO_OWNER);
	return at;
}

/* The owner that forked a process whose parent no sample has seen: the kernel has told of it. */
static const struct known_owner *origin_owner(const struct pass *pass, int32_t i)
{
	const struct origin *origin =
		snapshot_find_origin(pass->snap, process_key(pass_process(pass, i)));

	return origin ? memory_find_proc(pass->memory, origin->parent) : NULL;
}

/* What was known of the process before its parent ended and took the evidence with it. */
int32_t owner_remembered(struct pass *pass, int32_t i)
{
	const char *evidence = "was seen below its root, before its parent ended";
	const struct known_owner *known =
		memory_find_proc(pass->memory, process_key(pass_process(pass, i)));
	int32_t at;

	if (!known) {
		known = origin_owner(pass, i);
		evidence = "was forked below its root, by a process that has ended";
	}

	if (!known || !known->rule)
		return NO_OWNER;
	at = roster_find(&pass->roster, known->id);
	if (at == NO_OWNER) {
		at = pass_revive(pass, known);
		if (at == NO_OWNER)
			return NO_OWNER;
		pass_draft(pass, at)->owner.is_ended = true;
		pass_draft(pass, at)->owner.evidence = pass_say(pass, "seen before its root ended");
	}
	pass->found[i].evidence = pass_say(pass, "%s", evidence);
	return at;
}

const char *pass_say_starter(struct pass *pass, const struct claim *claim, int32_t target)
{
	if (target != NO_OWNER)
		return pass_draft(pass, target)->owner.id;
	return pass_say(pass, "%s:%s", claim->rule->name, claim->key ? claim->key : "?");
}

const char *pass_say_claim(struct pass *pass, const struct claim *claim, int32_t owner)
{
	const struct draft *draft = pass_draft(pass, owner);

	if (draft->owner.root != NO_PROC)
		return pass_say(pass, "%s in its environment; its %s is pid %d", claim->marker,
				claim->is_child ? "owner's first process" : "owner's root",
				pass_process(pass, draft->owner.root)->pid);
	if (claim->is_child)
		return pass_say(pass, "%s in its environment; no instance of it runs",
				claim->marker);
	if (claim->key || claim->root_pid > 0)
		return pass_say(pass, "%s in its environment; its session has ended",
				claim->marker);
	return pass_say(pass,
			"%s in its environment, which names no session; no living %s is above it",
			claim->marker, claim->rule->label);
}
