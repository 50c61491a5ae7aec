#include "kin.h"

#include <stdlib.h>
#include <string.h>

#include "clade/events.h"

enum {
	PIDS = 1 << 22,   /* PID_MAX_LIMIT */
	DRAINS_MOST = 50, /* who forks faster than that is not followed */
};

struct kin {
	struct events *events; /* NULL: the kernel does not tell */
	bool is_stale;         /* events were lost, and the bits may be wrong */
	bool has_lost;         /* ever */
	uint8_t bits[PIDS / 8];
};

struct kin *kin_new(void)
{
	struct kin *kin = calloc(1, sizeof(*kin));

	if (kin && events_open(&kin->events) != 0)
		kin->events = NULL;
	return kin;
}

void kin_free(struct kin *kin)
{
	if (!kin)
		return;
	events_close(kin->events);
	free(kin);
}

static bool get(const struct kin *kin, int32_t pid)
{
	return pid > 0 && pid < PIDS && kin->bits[pid / 8] >> pid % 8 & 1;
}

static void set(struct kin *kin, int32_t pid, bool is_kin)
{
	uint8_t bit = (uint8_t)(1 << pid % 8);

	if (pid <= 0 || pid >= PIDS)
		return;
	if (is_kin)
		kin->bits[pid / 8] |= bit;
	else
		kin->bits[pid / 8] &= (uint8_t)~bit;
}

/* For want of memory the kernel leaves out one now and then. To make a stranger kin it would have
 * to be two: the end of one who was kin, and the birth of who has the pid next. */
static void lose(struct kin *kin, uint32_t lost)
{
	kin->has_lost = true;
	kin->is_stale = kin->is_stale || lost > 1;
}

static void take(void *context, const struct event *event)
{
	struct kin *kin = context;

	if (event->kind == EVENT_LOST)
		lose(kin, event->lost);
	else if (event->kind == EVENT_FORK)
		set(kin, event->pid, get(kin, event->parent));
	else if (event->kind == EVENT_EXIT)
		set(kin, event->pid, false);
}

/* Until nothing waits: what is known then is not older than this call. */
static void catch_up(struct kin *kin)
{
	for (int i = 0; i < DRAINS_MOST; i++) {
		if (events_drain(kin->events, take, kin))
			return;
	}
	lose(kin, UINT32_MAX);
}

void kin_begin(struct kin *kin)
{
	if (!kin->events)
		return;
	catch_up(kin);
	if (!kin->is_stale)
		return;
	memset(kin->bits, 0, sizeof(kin->bits));
	kin->is_stale = false;
}

void kin_listen(struct kin *kin)
{
	if (kin->events)
		(void)events_drain(kin->events, take, kin);
}

void kin_add(struct kin *kin, int32_t pid)
{
	set(kin, pid, true);
}

bool kin_has(struct kin *kin, int32_t pid)
{
	if (!kin->events)
		return false;
	catch_up(kin);
	return !kin->is_stale && get(kin, pid);
}

bool kin_is_whole(const struct kin *kin)
{
	return kin->events && !kin->is_stale && !kin->has_lost;
}
