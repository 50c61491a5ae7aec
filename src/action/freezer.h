/*
 * The control group that holds a plan's processes and no others: frozen, thawed and killed as one
 * by the kernel. v2's cgroup.freeze and cgroup.kill, or v1's freezer.state
 * (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/freezer-subsystem.rst).
 */
#ifndef CLADE_FREEZER_H
#define CLADE_FREEZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/plan.h"

struct freezer;

/* The control group of a plan. NULL when it has none that we may freeze. */
struct freezer *freezer_open(const struct plan *plan);

/* Closes; a group that we froze is thawed. NULL is fine. */
void freezer_close(struct freezer *freezer);

/* Its directory. */
const char *freezer_dir(const struct freezer *freezer);

/* Whether the kernel can kill it as one. */
bool freezer_can_kill(const struct freezer *freezer);

/* All return 0 or -errno. */
int freezer_freeze(struct freezer *freezer); /* begins to */
int freezer_thaw(struct freezer *freezer);   /* unless it was frozen before we came */
int freezer_force_thaw(struct freezer *freezer);
int freezer_kill(struct freezer *freezer);

/* Whether all of it stands still: what sleeps uninterruptibly takes its time. */
bool freezer_is_frozen(struct freezer *freezer);

/* Calls `visit` with each pid in the group and in the groups in it, until that returns other than
 * 0, which is returned then. */
int freezer_each(const struct freezer *freezer, int (*visit)(void *context, int32_t pid),
		 void *context);

#endif
