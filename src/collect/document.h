/*
 * A JSON document as it comes, piece by piece: of its arrays no more than one object is in memory
 * at a time. What may not be larger is said when it is.
 */
#ifndef CLADE_DOCUMENT_H
#define CLADE_DOCUMENT_H

#include "state.h"

struct document;

/* Begins a sample of `state`, which has to live longer. NULL without memory. */
struct document *document_new(struct state *state);
void document_free(struct document *document);

/* Takes the next bytes. Returns 0; -EINVAL with what is wrong and where in `error`; or -ENOMEM.
 * After a failure it is only good to be freed. */
int document_take(struct document *document, const char *bytes, size_t len, struct text *error);

/* After the last bytes: the same. The state then has the whole sample. */
int document_end(struct document *document, struct text *error);

#endif
