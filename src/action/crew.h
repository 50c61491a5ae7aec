/*
 * Everybody that an execution knows: its members, who are to be signalled, and all others, who are
 * not. Found by pid, told apart by start time. It grows without mem_*: while processes are stopped
 * the program must not abort.
 */
#ifndef CLADE_CREW_H
#define CLADE_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/plan.h"
#include "look.h"

struct member {
	uint64_t start_ticks;
	int32_t pid, pgrp, session;
	uint32_t seen; /* the look that saw it last */
	uint8_t why;   /* enum plan_why */
	char state;    /* as last seen */
	char comm[16];
	bool was_stopped; /* before we came */
	bool is_stopped;  /* by us */
	bool is_frozen;   /* in the control group that is */
	bool is_signalled;
	bool is_killed;
	bool is_gone;
	bool is_zombie; /* gone, but not reaped */
	int16_t error;  /* why it could not be signalled (errno), 0: it could */
};

enum { CREW_UNKNOWN = -2, CREW_OTHER = -1 };

struct crew_slot {
	uint64_t start_ticks;
	int32_t pid;    /* 0: free */
	int32_t member; /* or CREW_OTHER */
};

struct crew {
	struct member *members;
	size_t n, size;
	struct crew_slot *slots;
	size_t n_slots, n_used;
};

/* Room for so many before it has to grow. Returns 0 or -ENOMEM. */
int crew_init(struct crew *crew, size_t members, size_t others);
void crew_done(struct crew *crew);

/* Who that is: an index of a member, CREW_OTHER, or CREW_UNKNOWN, also when the pid has another
 * start time by now. */
int32_t crew_find(const struct crew *crew, int32_t pid, uint64_t start_ticks);

/* The member that had that pid last, or NULL. */
const struct member *crew_find_pid(const struct crew *crew, int32_t pid);

/* Goes through those who are no members: `at` begins with 0. The pid, or 0 at the end. */
int32_t crew_next_other(const struct crew *crew, size_t *at, uint64_t *start_ticks);

/* Adds one; a pid that is known with another start time is from now on the new one's. Returns 0
 * (and the member's index) or -ENOMEM. */
int crew_add_member(struct crew *crew, const struct member *member, int32_t *index);
int crew_add_other(struct crew *crew, int32_t pid, uint64_t start_ticks);

/* It has ended, and was reaped or not. */
void member_set_gone(struct member *member, bool is_zombie);

#endif
