/*
 * What was born and died between two samples, told by events: pure. A sample sees only what lives
 * when it is taken; the tally counts what lived in between for the nearest ancestor that a sample
 * holds, and knows whose child an orphan was when it was forked.
 *
 * Pids are used again, so each birth is an entry of its own, and links between entries are places.
 * With every sample the table is emptied but for what no sample has seen yet. Bounded: what does
 * not fit is counted for nobody.
 */
#ifndef CLADE_TALLY_H
#define CLADE_TALLY_H

#include "clade/snapshot.h"

struct tally;

/* A table for at most so many births between two samples; NULL without memory. */
struct tally *tally_new(size_t most);
void tally_free(struct tally *tally);

/* Events, in the order in which they happened. A pid is that of a process, not of a thread. */
void tally_fork(struct tally *tally, int32_t parent, int32_t child);
void tally_exec(struct tally *tally, int32_t pid);
void tally_exit(struct tally *tally, int32_t pid);

/* Events were lost: what is counted until the next tally_close() is what there was at least. */
void tally_lose(struct tally *tally);

/* Forgets all and begins anew: nothing is known of what happened until now. */
void tally_begin(struct tally *tally);

/*
 * Ends the interval between `previous` and `snap`, into snap->briefs, snap->origins and what stands
 * beside them, and begins the next. Returns 0 or -ENOMEM.
 */
int tally_close(struct tally *tally, struct snapshot *snap, const struct snapshot *previous);

#endif
