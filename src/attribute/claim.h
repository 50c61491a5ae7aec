/*
 * What an environment claims: the owner markers in it, each a claim that some owner started this
 * process. Which claim is right, if several are there, is decided in owner.c, where it is known who
 * else lives. Pure.
 */
#ifndef CLADE_CLAIM_H
#define CLADE_CLAIM_H

#include "clade/arena.h"
#include "rules.h"

enum { CLAIMS_MAX = 8 };

struct claim {
	const struct rule *rule;
	const char *key;        /* session id, or an app's or pane's key; NULL: the product only */
	const char *name;       /* an app's or pane's name, NULL for agents */
	const char *marker;     /* the variable that told */
	const char *parent_key; /* key of the daemon that an app belongs to, NULL for agents */
	int64_t root_pid;       /* as seen in the process's own pid namespace, 0 none */
	uint64_t since_ms;      /* when the owner began, as far as the markers tell; UNKNOWN */
	uint64_t restarts;      /* UNKNOWN */
	bool is_child;          /* of an app or pane, not of an agent */
};

struct claims {
	const struct claim *items; /* of the arena */
	size_t n;                  /* at most CLAIMS_MAX */
};

/* Finds the claims in the markers of a process, in the order of the rules. Strings are of the arena
 * or of the facts. Returns 0 or -ENOMEM. */
int claims_find(const struct ruleset *rules, const struct subject *subject, const char *home,
		struct arena *arena, struct claims *claims);

/* Whether two claims name the same owner. */
bool claim_equal(const struct claim *a, const struct claim *b);

/* The claim of that rule, or NULL. */
const struct claim *claims_of_rule(const struct claims *claims, const struct rule *rule);

#endif
