#include "clade/execute.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

#include "clade/haste.h"
#include "crew.h"
#include "freezer.h"
#include "look.h"
#include "recognise.h"

enum {
	SLICE_MS = 8,              /* of one step */
	UNIT = 32,                 /* processes between two looks at the clock */
	FROZEN_PATIENCE_MS = 1000, /* for a control group to stand still */
	FREEZE_MOST_MS = 30000,    /* then what is not stopped yet is killed as it runs */
	DEEP_SLEEP_MS = 500,       /* who does not wake up in that time is not about to fork */
	SETTLE_MS = 1,             /* between two looks while some have yet to stop */
	GRACE_LOOK_MS = 100,       /* between two looks in the grace */
	CHECK_LOOK_MS = 20,        /* between two looks for survivors */
	CHECK_PATIENCE_MS = 5000,  /* for somebody more to go */
	CLEAN_LOOKS = 2,
	GROUP_LEAST = 8, /* members that make stopping a group at once worth while */
};

/* Linux 6.9: to all of the group that the pidfd's process leads, at once. */
static const unsigned SIGNAL_PROCESS_GROUP = 1U << 2;

enum activity {
	DO_WAIT_FROZEN, /* for the control group */
	DO_STOP,        /* every member that goes on */
	DO_LOOK,
	DO_SEND, /* the signal */
	DO_CONTINUE,
	DO_KILL,
	DO_PAUSE, /* then look */
};

/* A process group that is wholly the plan's. */
struct whole_group {
	int32_t id;
	size_t members;
	bool is_stopped; /* at once, by us */
};

struct execution {
	struct execute_config config;
	int signal;
	bool is_ending;
	size_t planned;
	struct look *look;
	struct recogniser *recogniser;
	struct freezer *freezer; /* NULL: process by process */
	char *cgroup;            /* what was frozen, for the report */
	struct crew crew;
	struct whole_group *groups;
	size_t n_groups;
	bool can_stop_groups;
	struct haste haste;

	enum execute_phase phase;
	enum execute_outcome outcome;
	enum activity activity;
	size_t cursor;          /* into the members */
	uint32_t looks;         /* begun */
	size_t new_in_look;     /* members found in this one that could be stopped */
	size_t unsettled;       /* members that this look saw on their way to a stop */
	bool was_settled;       /* none was in the look before */
	int clean_looks;        /* in a row */
	size_t left;            /* after the last look */
	bool is_frozen_exactly; /* the control group holds members only */
	size_t spared;
	bool has_pidfd;
	int error;
	uint64_t began_ms, ended_ms, look_ms, phase_ms, progress_ms, pause_until_ms;
	struct survivor survivors[SURVIVORS_MAX];
	size_t n_survivors;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool execute_has_pidfd(void)
{
	int fd = pidfd_open(getpid(), 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != ENOSYS;
}

bool execute_may_signal(struct proc_key key)
{
	return kill((pid_t)key.pid, 0) == 0;
}

/* ---- One signal to one process ---- */

/* Sends it if the pid is still that process's. The pidfd is opened before the start time is read:
 * whoever it names then, it names until it is closed. Returns 0; -ESRCH when the process is gone,
 * with what holds its pid now in `entry` (pid 0: nobody); or another -errno. */
static int deliver(struct execution *execution, int32_t pid, uint64_t start_ticks, int number,
		   struct look_entry *entry)
{
	int fd = execution->has_pidfd ? pidfd_open(pid, 0) : -1;
	int rc;

	entry->pid = 0;
	if (execution->has_pidfd && fd < 0 && errno == ESRCH)
		return -ESRCH;
	rc = look_read(execution->look, pid, entry);
	if (rc == 0 && (entry->start_ticks != start_ticks || look_is_dead(entry)))
		rc = -ESRCH;
	/* without a descriptor left, the comparison has just been made */
	if (rc == 0)
		rc = fd >= 0 ? pidfd_send_signal(fd, number, NULL, 0) : kill(pid, number);
	if (rc == -1)
		rc = -errno;
	if (fd >= 0)
		close(fd);
	return rc;
}

static void set_gone(struct member *member, bool is_zombie)
{
	member->is_gone = true;
	member->is_zombie = is_zombie;
}

/* The same for a member; what became of it is noted. */
static int signal_member_seen(struct execution *execution, struct member *member, int number,
			      struct look_entry *entry)
{
	int rc = deliver(execution, member->pid, member->start_ticks, number, entry);

	if (rc == -ESRCH) {
		bool is_same =
			entry->pid == member->pid && entry->start_ticks == member->start_ticks;

		execution->spared += entry->pid == member->pid && !is_same;
		set_gone(member, is_same);
	} else if (rc != 0) {
		member->error = (int16_t)-rc;
	} else {
		member->error = 0;
		member->state = entry->state;
	}
	return rc;
}

static int signal_member(struct execution *execution, struct member *member, int number)
{
	struct look_entry entry;

	return signal_member_seen(execution, member, number, &entry);
}

static int compare_groups(const void *id, const void *group)
{
	int32_t a = *(const int32_t *)id;
	int32_t b = ((const struct whole_group *)group)->id;

	return (a > b) - (a < b);
}

static struct whole_group *find_group(struct execution *execution, int32_t id)
{
	return bsearch(&id, execution->groups, execution->n_groups, sizeof(*execution->groups),
		       compare_groups);
}

static bool is_in_stopped_group(struct execution *execution, int32_t pgrp)
{
	const struct whole_group *group = find_group(execution, pgrp);

	return group && group->is_stopped;
}

static void stop_member(struct execution *execution, struct member *member)
{
	struct look_entry entry;

	if (signal_member_seen(execution, member, SIGSTOP, &entry) != 0)
		return;
	if (!member->is_stopped && member->state == 'T' &&
	    !is_in_stopped_group(execution, member->pgrp))
		member->was_stopped = true;
	member->is_stopped = true;
	recogniser_see_member(execution->recogniser, &entry);
}

static void continue_member(struct execution *execution, struct member *member)
{
	if (signal_member(execution, member, SIGCONT) == 0) {
		member->is_stopped = false;
		member->was_stopped = false;
	}
}

/* All of a group in one call, which no fork can slip through: the kernel holds forks back while it
 * goes through the group. */
static void stop_group(struct execution *execution, struct whole_group *group)
{
	const struct member *leader = crew_find_pid(&execution->crew, group->id);
	struct look_entry entry;
	int fd;

	if (!leader || leader->is_gone || group->members < GROUP_LEAST)
		return;
	fd = pidfd_open(leader->pid, 0);
	if (fd < 0)
		return;
	if (look_read(execution->look, leader->pid, &entry) == 0 &&
	    entry.start_ticks == leader->start_ticks && entry.pgrp == group->id) {
		if (pidfd_send_signal(fd, SIGSTOP, NULL, SIGNAL_PROCESS_GROUP) == 0)
			group->is_stopped = true;
		else if (errno == EINVAL)
			execution->can_stop_groups = false;
	}
	close(fd);
}

static void stop_groups(struct execution *execution)
{
	for (size_t i = 0; i < execution->n_groups && execution->can_stop_groups; i++)
		stop_group(execution, &execution->groups[i]);
}

/* ---- Looking ---- */

static void begin_look(struct execution *execution)
{
	execution->activity = DO_LOOK;
	execution->looks++;
	execution->look_ms = now_ms();
	execution->new_in_look = 0;
	execution->was_settled = execution->unsettled == 0;
	execution->unsettled = 0;
	look_begin(execution->look);
	recogniser_begin(execution->recogniser, execution->looks);
}

/* Has SIGSTOP and does not stand still yet: what it is forking just now comes to be all the same.
 */
static bool is_on_its_way(const struct execution *execution, const struct member *member)
{
	if (!member->is_stopped || member->is_frozen || member->state == 'T' ||
	    member->state == 't')
		return false;
	return member->state != 'D' || now_ms() - execution->phase_ms < DEEP_SLEEP_MS;
}

static void see_member(struct execution *execution, struct member *member,
		       const struct look_entry *entry)
{
	member->seen = execution->looks;
	member->state = entry->state;
	member->pgrp = entry->pgrp;
	member->session = entry->session;
	if (look_is_dead(entry))
		set_gone(member, true);
	else
		execution->unsettled += is_on_its_way(execution, member);
}

/* Someone else in a group that was stopped at once: came in between, and goes on. */
static void see_other(struct execution *execution, const struct look_entry *entry)
{
	struct look_entry now;

	recogniser_see_other(execution->recogniser, entry);
	if (is_in_stopped_group(execution, entry->pgrp))
		(void)deliver(execution, entry->pid, entry->start_ticks, SIGCONT, &now);
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
			stop_member(execution, member);
		execution->new_in_look += member->error == 0 && !member->is_gone;
	}
	return 0;
}

static int see(struct execution *execution, const struct look_entry *entry)
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

/* Who was not seen is gone. */
static void close_look(struct execution *execution)
{
	size_t left = 0;

	for (size_t i = 0; i < execution->crew.n; i++) {
		struct member *member = &execution->crew.members[i];

		if (member->seen != execution->looks)
			set_gone(member, false);
		left += !member->is_gone;
	}
	if (left != execution->left)
		execution->progress_ms = now_ms();
	execution->left = left;
}

/* Those who are left and could be signalled. */
static size_t count_living(const struct execution *execution)
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

static void count_inmates(struct execution *execution)
{
	for (size_t i = 0; i < execution->crew.n; i++)
		execution->crew.members[i].is_frozen = false;
	execution->is_frozen_exactly = true;
	if (freezer_each(execution->freezer, take_inmate, execution) != 0)
		execution->is_frozen_exactly = false;
}

/* Somebody in the group is not ours: process by process, then. */
static void leave_cgroup(struct execution *execution)
{
	freezer_close(execution->freezer);
	execution->freezer = NULL;
	for (size_t i = 0; i < execution->crew.n; i++)
		execution->crew.members[i].is_frozen = false;
}

/* ---- From one thing to the next ---- */

static void set_phase(struct execution *execution, enum execute_phase phase)
{
	execution->phase = phase;
	execution->phase_ms = now_ms();
	execution->progress_ms = execution->phase_ms;
	execution->clean_looks = 0;
}

static void begin_pass(struct execution *execution, enum activity activity)
{
	execution->activity = activity;
	execution->cursor = 0;
}

/* At least as long as the look took: we run before everybody else. */
static void pause_for(struct execution *execution, uint64_t ms)
{
	uint64_t now = now_ms();
	uint64_t took = now - execution->look_ms;

	execution->activity = DO_PAUSE;
	execution->pause_until_ms = now + (took > ms ? took : ms);
}

/* Stops everybody: EXECUTE_FREEZE, and again in EXECUTE_KILL. */
static void begin_stopping(struct execution *execution, enum execute_phase phase)
{
	set_phase(execution, phase);
	execution->unsettled = 1;
	haste_begin(&execution->haste);
	if (execution->freezer && freezer_freeze(execution->freezer) == 0) {
		begin_pass(execution, DO_WAIT_FROZEN);
		return;
	}
	if (execution->freezer)
		leave_cgroup(execution);
	stop_groups(execution);
	begin_pass(execution, DO_STOP);
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
		leave_cgroup(execution);
	for (size_t i = execution->crew.n; i-- > 0;) {
		struct member *member = &execution->crew.members[i];

		if (!member->is_gone && !member->was_stopped &&
		    (member->is_stopped || is_in_stopped_group(execution, member->pgrp)))
			continue_member(execution, member);
	}
	/* who was born into a group before it was stopped may not have been seen yet; who has the
	 * signal and not run since does not look stopped yet */
	for (size_t i = 0; i < execution->n_groups; i++)
		has_stopped_groups = has_stopped_groups || execution->groups[i].is_stopped;
	look_begin(execution->look);
	while (has_stopped_groups && look_next(execution->look, &entry) > 0) {
		struct look_entry now;

		if (is_in_stopped_group(execution, entry.pgrp) &&
		    crew_find(&execution->crew, entry.pid, entry.start_ticks) < 0)
			(void)deliver(execution, entry.pid, entry.start_ticks, SIGCONT, &now);
	}
	haste_end(&execution->haste);
}

static void finish(struct execution *execution, enum execute_outcome outcome)
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
	execution->phase = EXECUTE_DONE;
	execution->outcome = outcome;
	execution->ended_ms = now_ms();
}

static void finish_by_count(struct execution *execution)
{
	finish(execution, execution->left == 0 ? EXECUTE_GONE : EXECUTE_SURVIVED);
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
	begin_pass(execution, DO_KILL);
}

/* All stand still and nobody new is there. */
static void all_stopped(struct execution *execution)
{
	if (execution->phase == EXECUTE_KILL || execution->signal == SIGKILL) {
		if (execution->phase != EXECUTE_KILL)
			set_phase(execution, EXECUTE_KILL);
		begin_killing(execution);
	} else if (execution->signal == SIGSTOP) {
		for (size_t i = 0; i < execution->crew.n; i++)
			execution->crew.members[i].is_signalled =
				execution->crew.members[i].is_stopped;
		finish(execution, EXECUTE_SIGNALLED);
	} else {
		set_phase(execution, EXECUTE_SIGNAL);
		begin_pass(execution, DO_SEND);
	}
}

static void after_stopping_look(struct execution *execution)
{
	bool is_late = now_ms() - execution->phase_ms > FREEZE_MOST_MS;

	/* nobody new is no proof while some are yet to stop: a child appears behind the look */
	if (execution->new_in_look > 0 && !is_late) {
		begin_look(execution);
		return;
	}
	if (!execution->was_settled && !is_late) {
		pause_for(execution, SETTLE_MS);
		return;
	}
	if (execution->freezer) {
		count_inmates(execution);
		if (!execution->is_frozen_exactly) {
			leave_cgroup(execution);
			stop_groups(execution);
			begin_pass(execution, DO_STOP);
			return;
		}
	}
	all_stopped(execution);
}

static void after_grace_look(struct execution *execution)
{
	double waited_s = (double)(now_ms() - execution->phase_ms) / 1000;

	execution->clean_looks = execution->left == 0 ? execution->clean_looks + 1 : 0;
	if (execution->clean_looks >= CLEAN_LOOKS)
		finish_by_count(execution);
	else if (execution->clean_looks > 0)
		pause_for(execution, CHECK_LOOK_MS);
	else if (waited_s >= execution->config.grace_s)
		begin_stopping(execution, EXECUTE_KILL);
	else
		pause_for(execution, GRACE_LOOK_MS);
}

static void after_check_look(struct execution *execution)
{
	if (execution->new_in_look > 0) {
		begin_stopping(execution, EXECUTE_KILL);
		return;
	}
	execution->clean_looks = count_living(execution) == 0 ? execution->clean_looks + 1 : 0;
	if (execution->clean_looks >= CLEAN_LOOKS ||
	    now_ms() - execution->progress_ms > CHECK_PATIENCE_MS)
		finish_by_count(execution);
	else
		pause_for(execution, CHECK_LOOK_MS);
}

static void after_look(struct execution *execution)
{
	close_look(execution);
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
	    now_ms() - execution->phase_ms < FROZEN_PATIENCE_MS) {
		nanosleep(&nap, NULL);
		return;
	}
	count_inmates(execution);
	/* who is not in it, or what it could not freeze in time, is stopped as any other */
	if (!freezer_is_frozen(execution->freezer)) {
		for (size_t i = 0; i < execution->crew.n; i++)
			execution->crew.members[i].is_frozen = false;
	}
	begin_pass(execution, DO_STOP);
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
			rc = see(execution, &entry);
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
			stop_member(execution, member);
		break;
	case DO_SEND:
		if (signal_member(execution, member, execution->signal) == 0)
			member->is_signalled = true;
		break;
	case DO_CONTINUE:
		continue_member(execution, member);
		break;
	case DO_KILL:
		if (!member->is_killed)
			member->is_killed = signal_member(execution, member, SIGKILL) == 0;
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
		begin_look(execution);
		break;
	case DO_SEND:
		if (!execution->is_ending) {
			finish(execution, EXECUTE_SIGNALLED);
			break;
		}
		if (execution->freezer)
			freezer_thaw(execution->freezer);
		begin_pass(execution, DO_CONTINUE);
		break;
	case DO_CONTINUE:
		for (size_t i = 0; i < execution->n_groups; i++)
			execution->groups[i].is_stopped = false;
		set_phase(execution, EXECUTE_GRACE);
		begin_look(execution);
		break;
	case DO_KILL:
		/* v1 lets nobody die while it is frozen */
		if (execution->freezer)
			freezer_force_thaw(execution->freezer);
		set_phase(execution, EXECUTE_CHECK);
		begin_look(execution);
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

static int work(struct execution *execution)
{
	switch (execution->activity) {
	case DO_WAIT_FROZEN:
		wait_frozen(execution);
		return 0;
	case DO_LOOK:
		return look_at_some(execution);
	case DO_PAUSE:
		if (now_ms() >= execution->pause_until_ms)
			begin_look(execution);
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

/* ---- Beginning ---- */

static int add_members(struct execution *execution, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct plan_step *step = &plan->steps[i];
		struct member member = {
			.start_ticks = step->key.start_ticks,
			.pid = (int32_t)step->key.pid,
			.pgrp = step->pgrp,
			.session = step->session,
			.why = (uint8_t)step->why,
			.state = step->state,
			.was_stopped = step->state == 'T',
		};
		struct whole_group *group = find_group(execution, step->pgrp);
		int32_t index;
		int rc;

		strncpy(member.comm, step->comm, sizeof(member.comm) - 1);
		if (group)
			group->members++;
		rc = crew_add_member(&execution->crew, &member, &index);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int add_others(struct execution *execution, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_others; i++) {
		int rc = crew_add_other(&execution->crew, (int32_t)plan->others[i].pid,
					plan->others[i].start_ticks);

		if (rc != 0)
			return rc;
	}
	return 0;
}

/* Clade and what it runs in, whatever the plan says. */
static int add_self(struct execution *execution)
{
	struct look_entry entry;
	int32_t pid = getpid();
	int rc = 0;

	while (rc == 0 && pid > 0 && look_read(execution->look, pid, &entry) == 0) {
		int32_t who = crew_find(&execution->crew, pid, entry.start_ticks);

		if (who >= 0)
			return -EPERM;
		rc = crew_add_other(&execution->crew, pid, entry.start_ticks);
		pid = entry.ppid;
	}
	return rc;
}

static int prepare(struct execution *execution, const struct plan *plan)
{
	int rc = look_open(&execution->look);

	if (rc == 0)
		rc = crew_init(&execution->crew, plan->n_steps, plan->n_others);
	if (rc != 0)
		return rc;
	execution->groups = calloc(plan->n_groups + 1, sizeof(*execution->groups));
	if (!execution->groups)
		return -ENOMEM;
	for (size_t i = 0; i < plan->n_groups; i++)
		execution->groups[execution->n_groups++].id = plan->groups[i];
	rc = add_members(execution, plan);
	if (rc == 0)
		rc = add_others(execution, plan);
	if (rc == 0)
		rc = add_self(execution);
	if (rc == 0)
		rc = recogniser_new(plan, &execution->crew, execution->look,
				    &execution->recogniser);
	return rc;
}

int execute_begin(const struct plan *plan, const struct execute_config *config,
		  struct execution **begun)
{
	struct execution *execution = calloc(1, sizeof(*execution));
	int rc;

	if (!execution)
		return -ENOMEM;
	*execution = (struct execution){
		.config = *config,
		.signal = plan->signal,
		.is_ending = signal_get(plan->signal)->is_ending,
		.planned = plan->n_steps,
		.left = plan->n_steps,
		.has_pidfd = !config->avoid_pidfd && execute_has_pidfd(),
		.can_stop_groups = !config->avoid_pidfd,
		.began_ms = now_ms(),
	};
	rc = prepare(execution, plan);
	if (rc != 0) {
		execute_free(execution);
		return rc;
	}
	if (execution->is_ending && !config->avoid_cgroup)
		execution->freezer = freezer_open(plan);
	if (execution->freezer)
		execution->cgroup = strdup(freezer_dir(execution->freezer));
	if (execution->is_ending || execution->signal == SIGSTOP) {
		begin_stopping(execution, EXECUTE_FREEZE);
	} else {
		set_phase(execution, EXECUTE_SIGNAL);
		begin_pass(execution, DO_SEND);
	}
	*begun = execution;
	return 0;
}

/* ---- For the caller ---- */

int execute_step(struct execution *execution)
{
	uint64_t end = now_ms() + SLICE_MS;

	while (execution->outcome == EXECUTE_RUNNING && now_ms() < end &&
	       execute_pause_ms(execution) == 0) {
		int rc = work(execution);

		if (rc < 0) {
			execution->error = rc;
			finish(execution, EXECUTE_FAILED);
			return rc;
		}
	}
	return execution->outcome == EXECUTE_RUNNING;
}

int execute_pause_ms(const struct execution *execution)
{
	uint64_t now = now_ms();

	if (execution->activity != DO_PAUSE || execution->pause_until_ms <= now)
		return 0;
	return (int)(execution->pause_until_ms - now);
}

void execute_cancel(struct execution *execution)
{
	if (execution->outcome == EXECUTE_RUNNING)
		finish(execution, EXECUTE_CANCELLED);
}

static void count_members(const struct execution *execution, struct execute_progress *progress)
{
	for (size_t i = 0; i < execution->crew.n; i++) {
		const struct member *member = &execution->crew.members[i];

		progress->stopped += !member->is_gone && (member->is_stopped || member->is_frozen);
		progress->signalled += member->is_signalled;
		progress->killed += member->is_killed;
		progress->gone += member->is_gone;
		progress->zombies += member->is_zombie;
		if (i >= execution->planned)
			progress->found[member->why]++;
	}
	progress->left = execution->crew.n - progress->gone;
	progress->newcomers = execution->crew.n - execution->planned;
}

void execute_progress(const struct execution *execution, struct execute_progress *progress)
{
	uint64_t now = execution->ended_ms > 0 ? execution->ended_ms : now_ms();

	*progress = (struct execute_progress){
		.phase = execution->phase,
		.outcome = execution->outcome,
		.planned = execution->planned,
		.looks = execution->looks,
		.spared = execution->spared,
		.has_pidfd = execution->has_pidfd,
		.cgroup = execution->cgroup,
		.error = execution->error,
		.elapsed_s = (double)(now - execution->began_ms) / 1000,
		.survivors = execution->survivors,
		.n_survivors = execution->n_survivors,
	};
	if (execution->phase == EXECUTE_GRACE)
		progress->grace_left_s =
			execution->config.grace_s - (double)(now - execution->phase_ms) / 1000;
	if (progress->grace_left_s < 0)
		progress->grace_left_s = 0;
	count_members(execution, progress);
}

void execute_free(struct execution *execution)
{
	if (!execution)
		return;
	if (execution->recogniser)
		execute_cancel(execution);
	freezer_close(execution->freezer);
	recogniser_free(execution->recogniser);
	look_close(execution->look);
	crew_done(&execution->crew);
	free(execution->groups);
	free(execution->cgroup);
	free(execution);
}
