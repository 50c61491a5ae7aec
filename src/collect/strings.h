/* Strings of which many are equal: each is kept once, until strings_done(). */
#ifndef CLADE_STRINGS_H
#define CLADE_STRINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "clade/arena.h"

struct string_entry;

struct strings {
	struct arena arena;
	struct string_entry *entries;
	uint64_t turn; /* of strings_copy() */
	bool is_lost;  /* there was no memory for one */
};

/* The same string, kept; NULL for NULL, and without memory, which is_lost then says. */
const char *strings_keep(struct strings *strings, const char *s);

/* A copy of a kept string (or NULL) in another arena, the same one each time until the next
 * strings_turn(). */
const char *strings_copy(struct strings *strings, const char *kept, struct arena *arena);

/* Copies go into another arena from now on. */
void strings_turn(struct strings *strings);

void strings_done(struct strings *strings);

#endif
