/*
 * Ancestry against environment. A process descends from some owner's root, and its environment may
 * name others, because markers are inherited by everything that is started. The rule: what an
 * owner's root already carried when it began is what started that owner, hence outside of it; what
 * it did not carry was added within.
 */
#include <string.h>

#include "pass.h"

static const struct process *process_at(const struct pass *pass, int32_t i)
{
	return &pass->snap->procs[i];
}

static bool is_login(const struct claim *claim)
{
	return claim->rule->kind == OWNER_LOGIN;
}

/* Whether the process `carrier` had the claim in its environment. */
static bool carries(const struct pass *pass, int32_t carrier, const struct claim *claim)
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

/* A living root of the claim's rule whose pid, as the process sees it, is the one that the claim
 * names. */
static int32_t target_by_pid(const struct pass *pass, const struct claim *claim, int32_t i)
{
	const struct process *proc = process_at(pass, i);

	for (size_t at = 0; at < pass->roster.n; at++) {
		const struct draft *draft = pass_draft(pass, (int32_t)at);
		const struct process *root;
		bool is_inside;

		if (draft->rule != claim->rule || draft->owner.root == NO_PROC || draft->is_child)
			continue;
		root = process_at(pass, draft->owner.root);
		is_inside = is_known(proc->facts->pid_ns) &&
			    proc->facts->pid_ns != pass->snap->host.pid_ns;
		if (is_inside ? root->facts->pid_ns != proc->facts->pid_ns ||
					root->ns_pid != claim->root_pid
			      : root->pid != claim->root_pid)
			continue;
		/* the pid may have been used again since: its holder must be the older */
		if (root->start_ticks <= proc->start_ticks)
			return (int32_t)at;
	}
	return NO_OWNER;
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
	const struct process *proc = process_at(pass, i);
	int32_t only = NO_OWNER;
	int32_t here = NO_OWNER;
	size_t count = 0;
	size_t count_here = 0;

	for (size_t at = 0; at < pass->roster.n; at++) {
		const struct draft *draft = pass_draft(pass, (int32_t)at);
		const struct process *root;

		if (draft->rule != claim->rule || draft->owner.root == NO_PROC)
			continue;
		root = process_at(pass, draft->owner.root);
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
		at = target_by_pid(pass, claim, i);
	if (at == NO_OWNER && claim->key)
		at = target_by_session(pass, claim);
	if (at == NO_OWNER && !claim->key && claim->rule->session.n == 0 &&
	    claim->rule->roots.n > 0)
		at = target_by_user(pass, claim, i);
	/* an environment is no bridge into or out of a container */
	if (at != NO_OWNER && pass_draft(pass, at)->owner.root != NO_PROC &&
	    pass->found[pass_draft(pass, at)->owner.root].box != pass->found[i].box &&
	    process_at(pass, pass_draft(pass, at)->owner.root)->facts->pid_ns !=
		    process_at(pass, i)->facts->pid_ns)
		return NO_OWNER;
	return at;
}

/* The daemon that an app's or pane's claim belongs to, if it lives. */
static int32_t daemon_of(const struct pass *pass, const struct claim *claim, int32_t i)
{
	char id[1024];

	if (claim->root_pid > 0)
		return target_by_pid(pass, claim, i);
	if (!claim->parent_key)
		return NO_OWNER;
	snprintf(id, sizeof(id), "%s:%s", claim->rule->name, claim->parent_key);
	return roster_find(&pass->roster, id);
}

static int32_t child_owner(struct pass *pass, const struct claim *claim, int32_t i, int32_t parent)
{
	int32_t daemon = daemon_of(pass, claim, i);
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

int32_t claim_owner(struct pass *pass, const struct claim *claim, int32_t i, int32_t parent)
{
	int32_t at = claim_target(pass, claim, i);
	const struct process *proc = process_at(pass, i);
	struct draft *draft;
	char key[64];

	if (claim->is_child)
		return child_owner(pass, claim, i, parent);
	if (at != NO_OWNER)
		return at;
	/* without a session id the kernel's session tells one ended run from another */
	snprintf(key, sizeof(key), "sid-%d", proc->session > 0 ? proc->session : proc->pgrp);
	at = pass_owner(pass, claim->rule,
			claim->key    ? claim->key
			: claim->name ? claim->name
				      : key);
	if (at < 0)
		return at;
	draft = pass_draft(pass, at);
	if (draft->sample == NO_PROC && draft->owner.root == NO_PROC) {
		draft->session = claim->key;
		roster_set_parent(&pass->roster, at, parent);
		draft->owner.is_ended = true;
		if (is_known(claim->since_ms))
			draft->owner.since_ms = claim->since_ms;
		if (claim->name)
			draft->owner.name = claim->name;
		draft->owner.evidence = pass_say(
			pass, "%s in the environment of its processes; its root is gone or unseen",
			claim->marker);
	}
	return at;
}

/* When a claim's owner began, for telling which of two is the inner. */
static uint64_t claim_since(const struct pass *pass, const struct claim *claim, int32_t i)
{
	int32_t at = claim_target(pass, claim, i);

	if (at != NO_OWNER && pass_draft(pass, at)->owner.root != NO_PROC && !claim->is_child)
		return snapshot_start_ms(pass->snap,
					 process_at(pass, pass_draft(pass, at)->owner.root));
	return claim->since_ms;
}

static int32_t claim_root(const struct pass *pass, const struct claim *claim, int32_t i)
{
	int32_t at = claim->is_child ? daemon_of(pass, claim, i) : claim_target(pass, claim, i);

	return at != NO_OWNER ? pass_draft(pass, at)->owner.root : NO_PROC;
}

/* Whether `a` is inside of `b`. */
static bool is_inner(const struct pass *pass, const struct claim *a, const struct claim *b,
		     int32_t i)
{
	bool a_carries = carries(pass, claim_root(pass, a, i), b);
	bool b_carries = carries(pass, claim_root(pass, b, i), a);
	uint64_t since_a = claim_since(pass, a, i);
	uint64_t since_b = claim_since(pass, b, i);

	if (a_carries != b_carries)
		return a_carries;
	if (is_known(since_a) && is_known(since_b) && since_a != since_b)
		return since_a > since_b;
	/* nothing tells: a supervisor wins, because an agent's markers travel into everything it
	 * starts */
	return a->rule->priority < b->rule->priority;
}

static bool names_path_owner(const struct pass *pass, const struct claim *claim, int32_t owner,
			     int32_t i)
{
	const struct draft *draft = pass_draft(pass, owner);

	if (draft->rule != claim->rule || draft->is_child != claim->is_child)
		return false;
	if (claim->is_child)
		return claim_target(pass, claim, i) == owner;
	/* below a living root of this product, the session id may be an older one of the same
	 * program */
	return draft->owner.root != NO_PROC && (!claim->key || claim->root_pid == 0 ||
						target_by_pid(pass, claim, i) == owner)
		       ? true
		       : same_key(draft->session, claim->key);
}

/* Whether the claim says no more than the ancestry: an owner on the path, or what that owner's root
 * had inherited. */
static bool is_explained(const struct pass *pass, const struct claim *claim, int32_t owner,
			 int32_t i)
{
	for (size_t steps = 0; owner != NO_OWNER && steps <= pass->roster.n; steps++) {
		const struct draft *draft = pass_draft(pass, owner);

		if (names_path_owner(pass, claim, owner, i) ||
		    carries(pass, draft->owner.root, claim))
			return true;
		owner = draft->owner.parent;
	}
	return false;
}

/* A multiplexer's server gives the environment of whoever started it to every pane: such a mark
 * says nothing of the pane. */
static bool came_with_pane(const struct pass *pass, const struct claim *claim, int32_t i)
{
	const struct claims *claims = &pass->found[i].profile->claims;

	for (size_t c = 0; c < claims->n; c++) {
		if (claims->items[c].rule->is_multiplexer && &claims->items[c] != claim &&
		    carries(pass, claim_root(pass, &claims->items[c], i), claim))
			return true;
	}
	return false;
}

/* The innermost of the claims that ancestry does not explain, or NULL. Login claims count only when
 * asked for. */
static const struct claim *best_claim(const struct pass *pass, int32_t i, int32_t inherited,
				      bool logins)
{
	const struct claims *claims = &pass->found[i].profile->claims;
	const struct claim *best = NULL;

	for (size_t c = 0; c < claims->n; c++) {
		const struct claim *claim = &claims->items[c];

		if (is_login(claim) != logins || is_explained(pass, claim, inherited, i) ||
		    came_with_pane(pass, claim, i))
			continue;
		if (!best || is_inner(pass, claim, best, i))
			best = claim;
	}
	return best;
}

static const char *owner_state(const struct pass *pass, int32_t owner)
{
	const struct draft *draft = pass_draft(pass, owner);

	if (draft->owner.root == NO_PROC)
		return pass_draft(pass, owner)->is_child ? "no instance of it runs"
							 : "its session has ended";
	return NULL;
}

static const char *say_claim(struct pass *pass, const struct claim *claim, int32_t owner)
{
	const char *state = owner_state(pass, owner);

	if (state)
		return pass_say(pass, "%s in its environment; %s", claim->marker, state);
	return pass_say(pass, "%s in its environment; that is pid %d", claim->marker,
			process_at(pass, pass_draft(pass, owner)->owner.root)->pid);
}

/* The id of the owner that a claim says has started something. */
static const char *say_starter(struct pass *pass, const struct claim *claim, int32_t target)
{
	if (target != NO_OWNER)
		return pass_draft(pass, target)->owner.id;
	return pass_say(pass, "%s:%s", claim->rule->name, claim->key ? claim->key : "?");
}

static const char *say_ancestry(struct pass *pass, int32_t owner)
{
	const struct draft *draft = pass_draft(pass, owner);

	if (draft->owner.root == NO_PROC)
		return pass_say(pass, "descends from processes of it; its root is gone");
	return pass_say(pass, "descends from its root, pid %d",
			process_at(pass, draft->owner.root)->pid);
}

/* The daemon whose child a process is, NO_OWNER when its parent is none. */
static int32_t daemon_above(const struct pass *pass, int32_t i)
{
	int32_t parent = pass->found[i].parent;
	int32_t daemon = parent >= 0 ? pass->found[parent].anchor : NO_OWNER;

	return daemon != NO_OWNER && !pass_draft(pass, daemon)->is_child ? daemon : NO_OWNER;
}

/* `pm2 start` gives an app the environment of its caller: an agent's mark that the daemon has not
 * is who started it. */
static const char *started_app(struct pass *pass, int32_t i, int32_t daemon)
{
	const struct claims *claims = &pass->found[i].profile->claims;

	for (size_t c = 0; c < claims->n; c++) {
		const struct claim *claim = &claims->items[c];

		if (claim->rule->kind == OWNER_AGENT &&
		    !carries(pass, pass_draft(pass, daemon)->owner.root, claim))
			return say_starter(pass, claim, claim_target(pass, claim, i));
	}
	return NULL;
}

/* A child of a multiplexer, of a PM2 daemon or of cron that is an owner of its own. Returns
 * NO_OWNER when it is none. */
static int32_t child_of_root(struct pass *pass, int32_t i)
{
	struct finding *found = &pass->found[i];
	int32_t daemon = daemon_above(pass, i);
	const struct rule *rule = daemon != NO_OWNER ? pass_draft(pass, daemon)->rule : NULL;
	struct draft *draft;
	char key[64];
	int32_t at = NO_OWNER;

	if (!rule || found->anchor == daemon || frame_parts(pass, i))
		return NO_OWNER;
	if (rule->any_child) {
		snprintf(key, sizeof(key), "%d.%llu", process_at(pass, i)->pid,
			 (unsigned long long)process_at(pass, i)->start_ticks);
		at = pass_owner(pass, rule, key);
	} else {
		for (size_t c = 0; c < found->profile->claims.n && at == NO_OWNER; c++) {
			const struct claim *claim = &found->profile->claims.items[c];

			if (claim->rule == rule && claim->is_child)
				at = claim_owner(pass, claim, i, daemon);
		}
	}
	if (at < 0)
		return NO_OWNER;
	draft = pass_draft(pass, at);
	draft->is_child = true;
	roster_set_parent(&pass->roster, at, daemon);
	draft->owner.instances++;
	if (draft->owner.root == NO_PROC)
		draft->owner.root = i;
	if (!draft->owner.evidence)
		draft->owner.evidence = pass_say(pass, "child of %s, pid %d", rule->label,
						 process_at(pass, found->parent)->pid);
	if (!draft->owner.started_by && rule->kind == OWNER_PM2)
		draft->owner.started_by = started_app(pass, i, daemon);
	found->anchor = at;
	found->evidence = pass_say(pass, "child of %s, pid %d: a root of it", rule->label,
				   process_at(pass, found->parent)->pid);
	return at;
}

/* Another user's PM2 app: the environment that names it may not be read, the daemon and the command
 * line may. */
static int32_t unnamed_app(struct pass *pass, int32_t i)
{
	struct finding *found = &pass->found[i];
	const struct process *proc = process_at(pass, i);
	int32_t daemon = daemon_above(pass, i);
	const char *command;
	struct text key = {0};
	int32_t at;

	if (daemon == NO_OWNER || pass_draft(pass, daemon)->rule->kind != OWNER_PM2 ||
	    found->anchor == daemon || proc->facts->env == ENV_READ)
		return NO_OWNER;
	command = facts_argc(proc->facts) > 1 ? facts_arg(proc->facts, 1) : proc->facts->comm;
	command = strrchr(command, '/') ? strrchr(command, '/') + 1 : command;
	text_printf(&key, "%s/?/%s", pass_draft(pass, daemon)->owner.key, command);
	at = pass_owner(pass, pass_draft(pass, daemon)->rule, text_str(&key));
	text_done(&key);
	if (at < 0)
		return NO_OWNER;
	pass_draft(pass, at)->is_child = true;
	roster_set_parent(&pass->roster, at, daemon);
	pass_draft(pass, at)->owner.name = pass_say(pass, "%s", command);
	pass_draft(pass, at)->owner.instances++;
	if (pass_draft(pass, at)->owner.root == NO_PROC)
		pass_draft(pass, at)->owner.root = i;
	found->anchor = at;
	found->evidence = pass_say(
		pass, "child of the PM2 daemon, pid %d; its own environment is not readable",
		process_at(pass, found->parent)->pid);
	pass_draft(pass, at)->owner.evidence = found->evidence;
	return at;
}

/* Where a root's own owner lies, and what started it. */
static void settle_anchor(struct pass *pass, int32_t i, int32_t inherited,
			  const struct claim *claim)
{
	struct finding *found = &pass->found[i];
	struct draft *draft = pass_draft(pass, found->anchor);
	int32_t target = claim ? claim_target(pass, claim, i) : NO_OWNER;
	int32_t outer = inherited;

	if (claim && draft->rule->kind == OWNER_AGENT)
		outer = claim_owner(pass, claim, i,
				    inherited != NO_OWNER ? inherited : found->frame);
	else if (target != NO_OWNER && pass_draft(pass, target)->owner.root != NO_PROC &&
		 outer == NO_OWNER && draft->rule->kind == OWNER_PM2)
		outer = target; /* a living session's daemon is shown with it; an ended one's stands
				   by itself */
	if (outer == found->anchor)
		outer = NO_OWNER;
	roster_set_parent(&pass->roster, found->anchor, outer != NO_OWNER ? outer : found->frame);
	if (claim)
		draft->owner.started_by = say_starter(pass, claim, target);
	else if (outer != NO_OWNER)
		draft->owner.started_by = pass_draft(pass, outer)->owner.id;
	draft->owner.evidence =
		pass_say(pass, "its root is %s, pid %d", process_at(pass, i)->facts->comm,
			 process_at(pass, i)->pid);
	found->evidence = pass_say(pass, "the root of this %s: %s", draft->rule->label,
				   process_at(pass, i)->facts->exe
					   ? process_at(pass, i)->facts->exe
					   : "by its name, its executable is not readable");
}

/* A login that the cgroup knows already needs no second owner; a multiplexer in it is one. */
static bool is_needless(const struct pass *pass, int32_t i)
{
	const struct finding *found = &pass->found[i];
	const struct draft *draft =
		found->anchor != NO_OWNER ? pass_draft(pass, found->anchor) : NULL;
	const struct rule *frame =
		found->frame != NO_OWNER ? pass_draft(pass, found->frame)->rule : NULL;

	return draft && draft->owner.root == i && draft->rule->kind == OWNER_LOGIN &&
	       !draft->rule->is_multiplexer && frame && frame->kind == OWNER_LOGIN;
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

/* What was known of the process before its parent ended and took the evidence with it. */
static int32_t remembered(struct pass *pass, int32_t i)
{
	const struct known_owner *known =
		memory_find_proc(pass->memory, process_key(process_at(pass, i)));
	int32_t at;

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
	pass->found[i].evidence = pass_say(pass, "was seen below it before its parent ended");
	return at;
}

void inner_settle(struct pass *pass, int32_t i)
{
	struct finding *found = &pass->found[i];
	int32_t inherited = frame_parts(pass, i) ? NO_OWNER : pass->found[found->parent].inner;
	const struct claim *claim;

	if (is_needless(pass, i)) {
		pass_draft(pass, found->anchor)->owner.root = NO_PROC;
		found->anchor = NO_OWNER;
	}
	if (found->anchor == NO_OWNER) {
		found->inner = child_of_root(pass, i);
		if (found->inner == NO_OWNER)
			found->inner = unnamed_app(pass, i);
		if (found->inner != NO_OWNER)
			return;
	}
	claim = best_claim(pass, i, inherited, false);
	if (found->anchor != NO_OWNER) {
		if (pass_draft(pass, found->anchor)->owner.root == i)
			settle_anchor(pass, i, inherited, claim);
		else
			found->evidence = say_ancestry(pass, found->anchor);
		found->inner = found->anchor;
	} else if (claim) {
		found->inner = claim_owner(pass, claim, i,
					   inherited != NO_OWNER ? inherited : found->frame);
		found->evidence = found->inner >= 0 ? say_claim(pass, claim, found->inner) : NULL;
	} else if (inherited != NO_OWNER) {
		found->inner = inherited;
		found->evidence = say_ancestry(pass, inherited);
	} else {
		found->inner = remembered(pass, i);
	}
	if (found->inner == NO_OWNER && found->frame == NO_OWNER) {
		claim = best_claim(pass, i, NO_OWNER, true);
		found->inner = claim ? claim_owner(pass, claim, i, NO_OWNER) : NO_OWNER;
		if (found->inner >= 0)
			found->evidence = say_claim(pass, claim, found->inner);
	}
}
