/*
 * Ancestry against environment. A process descends from some owner's root, and its environment may
 * name others, because markers are inherited by everything that is started. The rule: what an
 * owner's root already carried when it began is what started that owner, hence outside of it; what
 * it did not carry was added within.
 */
#include <string.h>

#include "pass.h"

static bool is_login(const struct claim *claim)
{
	return claim->rule->kind == OWNER_LOGIN;
}

/* When a claim's owner began, for telling which of two is the inner. */
static uint64_t claim_since(const struct pass *pass, const struct claim *claim, int32_t i)
{
	int32_t at = claim_target(pass, claim, i);

	if (at != NO_OWNER && pass_draft(pass, at)->owner.root != NO_PROC && !claim->is_child)
		return snapshot_start_ms(pass->snap,
					 pass_process(pass, pass_draft(pass, at)->owner.root));
	return claim->since_ms;
}

static int32_t claim_root(const struct pass *pass, const struct claim *claim, int32_t i)
{
	int32_t at = claim->is_child ? claim_daemon(pass, claim, i) : claim_target(pass, claim, i);

	return at != NO_OWNER ? pass_draft(pass, at)->owner.root : NO_PROC;
}

/* Whether `a` is inside of `b`. */
static bool is_inner(const struct pass *pass, const struct claim *a, const struct claim *b,
		     int32_t i)
{
	bool a_carries = claim_is_carried(pass, claim_root(pass, a, i), b);
	bool b_carries = claim_is_carried(pass, claim_root(pass, b, i), a);
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
	/* a mark of the product alone says no more than that it is of this product */
	if (!claim->key)
		return true;
	if (draft->session && strcmp(draft->session, claim->key) == 0)
		return true;
	/* below a living root of this product, the session id may be an older one of the same
	 * program */
	return draft->owner.root != NO_PROC &&
	       (claim->root_pid == 0 || claim_root_by_pid(pass, claim, i) == owner);
}

/* Whether the claim says no more than the ancestry: an owner on the path, or what that owner's root
 * had inherited. */
static bool is_explained(const struct pass *pass, const struct claim *claim, int32_t owner,
			 int32_t i)
{
	for (size_t steps = 0; owner != NO_OWNER && steps <= pass->roster.n; steps++) {
		const struct draft *draft = pass_draft(pass, owner);

		if (names_path_owner(pass, claim, owner, i) ||
		    claim_is_carried(pass, draft->owner.root, claim))
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
		    claim_is_carried(pass, claim_root(pass, &claims->items[c], i), claim))
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

static const char *say_ancestry(struct pass *pass, int32_t owner)
{
	const struct draft *draft = pass_draft(pass, owner);

	if (draft->owner.root == NO_PROC)
		return pass_say(pass, "descends from a process of it; its root is gone");
	return pass_say(pass, "descends from its root, pid %d",
			pass_process(pass, draft->owner.root)->pid);
}

/* By what a root is known: its executable, with the script when that is node or python. */
static const char *say_root(struct pass *pass, int32_t i, const struct rule *rule)
{
	const struct facts *facts = pass_process(pass, i)->facts;
	const char *script = NULL;

	if (!facts->exe)
		return pass_say(pass,
				"the root of this %s: by its name, its executable is not "
				"readable",
				rule->label);
	for (size_t a = 1; facts->argv && a < facts_argc(facts) && !script; a++)
		script = facts_arg(facts, a)[0] == '/' ? facts_arg(facts, a) : NULL;
	if (script && !strstr(facts->exe, rule->name))
		return pass_say(pass, "the root of this %s: %s %s", rule->label, facts->exe,
				script);
	return pass_say(pass, "the root of this %s: %s", rule->label, facts->exe);
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
		draft->owner.started_by = pass_say_starter(pass, claim, target);
	else if (outer != NO_OWNER)
		draft->owner.started_by = pass_draft(pass, outer)->owner.id;
	draft->owner.evidence =
		pass_say(pass, "its root is %s, pid %d", pass_process(pass, i)->facts->comm,
			 pass_process(pass, i)->pid);
	found->evidence = say_root(pass, i, draft->rule);
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
		found->inner = child_settle(pass, i);
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
		found->claim = claim;
	} else if (inherited != NO_OWNER) {
		found->inner = inherited;
		found->evidence = say_ancestry(pass, inherited);
	} else {
		found->inner = owner_remembered(pass, i);
	}
	if (found->inner == NO_OWNER && found->frame == NO_OWNER) {
		claim = best_claim(pass, i, NO_OWNER, true);
		found->inner = claim ? claim_owner(pass, claim, i, NO_OWNER) : NO_OWNER;
		found->claim = claim;
	}
}
