/* What the control groups of owners leave them. Pure. */
#ifndef CLADE_LIMITS_H
#define CLADE_LIMITS_H

#include "clade/model.h"

/* Sets the limits and OOM kills of all groups; their processes must be listed already. */
void limits_make(struct model *model);

#endif
