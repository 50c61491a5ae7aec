/*
 * All processes of /proc, read with the fewest system calls that tell them: the directory in large
 * pieces, of each process its stat, and its owner from the directory. libproc2 does more for each;
 * of some tens of thousands that is what a sample takes (procps.c chooses).
 */
#ifndef CLADE_WALK_H
#define CLADE_WALK_H

#include "sampler.h"

struct walk {
	int dir;   /* /proc; -1: not open */
	size_t at; /* in `entries` */
	size_t len;
	uint64_t page_bytes;
	_Alignas(uint64_t) char entries[32
					<< 10]; /* of struct dirent64, as the kernel writes them */
};

/* Opens /proc. Returns 0 or -errno; walk_done() is due in any case. */
int walk_begin(struct walk *walk);
void walk_done(struct walk *walk);

/* Reads the next process. Returns 1, 0 when there is none left, or -errno. One that vanishes
 * meanwhile is passed over. */
int walk_next(struct walk *walk, struct seen *seen);

/* /proc/N/stat: sets all that it tells of a process. `page_bytes` is what its resident memory is
 * counted in. Returns 0, or -EINVAL with `seen` as it was. */
int walk_parse(const char *bytes, size_t len, uint64_t page_bytes, struct seen *seen);

#endif
