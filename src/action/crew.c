#include "crew.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 1024 };

static size_t slot_of(const struct crew *crew, int32_t pid)
{
	/* pids come in rows: they fill the table without a collision */
	size_t at = (size_t)(uint32_t)pid & (crew->n_slots - 1);

	while (crew->slots[at].pid != 0 && crew->slots[at].pid != pid)
		at = (at + 1) & (crew->n_slots - 1);
	return at;
}

/* At most half of the slots are used, so that a search ends soon. */
static int grow_slots(struct crew *crew, size_t want)
{
	struct crew bigger = *crew;

	bigger.n_slots = crew->n_slots > 0 ? crew->n_slots : ROOM;
	while (bigger.n_slots < 2 * want)
		bigger.n_slots *= 2;
	if (bigger.n_slots == crew->n_slots)
		return 0;
	bigger.slots = calloc(bigger.n_slots, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < crew->n_slots; i++) {
		if (crew->slots[i].pid != 0)
			bigger.slots[slot_of(&bigger, crew->slots[i].pid)] = crew->slots[i];
	}
	free(crew->slots);
	*crew = bigger;
	return 0;
}

static int grow_members(struct crew *crew, size_t want)
{
	size_t size = crew->size > 0 ? crew->size : ROOM;
	struct member *members;

	if (want <= crew->size)
		return 0;
	while (size < want)
		size *= 2;
	members = reallocarray(crew->members, size, sizeof(*members));
	if (!members)
		return -ENOMEM;
	crew->members = members;
	crew->size = size;
	return 0;
}

int crew_init(struct crew *crew, size_t members, size_t others)
{
	int rc;

	*crew = (struct crew){0};
	rc = grow_members(crew, members + ROOM);
	if (rc == 0)
		rc = grow_slots(crew, members + others + ROOM);
	if (rc != 0)
		crew_done(crew);
	return rc;
}

void crew_done(struct crew *crew)
{
	free(crew->members);
	free(crew->slots);
	*crew = (struct crew){0};
}

int32_t crew_find(const struct crew *crew, int32_t pid, uint64_t start_ticks)
{
	const struct crew_slot *slot = &crew->slots[slot_of(crew, pid)];

	return slot->pid == pid && slot->start_ticks == start_ticks ? slot->member : CREW_UNKNOWN;
}

const struct member *crew_find_pid(const struct crew *crew, int32_t pid)
{
	const struct crew_slot *slot = &crew->slots[slot_of(crew, pid)];

	return slot->pid == pid && slot->member >= 0 ? &crew->members[slot->member] : NULL;
}

int32_t crew_next_other(const struct crew *crew, size_t *at, uint64_t *start_ticks)
{
	while (*at < crew->n_slots) {
		const struct crew_slot *slot = &crew->slots[(*at)++];

		if (slot->pid == 0 || slot->member != CREW_OTHER)
			continue;
		*start_ticks = slot->start_ticks;
		return slot->pid;
	}
	return 0;
}

static int set_slot(struct crew *crew, int32_t pid, uint64_t start_ticks, int32_t member)
{
	struct crew_slot *slot;
	int rc = grow_slots(crew, crew->n_used + 1);

	if (rc != 0)
		return rc;
	slot = &crew->slots[slot_of(crew, pid)];
	crew->n_used += slot->pid == 0;
	*slot = (struct crew_slot){.pid = pid, .start_ticks = start_ticks, .member = member};
	return 0;
}

int crew_add_member(struct crew *crew, const struct member *member, int32_t *index)
{
	int rc = grow_members(crew, crew->n + 1);

	if (rc == 0)
		rc = set_slot(crew, member->pid, member->start_ticks, (int32_t)crew->n);
	if (rc != 0)
		return rc;
	*index = (int32_t)crew->n;
	crew->members[crew->n++] = *member;
	return 0;
}

int crew_add_other(struct crew *crew, int32_t pid, uint64_t start_ticks)
{
	return set_slot(crew, pid, start_ticks, CREW_OTHER);
}

void member_set_gone(struct member *member, bool is_zombie)
{
	member->is_gone = true;
	member->is_zombie = is_zombie;
}
