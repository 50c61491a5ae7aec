/*
 * Names of owners from files on disk: an agent's registry of sessions, an engine's containers,
 * systemd's login sessions. No daemon is asked and nothing is executed. Which file holds what is
 * said by the rule.
 */
#ifndef CLADE_NAMES_H
#define CLADE_NAMES_H

#include "clade/snapshot.h"
#include "rules.h"

/* What is known of an owner when its name is looked for; also what templates are filled from:
 * %{VAR} %{VAR:-template} a marker, %h home, %c configuration directory, %d an engine's data
 * directory, %b a container's bundle, %p pid of the root as it sees itself (of an ended one: any),
 * %k key, %s session, %w its directory with a dash for all that is no letter or digit, %f the file
 * that told the session, %% a percent sign. */
struct name_query {
	const struct rule *rule;
	const struct facts *facts; /* of its root, or of one of its processes; NULL none */
	const char *home;          /* all may be NULL */
	const char *key;
	const char *session;
	const char *data_dir;
	const char *bundle;
	const char *source; /* identity.source, once it is known */
	int64_t pid;        /* of the root, 0 when gone */
	uint32_t ns_pid;    /* the same in the root's own pid namespace, 0 unknown */
	uint64_t start_ticks;
	uint64_t since_ms; /* when the root began; 0 when it is gone */
};

/* What was found; strings are the heap's, NULL when not found. */
struct identity {
	char *name;
	bool is_weak; /* the name was made up by the program: a title is better */
	char *session;
	char *cwd;
	char *status;
	uint64_t since_ms; /* UNKNOWN */
	char *source;      /* the file that told the session */
};

void identity_init(struct identity *identity);
void identity_done(struct identity *identity);

/* Fills a template; the result is the heap's, NULL when a part of it is not known. */
char *names_expand(const char *template, const struct name_query *query);

/* The same for a path that the owner's processes would use: below their own root directory, when
 * they live in a container. */
char *names_path(const char *template, const struct name_query *query);

/* Sets `*found`, unless it is set, to what the stars of the pattern stand for in the first path
 * that is there. */
void names_find_star(const char *pattern, char **found);

/* Asks the agent's registry: the session, name and directory of a living root; of one that has
 * ended what the registry still has of its session. Leaves what it does not find. */
void names_read_session(const struct name_query *query, struct identity *identity);

/* The title of an agent session, from its own log. */
void names_read_title(const struct name_query *query, struct identity *identity);

/* The name of a container or a login session. */
void names_read_name(const struct name_query *query, struct identity *identity);

#endif
