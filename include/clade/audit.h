/*
 * What was done to whom: one JSON line before and one after, appended to a file that only its owner
 * reads, and a line each for the system log. Root's is in /var/log/clade or where the administrator
 * wants it, a user's in $XDG_STATE_HOME/clade. A kill that cannot be written down is not prevented:
 * the user is told first. A change of priority is written down in the same way.
 */
#ifndef CLADE_AUDIT_H
#define CLADE_AUDIT_H

#include "clade/execute.h"
#include "clade/nice.h"
#include "clade/plan.h"
#include "clade/supervisor.h"
#include "clade/text.h"
#include "clade/users.h"

struct audit;

/* Opens the file, making its directory when need be: `path`, or NULL for the usual one. Never
 * fails: what is not written down is said by audit_why(). */
struct audit *audit_open(const struct users *users, const char *path);
void audit_close(struct audit *audit);

/* Why nothing is written down, in words with the name of the file; NULL when it is. */
const char *audit_why(const struct audit *audit);

/* Writes what is about to be done, and after it what came of it. Returns 0 or -errno. */
int audit_begin(struct audit *audit, const struct plan *plan, double grace_s);
int audit_end(struct audit *audit, const struct execute_progress *progress);

/* Between the two: what a supervisor was told, and what came of it, as supervisor_stop_step() and
 * supervisor_stop_words() have it. */
int audit_told(struct audit *audit, const struct supervisor *supervisor, int result,
	       const char *words);

/* The same of a change of priority: "signal" is null, "change" says what. */
int audit_begin_nice(struct audit *audit, const struct plan *plan,
		     const struct nice_change *change);
int audit_end_nice(struct audit *audit, const struct plan *plan,
		   const struct nice_progress *progress);

#endif
