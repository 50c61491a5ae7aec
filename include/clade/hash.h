/*
 * uthash, set up once for the whole program: when a table cannot grow, the program aborts as mem_*
 * does. Keys are hashed as raw bytes: a key struct must have no padding (proc_key has none).
 */
#ifndef CLADE_HASH_H
#define CLADE_HASH_H

#include "clade/mem.h"

#define uthash_fatal(message) mem_exhausted()

/* The default, HASH_JEN, falls through its cases in a way that clang warns of. */
#define HASH_FUNCTION HASH_OAT

#include <uthash.h>

#endif
