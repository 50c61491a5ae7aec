/*
 * uthash, set up once for the whole program: when a table cannot grow, the program aborts as mem_*
 * does. Keys are hashed as raw bytes: a key struct must have no padding (proc_key has none).
 */
#ifndef CLADE_HASH_H
#define CLADE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "clade/mem.h"

#define uthash_fatal(message) mem_exhausted()

/* The default, HASH_JEN, falls through its cases in a way that clang warns of. */
#define HASH_FUNCTION HASH_OAT

#include <uthash.h>

#define HASH_START 0xcbf29ce484222325u

/* 64 bits over some bytes, for keys that are made of long things: FNV-1a (RFC 9923). Begin with
 * HASH_START, or go on with what an earlier call returned. */
static inline uint64_t hash_add(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *at = (const unsigned char *)bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * 0x100000001b3u;
	return hash;
}

#endif
