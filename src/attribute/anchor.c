/* Roots: the processes in which owners begin. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "pass.h"

enum { REGISTRY_AGE_MS = 5000 }; /* how old what a registry said may be */

/* Both started by the same session, or by none. */
static bool same_session(const struct rule *rule, const struct profile *a, const struct profile *b)
{
	const struct claim *x = claims_of_rule(&a->claims, rule);
	const struct claim *y = claims_of_rule(&b->claims, rule);

	return (!x && !y) || (x && y && claim_equal(x, y));
}

/* node codex.js -> codex, sshd: root [priv] -> sshd: root@pts/0: one owner in several processes,
 * whose root is the outer. */
static bool is_wrapped(const struct pass *pass, int32_t i)
{
	const struct finding *found = &pass->found[i];
	const struct finding *outer = found->parent >= 0 ? &pass->found[found->parent] : NULL;

	return outer && outer->anchor >= 0 && outer->root == found->root &&
	       !found->root->any_child && same_session(found->root, found->profile, outer->profile);
}

/* cron forks itself for each job: that is no second cron. */
static bool is_job(const struct pass *pass, int32_t i)
{
	const struct finding *found = &pass->found[i];

	return found->root->any_child && found->parent >= 0 &&
	       pass->found[found->parent].root == found->root;
}

/* What the agent's own files say of this root; asked again when it is some seconds old. */
static const struct identity *read_registry(struct pass *pass, int32_t i, const struct rule *rule)
{
	const struct process *proc = pass_process(pass, i);
	struct known_root *known = memory_root(pass->memory, process_key(proc));
	struct name_query query = {
		.rule = rule,
		.facts = proc->facts,
		.home = pass->found[i].profile->home,
		.pid = proc->pid,
		.ns_pid = proc->ns_pid,
		.start_ticks = proc->start_ticks,
	};

	if (!pass->use_files)
		return &known->identity;
	if (known->looked_ms != UNKNOWN && pass->snap->mono_ms - known->looked_ms < REGISTRY_AGE_MS)
		return &known->identity;
	identity_done(&known->identity);
	identity_init(&known->identity);
	names_read_session(&query, &known->identity);
	known->looked_ms = pass->snap->mono_ms;
	return &known->identity;
}

/* Processes in containers number each other in their own namespace. */
static bool is_pid_of(const struct pass *pass, int32_t root, int64_t pid,
		      const struct process *seen_by)
{
	const struct process *proc = pass_process(pass, root);

	if (is_known(seen_by->facts->pid_ns) && seen_by->facts->pid_ns != pass->snap->host.pid_ns)
		return proc->facts->pid_ns == seen_by->facts->pid_ns && proc->ns_pid == pid;
	return proc->pid == pid;
}

/* The nearest process above that is a root of the rule. */
static int32_t root_above(const struct pass *pass, int32_t i, const struct rule *rule,
			  const int32_t *anchor_above)
{
	int32_t at = anchor_above[i];

	return at >= 0 && pass_draft(pass, pass->found[at].anchor)->rule == rule ? at : NO_PROC;
}

/* A session that the root's files do not tell is told by what it starts: CLAUDE_PID with
 * CLAUDE_CODE_SESSION_ID. */
static void learn_session(struct pass *pass, int32_t i, const struct claim *claim,
			  const int32_t *anchor_above)
{
	int32_t root = root_above(pass, i, claim->rule, anchor_above);
	const struct claim *own;
	struct draft *draft;

	if (root < 0 || !claim->key || claim->is_child)
		return;
	if (claim->root_pid > 0 && !is_pid_of(pass, root, claim->root_pid, pass_process(pass, i)))
		return;
	own = claims_of_rule(&pass->found[root].profile->claims, claim->rule);
	if (own && claim_equal(own, claim))
		return; /* the session that started the root, not the root's */
	draft = pass_draft(pass, pass->found[root].anchor);
	if (!draft->session)
		draft->session = claim->key;
}

/* What has left its root's tree may still name the root: CLAUDE_PID of one that has told nothing
 * yet. */
static void learn_from_afar(struct pass *pass, int32_t i, const struct claim *claim)
{
	int32_t at = claim->key && !claim->is_child && claim->root_pid > 0
			     ? claim_target(pass, claim, i)
			     : NO_OWNER;
	struct draft *draft = at != NO_OWNER ? pass_draft(pass, at) : NULL;
	const struct claim *own;

	if (!draft || draft->session || draft->owner.root == NO_PROC)
		return;
	own = claims_of_rule(&pass->found[draft->owner.root].profile->claims, claim->rule);
	if (!own || !claim_equal(own, claim))
		draft->session = claim->key;
}

static void learn_sessions(struct pass *pass)
{
	int32_t *anchor_above =
		arena_new(&pass->scratch, pass->snap->n_procs + 1, sizeof(*anchor_above));

	if (!anchor_above) {
		pass->error = -ENOMEM;
		return;
	}
	for (size_t n = 0; n < pass->snap->n_procs; n++) {
		int32_t i = pass->order[n];
		const struct finding *found = &pass->found[i];
		int32_t parent = found->parent;

		anchor_above[i] = NO_PROC;
		if (parent >= 0) {
			const struct rule *rule =
				pass->found[parent].anchor >= 0 ? pass->found[parent].root : NULL;
			bool has_sessions =
				rule && (rule->kind == OWNER_AGENT || rule->session.n > 0);

			anchor_above[i] = has_sessions ? parent : anchor_above[parent];
		}
		for (size_t c = 0; c < found->profile->claims.n; c++)
			learn_session(pass, i, &found->profile->claims.items[c], anchor_above);
	}
	for (size_t n = 0; n < pass->snap->n_procs; n++) {
		const struct claims *claims = &pass->found[pass->order[n]].profile->claims;

		for (size_t c = 0; c < claims->n; c++)
			learn_from_afar(pass, pass->order[n], &claims->items[c]);
	}
}

static void make_anchor(struct pass *pass, int32_t i)
{
	const struct process *proc = pass_process(pass, i);
	const struct rule *rule = pass->found[i].root;
	char key[48];
	int32_t at;
	struct draft *draft;

	snprintf(key, sizeof(key), "%d.%" PRIu64, proc->pid, proc->start_ticks);
	at = pass_owner(pass, rule, key);
	if (at < 0)
		return;
	draft = pass_draft(pass, at);
	draft->owner.root = i;
	draft->owner.instances = 1;
	draft->core = i;
	pass->found[i].anchor = at;
}

/* The inner of two wrappers whose outer has ended: the owner stays what it was. */
static void keep_key(struct pass *pass, int32_t at)
{
	const struct draft *draft = pass_draft(pass, at);
	const struct process *root = pass_process(pass, draft->owner.root);
	const struct known_owner *known = memory_find_proc(pass->memory, process_key(root));

	if (known && known->rule == draft->rule && !known->is_child && !known->session &&
	    roster_find(&pass->roster, known->id) == NO_OWNER)
		pass->error =
			roster_rename(&pass->roster, at, draft->rule->name, known->key, root->pid);
}

/* The key that stays: the session's, a template's, or the root's own pid and start time, which it
 * has already. */
static void name_anchor(struct pass *pass, int32_t at)
{
	struct draft *draft = pass_draft(pass, at);
	const struct rule *rule = draft->rule;
	const struct process *proc = pass_process(pass, draft->owner.root);
	struct name_query query = {
		.rule = rule,
		.facts = proc->facts,
		.home = pass->found[draft->owner.root].profile->home,
		.pid = proc->pid,
	};
	char *key;

	if (rule->kind == OWNER_AGENT) {
		const struct identity *identity = read_registry(pass, draft->owner.root, rule);

		if (!identity->session && draft->core != draft->owner.root)
			identity = read_registry(pass, draft->core, rule);
		if (identity->session)
			draft->session = arena_strdup(pass->arena, identity->session);
	}
	key = rule->key && rule->kind != OWNER_AGENT ? names_expand(rule->key, &query) : NULL;
	if (draft->session)
		pass->error =
			roster_rename(&pass->roster, at, rule->name, draft->session, proc->pid);
	else if (key)
		pass->error = roster_rename(&pass->roster, at, rule->name, key, proc->pid);
	else
		keep_key(pass, at);
	free(key);
}

/* `codex app-server` is no session, but it runs some: it is their root once a process of one names
 * it, or is its child. */
static void find_servers(struct pass *pass)
{
	for (size_t i = 0; i < pass->snap->n_procs; i++) {
		const struct finding *found = &pass->found[i];

		for (size_t c = 0; c < found->profile->claims.n; c++) {
			const struct claim *claim = &found->profile->claims.items[c];
			int32_t named =
				claim->root_pid > 0 && claim->root_pid <= INT32_MAX
					? snapshot_find_pid(pass->snap, (int32_t)claim->root_pid)
					: NO_PROC;
			int32_t servers[] = {found->parent, named};

			for (size_t s = 0; s < 2; s++) {
				struct finding *server =
					servers[s] >= 0 ? &pass->found[servers[s]] : NULL;

				if (server && server->profile->server == claim->rule &&
				    found->profile->root != claim->rule)
					server->root = claim->rule;
			}
		}
	}
}

void anchors_find(struct pass *pass)
{
	size_t n_anchors;

	for (size_t i = 0; i < pass->snap->n_procs; i++)
		pass->found[i].root = pass->found[i].profile->root;
	find_servers(pass);

	for (size_t n = 0; n < pass->snap->n_procs && pass->error == 0; n++) {
		int32_t i = pass->order[n];
		struct finding *found = &pass->found[i];

		if (!found->root || is_job(pass, i))
			continue;
		if (is_wrapped(pass, i)) {
			found->anchor = pass->found[found->parent].anchor;
			pass_draft(pass, found->anchor)->core = i;
		} else {
			make_anchor(pass, i);
		}
	}
	learn_sessions(pass);
	n_anchors = pass->roster.n;
	for (size_t at = 0; at < n_anchors && pass->error == 0; at++)
		name_anchor(pass, (int32_t)at);
}
