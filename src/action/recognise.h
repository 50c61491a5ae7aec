/*
 * Who belongs to a plan without having been in it: children of its members, and those who slipped
 * away by forking twice and a session of their own. What a plan's processes alone have
 * (plan_traits.c) is held against a newcomer; a newcomer whose parent is a stranger is that
 * stranger's, whatever it carries, unless orphans fall to that parent.
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

/* Someone whom the crew knows to be no member was seen: its session and group are not the plan's.
 */
void recogniser_see_other(struct recogniser *recogniser, const struct look_entry *entry);

/* A member was seen: whoever was forked from what it runs is its image. */
void recogniser_see_member(struct recogniser *recogniser, const struct look_entry *entry);

/* Judges someone whom the crew does not know, after those above it, and adds them to the crew.
 * Returns how many members that made, or -ENOMEM. */
int recogniser_judge(struct recogniser *recogniser, const struct look_entry *entry);

#endif
