/* systemd over D-Bus, by sd-bus: over its private socket or a message bus. bus.c is the one file
 * that knows libsystemd; a build without it says that it cannot. */
#ifndef CLADE_ACTION_BUS_H
#define CLADE_ACTION_BUS_H

#include <stdbool.h>

#include "clade/text.h"

struct bus;

/* Whether this build has it. */
bool bus_is_built(void);

/* Begins to ask systemd on this socket to stop a unit. Returns 0 or -errno. */
int bus_begin(const char *socket, const char *unit, struct bus **bus);

/* Never blocks. Returns 1 while there is no answer, 0 when systemd has taken the job, or -errno;
 * what it says goes into `message`, harmless. */
int bus_step(struct bus *bus, struct text *message);

/* What to poll(2) for. */
int bus_fd(const struct bus *bus);
short bus_events(const struct bus *bus);

/* NULL is fine. */
void bus_free(struct bus *bus);

#endif
