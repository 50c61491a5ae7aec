#include "eta.h"

#include <math.h>

/* Room below a limit, when it is the least so far. */
static void take_room(uint64_t used, uint64_t max, const char *what, double *room,
		      const char **name)
{
	double here = (double)max - (double)used;

	if (!is_known(used) || !is_known(max) || *room <= here)
		return;
	*room = here;
	*name = what;
}

bool eta_is_of_limited_user(const struct model *model, int32_t owner)
{
	const struct group *group = &model->groups[owner];
	uint64_t uid = model->snap->machine.user.uid;

	return is_known(uid) && group->own.procs > 0 &&
	       model->snap->procs[model->by_owner[group->first_proc + group->own.procs - 1]]
			       .facts->uid == uid;
}

double eta_tasks(const struct model *model, int32_t owner, double per_s, const char **limit)
{
	const struct machine *machine = &model->snap->machine;
	double room = INFINITY;
	const char *name = NULL;

	if (isnan(per_s) || per_s <= 0)
		return NAN;
	take_room(machine->tasks, machine->pid_max, "process table full", &room, &name);
	take_room(machine->tasks, machine->threads_max, "threads-max reached", &room, &name);
	if (owner != NO_OWNER)
		take_room(model->groups[owner].pids.used, model->groups[owner].pids.max,
			  "its pids limit reached", &room, &name);
	if (owner != NO_OWNER && eta_is_of_limited_user(model, owner))
		take_room(machine->user.tasks.used, machine->user.tasks.max,
			  "its user's RLIMIT_NPROC reached", &room, &name);
	if (limit)
		*limit = name;
	return name ? fmax(room, 0) / per_s : NAN;
}

double eta_memory(const struct model *model, int32_t owner, double *per_s, const char **limit)
{
	static const char *const names[] = {"memory full", "its memory limit reached"};
	const struct group *group = &model->groups[owner];
	double own = fmin(group->own_growth.rss_10s_per_s, group->own_growth.rss_60s_per_s);
	uint64_t available = model->snap->machine.mem_available_bytes;
	/* pages that processes share are counted for each of them: the machine's memory knows */
	double rates[] = {fmin(own, model->memory_per_s), group->memory_per_s};
	double rooms[] = {(double)available,
			  (double)group->memory.max - (double)group->memory.used};
	double soonest = NAN;

	if (isnan(own) || isnan(model->memory_per_s) || !is_known(available))
		rates[0] = NAN;
	if (!is_known(group->memory.max) || !is_known(group->memory.used))
		rates[1] = NAN;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		double eta_s = fmax(rooms[i], 0) / rates[i];

		if (isnan(rates[i]) || rates[i] <= 0 || eta_s >= soonest)
			continue;
		soonest = eta_s;
		if (per_s)
			*per_s = rates[i];
		if (limit)
			*limit = names[i];
	}
	return soonest;
}
