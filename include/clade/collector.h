/*
 * The collectors of the live machine, best first, and the choice of one. It stands outside of the
 * core library, as the collectors do.
 */
#ifndef CLADE_COLLECTOR_H
#define CLADE_COLLECTOR_H

#include "clade/source.h"
#include "clade/text.h"

struct collector {
	const char *name;
	const char *summary;
	const struct source_kind *kind; /* NULL: not built in */
};

extern const struct collector collectors[]; /* ends with a NULL name */

/*
 * Opens the collector of that name, or for "auto" the first that can be used here. Returns 0 or
 * what its open() says. `why` gets a sentence for each collector that was tried in vain: "bpf is
 * not used: it needs root, or CAP_BPF and CAP_PERFMON"; nothing when the first one works.
 */
int collector_open(const char *name, const struct source_config *config, struct source **source,
		   struct text *why);

#endif
