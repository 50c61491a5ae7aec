/*
 * Words that must be one of some names. Each list ends with NULL.
 */
#ifndef CLADE_NAMES_H
#define CLADE_NAMES_H

#include "clade/text.h"

/* Says that `word` is no `what`, and which of the names it is most like (Damerau-Levenshtein).
 * Returns -EINVAL. */
int names_complain(struct text *error, const char *what, const char *word,
		   const char *const *names);

/* Returns 0 where it is one of them, else -EINVAL with a line in `error`. */
int names_check(const char *what, const char *word, const char *const *names, struct text *error);

#endif
