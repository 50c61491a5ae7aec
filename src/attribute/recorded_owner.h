/* Owners that are read rather than found: private to the layer. */
#ifndef CLADE_RECORDED_OWNER_H
#define CLADE_RECORDED_OWNER_H

#include "clade/attribution.h"

/* The attribution that a file has recorded. Returns 0; -ENOENT when what it says is not whole, so
 * that owners have to be found anew; or -ENOMEM. */
int recorded_assign(const struct snapshot *snap, struct attribution **attribution);

#endif
