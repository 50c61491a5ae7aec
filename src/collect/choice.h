/*
 * Which facts a process of the sample has. Nothing is read of one that is as it was, or as what it
 * was forked from is; the rest is read, and what changes without a sign looked at again, as far as
 * the time of the sample reaches.
 */
#ifndef CLADE_CHOICE_H
#define CLADE_CHOICE_H

#include "sampler.h"

/* What is kept of a process for the next sample and is no business of a snapshot. */
struct side {
	uint64_t stack; /* start of its stack: another address means another exec; 0 when not ours
			   to see */
	uint64_t facts_ms;     /* when its facts were read, by the clock of snapshots */
	uint64_t looked_ticks; /* what CPU it had used when its arguments were looked at */
	uint64_t io_ms;
	bool is_assumed; /* its arguments are thought to be its parent's */
	bool is_unread;  /* nothing but its name is known: there was no time */
};

/* Sets the facts of `proc`, which is about to be added to the sample, and what `side` says of them.
 * `before` is the same process in the sample before, `old_side` what was kept of it; NULL: there is
 * none. Returns 0, -ESRCH when it is gone, or -ENOMEM. */
int choice_make(struct sampler *sampler, const struct seen *seen, struct process *proc,
		const struct process *before, const struct side *old_side, struct side *side);

/* The process that is being added stands for those that run what it runs, by its stack. */
void choice_keep_image(struct sampler *sampler, uint64_t stack);

#endif
