/*
 * What an option's value means.
 */
#ifndef CLADE_OPTION_VALUE_H
#define CLADE_OPTION_VALUE_H

#include "clade/text.h"
#include "option_table.h"

/* Sets the option's member; a string is borrowed. `value` is NULL where a flag has none. Returns 0,
 * or -EINVAL with a line in `error`. */
int option_set(const struct option *option, const char *value, struct options *parsed,
	       struct text *error);

/* What `clade list` is asked for. Likewise. */
int option_parse_list(const char *value, enum list_what *what, struct text *error);

#endif
