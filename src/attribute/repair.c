/*
 * Processes whose own evidence is gone: a program wrote over its environment, or it belongs to
 * another user. What is around them still tells: the others of their kernel session, their
 * children, a cgroup that only one product makes. And those whose mark names no session.
 */
#include <stdlib.h>

#include "clade/hash.h"
#include "clade/mem.h"
#include "pass.h"

/* The owner that all processes of one kernel session have in common. */
struct session_owner {
	int32_t session;
	int32_t owner; /* NO_OWNER: they differ */
	UT_hash_handle hh;
};

static bool is_strong(const struct pass *pass, int32_t owner)
{
	enum owner_kind kind;

	if (owner == NO_OWNER)
		return false;
	kind = pass_draft(pass, owner)->owner.kind;
	return kind == OWNER_AGENT || kind == OWNER_PM2;
}

/* Only one that has lost its parent and whose environment tells nothing is in question. */
static bool is_lost(const struct pass *pass, int32_t i)
{
	const struct process *proc = &pass->snap->procs[i];

	return pass->found[i].inner == NO_OWNER && !proc->is_kernel &&
	       proc->facts->env != ENV_READ &&
	       (proc->ppid <= 1 || pass->found[i].parent == NO_PROC ||
		pass->found[pass->found[i].parent].inner == NO_OWNER) &&
	       proc->pid != 1;
}

static struct session_owner *sessions_learn(const struct pass *pass)
{
	struct session_owner *sessions = NULL;

	for (size_t i = 0; i < pass->snap->n_procs; i++) {
		const struct process *proc = &pass->snap->procs[i];
		struct session_owner *entry;

		if (proc->session <= 0 || is_lost(pass, (int32_t)i))
			continue;
		HASH_FIND(hh, sessions, &proc->session, sizeof(proc->session), entry);
		if (!entry) {
			entry = mem_new(1, sizeof(*entry));
			entry->session = proc->session;
			entry->owner = pass->found[i].inner;
			HASH_ADD(hh, sessions, session, sizeof(entry->session), entry);
		} else if (entry->owner != pass->found[i].inner) {
			entry->owner = NO_OWNER;
		}
	}
	return sessions;
}

static void by_session(struct pass *pass, int32_t i, const struct session_owner *sessions)
{
	const struct session_owner *entry;
	int32_t session = pass->snap->procs[i].session;

	HASH_FIND(hh, sessions, &session, sizeof(session), entry);
	if (!entry || !is_strong(pass, entry->owner))
		return;
	pass->found[i].inner = entry->owner;
	pass->found[i].evidence = pass_say(pass,
					   "in the same kernel session, %d, as other processes of "
					   "it; its environment tells nothing",
					   session);
}

/* The owner that all its children agree on. */
static void by_children(struct pass *pass, int32_t i, const int32_t *child_owner)
{
	if (!is_strong(pass, child_owner[i]))
		return;
	pass->found[i].inner = child_owner[i];
	pass->found[i].evidence =
		pass_say(pass, "its children are of it; its own environment tells nothing");
}

static void by_cgroup(struct pass *pass, int32_t i)
{
	const struct frames *frames = &pass->found[i].profile->frames;
	int32_t at;

	if (!frames->mark)
		return;
	at = pass_owner(pass, frames->mark, frames->path ? frames->path : "/");
	if (at < 0)
		return;
	pass_draft(pass, at)->owner.is_ended = true;
	pass_draft(pass, at)->owner.evidence = pass_say(pass, "cgroup %s", frames->path);
	pass->found[i].inner = at;
	pass->found[i].evidence = pass_say(pass, "in cgroup %s, which only %s makes", frames->path,
					   frames->mark->label);
}

/* For each process the owner its children have in common: NO_OWNER none, or they differ. */
static int32_t *children_learn(struct pass *pass)
{
	size_t n = pass->snap->n_procs;
	int32_t *common = arena_new(&pass->scratch, n + 1, sizeof(*common));
	bool *has_child = arena_new(&pass->scratch, n + 1, sizeof(*has_child));

	if (!common || !has_child)
		return NULL;
	for (size_t i = 0; i < n; i++)
		common[i] = NO_OWNER;
	for (size_t i = 0; i < n; i++) {
		int32_t parent = pass->found[i].parent;

		if (parent < 0)
			continue;
		if (!has_child[parent])
			common[parent] = pass->found[i].inner;
		else if (common[parent] != pass->found[i].inner)
			common[parent] = NO_OWNER;
		has_child[parent] = true;
	}
	return common;
}

/* The owner to which a nameless one belongs: that of the leader of its kernel session, a tool's
 * shell that still is below the agent; NO_OWNER when the leader is gone or another's. */
static int32_t namer_of(const struct pass *pass, const struct draft *nameless)
{
	int32_t leader = snapshot_find_pid(pass->snap, nameless->nameless_sid);
	int32_t owner = leader >= 0 ? pass->found[leader].inner : NO_OWNER;

	return owner != NO_OWNER && pass_draft(pass, owner)->rule == nameless->rule &&
			       pass_draft(pass, owner)->nameless_sid == 0
		       ? owner
		       : NO_OWNER;
}

/* Its mark names no session, but the others of its kernel session have one. */
static void name_nameless(struct pass *pass)
{
	for (size_t i = 0; i < pass->snap->n_procs; i++) {
		struct finding *found = &pass->found[i];
		const struct draft *draft =
			found->inner != NO_OWNER ? pass_draft(pass, found->inner) : NULL;
		int32_t owner = draft && draft->nameless_sid > 0 ? namer_of(pass, draft) : NO_OWNER;

		if (owner == NO_OWNER)
			continue;
		found->inner = owner;
		found->claim = NULL;
		found->evidence = pass_say(pass,
					   "a mark of %s in its environment, and in the kernel "
					   "session of one of its shells, pid %d",
					   draft->rule->label, draft->nameless_sid);
	}
}

void repair_orphans(struct pass *pass)
{
	struct session_owner *sessions = NULL;
	struct session_owner *entry, *next;
	const int32_t *child_owner = NULL;

	name_nameless(pass);
	for (size_t n = 0; n < pass->snap->n_procs; n++) {
		int32_t i = pass->order[n];
		struct finding *found = &pass->found[i];

		if (found->inner == NO_OWNER && found->parent >= 0 && !frame_parts(pass, i) &&
		    is_strong(pass, pass->found[found->parent].inner)) {
			/* its parent was repaired just now */
			found->inner = pass->found[found->parent].inner;
			found->evidence = pass_say(pass, "descends from pid %d, which is of it",
						   pass_process(pass, found->parent)->pid);
			continue;
		}
		if (!is_lost(pass, i))
			continue;
		if (!sessions) {
			sessions = sessions_learn(pass);
			child_owner = children_learn(pass);
		}
		by_session(pass, i, sessions);
		if (found->inner == NO_OWNER && child_owner)
			by_children(pass, i, child_owner);
		if (found->inner == NO_OWNER)
			by_cgroup(pass, i);
	}
	HASH_ITER (hh, sessions, entry, next) {
		HASH_DEL(sessions, entry);
		free(entry);
	}
}
