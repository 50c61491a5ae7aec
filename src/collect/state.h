/*
 * A machine as the samples of a recording tell it: a full sample says everything, the others say
 * what has changed. Snapshots are copies of it. After a mistake it is worth nothing until the next
 * full sample.
 */
#ifndef CLADE_STATE_H
#define CLADE_STATE_H

#include <jansson.h>
#include <stdbool.h>

#include "clade/snapshot.h"
#include "clade/text.h"
#include "clade/users.h"

struct state;

/* NULL without memory. */
struct state *state_new(void);
void state_free(struct state *state);

/* From now on names of users are added there. */
void state_learn_users(struct state *state, struct users *users);

/* Begins a sample; a full one begins from nothing. */
void state_begin(struct state *state, bool is_full);

/* Takes a line in, see clade-snapshot(5). Returns 0; -EINVAL with what is wrong with it in `error`;
 * or -ENOMEM. */
int state_take(struct state *state, const json_t *line, struct text *error);

/* Parts of a document: an object of its array. */
int state_take_process(struct state *state, const json_t *object, struct text *error);
int state_take_owner(struct state *state, const json_t *object, struct text *error);
int state_take_cgroup(struct state *state, const json_t *object, struct text *error);
int state_take_notes(struct state *state, const json_t *array);

/* Whether the head of a document is of a format and version that can be read. */
int state_check_document(const json_t *document, struct text *error);

/* The head of a document: when it was, and the host with its machine. */
int state_take_document(struct state *state, const json_t *document, struct text *error);

/* Hands a snapshot over. Returns 0, -EINVAL when the sample has no end, or -ENOMEM. */
int state_make(struct state *state, struct snapshot **snapshot);

#endif
