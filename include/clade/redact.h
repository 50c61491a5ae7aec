/*
 * Masks what looks like a secret: values of options and assignments that are called so, credentials
 * in URLs, headers that authorise, tokens of well-known services, and long random strings. It is a
 * guess that rather masks too much: names say what is meant, and values that nobody could choose by
 * hand are taken for secrets, but for ids of owners.
 */
#ifndef CLADE_REDACT_H
#define CLADE_REDACT_H

#include <stdbool.h>
#include <stddef.h>

#include "clade/model.h"
#include "clade/text.h"

struct redact_rules {
	/* A long random string that is an id and may stay; NULL: there is none. */
	bool (*is_id)(const void *context, const char *word, size_t len);
	const void *context;
	bool keeps_random; /* only what is known to be a secret: for paths and ids */
};

/* Adds the text, masked with "***". */
void redact_add(struct text *out, const char *s, size_t len, const struct redact_rules *rules);

/* The same for arguments, each ended by NUL: an option may have its value in the next one. */
void redact_add_argv(struct text *out, const char *argv, size_t len,
		     const struct redact_rules *rules);

/* A model in which everything that processes and owners say of themselves is masked; indexes are
 * those of the model it was made of, which must outlive it. */
struct redacted;

struct redacted *redacted_new(const struct model *model);
const struct model *redacted_model(const struct redacted *redacted);
void redacted_free(struct redacted *redacted);

#endif
