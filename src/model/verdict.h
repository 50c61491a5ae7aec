/* The worst thing now, and the badges of owners: thresholds and wording. Pure. */
#ifndef CLADE_VERDICT_H
#define CLADE_VERDICT_H

#include "clade/model.h"

/* Sets group->badges and group->heat of all owners. Growth must be known already. */
void badges_make(struct model *model);

/* Sets model->verdict. Badges must be known already. Returns 0 or -ENOMEM. */
int verdict_make(struct model *model);

/* Seconds until tasks of an owner (NO_OWNER: of the machine) growing at this rate reach the nearest
 * of pid_max, threads_max and the limit of its control group; NAN when they do not grow or nothing
 * is known. `*limit` (may be NULL) gets what will have happened then. */
double verdict_eta(const struct model *model, int32_t owner, double per_s, const char **limit);

/* Seconds until an owner's memory, growing as it does, fills its control group or the machine; NAN
 * when it does not grow. `*per_s` and `*limit` (may be NULL) get the rate and what will have
 * happened then. */
double verdict_memory_eta(const struct model *model, int32_t owner, double *per_s,
			  const char **limit);

/* A threshold for something that was so in the sample before: what stands there does not flap. */
static inline double threshold_held(double threshold, bool was_so)
{
	return was_so ? threshold * 0.7 : threshold;
}

#endif
