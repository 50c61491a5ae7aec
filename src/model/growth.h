/* Sizes of sets of processes at two moments, and the rates between them. Pure. */
#ifndef CLADE_GROWTH_H
#define CLADE_GROWTH_H

#include "clade/model.h"

/* The size of something at one moment, and how much was born and died in it until then. */
struct size {
	uint64_t rss_bytes;
	uint64_t births;
	uint64_t deaths;
	uint64_t procs;
};

/* A sum as it is now; births and deaths are added to those of `before` (NULL: none). */
struct size size_of(const struct totals *totals, const struct size *before);

/* A process as it was at a time when it had nothing below it: nothing, before it was born. */
struct size size_of_leaf(const struct snapshot *snap, size_t proc, uint64_t mono_ms);

/* Growth since the sizes that something had 10 s and 60 s ago, or as far back as is known. */
struct growth growth_between(const struct size *now, const struct size *ten, double ten_s,
			     const struct size *sixty, double sixty_s);

#endif
