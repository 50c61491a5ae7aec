/*
 * Who asks for read-only mode (include/clade/confine.h). The
 * strictest of the command line, the environment, the name the program is called by and the
 * configuration holds, so that nobody can undo what another has asked for.
 */
#ifndef CLADE_READONLY_H
#define CLADE_READONLY_H

#include <stdbool.h>
#include <stddef.h>

#include "clade/confine.h"

/* "yes", "no" or "best-effort" into *level, which is only ever raised. Returns 0, or -EINVAL with
 * one line in `error`. */
int readonly_parse(const char *value, enum readonly *level, struct text *error);

/* The level that a configuration's text asks for under [options]. */
enum readonly readonly_of_settings(const char *text, size_t len);

/* What holds without a word on the command line: CLADE_READONLY, a program called clade-ro, and
 * what the administrator says in `settings`, /etc/clade/clade.conf. One that is there and cannot be
 * read counts as yes. */
enum readonly readonly_imposed(const char *argv0, const char *settings);

/* Whether the program has rights that its user has not: below sudo, or by file capabilities. It
 * then follows no path of that user's to a configuration: a mistake there is told with its line,
 * and the path may lead to any file that root can read. */
bool readonly_is_elevated(void);

#endif
