/*
 * uthash, set up once for the whole program: when a table cannot grow, the program aborts as mem_* does.
 * Keys are hashed as raw bytes: a key struct must have no padding (proc_key has none).
 */
#ifndef CLADE_HASH_H
#define CLADE_HASH_H

#include <stdio.h>
#include <stdlib.h>

#define uthash_fatal(message) hash_fatal(message)

static inline void hash_fatal(const char *message)
{
	fprintf(stderr, "clade: %s\n", message);
	abort();
}

#include <uthash.h>

#endif
