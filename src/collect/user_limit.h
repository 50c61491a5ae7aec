/* How near users are to RLIMIT_NPROC: a limit of a process, that counts all tasks of its user. */
#ifndef CLADE_USER_LIMIT_H
#define CLADE_USER_LIMIT_H

#include "clade/snapshot.h"

/* Of the users with many tasks, the one nearest to the limit of its youngest process. Root has
 * none. Reads /proc/N/limits of a few processes. All unknown when there is no such user. */
struct user_tasks user_limit_nearest(const struct snapshot *snap);

#endif
