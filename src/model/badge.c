#include <math.h>

#include "clade/text.h"
#include "eta.h"
#include "verdict.h"

enum {
	HEAT_GROWTH = 1000,       /* one process a second weighs as much as a thousand that stand */
	HEAT_EXPLODING = 1000000, /* before whatever else is wrong */
	HEAT_LOOP = 500,
	HEAT_ZOMBIE = 10,
	HEAT_ORPHAN = 20,
	HEAT_BLOCKED = 50,
	HEAT_LIMIT = 2000,
	HEAT_OOM = 1000,
	HEAT_MEMORY = 1500,
	MIB = 1 << 20,
};

static double or_zero(double value)
{
	return isnan(value) ? 0 : value;
}

static bool is_growing(const struct model *model, const struct group *group)
{
	const struct thresholds *from = model->thresholds;
	double ten = or_zero(group->own_growth.procs_10s_per_s);
	double sixty = or_zero(group->own_growth.procs_60s_per_s);
	bool was = group->badges_before & BADGE_GROWING;
	double least = threshold_held(from->growing_least, was);

	/* what shrinks now does not grow, whatever it did before in that minute */
	if (ten <= -threshold_held(from->growing_per_s, true))
		return false;
	return (ten >= threshold_held(from->growing_per_s, was) && ten * model->ten_s >= least) ||
	       (sixty * 60 >= threshold_held(from->growing_per_min, was) &&
		sixty * model->sixty_s >= least);
}

static bool is_exploding(const struct model *model, size_t g)
{
	const struct group *group = &model->groups[g];
	double per_s = or_zero(group->own_growth.procs_10s_per_s);
	double eta_s = eta_tasks(model, (int32_t)g, per_s, NULL);
	bool was = group->badges_before & BADGE_EXPLODING;

	return per_s >= threshold_held(model->thresholds->exploding_per_s, was) ||
	       eta_s <= model->thresholds->exploding_eta_s / threshold_held(1, was);
}

static bool is_filling_memory(const struct model *model, size_t g)
{
	const struct group *group = &model->groups[g];
	bool was = group->badges_before & BADGE_MEMORY;
	double per_s = NAN;
	double eta_s = eta_memory(model, (int32_t)g, &per_s, NULL);

	return per_s >= threshold_held(model->thresholds->memory_growing, was) * MIB &&
	       eta_s <= model->thresholds->memory_eta_s / threshold_held(1, was);
}

/* How full, against a threshold. */
static bool is_full(struct bounded bounded, double threshold, bool was)
{
	/* a limit is hit at 100 %: what was near it is near down to a few percent below */
	return bounded_percent(bounded) >= (was ? threshold - 5 : threshold);
}

static unsigned badges_of(const struct model *model, size_t g)
{
	const struct thresholds *from = model->thresholds;
	const struct group *group = &model->groups[g];
	const struct owner *owner = &model->attr->owners[g];
	bool was_near = group->badges_before & BADGE_LIMIT;
	unsigned badges = 0;

	if (owner->kind != OWNER_KERNEL && is_growing(model, group))
		badges |= BADGE_GROWING | (is_exploding(model, g) ? BADGE_EXPLODING : 0);
	if (owner->kind != OWNER_KERNEL && is_filling_memory(model, g))
		badges |= BADGE_MEMORY;
	if (or_zero(group->loop_per_min) >= from->loop_per_min && owner->kind != OWNER_KERNEL &&
	    owner->kind != OWNER_NONE)
		badges |= BADGE_LOOP;
	if (group->own.zombies >=
	    threshold_held(from->zombies, group->badges_before & BADGE_ZOMBIES))
		badges |= BADGE_ZOMBIES;
	if (group->own.orphans > 0)
		badges |= BADGE_ORPHANS;
	if (group->own.blocked >=
		    threshold_held(from->blocked, group->badges_before & BADGE_BLOCKED) &&
	    owner->kind != OWNER_KERNEL)
		badges |= BADGE_BLOCKED;
	if (owner->is_ended)
		badges |= BADGE_ENDED;
	if (is_full(group->pids, from->pids_percent, was_near) ||
	    is_full(group->memory, from->memory_percent, was_near))
		badges |= BADGE_LIMIT;
	if (or_zero(group->oom_per_min) > 0)
		badges |= BADGE_OOM;
	return badges;
}

/* Hottest first: growth before trouble before size. */
static double heat_of(const struct model *model, size_t g)
{
	const struct group *group = &model->groups[g];
	enum owner_kind kind = model->attr->owners[g].kind;
	double heat = (double)group->nested.procs + or_zero(group->nested.cpu_percent);
	double growth = or_zero(group->own_growth.procs_10s_per_s);

	if (kind == OWNER_KERNEL)
		return -2; /* hundreds of threads that nobody can do anything about */
	if (group->badges & (BADGE_GROWING | BADGE_EXPLODING))
		heat += HEAT_GROWTH * growth;
	if (group->badges & BADGE_EXPLODING)
		heat += HEAT_EXPLODING;
	if (group->badges & BADGE_LOOP)
		heat += HEAT_LOOP * or_zero(group->loop_per_min);
	heat += (double)HEAT_ZOMBIE * group->own.zombies + (double)HEAT_ORPHAN * group->own.orphans;
	if (group->badges & BADGE_LIMIT)
		heat += HEAT_LIMIT;
	if (group->badges & BADGE_MEMORY)
		heat += HEAT_MEMORY;
	if (group->badges & BADGE_OOM)
		heat += HEAT_OOM * or_zero(group->oom_per_min);
	if (group->badges & BADGE_BLOCKED)
		heat += (double)HEAT_BLOCKED * group->own.blocked;
	return kind == OWNER_NONE && group->badges == 0 ? -1 : heat;
}

void badges_make(struct model *model)
{
	for (size_t g = 0; g < model->attr->n_owners; g++) {
		model->groups[g].badges = badges_of(model, g);
		model->groups[g].heat = heat_of(model, g);
	}
	/* an owner is as hot as the hottest that lies in it */
	for (size_t g = model->attr->n_owners; g-- > 0;) {
		int32_t parent = model->attr->owners[g].parent;

		if (parent != NO_OWNER && model->groups[parent].heat < model->groups[g].heat)
			model->groups[parent].heat = model->groups[g].heat;
	}
}

static void part(struct text *out)
{
	if (out->len > 0)
		text_add_char(out, ' ');
}

static void add_limit(struct text *line, const struct group *group)
{
	double pids = bounded_percent(group->pids);
	double memory = bounded_percent(group->memory);

	if (pids >= memory || isnan(memory))
		text_printf(line, "LIMIT pids %.0f%%", pids);
	else
		text_printf(line, "LIMIT mem %.0f%%", memory);
}

void growth_add(struct text *out, const struct model *model, int32_t owner)
{
	const struct growth *growth = &model->groups[owner].own_growth;
	double floor_per_s = threshold_held(model->thresholds->growing_per_s, true);
	char number[UNITS_LEN];

	if (growth->procs_10s_per_s >= floor_per_s)
		text_printf(out, "%s/s", units_signed(number, growth->procs_10s_per_s));
	else
		text_printf(out, "%s/min", units_signed(number, growth->procs_60s_per_s * 60));
}

void badges_add(struct text *out, const struct model *model, int32_t owner)
{
	const struct group *group = &model->groups[owner];
	char number[UNITS_LEN];
	struct text line = {0};

	if (group->badges & BADGE_GROWING) {
		text_add(&line, group->badges & BADGE_EXPLODING ? "EXPLODING " : "GROWING ");
		growth_add(&line, model, owner);
	}
	if (group->badges & BADGE_MEMORY) {
		double per_s = NAN;

		part(&line);
		eta_memory(model, owner, &per_s, NULL);
		text_printf(&line, "MEM +%s/s", units_bytes_rate(number, per_s));
	}
	if (group->badges & BADGE_OOM) {
		part(&line);
		text_printf(&line, "OOM %s/min", units_real(number, group->oom_per_min));
	}
	if (group->badges & BADGE_LIMIT) {
		part(&line);
		add_limit(&line, group);
	}
	if (group->badges & BADGE_LOOP) {
		part(&line);
		text_printf(&line, "LOOP %s/min", units_real(number, group->loop_per_min));
	}
	if (group->badges & BADGE_ZOMBIES) {
		part(&line);
		text_printf(&line, "ZOMBIES %s", units_count(number, group->own.zombies));
	}
	if (group->badges & BADGE_ORPHANS) {
		part(&line);
		text_printf(&line, "ORPHANS %s", units_count(number, group->own.orphans));
	}
	if (group->badges & BADGE_BLOCKED) {
		part(&line);
		text_printf(&line, "BLOCKED %s", units_count(number, group->own.blocked));
	}
	if (group->badges & BADGE_ENDED) {
		part(&line);
		text_add(&line, "ENDED");
	}
	text_add(out, text_str(&line));
	text_done(&line);
}
