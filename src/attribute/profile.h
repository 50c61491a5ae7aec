/*
 * What the rules make of one facts block, worked out once a sample for all processes that share it:
 * 73,217 shells of one parent are one profile.
 */
#ifndef CLADE_PROFILE_H
#define CLADE_PROFILE_H

#include "clade/users.h"
#include "claim.h"
#include "frame.h"
#include "rules.h"

struct profile {
	const struct rule *root; /* the rule whose root it is, or NULL */
	const struct rule
		*server; /* the rule whose root it is once it has started something, or NULL */
	const struct rule *monitor; /* the first rule whose container monitor it is, or NULL */
	struct claims claims;
	struct frames frames;
	const char *home;
	const char *title;      /* what an agent's shell really runs, or NULL; of the arena */
	const char *engine_dir; /* an engine's data directory, or NULL; of the arena */
	const struct rule *engine;
};

/*
 * What the rules make of facts. Most of it is the same as long as the facts are, and is kept from
 * sample to sample with a reference to them: of 73,217 different command lines the regular
 * expressions alone take a second.
 */
struct profiles;

struct profiles *profiles_new(const struct ruleset *rules, const struct users *users);
void profiles_free(struct profiles *profiles);

/* Begins a sample: what profiles_get() returns is valid until profiles_end(), and the strings that
 * it points to live in `arena`. */
void profiles_begin(struct profiles *profiles, struct arena *arena);

/* Ends it, and forgets the facts that it did not ask for. */
void profiles_end(struct profiles *profiles);

/* The profile of a facts block; NULL when there is no memory left. */
const struct profile *profiles_get(struct profiles *profiles, const struct facts *facts);

/* The value of an option in a command line, "--id X" or "--id=X"; NULL when it is not there.
 * Borrowed from the facts. */
const char *facts_option(const struct facts *facts, const char *option);

/* The id of the container that a monitor of that rule watches; NULL when its command line does not
 * say. Borrowed from the facts. */
const char *facts_monitored(const struct facts *facts, const struct rule *rule);

#endif
