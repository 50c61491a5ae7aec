/*
 * Who belongs to a plan without having been in it: children of its members, and those who slipped
 * away by forking twice and a session of their own. Where the kernel tells forks (kin.h) that is
 * proof. Else what a plan's processes alone have (plan_traits.c) is held against a newcomer; a
 * newcomer whose parent is a stranger is that stranger's, whatever it carries, unless orphans fall
 * to that parent; and who only looks like one of the plan is let be where somebody who is none
 * looks like it, too.
 */
#ifndef CLADE_RECOGNISE_H
#define CLADE_RECOGNISE_H

#include "clade/plan.h"
#include "crew.h"
#include "look.h"

struct recogniser;

/* Copies what it needs of the plan; crew and look are borrowed. Returns 0 or -ENOMEM. */
int recogniser_new(const struct plan *plan, struct crew *crew, const struct look *look,
		   struct recogniser **recogniser);
void recogniser_free(struct recogniser *recogniser);

/* A look begins: its number, counted from 1. */
void recogniser_begin(struct recogniser *recogniser, uint32_t look);

/* From time to time: what the kernel tells must not pile up. */
void recogniser_listen(struct recogniser *recogniser);

/* Someone whom the crew knows to be no member was seen: its session and group are not the plan's.
 */
void recogniser_see_other(struct recogniser *recogniser, const struct look_entry *entry);

/* A member was seen just now: whoever was forked from what it runs looks like it. One that has
 * lasted, since before the look began, passes on to whom it forks that it is of the plan. */
void recogniser_see_member(struct recogniser *recogniser, const struct look_entry *entry,
			   bool has_lasted);

/* Looks at what the first `n` members run, while they are there to be looked at. Returns 0 or
 * -ENOMEM. */
int recogniser_remember(struct recogniser *recogniser, size_t n);

/* Judges someone whom the crew does not know, after those above it, and adds them to the crew.
 * Returns how many members that made, or -ENOMEM. */
int recogniser_judge(struct recogniser *recogniser, const struct look_entry *entry);

/* Orphans that may be of the plan, and were let be for want of proof. */
size_t recogniser_strays(const struct recogniser *recogniser);

#endif
