#include "verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "clade/hash.h"
#include "clade/mem.h"
#include "clade/safe.h"
#include "clade/text.h"
#include "eta.h"

static const double HELD = 1.25;

enum {
	ETA_FAR_S = 86400, /* a day away is not in sight */
	COMMANDS_LOOKED =
		4096, /* processes of an owner that are looked at for its commonest command */
};

/* How often a command stands among an owner's processes. */
struct command {
	const char *comm;
	uint32_t count;
	UT_hash_handle hh;
};

static const char *commonest(const struct model *model, int32_t owner, uint32_t *count)
{
	const struct group *group = &model->groups[owner];
	struct command *commands = NULL;
	struct command *command, *next;
	const char *best = NULL;
	uint32_t looked = group->own.procs < COMMANDS_LOOKED ? group->own.procs : COMMANDS_LOOKED;

	*count = 0;
	for (uint32_t n = 0; n < looked; n++) {
		/* spread over all of them, so that a few thousand speak for the rest */
		uint32_t place =
			group->first_proc + (uint32_t)((uint64_t)n * group->own.procs / looked);
		const char *comm = model->snap->procs[model->by_owner[place]].facts->comm;

		HASH_FIND_STR(commands, comm, command);
		if (!command) {
			command = mem_new(1, sizeof(*command));
			command->comm = comm;
			HASH_ADD_KEYPTR(hh, commands, comm, strlen(comm), command);
		}
		if (++command->count > *count) {
			*count = command->count;
			best = comm;
		}
	}
	if (looked > 0)
		*count = (uint32_t)((uint64_t)*count * group->own.procs / looked);
	HASH_ITER (hh, commands, command, next) {
		HASH_DEL(commands, command);
		free(command);
	}
	return best;
}

/* "claude-code api-refactor (pid 4211)" */
static void add_owner(struct text *line, const struct model *model, int32_t at)
{
	const struct owner *owner = &model->attr->owners[at];

	if (owner->kind != OWNER_NONE && owner->kind != OWNER_KERNEL)
		text_printf(line, "%s ", owner->product);
	safe_add(line, owner->name, strlen(owner->name));
	if (owner->root != NO_PROC)
		text_printf(line, " (pid %d)", model->snap->procs[owner->root].pid);
	else if (owner->is_ended)
		text_add(line, " (ended)");
}

const char *verdict_word(enum verdict_kind kind)
{
	static const char *const words[VERDICT_KINDS] = {
		[VERDICT_QUIET] = "OK",        [VERDICT_EXPLODING] = "EXPLODING",
		[VERDICT_GROWING] = "GROWING", [VERDICT_TABLE] = "LIMIT",
		[VERDICT_LIMIT] = "LIMIT",     [VERDICT_OOM] = "OOM",
		[VERDICT_MEMORY] = "MEMORY",   [VERDICT_LOOP] = "LOOP",
		[VERDICT_IO] = "I/O",          [VERDICT_ZOMBIES] = "ZOMBIES",
		[VERDICT_BLOCKED] = "BLOCKED", [VERDICT_ORPHANS] = "ORPHANS",
	};

	return words[kind];
}

static int set_verdict(struct model *model, enum verdict_kind kind, int32_t owner, double eta_s,
		       struct text *line)
{
	const char *kept = arena_strdup(&model->arena, text_str(line));

	text_done(line);
	model->verdict = (struct verdict){.kind = kind,
					  .owner = owner,
					  .eta_s = eta_s,
					  .word = verdict_word(kind),
					  .line = kept};
	return kept ? 0 : -ENOMEM;
}

/* The hottest owner with one of these badges, an inner before its outer; NO_OWNER when there is
 * none. The one that the verdict was about stays unless another is clearly worse. */
static int32_t worst_with(const struct model *model, unsigned badges,
			  double (*measure)(const struct group *group))
{
	int32_t worst = NO_OWNER;
	double most = 0;

	for (size_t g = 0; g < model->attr->n_owners; g++) {
		const struct group *group = &model->groups[g];
		double here = measure(group);

		if (!(group->badges & badges))
			continue;
		if ((int32_t)g == model->verdict_owner_before)
			here *= HELD;
		/* owners stand behind those they lie in: at equal measure the inner one says more
		 */
		if (worst == NO_OWNER || here >= most) {
			worst = (int32_t)g;
			most = here;
		}
	}
	return worst;
}

/* The owner with the most of something, whatever its badges. */
static int32_t most_of(const struct model *model, double (*measure)(const struct group *group))
{
	int32_t most = NO_OWNER;

	for (size_t g = 0; g < model->attr->n_owners; g++) {
		double here = measure(&model->groups[g]);

		if (here > 0 && model->attr->owners[g].kind != OWNER_KERNEL &&
		    (most == NO_OWNER || here > measure(&model->groups[most])))
			most = (int32_t)g;
	}
	return most;
}

static double by_growth(const struct group *group)
{
	return isnan(group->own_growth.procs_10s_per_s) ? 0 : group->own_growth.procs_10s_per_s;
}

static double by_loop(const struct group *group)
{
	return group->loop_per_min;
}

static double by_tasks(const struct group *group)
{
	return (double)group->own.threads;
}

static double by_zombies(const struct group *group)
{
	return group->own.zombies;
}

static double by_orphans(const struct group *group)
{
	return group->own.orphans;
}

static double by_blocked(const struct group *group)
{
	return group->own.blocked;
}

static int say_growing(struct model *model, int32_t owner)
{
	const struct group *group = &model->groups[owner];
	bool is_exploding = group->badges & BADGE_EXPLODING;
	const char *limit = NULL;
	double eta_s = eta_tasks(model, owner, group->own_growth.procs_10s_per_s, &limit);
	uint32_t count;
	const char *command = commonest(model, owner, &count);
	struct text line = {0};
	char a[UNITS_LEN];

	add_owner(&line, model, owner);
	text_printf(&line, "  %s ", units_count(a, command ? count : group->own.procs));
	if (command)
		safe_add(&line, command, strlen(command));
	else
		text_add(&line, "processes");
	text_add(&line, "  ");
	growth_add(&line, model, owner);
	if (!isnan(eta_s) && eta_s < ETA_FAR_S)
		text_printf(&line, "  %s in %s", limit, units_duration(a, eta_s));
	return set_verdict(model, is_exploding ? VERDICT_EXPLODING : VERDICT_GROWING, owner, eta_s,
			   &line);
}

static double percent_full(const struct machine *machine, uint64_t limit)
{
	return is_known(machine->tasks) && is_known(limit) && limit > 0
		       ? 100.0 * (double)machine->tasks / (double)limit
		       : 0;
}

/* With who holds the most of it. */
static int say_table(struct model *model)
{
	const struct machine *machine = &model->snap->machine;
	bool is_pids = percent_full(machine, machine->pid_max) >=
		       percent_full(machine, machine->threads_max);
	uint64_t limit = is_pids ? machine->pid_max : machine->threads_max;
	int32_t owner = most_of(model, by_tasks);
	struct text line = {0};
	char a[UNITS_LEN];
	char b[UNITS_LEN];

	text_printf(&line, "%s %.0f%% full: %s of %s tasks",
		    is_pids ? "process table" : "threads-max", percent_full(machine, limit),
		    units_count(a, machine->tasks), units_count(b, limit));
	if (owner != NO_OWNER) {
		text_printf(&line, ", %s of ", units_count(a, model->groups[owner].own.threads));
		add_owner(&line, model, owner);
	}
	return set_verdict(model, VERDICT_TABLE, owner, NAN, &line);
}

static bool is_user_full(const struct model *model)
{
	bool was = model->verdict_before == VERDICT_LIMIT;

	return bounded_percent(model->snap->machine.user.tasks) >=
	       model->thresholds->user_percent - (was ? 5 : 0);
}

/* The owner with the most processes of that user. */
static int say_user_limit(struct model *model)
{
	const struct user_tasks *user = &model->snap->machine.user;
	int32_t owner = NO_OWNER;
	struct text line = {0};
	char a[UNITS_LEN];
	char b[UNITS_LEN];

	for (size_t g = 0; g < model->attr->n_owners; g++) {
		if (eta_is_of_limited_user(model, (int32_t)g) &&
		    (owner == NO_OWNER ||
		     model->groups[g].own.procs > model->groups[owner].own.procs))
			owner = (int32_t)g;
	}
	text_printf(&line, "user %" PRIu64 " has %s of %s tasks (RLIMIT_NPROC)", user->uid,
		    units_count(a, user->tasks.used), units_count(b, user->tasks.max));
	if (owner != NO_OWNER) {
		text_add(&line, ", most in ");
		add_owner(&line, model, owner);
	}
	return set_verdict(model, VERDICT_LIMIT, owner, NAN, &line);
}

static double by_limit(const struct group *group)
{
	return fmax(bounded_percent(group->pids), bounded_percent(group->memory));
}

static double by_memory(const struct group *group)
{
	return (double)group->own.rss_bytes;
}

static double by_memory_growth(const struct group *group)
{
	return group->own_growth.rss_10s_per_s;
}

static double by_io(const struct group *group)
{
	double sum = 0;

	sum += isnan(group->own.io_read_rate) ? 0 : group->own.io_read_rate;
	sum += isnan(group->own.io_write_rate) ? 0 : group->own.io_write_rate;
	return sum;
}

static double by_oom(const struct group *group)
{
	return group->oom_per_min;
}

/* An owner whose control group is nearly full. */
static int say_owner_limit(struct model *model, int32_t owner)
{
	const struct group *group = &model->groups[owner];
	bool is_pids = isnan(bounded_percent(group->memory)) ||
		       bounded_percent(group->pids) >= bounded_percent(group->memory);
	struct bounded bounded = is_pids ? group->pids : group->memory;
	struct text line = {0};
	char a[UNITS_LEN];
	char b[UNITS_LEN];

	add_owner(&line, model, owner);
	if (is_pids)
		text_printf(&line, "  %s of %s tasks", units_count(a, bounded.used),
			    units_count(b, bounded.max));
	else
		text_printf(&line, "  %s of %s memory", units_bytes(a, bounded.used),
			    units_bytes(b, bounded.max));
	text_printf(&line, " of its control group (%.0f%%)", bounded_percent(bounded));
	return set_verdict(model, VERDICT_LIMIT, owner, NAN, &line);
}

static int say_owner_oom(struct model *model, int32_t owner)
{
	const struct group *group = &model->groups[owner];
	struct text line = {0};
	char a[UNITS_LEN];
	char b[UNITS_LEN];

	add_owner(&line, model, owner);
	text_printf(&line, "  %s OOM kill%s in the last minute",
		    units_count(a, (uint64_t)group->oom_per_min),
		    group->oom_per_min < 2 ? "" : "s");
	if (is_known(group->memory.max))
		text_printf(&line, "  it may have %s", units_bytes(b, group->memory.max));
	return set_verdict(model, VERDICT_OOM, owner, NAN, &line);
}

static int say_oom(struct model *model)
{
	struct text line = {0};
	char a[UNITS_LEN];

	text_printf(&line, "the kernel killed %s for lack of memory in the last minute",
		    units_count(a, (uint64_t)model->oom_per_min));
	return set_verdict(model, VERDICT_OOM, NO_OWNER, NAN, &line);
}

/* An owner whose memory grows until there is none left. */
static int say_memory_growing(struct model *model, int32_t owner)
{
	const char *limit = NULL;
	double per_s = NAN;
	double eta_s = eta_memory(model, owner, &per_s, &limit);
	struct text line = {0};
	char a[UNITS_LEN];
	char b[UNITS_LEN];
	char c[UNITS_LEN];

	add_owner(&line, model, owner);
	text_printf(&line, "  %s memory  +%s/s  %s in %s",
		    units_bytes(a, model->groups[owner].own.rss_bytes), units_bytes_rate(b, per_s),
		    limit ? limit : "full", units_duration(c, eta_s));
	return set_verdict(model, VERDICT_MEMORY, owner, eta_s, &line);
}

static double memory_percent(const struct machine *machine)
{
	if (!is_known(machine->mem_total_bytes) || !is_known(machine->mem_available_bytes) ||
	    machine->mem_total_bytes == 0)
		return NAN;
	return 100.0 * (double)(machine->mem_total_bytes - machine->mem_available_bytes) /
	       (double)machine->mem_total_bytes;
}

static bool lacks_memory(const struct model *model)
{
	const struct machine *machine = &model->snap->machine;
	bool was = model->verdict_before == VERDICT_MEMORY;

	return memory_percent(machine) >= model->thresholds->memory_full - (was ? 2 : 0) ||
	       machine->psi_memory.some_avg10 >= threshold_held(model->thresholds->memory_psi, was);
}

static int say_memory(struct model *model)
{
	const struct machine *machine = &model->snap->machine;
	int32_t owner = most_of(model, by_memory);
	struct text line = {0};
	char a[UNITS_LEN];

	text_printf(&line, "%.0f%% of memory used", memory_percent(machine));
	if (machine->psi_memory.some_avg10 >= 1)
		text_printf(&line, ", tasks wait for it %.0f%% of the time",
			    machine->psi_memory.some_avg10);
	if (owner != NO_OWNER) {
		text_add(&line, ", most by ");
		add_owner(&line, model, owner);
		text_printf(&line, "  %s", units_bytes(a, model->groups[owner].own.rss_bytes));
	}
	return set_verdict(model, VERDICT_MEMORY, owner, NAN, &line);
}

static bool waits_for_io(const struct model *model)
{
	const struct machine *machine = &model->snap->machine;
	bool was = model->verdict_before == VERDICT_IO;

	return machine->cpu_percent.iowait >=
		       threshold_held(model->thresholds->iowait_percent, was) ||
	       machine->psi_io.full_avg10 >= threshold_held(model->thresholds->io_psi, was);
}

static int say_io(struct model *model)
{
	const struct machine *machine = &model->snap->machine;
	int32_t owner = most_of(model, by_io);
	bool is_by_bytes = owner != NO_OWNER;
	struct text line = {0};
	char a[UNITS_LEN];

	text_printf(&line, "the CPU waits for I/O %.0f%%", machine->cpu_percent.iowait);
	if (!isnan(machine->psi_io.full_avg10))
		text_printf(&line, ", all tasks %.0f%% of the time", machine->psi_io.full_avg10);
	if (owner == NO_OWNER)
		owner = most_of(model, by_blocked);
	if (owner != NO_OWNER) {
		text_add(&line, ", most in ");
		add_owner(&line, model, owner);
		if (is_by_bytes)
			text_printf(&line, "  %s/s",
				    units_bytes_rate(a, by_io(&model->groups[owner])));
		else
			text_printf(&line, "  %s in state D",
				    units_count(a, model->groups[owner].own.blocked));
	}
	return set_verdict(model, VERDICT_IO, owner, NAN, &line);
}

static int say_loop(struct model *model, int32_t owner)
{
	struct text line = {0};
	char a[UNITS_LEN];

	add_owner(&line, model, owner);
	text_printf(&line, "  %s short lives in a minute",
		    units_count(a, (uint64_t)model->groups[owner].loop_per_min));
	if (is_known(model->attr->owners[owner].restarts))
		text_printf(&line, "  %s restarts in all",
			    units_count(a, model->attr->owners[owner].restarts));
	return set_verdict(model, VERDICT_LOOP, owner, NAN, &line);
}

/* Killing a zombie is pointless: its parent is the one to name. */
static int say_zombies(struct model *model, int32_t owner)
{
	struct text line = {0};
	int32_t parent = NO_PROC;
	char a[UNITS_LEN];

	for (size_t i = 0; i < model->snap->n_procs; i++) {
		if (parent == NO_PROC ||
		    node_zombies(model, (int32_t)i) > node_zombies(model, parent))
			parent = (int32_t)i;
	}
	text_printf(&line, "%s zombies", units_count(a, model->all.zombies));
	if (parent != NO_PROC && node_zombies(model, parent) > 0) {
		const struct process *proc = &model->snap->procs[parent];

		text_printf(&line, ", %s of them not reaped by ",
			    units_count(a, node_zombies(model, parent)));
		safe_add(&line, proc->facts->comm, strlen(proc->facts->comm));
		text_printf(&line, " (%d) of ", proc->pid);
		owner = model->attr->procs[parent].owner;
		add_owner(&line, model, owner);
	}
	return set_verdict(model, VERDICT_ZOMBIES, owner, NAN, &line);
}

static int say_blocked(struct model *model, int32_t owner)
{
	struct text line = {0};
	char a[UNITS_LEN];

	text_printf(&line, "%s processes wait uninterruptibly, most in ",
		    units_count(a, model->all.blocked));
	add_owner(&line, model, owner);
	if (!isnan(model->snap->machine.psi_io.full_avg10))
		text_printf(&line, "  I/O stands still %.0f%% of the time",
			    model->snap->machine.psi_io.full_avg10);
	return set_verdict(model, VERDICT_BLOCKED, owner, NAN, &line);
}

static int say_orphans(struct model *model, int32_t owner)
{
	struct text line = {0};
	char a[UNITS_LEN];

	add_owner(&line, model, owner);
	text_printf(&line, "  left %s orphans, %s",
		    units_count(a, model->groups[owner].own.orphans),
		    model->attr->owners[owner].is_ended ? "its root is gone"
							: "no longer below its root");
	return set_verdict(model, VERDICT_ORPHANS, owner, NAN, &line);
}

static int say_quiet(struct model *model)
{
	const struct machine *machine = &model->snap->machine;
	struct text line = {0};
	char a[UNITS_LEN];

	/* one sample cannot show what changes */
	text_add(&line, isnan(model->growth.procs_10s_per_s)
				? "nothing stands out in this one sample"
				: "nothing is growing, looping or stuck");
	text_printf(&line, ": %s processes", units_count(a, model->all.procs));
	if (is_known(machine->pid_max) && is_known(machine->tasks))
		text_printf(&line, ", process table %.0f%% full",
			    percent_full(machine, machine->pid_max));
	return set_verdict(model, VERDICT_QUIET, NO_OWNER, NAN, &line);
}

static bool is_table_full(const struct model *model)
{
	const struct machine *machine = &model->snap->machine;
	bool was = model->verdict_before == VERDICT_TABLE;
	double from = model->thresholds->table_percent - (was ? 5 : 0);

	return percent_full(machine, machine->pid_max) >= from ||
	       percent_full(machine, machine->threads_max) >= from;
}

/* A count on the machine that was said stays said until it is clearly less. */
static bool is_many(const struct model *model, enum verdict_kind kind, double count,
		    double threshold)
{
	return count >= threshold_held(threshold, model->verdict_before == kind);
}

int verdict_make(struct model *model)
{
	const struct thresholds *from = model->thresholds;
	int32_t exploding = worst_with(model, BADGE_EXPLODING, by_growth);
	int32_t growing = worst_with(model, BADGE_GROWING, by_growth);
	int32_t filling = worst_with(model, BADGE_MEMORY, by_memory_growth);
	int32_t limited = worst_with(model, BADGE_LIMIT, by_limit);
	int32_t killed = worst_with(model, BADGE_OOM, by_oom);
	int32_t looping = worst_with(model, BADGE_LOOP, by_loop);
	int32_t zombies = most_of(model, by_zombies);
	int32_t blocked = worst_with(model, BADGE_BLOCKED, by_blocked);
	int32_t orphans = worst_with(model, BADGE_ORPHANS, by_orphans);

	if (exploding != NO_OWNER)
		return say_growing(model, exploding);
	if (is_table_full(model))
		return say_table(model);
	/* who is killed at his limit grows towards it all the time */
	if (filling != NO_OWNER && !(model->groups[filling].badges & BADGE_OOM))
		return say_memory_growing(model, filling);
	if (killed != NO_OWNER)
		return say_owner_oom(model, killed);
	if (model->oom_per_min > 0)
		return say_oom(model);
	if (limited != NO_OWNER)
		return say_owner_limit(model, limited);
	if (is_user_full(model))
		return say_user_limit(model);
	if (lacks_memory(model))
		return say_memory(model);
	if (growing != NO_OWNER)
		return say_growing(model, growing);
	if (looping != NO_OWNER)
		return say_loop(model, looping);
	if (waits_for_io(model))
		return say_io(model);
	if (zombies != NO_OWNER &&
	    is_many(model, VERDICT_ZOMBIES, model->all.zombies, from->verdict_zombies))
		return say_zombies(model, zombies);
	if (blocked != NO_OWNER &&
	    is_many(model, VERDICT_BLOCKED, model->all.blocked, from->verdict_blocked))
		return say_blocked(model, blocked);
	if (orphans != NO_OWNER &&
	    is_many(model, VERDICT_ORPHANS, model->groups[orphans].own.orphans,
		    from->verdict_orphans))
		return say_orphans(model, orphans);
	return say_quiet(model);
}
