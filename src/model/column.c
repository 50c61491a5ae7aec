#include "clade/column.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "clade/safe.h"

/* clang-format off */
const struct column columns[COLUMNS_N] = {
#define COLUMN(id, name, title, width, flags, help) [COLUMN_##id] = {name, title, width, flags, help},
#include "clade/columns.def"
#undef COLUMN
};
/* clang-format on */

int column_parse(const char *name, enum column_id *id)
{
	for (size_t i = 0; i < COLUMNS_N; i++) {
		if (strcmp(columns[i].name, name) == 0) {
			*id = (enum column_id)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* What owners and subtrees have in common; NAN unknown. */
static double sum_value(enum column_id id, const struct totals *totals, const struct growth *growth)
{
	switch (id) {
	case COLUMN_PROCS:
		return totals->procs;
	case COLUMN_THREADS:
		return (double)totals->threads;
	case COLUMN_BIRTHS:
		return growth->births_per_s;
	case COLUMN_DEATHS:
		return growth->deaths_per_s;
	case COLUMN_GROWTH:
		return growth->procs_10s_per_s;
	case COLUMN_GROWTH60:
		return growth->procs_60s_per_s * 60;
	case COLUMN_ZOMBIES:
		return totals->zombies;
	case COLUMN_ORPHANS:
		return totals->orphans;
	case COLUMN_BLOCKED:
		return totals->blocked;
	case COLUMN_CPU:
		return totals->cpu_percent;
	case COLUMN_MEMORY:
		return (double)totals->rss_bytes;
	case COLUMN_READ:
		return totals->io_read_rate;
	case COLUMN_WRITE:
		return totals->io_write_rate;
	default:
		return NAN;
	}
}

static double owner_age(const struct model *model, int32_t at)
{
	uint64_t since_ms = model->attr->owners[at].since_ms;

	if (!is_known(since_ms) || since_ms > model->snap->taken_ms)
		return NAN;
	return (double)(model->snap->taken_ms - since_ms) / 1000;
}

static double or_nan(uint64_t value)
{
	return is_known(value) ? (double)value : (double)NAN;
}

static double owner_value(enum column_id id, const struct model *model, int32_t at)
{
	const struct group *group = &model->groups[at];
	int32_t root = model->attr->owners[at].root;

	switch (id) {
	case COLUMN_PID:
		return root != NO_PROC ? (double)model->snap->procs[root].pid : (double)NAN;
	case COLUMN_KIND:
		return model->attr->owners[at].kind;
	case COLUMN_AGE:
		return owner_age(model, at);
	case COLUMN_HEAT:
		return group->heat;
	case COLUMN_BADGES:
		return group->badges;
	case COLUMN_TREND:
		return group->n_trend > 0 ? (double)group->nested.procs - (double)group->trend[0]
					  : (double)NAN;
	case COLUMN_CPU_SELF:
		return group->own.cpu_percent;
	case COLUMN_MEMORY_SELF:
		return (double)group->own.rss_bytes;
	case COLUMN_START:
		return or_nan(model->attr->owners[at].since_ms);
	case COLUMN_LIMIT:
		return fmax(bounded_percent(group->pids), bounded_percent(group->memory));
	default:
		return sum_value(id, &group->nested, &group->growth);
	}
}

static double proc_value(enum column_id id, const struct model *model, int32_t at)
{
	const struct process *proc = &model->snap->procs[at];
	struct totals subtree;
	struct growth growth;

	switch (id) {
	case COLUMN_PID:
		return proc->pid;
	case COLUMN_PPID:
		return proc->ppid;
	case COLUMN_USER:
		return proc->facts->uid;
	case COLUMN_STATE:
		return proc->state;
	case COLUMN_AGE:
		return snapshot_age_s(model->snap, proc);
	case COLUMN_HEAT:
		return node_subtree(model, at).procs;
	case COLUMN_CPU_SELF:
		return (double)proc->cpu_percent;
	case COLUMN_MEMORY_SELF:
		return or_nan(proc->rss_bytes);
	case COLUMN_START:
		return (double)snapshot_start_ms(model->snap, proc);
	default:
		subtree = node_subtree(model, at);
		growth = node_growth(model, at);
		return sum_value(id, &subtree, &growth);
	}
}

/* The process that stands for a bundle: its oldest. */
static int32_t face_of(const struct bundles *bundles, struct proc_subject subject)
{
	return subject.is_bundle ? bundles->members[bundles->items[subject.index].first]
				 : subject.index;
}

static double subject_value(enum column_id id, const struct model *model,
			    const struct bundles *bundles, struct proc_subject subject)
{
	const struct bundle *bundle;

	if (!subject.is_bundle)
		return proc_value(id, model, subject.index);
	bundle = &bundles->items[subject.index];
	switch (id) {
	case COLUMN_PID:
		return NAN;
	case COLUMN_PPID:
	case COLUMN_USER:
	case COLUMN_STATE:
	case COLUMN_AGE:
	case COLUMN_START:
		return proc_value(id, model, face_of(bundles, subject));
	case COLUMN_HEAT:
		return bundle->totals.procs;
	case COLUMN_CPU_SELF:
		return bundle->totals.cpu_percent;
	case COLUMN_MEMORY_SELF:
		return (double)bundle->totals.rss_bytes;
	default:
		return sum_value(id, &bundle->totals, &bundle->growth);
	}
}

double column_owner_number(enum column_id id, const struct model *model, int32_t at)
{
	return columns[id].flags & COL_LEFT ? (double)NAN : owner_value(id, model, at);
}

double column_proc_number(enum column_id id, const struct model *model, int32_t at)
{
	return columns[id].flags & COL_LEFT ? (double)NAN : proc_value(id, model, at);
}

static void add_count(struct text *out, double value)
{
	char number[UNITS_LEN];

	text_add(out, units_short(number, isnan(value) ? UNKNOWN : (uint64_t)value));
}

/* A number as its column has it. A zero that would only disturb the eye is a dot. */
static void add_value(struct text *out, enum column_id id, double value)
{
	char number[UNITS_LEN];

	switch (id) {
	case COLUMN_BIRTHS:
	case COLUMN_DEATHS:
	case COLUMN_CPU:
	case COLUMN_CPU_SELF:
	case COLUMN_HEAT:
		text_add(out, units_real(number, value));
		break;
	case COLUMN_GROWTH:
	case COLUMN_GROWTH60:
		text_add(out, units_signed(number, value));
		break;
	case COLUMN_MEMORY:
	case COLUMN_MEMORY_SELF:
		text_add(out, units_bytes(number, isnan(value) ? UNKNOWN : (uint64_t)value));
		break;
	case COLUMN_READ:
	case COLUMN_WRITE:
		text_add(out, units_bytes_rate(number, value));
		break;
	case COLUMN_AGE:
		text_add(out, units_duration(number, value));
		break;
	case COLUMN_START:
		text_add(out, units_time(number, isnan(value) ? UNKNOWN : (uint64_t)value));
		break;
	default:
		add_count(out, value);
	}
}

enum {
	TREND_LEVELS = 7, /* over the lowest */
	TREND_STILL = 50, /* a fiftieth of the most is no movement to speak of */
};

void trend_add(struct text *out, const uint32_t *figures, size_t n, size_t width, bool is_ascii)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const ascii[] = {"_", ".", "-", "=", "+", "*", "%", "#"};
	size_t first = n > width ? n - width : 0;
	uint32_t least = UINT32_MAX;
	uint32_t most = 0;
	uint32_t range;

	for (size_t i = first; i < n; i++) {
		least = figures[i] < least ? figures[i] : least;
		most = figures[i] > most ? figures[i] : most;
	}
	/* what hardly moves looks so: one more of three is no steeple */
	range = most - least;
	range = range > TREND_LEVELS ? range : TREND_LEVELS;
	range = range > most / TREND_STILL ? range : most / TREND_STILL;
	for (size_t i = first; i < n; i++) {
		uint64_t level = (uint64_t)(figures[i] - least) * TREND_LEVELS / range;

		text_add(out, is_ascii ? ascii[level] : blocks[level]);
	}
}

/* A text that may not be known. */
static void add_text(struct text *out, const char *s)
{
	if (s)
		safe_add(out, s, strlen(s));
	else
		text_add_char(out, '-');
}

void column_add_owner(struct text *out, enum column_id id, const struct model *model, int32_t at)
{
	const struct owner *owner = &model->attr->owners[at];

	if (!(columns[id].flags & COL_OWNERS) && id != COLUMN_PID)
		return;
	switch (id) {
	case COLUMN_KIND:
		text_add(out, owner_kind_name(owner->kind));
		break;
	case COLUMN_BADGES:
		badges_add(out, model, at);
		break;
	case COLUMN_TREND:
		trend_add(out, model->groups[at].trend, model->groups[at].n_trend,
			  (size_t)columns[id].width, false);
		break;
	case COLUMN_OWNER:
		add_text(out, owner->id);
		break;
	case COLUMN_CWD:
		add_text(out, owner->cwd);
		break;
	case COLUMN_WHY:
		add_text(out, owner->evidence);
		break;
	case COLUMN_NAME:
		safe_add(out, owner->name, strlen(owner->name));
		if (owner->started_by) {
			text_add(out, " <- ");
			safe_add(out, owner->started_by, strlen(owner->started_by));
		}
		break;
	default:
		add_value(out, id, owner_value(id, model, at));
	}
}

static void add_user(struct text *out, uint32_t uid, const struct users *users)
{
	const char *name = users && uid != UINT32_MAX ? users_find_name(users, uid) : NULL;

	if (name)
		safe_add(out, name, strlen(name));
	else if (uid != UINT32_MAX)
		text_printf(out, "%u", uid);
	else
		text_add_char(out, '-');
}

/* Nobody but the parent can make a zombie go. */
static void add_reaper(struct text *out, const struct model *model, int32_t at)
{
	int32_t parent = model->nodes[at].parent;

	text_add(out, " <defunct");
	if (parent != NO_PROC) {
		const struct process *proc = &model->snap->procs[parent];

		text_add(out, ", not reaped by ");
		safe_add(out, proc->facts->comm, strlen(proc->facts->comm));
		text_printf(out, "(%d)", proc->pid);
	}
	text_add_char(out, '>');
}

static void add_command(struct text *out, const struct model *model, int32_t at)
{
	const struct process *proc = &model->snap->procs[at];
	const char *title = model->attr->procs[at].title;

	if (title)
		safe_add(out, title, strlen(title));
	else
		process_add_command(proc, out);
	if (proc->state == 'Z')
		add_reaper(out, model, at);
}

void column_add_proc(struct text *out, enum column_id id, const struct model *model, int32_t at,
		     const struct users *users)
{
	const struct process *proc = &model->snap->procs[at];
	const struct assignment *assignment = &model->attr->procs[at];

	if (!(columns[id].flags & COL_PROCS))
		return;
	switch (id) {
	case COLUMN_USER:
		add_user(out, proc->facts->uid, users);
		break;
	case COLUMN_STATE:
		text_add_char(out, proc->state >= ' ' && proc->state < 0x7f ? proc->state : '?');
		break;
	case COLUMN_OWNER:
		add_text(out, model->attr->owners[assignment->owner].id);
		break;
	case COLUMN_EXE:
		add_text(out, proc->facts->exe);
		break;
	case COLUMN_CWD:
		add_text(out, proc->facts->cwd);
		break;
	case COLUMN_WHY:
		add_text(out, assignment->evidence);
		break;
	case COLUMN_NAME:
		add_command(out, model, at);
		break;
	case COLUMN_PID:
		text_printf(out, "%d", proc->pid);
		break;
	case COLUMN_PPID:
		text_printf(out, "%d", proc->ppid);
		break;
	default:
		add_value(out, id, proc_value(id, model, at));
	}
}

void column_add_bundle(struct text *out, enum column_id id, const struct model *model,
		       const struct bundles *bundles, int32_t at, const struct users *users)
{
	struct proc_subject subject = {.is_bundle = true, .index = at};

	switch (id) {
	case COLUMN_PPID:
	case COLUMN_USER:
	case COLUMN_STATE:
	case COLUMN_OWNER:
	case COLUMN_START:
	case COLUMN_EXE:
	case COLUMN_CWD:
	case COLUMN_WHY:
	case COLUMN_NAME:
		column_add_proc(out, id, model, face_of(bundles, subject), users);
		break;
	default:
		if (columns[id].flags & COL_PROCS)
			add_value(out, id, subject_value(id, model, bundles, subject));
	}
}

/* Unknown comes before everything. */
static int compare(double a, double b)
{
	if (isnan(a) || isnan(b))
		return (isnan(b) != 0) - (isnan(a) != 0);
	return (a > b) - (a < b);
}

int column_compare_owners(enum column_id id, const struct model *model, int32_t a, int32_t b)
{
	const struct owner *x = &model->attr->owners[a];
	const struct owner *y = &model->attr->owners[b];
	int order = id == COLUMN_NAME
			    ? strcmp(x->name, y->name)
			    : compare(owner_value(id, model, a), owner_value(id, model, b));

	return order != 0 ? order : strcmp(y->id, x->id);
}

int column_compare_procs(enum column_id id, const struct model *model,
			 const struct bundles *bundles, struct proc_subject a,
			 struct proc_subject b)
{
	const struct process *x = &model->snap->procs[face_of(bundles, a)];
	const struct process *y = &model->snap->procs[face_of(bundles, b)];
	int order;

	if (id == COLUMN_NAME)
		order = strcmp(x->facts->comm, y->facts->comm);
	else
		order = compare(subject_value(id, model, bundles, a),
				subject_value(id, model, bundles, b));
	if (order == 0)
		order = (x->start_ticks < y->start_ticks) - (x->start_ticks > y->start_ticks);
	return order != 0 ? order : (x->pid < y->pid) - (x->pid > y->pid);
}
