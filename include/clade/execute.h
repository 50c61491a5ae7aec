/*
 * Carries a plan out, in slices, so that the caller can look at the keyboard in between:
 *
 *     execute_begin(plan, &config, &execution);
 *     while ((more = execute_step(execution)) > 0)
 *             poll the keyboard; execute_cancel() to stop;
 *     execute_progress(execution, &progress);
 *     execute_free(execution);
 *
 * A signal that is to end things (signal_rows): all are stopped, parents first, until a look at
 * /proc finds nobody new; then comes the signal, and they go on with it; after the grace what is
 * left is stopped again and killed, until two looks in a row find nobody. Where the plan is exactly
 * the population of a control group, the kernel freezes and kills that as one. Any other signal is
 * sent once; STOP until nobody new appears.
 *
 * Each process is held by a pidfd and its start time is compared before a signal goes to it.
 * Whatever way an execution ends, nothing that it stopped or froze stays so.
 */
#ifndef CLADE_EXECUTE_H
#define CLADE_EXECUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/plan.h"
#include "clade/text.h"

struct execution;

struct execute_config {
	double grace_s; /* between the signal and SIGKILL */
};

enum execute_phase {
	EXECUTE_FREEZE, /* stopping */
	EXECUTE_SIGNAL,
	EXECUTE_GRACE,
	EXECUTE_KILL,  /* stopping what is left, and SIGKILL */
	EXECUTE_CHECK, /* looking for survivors */
	EXECUTE_DONE,
};

/* How it ended; EXECUTE_RUNNING before that. */
enum execute_outcome {
	EXECUTE_RUNNING,
	EXECUTE_GONE,      /* nobody is left */
	EXECUTE_SURVIVED,  /* somebody is */
	EXECUTE_SIGNALLED, /* a signal that ends nothing was sent */
	EXECUTE_CANCELLED,
	EXECUTE_FAILED,
};

/* Somebody who is left. */
struct survivor {
	struct proc_key key;
	char comm[16];
	char state;
	int error; /* why it could not be signalled (errno), 0: it was */
};

struct execute_progress {
	enum execute_phase phase;
	enum execute_outcome outcome;
	size_t planned;          /* that the plan had */
	size_t newcomers;        /* found later */
	size_t found[PLAN_WHYS]; /* newcomers by how they were recognised */
	size_t stopped;          /* that stand still now */
	size_t signalled;        /* that a signal was sent to */
	size_t killed;           /* that SIGKILL was sent to */
	size_t gone;             /* ended, or ended already when we came */
	size_t left;             /* live still */
	size_t zombies;          /* of those gone: dead but not reaped */
	size_t strays;           /* orphans of its users that came later and may be of it */
	size_t spared;           /* pids that are somebody else's by now */
	size_t looks;            /* at /proc */
	double elapsed_s;
	double grace_left_s;              /* 0 but in EXECUTE_GRACE */
	bool has_pidfd;                   /* false: start times are compared right before kill(2) */
	const char *cgroup;               /* the directory that is frozen as one, or NULL */
	int error;                        /* EXECUTE_FAILED: -errno */
	const struct survivor *survivors; /* the first ones, once it is over */
	size_t n_survivors;
};

enum { SURVIVORS_MAX = 50 };

/* "freezing", "signalling", … */
const char *execute_phase_name(enum execute_phase phase);
const char *execute_outcome_name(enum execute_outcome outcome);

/* Begins; the plan is copied as far as it is needed. Returns 0 and the execution, or -errno:
 * -EXDEV when /proc shows another pid namespace than ours, -EPERM when the plan holds what clade
 * runs in. Nothing has been touched then. */
int execute_begin(const struct plan *plan, const struct execute_config *config,
		  struct execution **execution);

/* Does some milliseconds' work. Returns 1 when there is more, 0 when it is over (execute_progress()
 * says how), or -errno after it has put everything back. */
int execute_step(struct execution *execution);

/* How long nothing needs to be done: the caller may sleep so long. */
int execute_pause_ms(const struct execution *execution);

/* Ends it at once: what was stopped goes on, what was frozen thaws. Harmless when it is over. */
void execute_cancel(struct execution *execution);

void execute_progress(const struct execution *execution, struct execute_progress *progress);

/* Cancels if need be, and frees; NULL is fine. */
void execute_free(struct execution *execution);

/* Whether this kernel has pidfds, whether we may signal anybody's processes, and whether this
 * one's.
 */
bool execute_has_pidfd(void);
bool execute_is_mighty(void);
bool execute_may_signal(struct proc_key key);

/* Adds what happened in one line: "Gone: 3,000 processes in 1.2 s, 7 looks". */
void execute_add_result(struct text *out, const struct execute_progress *progress);

/* Adds who is left and why, in one line. */
void survivor_add_text(struct text *out, const struct survivor *survivor);

#endif
