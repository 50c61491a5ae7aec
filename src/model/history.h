/* What the samples before this one were: private to the model. */
#ifndef CLADE_HISTORY_H
#define CLADE_HISTORY_H

#include "clade/model.h"
#include "said.h"

/*
 * Counts births and deaths between the last sample and this one into the nodes' subtree sums (each
 * node's own only) and the groups' own sums. Without a last sample nothing is counted. Returns 0 or
 * -ENOMEM.
 */
int history_compare(const struct history *history, struct model *model);

/* Adds the finished sums of this sample. Returns 0, or -ENOMEM with the history as before. */
int history_add(struct history *history, const struct model *model);

/* Sets the growth of all nodes and groups and of the machine from what is kept. Call after
 * history_add(). */
void history_rates(const struct history *history, struct model *model);

/* What was said of the samples before. */
struct said *history_said(const struct history *history);

/* From where on something stands out. */
const struct thresholds *history_thresholds(const struct history *history);

#endif
