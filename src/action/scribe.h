/*
 * The scribe: the thread that makes new files for a confined process. Landlock would close
 * /proc/N/environ, exe, cwd and io of all other processes to a thread that it confines, so the
 * thread that reads has a filter under which nothing can be opened for writing, and this one, which
 * reads nothing, is Landlocked into its directory. Below sudo it is the user who called.
 */
#ifndef CLADE_ACTION_SCRIBE_H
#define CLADE_ACTION_SCRIBE_H

#include "clade/text.h"

struct scribe;

/* Starts it, confined, in that directory; before the caller confines itself. Returns 0, or -errno
 * with what failed in `words`: -EAGAIN when no thread can be made. */
int scribe_open(const char *directory, struct scribe **scribe, struct text *words);

/* Ends it; NULL is fine. */
void scribe_close(struct scribe *scribe);

/* Has it do something, and returns what that returned. */
int scribe_do(struct scribe *scribe, int (*act)(void *context), void *context);

/* A new file for writing: without a name where the file system has O_TMPFILE, else with `name`.
 * Returns 0 or -errno. */
int scribe_create(struct scribe *scribe, const char *name, int *fd);

/* Gives a file without a name that one. Returns 0, -EEXIST or another -errno. */
int scribe_name(struct scribe *scribe, int fd, const char *name);

struct confine;

/* The same with the scribe of a confined process (confine.c); -errno when it has none. */
int confine_do(struct confine *confine, int (*act)(void *context), void *context);

#endif
