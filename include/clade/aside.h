/*
 * Reading files that may block for long. What /proc tells of a process's memory (its arguments, its
 * environment) is read under a lock that it holds while it forks; where thousands want to run, who
 * holds it may not run for half a minute. Threads aside wait for such files, for a bounded time.
 *
 * A thread is made when it is first needed, with the caller's priority. Where none can be made (the
 * process table is full, read-only mode) or all of them wait, that is said.
 */
#ifndef CLADE_ASIDE_H
#define CLADE_ASIDE_H

#include <stddef.h>

#include "clade/text.h"

struct aside;

/* Never NULL. aside_free() leaves behind who waits still; NULL is fine. */
struct aside *aside_new(void);
void aside_free(struct aside *aside);

/* As io_read_at(), `dirfd` being an open directory, but -EAGAIN when it is not read within
 * `patience_ms`, at once when all threads wait or one does for something in that directory, and
 * -EBUSY when no thread can be made. */
int aside_read_at(struct aside *aside, int dirfd, const char *path, size_t limit, int patience_ms,
		  struct text *out);

#endif
