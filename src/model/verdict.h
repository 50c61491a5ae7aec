/* The worst thing now, and the badges of owners: thresholds and wording. Pure. */
#ifndef CLADE_VERDICT_H
#define CLADE_VERDICT_H

#include "clade/model.h"

/* Sets group->badges and group->heat of all owners. Growth must be known already. */
void badges_make(struct model *model);

/* Sets model->verdict. Badges must be known already. Returns 0 or -ENOMEM. */
int verdict_make(struct model *model);

/* Seconds until tasks growing at this rate reach the nearest of pid_max and threads_max; NAN when
 * they do not grow or nothing is known. `*limit` (may be NULL) gets its name. */
double verdict_eta(const struct machine *machine, double per_s, const char **limit);

#endif
