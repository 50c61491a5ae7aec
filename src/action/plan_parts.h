/* A plan while it is being made. */
#ifndef CLADE_PLAN_PARTS_H
#define CLADE_PLAN_PARTS_H

#include "clade/plan.h"

enum { UNMARKED = UINT8_MAX };

struct planning {
	const struct model *model;
	const struct plan_request *request;
	struct plan *plan;
	uint8_t *marks;    /* by process: enum plan_why, or UNMARKED when it is not selected */
	uint8_t *keeps;    /* enum plan_kept, or UNMARKED */
	bool *is_walked;   /* with all below it */
	bool *is_targeted; /* by owner */
	int32_t *order;    /* processes, parents before children */
	const char *comm;  /* the last copy, and whose it is: neighbours share it */
	const struct facts *comm_of;
	const char *doubted; /* a name: all that run the same as one of it are meant, and that one
				has not shown what it runs */
	bool is_out_of_memory;
};

/* Whether the signal goes to that process. */
static inline bool planning_has(const struct planning *planning, int32_t proc)
{
	return planning->marks[proc] != UNMARKED && planning->keeps[proc] == UNMARKED;
}

/* Whether they run the same: program, arguments, user, directory and control group, for one owner.
 */
bool planning_are_alike(const struct planning *planning, int32_t a, int32_t b);

/* Finds what tells later that a process belongs to the plan: sessions, groups, control groups and
 * markers that only its processes have. */
void plan_traits(struct planning *planning);

/* Adds what the user should know first. */
void plan_warn(struct planning *planning);

/* Whether one that is not in the plan is none of it for good. Whose environment could not be read
 * in time is judged when it is met. */
bool planning_is_settled(const struct planning *planning, int32_t proc);

#endif
