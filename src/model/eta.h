/* When a limit will be hit, if what grows goes on growing as it does. Pure. */
#ifndef CLADE_ETA_H
#define CLADE_ETA_H

#include "clade/model.h"

/* Seconds until tasks of an owner (NO_OWNER: of the machine) growing at this rate reach the nearest
 * of pid_max, threads_max and the limit of its control group; NAN when they do not grow or nothing
 * is known. `*limit` (may be NULL) gets what will have happened then. */
double eta_tasks(const struct model *model, int32_t owner, double per_s, const char **limit);

/* Seconds until an owner's memory, growing as it does, fills its control group or the machine; NAN
 * when it does not grow. `*per_s` and `*limit` (may be NULL) get the rate and what will have
 * happened then. */
double eta_memory(const struct model *model, int32_t owner, double *per_s, const char **limit);

/* Whether the user nearest to its RLIMIT_NPROC is the one that an owner's processes run as. */
bool eta_is_of_limited_user(const struct model *model, int32_t owner);

#endif
