/* Where a snapshot was taken, and what could not be seen from there: the same for every collector
 * of the live machine. */
#ifndef CLADE_HOST_H
#define CLADE_HOST_H

#include "clade/snapshot.h"

/* Sets snap->host; `own_pid_ns` is the inode of our pid namespace. Returns 0 or -ENOMEM. */
int host_read(struct snapshot *snap, uint64_t own_pid_ns);

/* Whether we are in the pid and user namespaces that the machine began with. */
bool host_is_initial(void);

/* What a collector could not see. */
struct host_limits {
	size_t denied;   /* processes of which host_misses_environment() */
	bool has_events; /* the kernel tells of births and deaths */
	bool has_lost;   /* some of that was lost lately */
};

/* Whether a process has an environment that is missed, for it may not be read. That of pid 1 could
 * not say who started it. */
bool host_misses_environment(const struct process *proc);

/* Sets snap->notes, a sentence for each thing that could not be seen. Returns 0 or -ENOMEM. */
int host_add_notes(struct snapshot *snap, const struct host_limits *limits);

#endif
