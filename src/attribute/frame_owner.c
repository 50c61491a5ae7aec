/* Containers, units and login sessions: what a process is in, whoever started it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "pass.h"

/* A unit's name is unique in its container only. */
static char *frame_key(const struct pass *pass, const struct frame *frame, int32_t outer)
{
	struct text key = {0};

	if (outer != NO_OWNER && frame->rule->kind != OWNER_CONTAINER)
		text_printf(&key, "%s/", pass_draft(pass, outer)->owner.key);
	text_add(&key, frame->key);
	return text_take(&key);
}

/* Whether `i` suits better as a container's root than what it has: pid 1 of the inside, else the
 * oldest. */
static bool is_better_root(const struct pass *pass, int32_t root, int32_t i)
{
	const struct process *proc = &pass->snap->procs[i];
	const struct process *old;

	if (root == NO_PROC)
		return true;
	old = &pass->snap->procs[root];
	if ((proc->ns_pid == 1) != (old->ns_pid == 1))
		return proc->ns_pid == 1;
	return proc->start_ticks < old->start_ticks;
}

static void join_frame(struct pass *pass, int32_t owner, int32_t i)
{
	struct draft *draft = pass_draft(pass, owner);

	if (draft->sample == NO_PROC)
		draft->sample = i;
	if (is_better_root(pass, draft->owner.root, i)) {
		draft->owner.root = i;
		draft->owner.instances = 1;
	}
}

/* The owners of the cgroup's frames, each in the one before. */
static void settle_cgroup(struct pass *pass, int32_t i)
{
	struct finding *found = &pass->found[i];
	const struct frames *frames = &found->profile->frames;

	for (size_t f = 0; f < frames->n; f++) {
		const struct frame *frame = &frames->items[f];
		char *key = frame_key(pass, frame, found->frame);
		int32_t owner = pass_owner(pass, frame->rule, key);
		struct draft *draft;

		free(key);
		if (owner < 0)
			return;
		draft = pass_draft(pass, owner);
		if (draft->owner.parent == NO_OWNER && owner != found->frame)
			roster_set_parent(&pass->roster, owner, found->frame);
		if (!draft->owner.evidence)
			draft->owner.evidence = pass_say(pass, "cgroup %s", frame->path);
		found->frame = owner;
		if (frame->rule->kind == OWNER_CONTAINER)
			found->box = owner;
	}
	if (found->frame == NO_OWNER)
		return;
	join_frame(pass, found->frame, i);
	found->evidence = pass_say(pass, "in cgroup %s", frames->items[frames->n - 1].path);
}

static bool is_foreign(const struct pass *pass, const struct facts *facts)
{
	return is_known(facts->pid_ns) && is_known(pass->snap->host.pid_ns) &&
	       facts->pid_ns != pass->snap->host.pid_ns;
}

static const struct rule *namespace_rule(const struct pass *pass)
{
	for (size_t r = 0; r < pass->rules->n; r++) {
		if (pass->rules->rules[r]->is_namespace)
			return pass->rules->rules[r];
	}
	return NULL;
}

/* A container whose cgroup has no name that tells: its shim, which is its parent, or its namespaces
 * do. */
static void settle_namespace(struct pass *pass, int32_t i)
{
	struct finding *found = &pass->found[i];
	const struct facts *facts = pass->snap->procs[i].facts;
	const struct finding *parent = found->parent >= 0 ? &pass->found[found->parent] : NULL;
	const struct rule *rule =
		parent && parent->profile->monitor ? parent->profile->monitor : NULL;
	const char *key = NULL;
	char inode[32];

	if (!is_foreign(pass, facts))
		return;
	if (parent && parent->box != NO_OWNER &&
	    pass->snap->procs[found->parent].facts->pid_ns == facts->pid_ns) {
		found->box = parent->box;
		found->frame = parent->frame;
		found->evidence = pass_say(pass, "in the container of its parent, pid %d",
					   pass->snap->procs[found->parent].pid);
		return;
	}
	if (rule && rule->has_monitor_children)
		key = facts_monitored(pass->snap->procs[found->parent].facts, rule);
	if (key) {
		found->evidence = pass_say(pass, "started by %s, pid %d, which runs its container",
					   pass->snap->procs[found->parent].facts->comm,
					   pass->snap->procs[found->parent].pid);
	} else if (facts->is_ns_foreign) {
		rule = namespace_rule(pass);
		snprintf(inode, sizeof(inode), "%" PRIu64, facts->pid_ns);
		key = inode;
		found->evidence = pass_say(
			pass, "in pid, mount and UTS namespaces of its own (pid:[%s])", inode);
	}
	if (!key || !rule)
		return;
	found->box = pass_owner(pass, rule, key);
	found->frame = found->box;
	if (found->box < 0)
		return;
	if (!pass_draft(pass, found->box)->owner.evidence)
		pass_draft(pass, found->box)->owner.evidence = found->evidence;
	join_frame(pass, found->box, i);
}

void frame_settle(struct pass *pass, int32_t i)
{
	settle_cgroup(pass, i);
	if (pass->found[i].box == NO_OWNER)
		settle_namespace(pass, i);
}

bool frame_parts(const struct pass *pass, int32_t i)
{
	const struct finding *found = &pass->found[i];
	const struct finding *parent;

	if (found->parent < 0)
		return true;
	parent = &pass->found[found->parent];
	if (found->box != parent->box)
		return true;
	return found->profile->frames.is_service && found->frame != parent->frame;
}
