/*
 * The owners of one sample while they are being found: made by id, each once, given parents, names
 * and roots, and at last written out, parents before children, those that own nothing left out.
 */
#ifndef CLADE_ROSTER_H
#define CLADE_ROSTER_H

#include "clade/arena.h"
#include "clade/attribution.h"
#include "clade/hash.h"
#include "rules.h"

/* An owner in the making. Strings are of the arena or of facts and rules, unless said otherwise. */
struct draft {
	struct owner owner;
	const struct rule *rule; /* NULL: the kernel, and nobody */
	const char *session;     /* an agent's session id, when known */
	int32_t core;            /* the innermost of merged wrappers: node -> codex; NO_PROC */
	int32_t sample;          /* some process of it, the first found; NO_PROC */
	uint32_t procs;          /* its own */
	uint64_t oldest_run_ms; /* when the oldest of an app's living instances was started; UNKNOWN
				 */
	int32_t nameless_sid;   /* known by nothing but this kernel session; 0: known by more */
	bool is_child;          /* an app, a pane, a job */
	bool is_lingering;      /* has no process now, is shown all the same */
	int32_t slot;           /* its place in the result, NO_OWNER: left out */
	UT_hash_handle hh;
};

struct roster {
	struct arena *arena;
	struct draft **drafts;
	size_t n;
	struct draft *by_id;
};

void roster_init(struct roster *roster, struct arena *arena);
void roster_done(struct roster *roster);

/* Index of the draft with that id, or NO_OWNER. */
int32_t roster_find(const struct roster *roster, const char *id);

/* The draft "product:key", made when it is not there; `*is_new` (may be NULL) tells. Returns its
 * index, or -ENOMEM. */
int32_t roster_get(struct roster *roster, const char *product, const char *key, bool *is_new);

/* Gives a draft its id, for one made before its session was known; an id that is taken gets the
 * root's pid behind it. */
int roster_rename(struct roster *roster, int32_t draft, const char *product, const char *key,
		  int64_t pid);

/* Whether `draft` is `of` or lies in it. */
bool roster_is_within(const struct roster *roster, int32_t draft, int32_t of);

/* Puts a draft into another, unless that one lies in it: of two that claim to be in one another the
 * first is believed. */
void roster_set_parent(struct roster *roster, int32_t draft, int32_t parent);

/* Writes the owners into `out`: those with processes, with a living root or with such owners in
 * them. Returns 0 or -ENOMEM. */
int roster_write(struct roster *roster, struct attribution *out);

#endif
