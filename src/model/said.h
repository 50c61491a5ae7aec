/* What was said of the last sample: badges and verdict. What stands at a threshold must not come
 * and go with every sample, so what was said stays until it is clearly no longer so. */
#ifndef CLADE_SAID_H
#define CLADE_SAID_H

#include "clade/model.h"

struct said;

struct said *said_new(void);
void said_free(struct said *said);

/* Sets badges_before and verdict_before of a new model. */
void said_recall(const struct said *said, struct model *model);

/* Keeps those of a finished one. */
void said_keep(struct said *said, const struct model *model);

#endif
