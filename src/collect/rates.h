/* Rates from the difference of two samples: pure. What one of them does not know is NAN or UNKNOWN.
 */
#ifndef CLADE_RATES_H
#define CLADE_RATES_H

#include "clade/snapshot.h"

/* Sets what changes in a machine: CPU shares, forks per second, OOM kills. `previous` may be NULL.
 */
void rates_machine(struct snapshot *snap, const struct snapshot *previous);

/* CPU time of a process in percent of one CPU: since the sample before, where it was `before`;
 * since its birth, for one that is younger than that (`before` is NULL). */
float rates_cpu(const struct snapshot *snap, const struct snapshot *previous,
		const struct process *proc, const struct process *before);

/* Bytes per second. */
float rates_bytes(uint64_t now, uint64_t before, double seconds);

#endif
