/*
 * All processes of /proc, read with the fewest system calls that tell them: the directory in large
 * pieces, of each process its stat, and its owner from the directory. libproc2 does more for each;
 * of some tens of thousands that is what a sample takes (procps.c chooses).
 */
#ifndef CLADE_WALK_H
#define CLADE_WALK_H

#include "sampler.h"

/* `{0}` is a closed one. */
struct walk {
	int dir;     /* /proc */
	int process; /* the directory of the last process that was new, or 0 */
	size_t at;   /* in `entries` */
	size_t len;
	uint64_t page_bytes;
	_Alignas(uint64_t) char entries[32
					<< 10]; /* of struct dirent64, as the kernel writes them */
};

/* Opens /proc. Returns 0 or -errno; walk_done() is due in any case. */
int walk_begin(struct walk *walk);
void walk_done(struct walk *walk);

/* Reads the next process; `sampler` tells which are new to it. Returns 1, 0 when there is none
 * left, or -errno. One that vanishes meanwhile is passed over. seen->dir is open until the next
 * call. */
int walk_next(struct walk *walk, struct sampler *sampler, struct seen *seen);

#endif
