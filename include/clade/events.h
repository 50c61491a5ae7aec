/*
 * The kernel's process events (proc connector, Documentation/driver-api/connector.rst): every fork,
 * exec and exit as it happens, also of processes that live for a millisecond. For root in the
 * initial namespaces, since Linux 6.6 for every user there.
 */
#ifndef CLADE_EVENTS_H
#define CLADE_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum event_kind {
	EVENT_OTHER, /* of no interest: a thread's, a name's, a user's, an answer to a listener */
	EVENT_FORK,  /* `pid` of `parent` */
	EVENT_EXEC,
	EVENT_EXIT,
	EVENT_LOST, /* some before the next one: there were more than could be taken */
};

struct event {
	enum event_kind kind;
	int32_t pid;
	int32_t parent;
	uint32_t cpu;
	uint32_t sequence; /* counts the events of that CPU: a gap is a loss */
	uint32_t lost;     /* EVENT_LOST: how many; UINT32_MAX: not known, and many */
};

/* One message of the connector. Returns 0 or -EINVAL. */
int event_parse(const char *bytes, size_t len, struct event *event);

struct events;

/* Listens. Returns 0, or -errno when the kernel does not let us. */
int events_open(struct events **events);
void events_close(struct events *events);

/* Hands out what has come, in the order in which it happened. It never waits, and after some
 * thousands it leaves the rest for the next time: false then. */
bool events_drain(struct events *events, void (*take)(void *context, const struct event *event),
		  void *context);

#endif
