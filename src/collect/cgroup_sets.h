/*
 * The cgroups of processes by the sets that the kernel keeps: processes of one set are in the same
 * groups of all hierarchies, so /proc/N/cgroup is read once for each set and sample, not once for
 * each process. A set is known by its address in the kernel, which may become another's when it is
 * empty: that is why each sample asks anew.
 */
#ifndef CLADE_CGROUP_SETS_H
#define CLADE_CGROUP_SETS_H

#include <stdbool.h>
#include <stdint.h>

#include "clade/text.h"

struct cgroup_set;

/* `{0}` is empty. */
struct cgroup_sets {
	struct cgroup_set *sets;
	struct cgroup_set *last; /* that was asked for, or NULL: neighbours are often of one set */
	struct text buffer;
};

void cgroup_sets_done(struct cgroup_sets *sets);

/* Begins a sample: all that is known is doubtful now. */
void cgroup_sets_begin(struct cgroup_sets *sets);

/* The text of /proc/PID/cgroup of a process in the set at `address`, read from this one's when it
 * is the first of the sample; NULL when that cannot be read. An exiting process has left the groups
 * of v1 hierarchies. Valid until cgroup_sets_end(). */
const char *cgroup_sets_get(struct cgroup_sets *sets, uint64_t address, bool is_exiting,
			    int32_t pid);

/* Ends a sample: sets that it has not seen are forgotten. */
void cgroup_sets_end(struct cgroup_sets *sets);

#endif
