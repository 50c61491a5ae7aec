#include "execution.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

#include "clade/mem.h"

enum {
	SLICE_MS = 8,    /* of one step */
	GROUP_LEAST = 8, /* members that make stopping a group at once worth while */
};

/* Linux 6.9: to all of the group that the pidfd's process leads, at once. */
static const unsigned SIGNAL_PROCESS_GROUP = 1U << 2;

uint64_t execution_now_ms(void)
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

int execution_deliver(struct execution *execution, int32_t pid, uint64_t start_ticks, int number,
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

/* Notes what became of it. */
static int signal_seen(struct execution *execution, struct member *member, int number,
		       struct look_entry *entry)
{
	int rc = execution_deliver(execution, member->pid, member->start_ticks, number, entry);

	if (rc == -ESRCH) {
		bool is_same =
			entry->pid == member->pid && entry->start_ticks == member->start_ticks;

		execution->spared += entry->pid == member->pid && !is_same;
		member_set_gone(member, is_same);
	} else if (rc != 0) {
		member->error = (int16_t)-rc;
	} else {
		member->error = 0;
		member->state = entry->state;
	}
	return rc;
}

int execution_signal(struct execution *execution, struct member *member, int number)
{
	struct look_entry entry;

	return signal_seen(execution, member, number, &entry);
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

bool execution_has_stopped(struct execution *execution, int32_t pgrp)
{
	const struct whole_group *group = find_group(execution, pgrp);

	return group && group->is_stopped;
}

void execution_stop(struct execution *execution, struct member *member)
{
	struct look_entry entry;

	if (signal_seen(execution, member, SIGSTOP, &entry) != 0)
		return;
	if (!member->is_stopped && member->state == 'T' &&
	    !execution_has_stopped(execution, member->pgrp))
		member->was_stopped = true;
	member->is_stopped = true;
	recogniser_see_member(execution->recogniser, &entry, member->seen == 0);
}

void execution_continue(struct execution *execution, struct member *member)
{
	if (execution_signal(execution, member, SIGCONT) == 0) {
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

void execution_stop_groups(struct execution *execution)
{
	for (size_t i = 0; i < execution->n_groups && execution->can_stop_groups; i++)
		stop_group(execution, &execution->groups[i]);
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

static void end_at_once(void *context)
{
	execute_cancel(context);
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
		.has_pidfd = execute_has_pidfd(),
		.can_stop_groups = true,
		.began_ms = execution_now_ms(),
	};
	rc = prepare(execution, plan);
	if (rc != 0) {
		execute_free(execution);
		return rc;
	}
	if (execution->is_ending)
		execution->freezer = freezer_open(plan);
	if (execution->freezer)
		execution->cgroup = strdup(freezer_dir(execution->freezer));
	mem_set_last_resort(end_at_once, execution);
	if (execution->is_ending || execution->signal == SIGSTOP) {
		execution_begin_stopping(execution, EXECUTE_FREEZE);
	} else {
		execution_set_phase(execution, EXECUTE_SIGNAL);
		execution_begin_pass(execution, DO_SEND);
	}
	*begun = execution;
	return 0;
}

/* ---- For the caller ---- */

int execute_step(struct execution *execution)
{
	uint64_t end = execution_now_ms() + SLICE_MS;

	while (execution->outcome == EXECUTE_RUNNING && execution_now_ms() < end &&
	       execute_pause_ms(execution) == 0) {
		int rc = execution_work(execution);

		if (rc < 0) {
			execution->error = rc;
			execution_finish(execution, EXECUTE_FAILED);
			return rc;
		}
	}
	return execution->outcome == EXECUTE_RUNNING;
}

int execute_pause_ms(const struct execution *execution)
{
	uint64_t now = execution_now_ms();

	if (execution->activity != DO_PAUSE || execution->pause_until_ms <= now)
		return 0;
	return (int)(execution->pause_until_ms - now);
}

void execute_cancel(struct execution *execution)
{
	if (execution->outcome == EXECUTE_RUNNING)
		execution_finish(execution, EXECUTE_CANCELLED);
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
	uint64_t now = execution->ended_ms > 0 ? execution->ended_ms : execution_now_ms();

	*progress = (struct execute_progress){
		.phase = execution->phase,
		.outcome = execution->outcome,
		.planned = execution->planned,
		.looks = execution->looks,
		.strays = recogniser_strays(execution->recogniser),
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
