/* How an execution goes from one thing to the next. */
#include "execution.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "clade/mem.h"

enum {
	UNIT = 32,                 /* processes between two looks at the clock */
	FROZEN_PATIENCE_MS = 1000, /* for a control group to stand still */
	FREEZE_MOST_MS = 30000,    /* then what is not stopped yet is killed as it runs */
	SETTLE_MS = 1,             /* between two looks while some have yet to stop */
	GRACE_LOOK_MS = 100,       /* between two looks in the grace */
	CHECK_LOOK_MS = 20,        /* between two looks for survivors */
	CHECK_PATIENCE_MS = 5000,  /* for somebody more to go */
	CLEAN_LOOKS = 2,
};

/* ---- From one thing to the next ---- */

void execution_set_phase(struct execution *execution, enum execute_phase phase)
{
	execution->phase = phase;
	execution->phase_ms = execution_now_ms();
	execution->progress_ms = execution->phase_ms;
	execution->clean_looks = 0;
}

void execution_begin_pass(struct execution *execution, enum activity activity)
{
	execution->activity = activity;
	execution->cursor = 0;
}

/* At least as long as the look took: we run before everybody else. */
static void pause_for(struct execution *execution, uint64_t ms)
{
	uint64_t now = execution_now_ms();
	uint64_t took = now - execution->look_ms;

	execution->activity = DO_PAUSE;
	execution->pause_until_ms = now + (took > ms ? took : ms);
}

void execution_begin_stopping(struct execution *execution, enum execute_phase phase)
{
	execution_set_phase(execution, phase);
	execution->unsettled = 1;
	haste_begin(&execution->haste);
	if (execution->freezer && freezer_freeze(execution->freezer) == 0) {
		execution_begin_pass(execution, DO_WAIT_FROZEN);
		return;
	}
	if (execution->freezer)
		execution_leave_cgroup(execution);
	execution_stop_groups(execution);
	execution_begin_pass(execution, DO_STOP);
}

static void add_survivor(struct execution *execution, const struct member *member)
{
	struct survivor *survivor;

	if (execution->n_survivors == SURVIVORS_MAX)
		return;
	survivor = &execution->survivors[execution->n_survivors++];
	*survivor = (struct survivor){
		.key = {.start_ticks = member->start_ticks, .pid = member->pid},
		.state = member->state,
		.error = member->error,
	};
	memcpy(survivor->comm, member->comm, sizeof(survivor->comm));
}

/* Whatever was stopped and lives goes on, the youngest first. */
static void put_back(struct execution *execution)
{
	bool has_stopped_groups = false;
	struct look_entry entry;

	if (execution->freezer)
		execution_leave_cgroup(execution);
	for (size_t i = execution->crew.n; i-- > 0;) {
		struct member *member = &execution->crew.members[i];

		if (!member->is_gone && !member->was_stopped &&
		    (member->is_stopped || execution_has_stopped(execution, member->pgrp)))
			execution_continue(execution, member);
	}
	/* who was born into a group before it was stopped may not have been seen yet; who has the
	 * signal and not run since does not look stopped yet */
	for (size_t i = 0; i < execution->n_groups; i++)
		has_stopped_groups = has_stopped_groups || execution->groups[i].is_stopped;
	look_begin(execution->look);
	while (has_stopped_groups && look_next(execution->look, &entry) > 0) {
		struct look_entry now;

		if (execution_has_stopped(execution, entry.pgrp) &&
		    crew_find(&execution->crew, entry.pid, entry.start_ticks) < 0)
			(void)execution_deliver(execution, entry.pid, entry.start_ticks, SIGCONT,
						&now);
	}
	haste_end(&execution->haste);
}

void execution_finish(struct execution *execution, enum execute_outcome outcome)
{
	bool stays_stopped = outcome == EXECUTE_SIGNALLED && execution->signal == SIGSTOP;

	if (stays_stopped)
		haste_end(&execution->haste);
	else
		put_back(execution);
	for (size_t i = 0; i < execution->crew.n; i++) {
		if (!execution->crew.members[i].is_gone)
			add_survivor(execution, &execution->crew.members[i]);
	}
	mem_set_last_resort(NULL, NULL);
	execution->phase = EXECUTE_DONE;
	execution->outcome = outcome;
	execution->ended_ms = execution_now_ms();
}

static void finish_by_count(struct execution *execution)
{
	execution_finish(execution, execution->left == 0 ? EXECUTE_GONE : EXECUTE_SURVIVED);
}

static void begin_killing(struct execution *execution)
{
	if (execution->freezer && execution->is_frozen_exactly &&
	    freezer_can_kill(execution->freezer) && freezer_kill(execution->freezer) == 0) {
		for (size_t i = 0; i < execution->crew.n; i++) {
			struct member *member = &execution->crew.members[i];

			member->is_killed =
				member->is_killed || (member->is_frozen && !member->is_gone);
		}
	}
	execution_begin_pass(execution, DO_KILL);
}

/* All stand still and nobody new is there. */
static void all_stopped(struct execution *execution)
{
	if (execution->phase == EXECUTE_KILL || execution->signal == SIGKILL) {
		if (execution->phase != EXECUTE_KILL)
			execution_set_phase(execution, EXECUTE_KILL);
		begin_killing(execution);
	} else if (execution->signal == SIGSTOP) {
		for (size_t i = 0; i < execution->crew.n; i++)
			execution->crew.members[i].is_signalled =
				execution->crew.members[i].is_stopped;
		execution_finish(execution, EXECUTE_SIGNALLED);
	} else {
		execution_set_phase(execution, EXECUTE_SIGNAL);
		execution_begin_pass(execution, DO_SEND);
	}
}

static void after_stopping_look(struct execution *execution)
{
	bool is_late = execution_now_ms() - execution->phase_ms > FREEZE_MOST_MS;

	/* nobody new is no proof while some are yet to stop: a child appears behind the look */
	if (execution->new_in_look > 0 && !is_late) {
		execution_begin_look(execution);
		return;
	}
	if (!execution->was_settled && !is_late) {
		pause_for(execution, SETTLE_MS);
		return;
	}
	if (execution->freezer) {
		execution_count_inmates(execution);
		if (!execution->is_frozen_exactly) {
			execution_leave_cgroup(execution);
			execution_stop_groups(execution);
			execution_begin_pass(execution, DO_STOP);
			return;
		}
	}
	all_stopped(execution);
}

static void after_grace_look(struct execution *execution)
{
	double waited_s = (double)(execution_now_ms() - execution->phase_ms) / 1000;

	execution->clean_looks = execution->left == 0 ? execution->clean_looks + 1 : 0;
	if (execution->clean_looks >= CLEAN_LOOKS)
		finish_by_count(execution);
	else if (execution->clean_looks > 0)
		pause_for(execution, CHECK_LOOK_MS);
	else if (waited_s >= execution->config.grace_s)
		execution_begin_stopping(execution, EXECUTE_KILL);
	else
		pause_for(execution, GRACE_LOOK_MS);
}

static void after_check_look(struct execution *execution)
{
	if (execution->new_in_look > 0) {
		execution_begin_stopping(execution, EXECUTE_KILL);
		return;
	}
	execution->clean_looks =
		execution_count_living(execution) == 0 ? execution->clean_looks + 1 : 0;
	if (execution->clean_looks >= CLEAN_LOOKS ||
	    execution_now_ms() - execution->progress_ms > CHECK_PATIENCE_MS)
		finish_by_count(execution);
	else
		pause_for(execution, CHECK_LOOK_MS);
}

static void after_look(struct execution *execution)
{
	execution_close_look(execution);
	switch (execution->phase) {
	case EXECUTE_FREEZE:
	case EXECUTE_KILL:
		after_stopping_look(execution);
		break;
	case EXECUTE_GRACE:
		after_grace_look(execution);
		break;
	case EXECUTE_CHECK:
		after_check_look(execution);
		break;
	case EXECUTE_SIGNAL:
	case EXECUTE_DONE:
		break;
	}
}

/* ---- A unit of work ---- */

static void wait_frozen(struct execution *execution)
{
	static const struct timespec nap = {.tv_nsec = 1000000};

	if (!freezer_is_frozen(execution->freezer) &&
	    execution_now_ms() - execution->phase_ms < FROZEN_PATIENCE_MS) {
		nanosleep(&nap, NULL);
		return;
	}
	execution_count_inmates(execution);
	/* who is not in it, or what it could not freeze in time, is stopped as any other */
	if (!freezer_is_frozen(execution->freezer)) {
		for (size_t i = 0; i < execution->crew.n; i++)
			execution->crew.members[i].is_frozen = false;
	}
	execution_begin_pass(execution, DO_STOP);
}

static int look_at_some(struct execution *execution)
{
	for (int i = 0; i < UNIT; i++) {
		struct look_entry entry;
		int rc = look_next(execution->look, &entry);

		if (rc == 0) {
			after_look(execution);
			return 0;
		}
		if (rc > 0)
			rc = execution_see(execution, &entry);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void act_on(struct execution *execution, struct member *member)
{
	switch (execution->activity) {
	case DO_STOP:
		if (!member->is_stopped && !member->is_frozen)
			execution_stop(execution, member);
		break;
	case DO_SEND:
		/* it may leave an heir and end; without memory that one is known by other things */
		if (execution->is_ending)
			(void)recogniser_remember(execution->recogniser, execution->cursor);
		if (execution_signal(execution, member, execution->signal) == 0)
			member->is_signalled = true;
		break;
	case DO_CONTINUE:
		execution_continue(execution, member);
		break;
	case DO_KILL:
		if (!member->is_killed)
			member->is_killed = execution_signal(execution, member, SIGKILL) == 0;
		break;
	case DO_WAIT_FROZEN:
	case DO_LOOK:
	case DO_PAUSE:
		break;
	}
}

static void after_pass(struct execution *execution)
{
	switch (execution->activity) {
	case DO_STOP:
		execution_begin_look(execution);
		break;
	case DO_SEND:
		if (!execution->is_ending) {
			execution_finish(execution, EXECUTE_SIGNALLED);
			break;
		}
		if (execution->freezer)
			freezer_thaw(execution->freezer);
		execution_begin_pass(execution, DO_CONTINUE);
		break;
	case DO_CONTINUE:
		for (size_t i = 0; i < execution->n_groups; i++)
			execution->groups[i].is_stopped = false;
		execution_set_phase(execution, EXECUTE_GRACE);
		execution_begin_look(execution);
		break;
	case DO_KILL:
		/* v1 lets nobody die while it is frozen */
		if (execution->freezer)
			freezer_force_thaw(execution->freezer);
		execution_set_phase(execution, EXECUTE_CHECK);
		execution_begin_look(execution);
		break;
	case DO_WAIT_FROZEN:
	case DO_LOOK:
	case DO_PAUSE:
		break;
	}
}

static void act_on_some(struct execution *execution)
{
	for (int i = 0; i < UNIT && execution->cursor < execution->crew.n; i++) {
		struct member *member = &execution->crew.members[execution->cursor++];

		if (!member->is_gone)
			act_on(execution, member);
	}
	if (execution->cursor >= execution->crew.n)
		after_pass(execution);
}

int execution_work(struct execution *execution)
{
	recogniser_listen(execution->recogniser);
	switch (execution->activity) {
	case DO_WAIT_FROZEN:
		wait_frozen(execution);
		return 0;
	case DO_LOOK:
		return look_at_some(execution);
	case DO_PAUSE:
		if (execution_now_ms() >= execution->pause_until_ms)
			execution_begin_look(execution);
		return 0;
	case DO_STOP:
	case DO_SEND:
	case DO_CONTINUE:
	case DO_KILL:
		act_on_some(execution);
		return 0;
	}
	return 0;
}
