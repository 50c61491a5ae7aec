/* Samples as lines: private to the layer. */
#ifndef CLADE_NDJSON_H
#define CLADE_NDJSON_H

#include "writers.h"

/* One sample; `before` is the one that it says the changes to, NULL: a full one. What is wanted is
 * the same in both. */
int ndjson_write(const struct export_job *job, const struct model *before);

#endif
