/* What a look at /proc, or into the control group, means for an execution. */
#include "execution.h"

#include <signal.h>

enum {
	DEEP_SLEEP_MS = 500, /* who does not wake up in that time is not about to fork */
};

/* ---- Looking ---- */

void execution_begin_look(struct execution *execution)
{
	execution->activity = DO_LOOK;
	execution->looks++;
	execution->look_ms = execution_now_ms();
	execution->new_in_look = 0;
	execution->was_settled = execution->unsettled == 0;
	execution->unsettled = 0;
	look_begin(execution->look);
	recogniser_begin(execution->recogniser, execution->looks);
}

/* Has SIGSTOP and does not stand still yet: what it is forking just now comes to be all the same.
 * Who sleeps again was woken by it and has been continued since, as a terminal multiplexer does
 * with what it runs: that one will not stand still. */
static bool is_on_its_way(const struct execution *execution, const struct member *member)
{
	if (!member->is_stopped || member->is_frozen)
		return false;
	return member->state == 'R' ||
	       (member->state == 'D' && execution_now_ms() - execution->phase_ms < DEEP_SLEEP_MS);
}

static void see_member(struct execution *execution, struct member *member,
		       const struct look_entry *entry)
{
	recogniser_see_member(execution->recogniser, entry, member->seen + 1 == execution->looks);
	member->seen = execution->looks;
	member->state = entry->state;
	member->pgrp = entry->pgrp;
	member->session = entry->session;
	if (look_is_dead(entry))
		member_set_gone(member, true);
	else
		execution->unsettled += is_on_its_way(execution, member);
}

/* Someone else in a group that was stopped at once: came in between, and goes on. */
static void see_other(struct execution *execution, const struct look_entry *entry)
{
	struct look_entry now;

	recogniser_see_other(execution->recogniser, entry);
	if (execution_has_stopped(execution, entry->pgrp))
		(void)execution_deliver(execution, entry->pid, entry->start_ticks, SIGCONT, &now);
}

/* Newcomers stand still at once, but in the grace: what a program does to tidy up is left to it. */
static int see_newcomer(struct execution *execution, const struct look_entry *entry)
{
	int made = recogniser_judge(execution->recogniser, entry);

	if (made < 0)
		return made;
	for (size_t i = execution->crew.n - (size_t)made; i < execution->crew.n; i++) {
		struct member *member = &execution->crew.members[i];

		if (execution->phase != EXECUTE_GRACE)
			execution_stop(execution, member);
		if (member->error == 0 && !member->is_gone) {
			execution->new_in_look++;
			execution->unsettled++;
		}
	}
	return 0;
}

int execution_see(struct execution *execution, const struct look_entry *entry)
{
	int32_t who = crew_find(&execution->crew, entry->pid, entry->start_ticks);

	if (who >= 0)
		see_member(execution, &execution->crew.members[who], entry);
	else if (look_is_dead(entry))
		return 0;
	else if (who == CREW_OTHER)
		see_other(execution, entry);
	else
		return see_newcomer(execution, entry);
	return 0;
}

void execution_close_look(struct execution *execution)
{
	size_t left = 0;

	for (size_t i = 0; i < execution->crew.n; i++) {
		struct member *member = &execution->crew.members[i];

		if (member->seen != execution->looks)
			member_set_gone(member, false);
		left += !member->is_gone;
	}
	if (left != execution->left)
		execution->progress_ms = execution_now_ms();
	execution->left = left;
}

size_t execution_count_living(const struct execution *execution)
{
	size_t n = 0;

	for (size_t i = 0; i < execution->crew.n; i++)
		n += !execution->crew.members[i].is_gone && execution->crew.members[i].error == 0;
	return n;
}

/* ---- The control group ---- */

static int take_inmate(void *context, int32_t pid)
{
	struct execution *execution = context;
	const struct member *found = crew_find_pid(&execution->crew, pid);

	/* pid 0 is somebody whom our namespace does not see */
	if (!found || found->is_gone)
		execution->is_frozen_exactly = false;
	else
		execution->crew.members[found - execution->crew.members].is_frozen = true;
	return 0;
}

void execution_count_inmates(struct execution *execution)
{
	for (size_t i = 0; i < execution->crew.n; i++)
		execution->crew.members[i].is_frozen = false;
	execution->is_frozen_exactly = true;
	if (freezer_each(execution->freezer, take_inmate, execution) != 0)
		execution->is_frozen_exactly = false;
}

void execution_leave_cgroup(struct execution *execution)
{
	freezer_close(execution->freezer);
	execution->freezer = NULL;
	for (size_t i = 0; i < execution->crew.n; i++)
		execution->crew.members[i].is_frozen = false;
}
