/*
 * Whether what was ended comes back. Made from the model before, looks at those after, and counts.
 * Pure: it keeps what it needs of the models. "came back 3 times in 10 s: PM2 (pid 812) started
 * it".
 */
#ifndef CLADE_COMEBACK_H
#define CLADE_COMEBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/model.h"
#include "clade/text.h"

enum { COMEBACK_WATCH_S = 10 };

struct comeback;

/* Remembers the tops of what will be ended: those of procs[0..n) whose parent is not among them,
 * and the roots of owners; of commands a few hundred at most. */
struct comeback *comeback_new(const struct model *before, const int32_t *procs, size_t n);
void comeback_free(struct comeback *comeback);

/* Counts what is new in this model and like one of the tops: of the same owner as its root, or with
 * the same command below the same parent. */
void comeback_look(struct comeback *comeback, const struct model *now);

/* Whether the time is over. */
bool comeback_is_over(const struct comeback *comeback);

/* How often so far. */
size_t comeback_times(const struct comeback *comeback);

/* Adds "came back 3 times in 10 s: api, started by PM2 v7.0.4: God Daemon (pid 812)", harmless;
 * nothing when it did not. */
void comeback_add_text(struct text *out, const struct comeback *comeback);

#endif
