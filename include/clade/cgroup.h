/*
 * Control groups in the cgroup file systems: where a group's directory is, and what groups use and
 * may use. v2 (Documentation/admin-guide/cgroup-v2.rst) and v1
 * (Documentation/admin-guide/cgroup-v1/pids.rst, memory.rst), also both at once.
 */
#ifndef CLADE_CGROUP_H
#define CLADE_CGROUP_H

#include "clade/snapshot.h"

/* Where a hierarchy is mounted, and which part of it. */
struct cgroup_mount {
	char *point; /* "/sys/fs/cgroup/pids"; NULL: not mounted */
	char *root;  /* the group that is seen there: "/" */
};

struct cgroup_reader {
	struct cgroup_mount unified, pids, memory, freezer;
};

/* Finds the hierarchies in the text of /proc/self/mountinfo; the first of each counts. */
void cgroup_reader_init(struct cgroup_reader *reader, const char *mountinfo);
void cgroup_reader_done(struct cgroup_reader *reader);

/* The directory of a process's group in the hierarchy that has the controller ("pids", "memory",
 * "freezer"; "": v2's, whatever else there is), for the text of its /proc/N/cgroup:
 * "/sys/fs/cgroup/pids/docker/5e6e…". The caller frees it; NULL when it has none or is not seen
 * from here. `*is_v2` and `*top` (length of the mount point) say where its ancestors end. */
char *cgroup_dir(const struct cgroup_reader *reader, const char *cgroup, const char *controller,
		 bool *is_v2, size_t *top);

/* Reads what the groups of all processes in `snap` use into snap->cgroups, and what has changed
 * since `previous` (may be NULL). Returns 0 or -ENOMEM. */
int cgroups_read(const struct cgroup_reader *reader, struct snapshot *snap,
		 const struct snapshot *previous);

#endif
