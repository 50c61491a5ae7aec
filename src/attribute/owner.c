#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "clade/attributor.h"
#include "clade/clock.h"
#include "clade/mem.h"
#include "pass.h"
#include "recorded_owner.h"

struct attributor {
	struct attributor_config config;
	struct memory memory;
	struct profiles *profiles;
};

struct evidence_entry {
	const char *sentence;
	UT_hash_handle hh;
};

struct attributor *attributor_new(const struct attributor_config *config)
{
	struct attributor *attributor = mem_new(1, sizeof(*attributor));

	attributor->config = *config;
	attributor->profiles = profiles_new(config->rules, config->users);
	return attributor;
}

void attributor_free(struct attributor *attributor)
{
	if (!attributor)
		return;
	memory_done(&attributor->memory);
	profiles_free(attributor->profiles);
	free(attributor);
}

const char *pass_say(struct pass *pass, const char *format, ...)
{
	struct evidence_entry *entry;
	char *sentence;
	va_list args;

	va_start(args, format);
	if (vasprintf(&sentence, format, args) < 0)
		sentence = NULL;
	va_end(args);
	if (!sentence) {
		pass->error = -ENOMEM;
		return NULL;
	}
	HASH_FIND_STR(pass->evidence, sentence, entry);
	if (!entry) {
		entry = arena_new(&pass->scratch, 1, sizeof(*entry));
		if (entry)
			entry->sentence = arena_strdup(pass->arena, sentence);
		if (entry && entry->sentence)
			HASH_ADD_KEYPTR(hh, pass->evidence, entry->sentence,
					strlen(entry->sentence), entry);
		else
			pass->error = -ENOMEM;
	}
	free(sentence);
	return entry ? entry->sentence : NULL;
}

int32_t pass_owner(struct pass *pass, const struct rule *rule, const char *key)
{
	bool is_new;
	int32_t at = roster_get(&pass->roster, rule->name, key, &is_new);

	if (at < 0) {
		pass->error = at;
		return NO_OWNER;
	}
	if (is_new) {
		pass_draft(pass, at)->rule = rule;
		pass_draft(pass, at)->owner.kind = rule->kind;
		pass_draft(pass, at)->owner.label = rule->label;
	}
	return at;
}

/* A pid that was used again is no parent: a parent is not younger than its child. */
static int32_t parent_of(const struct snapshot *snap, const struct process *proc)
{
	int32_t parent = proc->ppid > 0 ? snapshot_find_pid(snap, proc->ppid) : NO_PROC;

	return parent >= 0 && snap->procs[parent].start_ticks <= proc->start_ticks &&
			       parent != (int32_t)(proc - snap->procs)
		       ? parent
		       : NO_PROC;
}

/* Parents before children: the roots, then level by level. A cycle, which only a file can hold, is
 * cut. */
static int make_order(struct pass *pass)
{
	size_t n = pass->snap->n_procs;
	int32_t *first = arena_new(&pass->scratch, n + 1, sizeof(*first));
	int32_t *next = arena_new(&pass->scratch, n + 1, sizeof(*next));
	bool *placed = arena_new(&pass->scratch, n + 1, sizeof(*placed));
	size_t done = 0;

	pass->order = arena_new(&pass->scratch, n + 1, sizeof(*pass->order));
	if (!first || !next || !placed || !pass->order)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		first[i] = NO_PROC;
	for (size_t i = n; i-- > 0;) {
		int32_t parent = pass->found[i].parent;

		if (parent < 0)
			continue;
		next[i] = first[parent];
		first[parent] = (int32_t)i;
	}
	for (size_t start = 0; start < 2 * n && done < n; start++) {
		size_t i = start % n;
		size_t from = done;

		/* first all that have no parent, then whatever a cycle kept from being reached */
		if (placed[i] || (start < n && pass->found[i].parent >= 0))
			continue;
		if (start >= n)
			pass->found[i].parent = NO_PROC;
		placed[i] = true;
		pass->order[done++] = (int32_t)i;
		for (; from < done; from++) {
			for (int32_t c = first[pass->order[from]]; c >= 0; c = next[c]) {
				if (placed[c])
					continue;
				placed[c] = true;
				pass->order[done++] = c;
			}
		}
	}
	return 0;
}

static void make_room(struct pass *pass)
{
	size_t n = pass->snap->n_procs;

	pass->found = arena_new(&pass->scratch, n + 1, sizeof(*pass->found));
	pass->out->procs = arena_new(pass->arena, n + 1, sizeof(*pass->out->procs));
	pass->out->n_procs = n;
	if (!pass->found || !pass->out->procs)
		pass->error = -ENOMEM;
}

static void look_at(struct pass *pass, size_t n)
{
	const struct process *proc = &pass->snap->procs[n];
	const struct profile *profile = profiles_get(pass->profiles, proc->facts);

	if (!profile)
		pass->error = -ENOMEM;
	pass->found[n] = (struct finding){
		.profile = profile,
		.parent = parent_of(pass->snap, proc),
		.anchor = NO_OWNER,
		.inner = NO_OWNER,
		.frame = NO_OWNER,
		.box = NO_OWNER,
	};
}

static void put_in_order(struct pass *pass)
{
	pass->error = make_order(pass);
}

static void settle(struct pass *pass, size_t n)
{
	int32_t i = pass->order[n];

	frame_settle(pass, i);
	if (!pass->snap->procs[i].is_kernel)
		inner_settle(pass, i);
}

/* The kernel's own threads, and what nobody claims. */
static int32_t plain_owner(struct pass *pass, enum owner_kind kind)
{
	bool is_kernel = kind == OWNER_KERNEL;
	const char *name = owner_kind_name(kind);
	bool is_new;
	int32_t at = roster_get(&pass->roster, name, name, &is_new);
	struct draft *draft;

	if (at < 0) {
		pass->error = at;
		return NO_OWNER;
	}
	draft = pass_draft(pass, at);
	if (is_new) {
		draft->owner.kind = kind;
		draft->owner.label = is_kernel ? "Kernel" : "No owner";
		draft->owner.name = is_kernel ? "kernel threads" : "no owner";
		draft->owner.evidence =
			is_kernel ? "threads that the kernel started" : "what no rule claims";
		draft->owner.since_ms = pass->snap->host.boot_ms;
	}
	return at;
}

/* Why nobody: what was looked at, or why it could not be. */
static const char *say_nobody(const struct process *proc)
{
	switch (proc->facts->env) {
	case ENV_DENIED:
		return "environment not readable: not your process; its ancestors and cgroup name "
		       "no owner";
	case ENV_CLOBBERED:
		return "the program has overwritten its environment; its ancestors and cgroup name "
		       "no owner";
	case ENV_UNREAD:
		return proc->state == 'Z'
			       ? "a zombie has no environment left; its ancestors name no owner"
			       : "environment not read; its ancestors and cgroup name no owner";
	case ENV_READ:
		break;
	}
	return "no owner's mark in its ancestors, its cgroup or its environment";
}

/* Below a root of its owner without a gap? */
static bool is_attached(const struct pass *pass, int32_t i)
{
	const struct finding *found = &pass->found[i];

	if (found->anchor != NO_OWNER)
		return true;
	return found->parent >= 0 && pass->found[found->parent].is_attached &&
	       pass->found[found->parent].inner == found->inner;
}

static int32_t final_owner(struct pass *pass, int32_t i)
{
	struct finding *found = &pass->found[i];
	const struct process *proc = &pass->snap->procs[i];

	if (proc->is_kernel) {
		found->evidence = "a kernel thread";
		return plain_owner(pass, OWNER_KERNEL);
	}
	if (found->inner != NO_OWNER)
		return found->inner;
	if (found->frame != NO_OWNER)
		return found->frame;
	found->evidence = say_nobody(proc);
	return plain_owner(pass, OWNER_NONE);
}

/* An orphan of an app whose instances all began later: what a restart has leaked. */
static bool is_leftover(const struct pass *pass, int32_t i, const struct draft *draft)
{
	const struct claim *claim =
		draft->rule && draft->is_child
			? claims_of_rule(&pass->found[i].profile->claims, draft->rule)
			: NULL;

	return claim && claim->is_child && is_known(claim->since_ms) &&
	       is_known(draft->oldest_run_ms) && claim->since_ms < draft->oldest_run_ms;
}

static void conclude(struct pass *pass, size_t n)
{
	int32_t i = pass->order[n];
	struct finding *found = &pass->found[i];
	struct assignment *assignment = &pass->out->procs[i];
	int32_t at = final_owner(pass, i);
	struct draft *draft;

	if (at < 0)
		return;
	draft = pass_draft(pass, at);
	draft->procs++;
	if (draft->sample == NO_PROC ||
	    pass->snap->procs[i].start_ticks < pass->snap->procs[draft->sample].start_ticks)
		draft->sample = i;
	found->is_attached = is_attached(pass, i);
	assignment->owner = at;
	assignment->is_root = draft->owner.root == i || (found->anchor == at && draft->is_child);
	assignment->is_orphan =
		(draft->owner.kind == OWNER_AGENT || draft->owner.kind == OWNER_PM2) &&
		!found->is_attached;
	if (found->claim && found->inner == at)
		found->evidence = pass_say_claim(pass, found->claim, at);
	if (assignment->is_orphan && is_leftover(pass, i, draft))
		found->evidence = pass_say(pass,
					   "left behind by an earlier run of %s, which was started "
					   "again since",
					   draft->owner.name ? draft->owner.name : "it");
	assignment->evidence = found->evidence ? found->evidence : "";
	if (draft->owner.kind == OWNER_AGENT)
		assignment->title = found->profile->title;
}

/* An owner that had a root and has none any more; what files remember of the others is still true.
 */
static void mark_ended(struct pass *pass)
{
	for (size_t i = 0; i < pass->roster.n; i++) {
		struct draft *draft = pass_draft(pass, (int32_t)i);

		draft->owner.is_ended =
			(draft->owner.kind == OWNER_AGENT || draft->owner.kind == OWNER_PM2) &&
			draft->owner.root == NO_PROC && !draft->is_lingering;
	}
}

/* Why an owner without a process is shown, or NULL. An app is as long as its daemon lives; a
 * container, whose engine is not asked, when it has begun again before. */
static const char *why_lingering(const struct pass *pass, const struct known_owner *known)
{
	int32_t parent = known->parent_id ? roster_find(&pass->roster, known->parent_id) : NO_OWNER;

	if (!known->rule)
		return NULL;
	if (known->rule->kind == OWNER_CONTAINER && known->lives > 1)
		return "seen within the last 30 s; it has begun again before, no process of it "
		       "lives";
	if (known->rule->kind == OWNER_PM2 && known->is_child && parent != NO_OWNER &&
	    pass_draft(pass, parent)->owner.root != NO_PROC)
		return "seen within the last 30 s; its daemon lives, no process of it does";
	return NULL;
}

/* What is started again and again has no process in half of the samples: it is shown between its
 * lives too. */
static void linger(struct pass *pass)
{
	const struct known_owner *known;

	for (known = pass->memory->owners; known; known = known->hh.next) {
		const char *why = why_lingering(pass, known);
		int32_t at;

		if (!why || !is_known(known->lived_ms) ||
		    known->lived_ms + LINGER_MS < pass->snap->mono_ms ||
		    roster_find(&pass->roster, known->id) != NO_OWNER)
			continue;
		at = pass_revive(pass, known);
		if (at == NO_OWNER)
			return;
		pass_draft(pass, at)->is_lingering = true;
		pass_draft(pass, at)->owner.evidence = why;
	}
}

/* A root that is not the one before is another life. */
static void count_lives(struct pass *pass)
{
	for (size_t i = 0; i < pass->roster.n; i++) {
		const struct owner *owner = &pass_draft(pass, (int32_t)i)->owner;
		struct known_owner *known;
		struct proc_key root;

		if (owner->root == NO_PROC)
			continue;
		known = memory_owner(pass->memory, owner->id);
		root = process_key(&pass->snap->procs[owner->root]);
		if (known->root.pid == root.pid && known->root.start_ticks == root.start_ticks)
			continue;
		known->root = root;
		known->lives++;
	}
}

static void remember(struct pass *pass)
{
	struct known_proc *procs = mem_new(pass->snap->n_procs + 1, sizeof(*procs));
	size_t n = 0;

	for (size_t i = 0; i < pass->snap->n_procs; i++) {
		const struct finding *found = &pass->found[i];

		if (found->inner == NO_OWNER || pass->snap->procs[i].is_kernel)
			continue;
		procs[n++] = (struct known_proc){
			.key = process_key(&pass->snap->procs[i]),
			.owner = memory_owner(pass->memory,
					      pass_draft(pass, found->inner)->owner.id),
		};
	}
	count_lives(pass);
	memory_turn(pass->memory, pass->snap->mono_ms, procs, n);
}

static void write_owners(struct pass *pass)
{
	linger(pass);
	mark_ended(pass);
	owners_label(pass);
	if (pass->error == 0)
		pass->error = roster_write(&pass->roster, pass->out);
}

static void place(struct pass *pass, size_t n)
{
	struct assignment *assignment = &pass->out->procs[n];

	assignment->owner = pass_draft(pass, assignment->owner)->slot;
}

/* The parts of a pass, in their order: each is done once, or once for each process. */
static const struct {
	void (*once)(struct pass *pass);
	void (*each)(struct pass *pass, size_t n);
} parts[] = {
	{.once = make_room},    {.each = look_at},      {.once = put_in_order},
	{.once = anchors_find}, {.each = settle},       {.once = repair_orphans},
	{.each = conclude},     {.once = write_owners}, {.each = place},
	{.once = remember},
};

enum {
	PARTS = sizeof(parts) / sizeof(parts[0]),
	SLICE_NS = 4000000,    /* the keyboard is looked at this often */
	CLOCK_EACH = 32,       /* processes between two looks at the clock */
	IOWAIT_MOST = 25,      /* percent of all CPUs */
	IO_PRESSURE_MOST = 40, /* percent of the time in which somebody waits */
};

/* A recording may say what was found when it was made: there is nothing to do then. Sets `*out` and
 * returns 0; -ENOENT when it does not say. */
static int take_recorded(const struct attributor *attributor, const struct snapshot *snap,
			 struct attribution **out)
{
	return attributor->config.use_recorded && snap->recorded ? recorded_assign(snap, out)
								 : -ENOENT;
}

/* On a machine that waits for its disks a file may take seconds, and the screen with it: what was
 * read at the start has to do until that is over. */
static bool may_read_files(const struct attributor *attributor, const struct snapshot *snap)
{
	bool is_first = attributor->memory.sample == 0;
	bool waits = snap->machine.cpu_percent.iowait >= IOWAIT_MOST ||
		     snap->machine.psi_io.some_avg10 >= IO_PRESSURE_MOST;

	return attributor->config.use_files && (is_first || !waits);
}

static void pass_init(struct pass *pass, struct attributor *attributor, const struct snapshot *snap)
{
	*pass = (struct pass){
		.rules = attributor->config.rules,
		.users = attributor->config.users,
		.memory = &attributor->memory,
		.profiles = attributor->profiles,
		.use_files = may_read_files(attributor, snap),
		.snap = snap,
		.out = pass->out,
		.arena = &pass->out->arena,
	};
	arena_init(&pass->scratch);
	profiles_begin(pass->profiles, pass->arena);
	roster_init(&pass->roster, pass->arena);
}

int attributor_begin(struct attributor *attributor, const struct snapshot *snap, struct pass **pass)
{
	struct pass *made = calloc(1, sizeof(*made));
	int rc = made ? take_recorded(attributor, snap, &made->out) : -ENOMEM;
	bool is_recorded = rc == 0;

	if (rc == -ENOENT) {
		made->out = calloc(1, sizeof(*made->out));
		rc = made->out ? 0 : -ENOMEM;
	}
	if (rc != 0) {
		free(made);
		return rc;
	}
	pass_init(made, attributor, snap);
	if (is_recorded)
		made->part = PARTS;
	*pass = made;
	return 0;
}

/* Goes on with a part that is done for each process, until it is over or the slice is. */
static void step_each(struct pass *pass, void (*each)(struct pass *pass, size_t n))
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + SLICE_NS;

	while (pass->done < pass->snap->n_procs && pass->error == 0) {
		each(pass, pass->done++);
		if (pass->done % CLOCK_EACH == 0 && clock_ns(CLOCK_MONOTONIC) >= until)
			return;
	}
}

int attributor_step(struct pass *pass)
{
	if (pass->error != 0)
		return pass->error;
	if (pass->part == PARTS)
		return 0;
	if (parts[pass->part].each)
		step_each(pass, parts[pass->part].each);
	else
		parts[pass->part].once(pass);
	if (pass->error != 0)
		return pass->error;
	if (!parts[pass->part].each || pass->done == pass->snap->n_procs) {
		pass->part++;
		pass->done = 0;
	}
	return pass->part < PARTS;
}

static void pass_free(struct pass *pass)
{
	HASH_CLEAR(hh, pass->evidence);
	roster_done(&pass->roster);
	profiles_end(pass->profiles);
	arena_done(&pass->scratch);
	free(pass);
}

struct attribution *attributor_end(struct pass *pass)
{
	struct attribution *out = pass->out;

	pass_free(pass);
	return out;
}

void attributor_drop(struct pass *pass)
{
	if (pass)
		attribution_free(attributor_end(pass));
}

int attributor_assign(struct attributor *attributor, const struct snapshot *snap,
		      struct attribution **attribution)
{
	struct pass *pass;
	int rc = attributor_begin(attributor, snap, &pass);

	if (rc != 0)
		return rc;
	do {
		rc = attributor_step(pass);
	} while (rc > 0);
	if (rc == 0)
		*attribution = attributor_end(pass);
	else
		attributor_drop(pass);
	return rc;
}
