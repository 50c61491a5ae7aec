/* The worst thing now, and the badges of owners: thresholds and wording. Pure. */
#ifndef CLADE_VERDICT_H
#define CLADE_VERDICT_H

#include "clade/model.h"

/* Sets group->badges and group->heat of all owners. Growth must be known already. */
void badges_make(struct model *model);

/* Adds how fast an owner's processes grow: "+894/s" by the last ten seconds, or "+83/min" where
 * only the last minute shows it. */
void growth_add(struct text *out, const struct model *model, int32_t owner);

/* Sets model->verdict. Badges must be known already. Returns 0 or -ENOMEM. */
int verdict_make(struct model *model);

/* A threshold for something that was so in the sample before: what stands there does not flap. */
static inline double threshold_held(double threshold, bool was_so)
{
	return was_so ? threshold * 0.7 : threshold;
}

#endif
