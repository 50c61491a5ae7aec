/*
 * Changes the priority of all that a plan has: the nice value by some steps, or the class of I/O.
 * Every thread of a process is changed, and so is who was forked from a member since the plan was
 * made. In slices, as execute.h:
 *
 *     nice_begin(plan, &change, &nicing);
 *     while ((more = nice_step(nicing)) > 0)
 *             look at the keyboard;
 *     nice_progress(nicing, &progress);
 *     nice_free(nicing);
 *
 * setpriority(2) and ioprio_set(2) take pids, not pidfds. The start time is compared right before
 * and right after: between the two a pid can be taken over, and that is told (`mistaken`).
 */
#ifndef CLADE_NICE_H
#define CLADE_NICE_H

#include <stddef.h>

#include "clade/plan.h"
#include "clade/text.h"

struct nicing;

enum nice_what { NICE_BY, NICE_IO };

/* As the kernel numbers them (linux/ioprio.h). */
enum nice_io { NICE_IO_NONE, NICE_IO_REAL_TIME, NICE_IO_BEST_EFFORT, NICE_IO_IDLE };

enum { NICE_IO_LEVELS = 8, NICE_LOWEST = -20, NICE_HIGHEST = 19 };

struct nice_change {
	enum nice_what what;
	int by;          /* NICE_BY: below 0 is more CPU; never beyond the ends */
	enum nice_io io; /* NICE_IO */
	int level;       /* of real-time and best-effort: 0 is most */
};

enum { NICE_ERRORS = 4 };

struct nice_progress {
	size_t planned;   /* that the plan had */
	size_t newcomers; /* forked since, and found */
	size_t changed;
	size_t same;     /* had it already, or are at the end of the range */
	size_t gone;     /* ended before they were changed */
	size_t mistaken; /* ended while they were: the pid is another's by now */
	size_t refused;
	struct {
		int error; /* errno; 0 ends */
		size_t n;
	} errors[NICE_ERRORS]; /* why they were refused */
	bool is_stopped;       /* by the user, before it was through */
	int error;             /* it came to an end by itself: -errno */
};

/* The value that a nice value becomes. */
int nice_value(int value, int by);

/* Who was forked from a member and not seen before it was changed: whether that one still has to
 * be, by its own value and the member's before. Who was forked after has the new one already. */
bool nice_is_behind(const struct nice_change *change, int value, int before, int after);

/* Begins; the plan is copied as far as it is needed. Returns 0 and the nicing, or -errno: -EXDEV
 * when /proc shows another pid namespace than ours, -EPERM when the plan holds what clade runs in.
 */
int nice_begin(const struct plan *plan, const struct nice_change *change, struct nicing **nicing);

/* Does some milliseconds' work. Returns 1 when there is more, 0 when it is over, or -errno. */
int nice_step(struct nicing *nicing);

/* Ends it: what was changed stays so. */
void nice_stop(struct nicing *nicing);

void nice_progress(const struct nicing *nicing, struct nice_progress *progress);

/* NULL is fine. */
void nice_free(struct nicing *nicing);

/* "nice +1", "I/O best-effort 4" */
void nice_add_change(struct text *out, const struct nice_change *change);

/* What came of it, in one line: "nice -1: 3 processes changed, 2 refused: only root may raise". */
void nice_add_result(struct text *out, const struct nice_change *change, const struct plan *plan,
		     const struct nice_progress *progress);

#endif
