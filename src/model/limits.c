#include "limits.h"

#include <math.h>

enum { CGROUPS_MAX = 32 }; /* different control groups of one owner that are looked at */

double bounded_percent(struct bounded bounded)
{
	if (!is_known(bounded.used) || !is_known(bounded.max) || bounded.max == 0)
		return NAN;
	return 100.0 * (double)bounded.used / (double)bounded.max;
}

double model_headroom(const struct model *model)
{
	const struct machine *machine = &model->snap->machine;
	double pids = bounded_percent((struct bounded){machine->tasks, machine->pid_max});
	double threads = bounded_percent((struct bounded){machine->tasks, machine->threads_max});

	return fmax(0, 1 - fmax(pids, threads) / 100);
}

static void take_tighter(struct bounded *tightest, struct bounded other)
{
	double percent = bounded_percent(other);

	if (!isnan(percent) && !(bounded_percent(*tightest) >= percent))
		*tightest = other;
}

static void add_count(uint64_t *sum, uint64_t part)
{
	if (is_known(part))
		*sum = is_known(*sum) ? *sum + part : part;
}

static void take_use(struct group *group, const struct cgroup_use *use)
{
	take_tighter(&group->pids, use->pids);
	take_tighter(&group->memory, use->memory);
	add_count(&group->oom_kills, use->oom_kills);
	add_count(&group->oom_kills_new, use->oom_kills_new);
}

static bool was_taken(const struct cgroup_use *const *taken, size_t n, const struct cgroup_use *use)
{
	for (size_t i = 0; i < n; i++) {
		if (taken[i] == use)
			return true;
	}
	return false;
}

static void look_at_owner(struct model *model, struct group *group)
{
	const struct cgroup_use *taken[CGROUPS_MAX];
	const char *last = NULL;
	size_t n = 0;

	for (uint32_t p = 0; p < group->own.procs && n < CGROUPS_MAX; p++) {
		const struct process *proc =
			&model->snap->procs[model->by_owner[group->first_proc + p]];
		const struct cgroup_use *use;

		/* processes often share their facts */
		if (!proc->facts->cgroup || proc->facts->cgroup == last)
			continue;
		last = proc->facts->cgroup;
		use = snapshot_find_cgroup(model->snap, last);
		if (!use || was_taken(taken, n, use))
			continue;
		taken[n++] = use;
		take_use(group, use);
	}
}

void limits_make(struct model *model)
{
	for (size_t g = 0; g < model->attr->n_owners; g++) {
		struct group *group = &model->groups[g];

		group->pids = group->memory = (struct bounded){UNKNOWN, UNKNOWN};
		group->oom_kills = group->oom_kills_new = UNKNOWN;
		look_at_owner(model, group);
	}
}
