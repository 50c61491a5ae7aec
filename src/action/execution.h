/*
 * An execution from the inside, for the files that carry it out: execute.c, which alone signals,
 * begins it and speaks with the caller; watching.c looks at /proc; phases.c goes from one thing to
 * the next.
 */
#ifndef CLADE_EXECUTION_H
#define CLADE_EXECUTION_H

#include "clade/execute.h"
#include "clade/haste.h"
#include "crew.h"
#include "freezer.h"
#include "look.h"
#include "recognise.h"

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

uint64_t execution_now_ms(void);

/* ---- execute.c ---- */

/* Sends it if the pid is still that process's. The pidfd is opened before the start time is read:
 * whoever it names then, it names until it is closed. Returns 0; -ESRCH when the process is gone,
 * with what holds its pid now in `entry` (pid 0: nobody); or another -errno. */
int execution_deliver(struct execution *execution, int32_t pid, uint64_t start_ticks, int number,
		      struct look_entry *entry);

/* The same for a member; what became of it is noted. */
int execution_signal(struct execution *execution, struct member *member, int number);
void execution_stop(struct execution *execution, struct member *member);
void execution_continue(struct execution *execution, struct member *member);

/* Stops each group that is wholly the plan's at once, as far as that is worth while. */
void execution_stop_groups(struct execution *execution);

/* Whether the group was stopped at once. */
bool execution_has_stopped(struct execution *execution, int32_t pgrp);

/* ---- watching.c ---- */

void execution_begin_look(struct execution *execution);

/* What the look has met. Returns 0 or -errno. */
int execution_see(struct execution *execution, const struct look_entry *entry);

/* Who was not seen is gone. */
void execution_close_look(struct execution *execution);

/* Those who are left and could be signalled. */
size_t execution_count_living(const struct execution *execution);

/* Who is in the control group, and whether they are all members. */
void execution_count_inmates(struct execution *execution);

/* Somebody in the group is not ours: process by process, then. */
void execution_leave_cgroup(struct execution *execution);

/* ---- phases.c ---- */

void execution_set_phase(struct execution *execution, enum execute_phase phase);
void execution_begin_pass(struct execution *execution, enum activity activity);

/* Stops everybody: EXECUTE_FREEZE, and again in EXECUTE_KILL. */
void execution_begin_stopping(struct execution *execution, enum execute_phase phase);

/* One unit. Returns 0 or -errno. */
int execution_work(struct execution *execution);

/* Whatever was stopped and lives goes on. It asks for no memory. */
void execution_finish(struct execution *execution, enum execute_outcome outcome);

#endif
