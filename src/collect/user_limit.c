#include "user_limit.h"

#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "clade/inspect.h"

enum {
	USERS_LOOKED = 8, /* those with the most tasks */
	TASKS_LEAST = 32, /* fewer are near no limit that anybody sets */
};

struct user_count {
	uint32_t uid;
	uint64_t tasks;
	const struct process *youngest;
	UT_hash_handle hh;
};

/* Without memory a user is not looked at. */
static void count(struct user_count **users, const struct process *proc)
{
	uint32_t uid = proc->facts->uid;
	struct user_count *user;

	if (uid == 0 || uid == UINT32_MAX || proc->is_kernel)
		return;
	HASH_FIND(hh, *users, &uid, sizeof(uid), user);
	if (!user) {
		user = calloc(1, sizeof(*user));
		if (!user)
			return;
		user->uid = uid;
		HASH_ADD(hh, *users, uid, sizeof(user->uid), user);
	}
	user->tasks += proc->threads;
	if (proc->state != 'Z' &&
	    (!user->youngest || user->youngest->start_ticks < proc->start_ticks))
		user->youngest = proc;
}

static int by_tasks(const struct user_count *a, const struct user_count *b)
{
	return (a->tasks < b->tasks) - (a->tasks > b->tasks);
}

/* What a process's user may have; UNKNOWN when there is no limit. */
static uint64_t limit_of(const struct process *proc)
{
	struct resource_limit limits[LIMITS_MAX];
	size_t n = inspect_limits(process_key(proc), limits);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(limits[i].name, "Max processes") == 0 && limits[i].soft != LIMIT_NONE)
			return limits[i].soft;
	}
	return UNKNOWN;
}

struct user_tasks user_limit_nearest(const struct snapshot *snap)
{
	struct user_tasks nearest = {UNKNOWN, {UNKNOWN, UNKNOWN}};
	struct user_count *users = NULL;
	struct user_count *user, *next;
	double most = 0;
	int looked = 0;

	for (size_t i = 0; i < snap->n_procs; i++)
		count(&users, &snap->procs[i]);
	HASH_SORT(users, by_tasks);
	HASH_ITER (hh, users, user, next) {
		uint64_t max = UNKNOWN;

		if (user->youngest && user->tasks >= TASKS_LEAST && looked++ < USERS_LOOKED)
			max = limit_of(user->youngest);
		if (is_known(max) && max > 0 && (double)user->tasks / (double)max > most) {
			most = (double)user->tasks / (double)max;
			nearest = (struct user_tasks){user->uid, {user->tasks, max}};
		}
		HASH_DEL(users, user);
		free(user);
	}
	return nearest;
}
