/* A search or filter typed by a person: a POSIX extended regular expression, case ignored unless it
 * has a capital letter; a leading `!` negates. It is held against an owner's kind, product, name,
 * key and id, and a process's pid, comm and command. */
#ifndef CLADE_QUERY_H
#define CLADE_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "clade/model.h"

struct query;

/* Compiles `pattern`. Returns 0 and the query (query_free), or -EINVAL with a sentence in `error`
 * (may be NULL): "unmatched ( in 'foo('". */
int query_new(const char *pattern, struct text *error, struct query **query);
void query_free(struct query *query);

/* Whether it began with a `!`. */
bool query_is_negated(const struct query *query);

bool query_match_owner(const struct query *query, const struct model *model, int32_t owner);
bool query_match_proc(const struct query *query, const struct model *model, int32_t proc);

#endif
