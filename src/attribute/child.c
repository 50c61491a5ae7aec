/* Children of a root that are owners of their own: apps of PM2, panes of tmux, jobs of cron. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clade/text.h"
#include "pass.h"

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
		    !claim_is_carried(pass, pass_draft(pass, daemon)->owner.root, claim))
			return pass_say_starter(pass, claim, claim_target(pass, claim, i));
	}
	return NULL;
}

/* A child of a multiplexer, of a PM2 daemon or of cron that is an owner of its own. Returns
 * NO_OWNER when it is none. */
static int32_t named_child(struct pass *pass, int32_t i)
{
	struct finding *found = &pass->found[i];
	int32_t daemon = daemon_above(pass, i);
	const struct rule *rule = daemon != NO_OWNER ? pass_draft(pass, daemon)->rule : NULL;
	struct draft *draft;
	uint64_t since_ms = UNKNOWN;
	char key[64];
	int32_t at = NO_OWNER;

	if (!rule || found->anchor == daemon || frame_parts(pass, i))
		return NO_OWNER;
	if (rule->any_child) {
		snprintf(key, sizeof(key), "%d.%llu", pass_process(pass, i)->pid,
			 (unsigned long long)pass_process(pass, i)->start_ticks);
		at = pass_owner(pass, rule, key);
	} else {
		for (size_t c = 0; c < found->profile->claims.n && at == NO_OWNER; c++) {
			const struct claim *claim = &found->profile->claims.items[c];

			if (claim->rule != rule || !claim->is_child)
				continue;
			at = claim_owner(pass, claim, i, daemon);
			since_ms = claim->since_ms;
		}
	}
	if (at < 0)
		return NO_OWNER;
	draft = pass_draft(pass, at);
	draft->is_child = true;
	roster_set_parent(&pass->roster, at, daemon);
	draft->owner.instances++;
	if (is_known(since_ms) &&
	    (!is_known(draft->oldest_run_ms) || since_ms < draft->oldest_run_ms))
		draft->oldest_run_ms = since_ms;
	if (draft->owner.root == NO_PROC)
		draft->owner.root = i;
	if (!draft->owner.evidence)
		draft->owner.evidence = pass_say(pass, "child of %s, pid %d", rule->label,
						 pass_process(pass, found->parent)->pid);
	if (!draft->owner.started_by && rule->kind == OWNER_PM2)
		draft->owner.started_by = started_app(pass, i, daemon);
	found->anchor = at;
	found->evidence = pass_say(pass, "child of %s, pid %d: its owner begins here", rule->label,
				   pass_process(pass, found->parent)->pid);
	return at;
}

/* Another user's PM2 app: the environment that names it may not be read, the daemon and the command
 * line may. */
static int32_t unnamed_app(struct pass *pass, int32_t i)
{
	struct finding *found = &pass->found[i];
	const struct process *proc = pass_process(pass, i);
	int32_t daemon = daemon_above(pass, i);
	const char *command;
	struct text key = {0};
	int32_t at;

	if (daemon == NO_OWNER || pass_draft(pass, daemon)->rule->kind != OWNER_PM2 ||
	    found->anchor == daemon || proc->facts->env == ENV_READ)
		return NO_OWNER;
	command =
		facts_argc(proc->facts) > 1 ? facts_arg(proc->facts, 1) : facts_arg(proc->facts, 0);
	/* of a zombie there is the kernel's name only: a title, cut in the midst of a path */
	if (!command)
		return NO_OWNER;
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
		pass_process(pass, found->parent)->pid);
	pass_draft(pass, at)->owner.evidence = found->evidence;
	return at;
}

int32_t child_settle(struct pass *pass, int32_t i)
{
	int32_t at = named_child(pass, i);

	return at != NO_OWNER ? at : unnamed_app(pass, i);
}
