/*
 * Memory of things that die together. A snapshot, an attribution and a model each own one arena and
 * give it back at once. Unlike mem_*, an arena can say no: a sample that does not fit is dropped
 * whole.
 */
#ifndef CLADE_ARENA_H
#define CLADE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* newest first */
	size_t used_bytes;          /* handed out, without the chunks' own cost */
};

void arena_init(struct arena *arena);

/* Frees every chunk; the arena can be used again afterwards. */
void arena_done(struct arena *arena);

/* Returns zeroed memory for `count` things of `size` bytes, aligned for any type, or NULL when
 * there is none left. It lives until arena_done(). */
void *arena_new(struct arena *arena, size_t count, size_t size);

/* Copies of bytes, of strings, and of formatted text; NULL when there is no memory left (or `s` is
 * NULL). */
void *arena_copy(struct arena *arena, const void *bytes, size_t len);
char *arena_strdup(struct arena *arena, const char *s);
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
