/*
 * Heap memory that cannot fail: when there is none left the program says so and aborts.
 * For what must survive a full memory (a sample) use an arena instead (arena.h).
 */
#ifndef CLADE_MEM_H
#define CLADE_MEM_H

#include <stddef.h>

/* Says that there is no memory left, and aborts. */
_Noreturn void mem_exhausted(void);

/* What is done before that, if anything: processes that are stopped go on, a recorder begins anew.
 * It needs no memory, and comes back when it can do nothing. NULL takes it back. The
 * one thing that the program decides for all of it. */
typedef void mem_last_resort(void *context);
void mem_set_last_resort(mem_last_resort *resort, void *context);

/* Returns zeroed memory for `count` things of `size` bytes; the caller frees it with free(). */
void *mem_new(size_t count, size_t size);

/* Resizes `old` (or NULL) to `count` things of `size` bytes; what is new is not zeroed. */
void *mem_grow(void *old, size_t count, size_t size);

/* Returns a copy of `s`, the caller's to free(); NULL gives NULL. */
char *mem_strdup(const char *s);

/* Returns a NUL-terminated copy of `len` bytes, the caller's to free(). */
char *mem_strndup(const char *s, size_t len);

#endif
