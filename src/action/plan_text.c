/* A plan in words: one text for --dry-run and for the dialogue, and its warnings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clade/safe.h"
#include "plan_parts.h"

enum {
	COMMANDS_SHOWN = 8,
	OWNERS_SHOWN = 6,
	KEPT_SHOWN = 10,
};

const char *plan_why_text(enum plan_why why)
{
	static const char *const texts[PLAN_WHYS] = {
		[PLAN_CHOSEN] = "chosen",
		[PLAN_BELOW] = "below one that was chosen",
		[PLAN_OWNED] = "of the chosen owner",
		[PLAN_NESTED] = "of an owner within the chosen one",
		[PLAN_CHILD] = "child of one in the plan",
		[PLAN_FORKED] = "forked by one in the plan, as the kernel told",
		[PLAN_SESSION] = "of a session that is in the plan",
		[PLAN_GROUP] = "of a process group that is in the plan",
		[PLAN_CGROUP] = "of a control group that is in the plan",
		[PLAN_MARKER] = "carries the owner's markers",
		[PLAN_LOOKALIKE] = "an orphan, and the image of one in the plan",
	};

	return texts[why];
}

const char *plan_kept_text(enum plan_kept why)
{
	static const char *const texts[KEPT_WHYS] = {
		[KEPT_INIT] = "pid 1: the machine, or the container that clade is in, ends with it",
		[KEPT_KERNEL] = "a thread of the kernel",
		[KEPT_SELF] = "clade itself",
		[KEPT_ANCESTOR] = "clade runs in it",
		[KEPT_TERMINAL] = "shows a terminal of the multiplexer that clade runs in",
		[KEPT_DENIED] = "another user's: not permitted",
		[KEPT_ZOMBIE] = "dead already: its parent has to reap it",
	};

	return texts[why];
}

/* ---- Warnings ---- */

static void warn(struct planning *planning, const char *sentence)
{
	struct plan *plan = planning->plan;
	const char *copy = arena_strdup(&plan->arena, sentence);

	if (copy)
		plan->warnings[plan->n_warnings++] = copy;
	else
		planning->is_out_of_memory = true;
}

static const char *plural(size_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

static void warn_blocked(struct planning *planning)
{
	struct text line = {0};
	char number[UNITS_LEN];
	size_t blocked = 0;

	for (size_t i = 0; i < planning->plan->n_steps; i++)
		blocked += planning->plan->steps[i].state == 'D';
	if (blocked > 0) {
		text_printf(&line,
			    "%s %s in uninterruptible sleep (D): a signal waits until what %s wait "
			    "for comes",
			    units_count(number, blocked),
			    plural(blocked, "process is", "processes are"),
			    plural(blocked, "it", "they"));
		warn(planning, text_str(&line));
	}
	text_done(&line);
}

static void add_reaper(struct text *line, const struct plan_reaper *reaper)
{
	char number[UNITS_LEN];

	text_printf(line, "%s %s of ", units_count(number, reaper->zombies),
		    plural(reaper->zombies, "zombie", "zombies"));
	safe_add(line, reaper->comm, strlen(reaper->comm));
	text_printf(line, " (pid %lld): ", (long long)reaper->key.pid);
}

static void warn_zombies(struct planning *planning)
{
	const struct plan *plan = planning->plan;
	size_t unplanned = 0;

	for (size_t i = 0; i < plan->n_reapers; i++) {
		const struct plan_reaper *reaper = &plan->reapers[i];
		struct text line = {0};

		if (reaper->is_planned || unplanned++ >= KEPT_SHOWN)
			continue;
		add_reaper(&line, reaper);
		text_add(&line, "no signal ends the dead; SIGCHLD asks the parent to reap, else "
				"they go when it ends");
		warn(planning, text_str(&line));
		text_done(&line);
	}
}

/* Whether it may run the same: who forks just then does not show what it runs. */
static bool is_alike_unread(const struct planning *planning, int32_t proc, int32_t other)
{
	const struct process *procs = planning->model->snap->procs;

	return (!planning_is_settled(planning, other) || !planning_is_settled(planning, proc)) &&
	       strcmp(procs[proc].facts->comm, procs[other].facts->comm) == 0;
}

/* Who forks twice leaves orphans that are in no tree with it. */
static size_t count_left(const struct planning *planning, int32_t proc, bool only_orphans)
{
	const struct model *model = planning->model;
	size_t n = 0;

	for (size_t i = 0; i < model->snap->n_procs; i++) {
		bool is_orphan = model->snap->procs[i].ppid == 1 || model->attr->procs[i].is_orphan;

		n += (is_orphan || !only_orphans) && planning->marks[i] == UNMARKED &&
		     (planning_are_alike(planning, proc, (int32_t)i) ||
		      is_alike_unread(planning, proc, (int32_t)i));
	}
	return n;
}

static void warn_alike(struct planning *planning)
{
	const struct plan_request *request = planning->request;
	struct text line = {0};
	char number[UNITS_LEN];
	int32_t proc;
	bool is_tree;
	size_t n;

	if (request->n_targets != 1 ||
	    (request->targets[0].type != TARGET_TREE && request->targets[0].type != TARGET_ALIKE))
		return;
	proc = request->targets[0].index;
	is_tree = request->targets[0].type == TARGET_TREE;
	n = count_left(planning, proc, is_tree);
	planning->plan->has_alike = n > 0 || !is_tree;
	if (is_tree)
		text_printf(&line,
			    "%s %s the same, as far as that can be seen, and %s left: alike:%d "
			    "would end all that run it",
			    units_count(number, n), plural(n, "orphan runs", "orphans run"),
			    plural(n, "is", "are"), planning->model->snap->procs[proc].pid);
	else
		text_printf(&line,
			    "%s more of its name did not show in time what %s: judged when met",
			    units_count(number, n), plural(n, "it runs", "they run"));
	if (n > 0)
		warn(planning, text_str(&line));
	text_done(&line);
}

/* What more ends with some programs than themselves. */
static void warn_vital(struct planning *planning)
{
	static const struct {
		const char *comm;
		const char *loss;
	} vital[] = {
		{"sshd", "nobody can log in by ssh any more"},
		{"systemd-logind", "sessions are no longer managed"},
		{"dbus-daemon", "what talks over its bus breaks"},
		{"dbus-broker", "what talks over its bus breaks"},
		{"dockerd", "containers can no longer be managed"},
		{"containerd", "containers can no longer be managed"},
		{"tmux: server", "all its sessions end"},
	};

	for (size_t v = 0; v < sizeof(vital) / sizeof(vital[0]); v++) {
		for (size_t i = 0; i < planning->plan->n_steps; i++) {
			struct text line = {0};

			if (strcmp(planning->plan->steps[i].comm, vital[v].comm) != 0)
				continue;
			text_printf(&line, "%s (pid %lld) is among them: %s", vital[v].comm,
				    (long long)planning->plan->steps[i].key.pid, vital[v].loss);
			warn(planning, text_str(&line));
			text_done(&line);
			break;
		}
	}
}

static void warn_kept(struct planning *planning)
{
	const struct plan *plan = planning->plan;
	size_t counts[KEPT_WHYS] = {0};

	for (size_t i = 0; i < plan->n_kept; i++)
		counts[plan->kept[i].why]++;
	if (counts[KEPT_INIT] > 0)
		warn(planning, "pid 1 cannot be chosen: choose what is below it");
	if (counts[KEPT_DENIED] > 0)
		warn(planning, "what may not be signalled stays, and may start others again: root "
			       "could end it");
}

void plan_warn(struct planning *planning)
{
	planning->plan->warnings = arena_new(&planning->plan->arena, KEPT_SHOWN + 16,
					     sizeof(*planning->plan->warnings));
	if (!planning->plan->warnings) {
		planning->is_out_of_memory = true;
		return;
	}
	warn_blocked(planning);
	warn_zombies(planning);
	warn_vital(planning);
	warn_kept(planning);
	warn_alike(planning);
}

/* ---- The text ---- */

static void add_head(struct text *out, const struct plan *plan)
{
	char number[UNITS_LEN];

	if (plan->n_steps == 0)
		text_add(out, "Nothing to signal");
	else
		text_printf(out, "%s to %s %s", signal_get(plan->signal)->name,
			    units_count(number, plan->n_steps),
			    plural(plan->n_steps, "process", "processes"));
	if (*plan->words) {
		text_add(out, ": ");
		safe_add(out, plan->words, strlen(plan->words));
	}
	text_add_char(out, '\n');
}

static void add_rest(struct text *out, size_t n, const char *what)
{
	char number[UNITS_LEN];

	if (n > 0)
		text_printf(out, "%10s  more %s\n", units_count(number, n), what);
}

static void add_commands(struct text *out, const struct plan *plan)
{
	size_t shown = plan->n_commands < COMMANDS_SHOWN ? plan->n_commands : COMMANDS_SHOWN;
	char number[UNITS_LEN];

	for (size_t i = 0; i < shown; i++) {
		text_printf(out, "%10s  ", units_count(number, plan->commands[i].n));
		safe_add(out, plan->commands[i].name, strlen(plan->commands[i].name));
		text_printf(out, "  %s\n", plan->commands[i].example);
	}
	add_rest(out, plan->n_commands - shown, "commands");
}

static void add_user(struct text *out, const struct users *users, uint32_t uid)
{
	const char *name = users ? users_find_name(users, uid) : NULL;

	if (name)
		safe_add(out, name, strlen(name));
	else if (uid == UINT32_MAX)
		text_add(out, "of unknown users");
	else
		text_printf(out, "uid %u", uid);
}

static void add_users(struct text *out, const struct plan *plan, const struct users *users)
{
	char number[UNITS_LEN];

	text_add(out, "  users:  ");
	for (size_t i = 0; i < plan->n_users; i++) {
		if (i > 0)
			text_add(out, ", ");
		add_user(out, users, plan->users[i].uid);
		text_printf(out, " %s", units_count(number, plan->users[i].n));
	}
	text_add_char(out, '\n');
}

static void add_owners(struct text *out, const struct plan *plan)
{
	char number[UNITS_LEN];

	text_add(out, "  owners: ");
	for (size_t i = 0; i < plan->n_owners && i < OWNERS_SHOWN; i++)
		text_printf(out, "%s%s %s", i > 0 ? ", " : "", plan->owners[i].example,
			    units_count(number, plan->owners[i].n));
	if (plan->n_owners > OWNERS_SHOWN)
		text_printf(out, " and %zu more", plan->n_owners - OWNERS_SHOWN);
	text_add_char(out, '\n');
}

static void add_age(struct text *out, const char *what, const struct plan_step *step, double age_s)
{
	char age[UNITS_LEN];

	text_printf(out, "%s pid %lld ", what, (long long)step->key.pid);
	safe_add(out, step->comm, strlen(step->comm));
	text_printf(out, " %s", units_duration(age, age_s));
}

static void add_ages(struct text *out, const struct plan *plan)
{
	add_age(out, "  oldest: ", &plan->steps[plan->oldest], plan->oldest_s);
	add_age(out, ", youngest:", &plan->steps[plan->youngest], plan->youngest_s);
	text_add_char(out, '\n');
}

/* v2's control group, or the v1 freezer's: the one that can be frozen as a whole. */
static void add_cgroup(struct text *out, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_cgroups; i++) {
		if (*plan->cgroups[i].controllers &&
		    strcmp(plan->cgroups[i].controllers, "freezer") != 0)
			continue;
		text_add(out, "  the whole control group ");
		safe_add(out, plan->cgroups[i].path, strlen(plan->cgroups[i].path));
		text_add(out, ", which is frozen as one\n");
		return;
	}
}

static void add_kept_line(struct text *out, const struct plan_exclusion *kept,
			  const struct users *users)
{
	text_printf(out, "%10lld  ", (long long)kept->key.pid);
	safe_add(out, kept->comm, strlen(kept->comm));
	text_printf(out, "  %s", plan_kept_text(kept->why));
	if (kept->why == KEPT_DENIED) {
		text_add(out, " (");
		add_user(out, users, kept->uid);
		text_add_char(out, ')');
	} else if (kept->why == KEPT_ZOMBIE) {
		text_printf(out, " (pid %d)", kept->ppid);
	}
	text_add_char(out, '\n');
}

static void add_kept(struct text *out, const struct plan *plan, const struct users *users, bool all)
{
	size_t shown = all || plan->n_kept <= KEPT_SHOWN ? plan->n_kept : KEPT_SHOWN;
	char number[UNITS_LEN];

	if (plan->n_kept == 0)
		return;
	text_printf(out, "Left out: %s\n", units_count(number, plan->n_kept));
	for (size_t i = 0; i < shown; i++)
		add_kept_line(out, &plan->kept[i], users);
	add_rest(out, plan->n_kept - shown, "left out");
}

static void add_steps(struct text *out, const struct plan *plan)
{
	text_add(out, "Each, in this order:\n");
	for (size_t i = 0; i < plan->n_steps; i++) {
		text_printf(out, "%10lld  ", (long long)plan->steps[i].key.pid);
		safe_add(out, plan->steps[i].comm, strlen(plan->steps[i].comm));
		text_printf(out, "  %s\n", plan_why_text(plan->steps[i].why));
	}
}

void plan_add_text(struct text *out, const struct plan *plan, const struct users *users, bool all)
{
	add_head(out, plan);
	if (plan->n_steps > 0) {
		add_commands(out, plan);
		add_users(out, plan, users);
		add_owners(out, plan);
		add_ages(out, plan);
		add_cgroup(out, plan);
	}
	add_kept(out, plan, users, all);
	for (size_t i = 0; i < plan->n_warnings; i++)
		text_printf(out, "Note: %s\n", plan->warnings[i]);
	if (all && plan->n_steps > 0)
		add_steps(out, plan);
}
