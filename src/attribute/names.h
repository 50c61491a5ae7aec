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
 * directory, %b a container's bundle, %p pid of the root, %k key, %s session, %% a percent sign. */
struct name_query {
	const struct rule *rule;
	const struct facts *facts; /* of its root, or of one of its processes; NULL none */
	const char *home;          /* all may be NULL */
	const char *key;
	const char *session;
	const char *data_dir;
	const char *bundle;
	int64_t pid; /* of the root, 0 when gone */
	uint64_t start_ticks;
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

/* Asks the registry of a living root: its session, name, directory. Leaves what it does not find.
 */
void names_read_session(const struct name_query *query, struct identity *identity);

/* The title of an agent session, from its own log. */
void names_read_title(const struct name_query *query, struct identity *identity);

/* The name of a container or a login session. */
void names_read_name(const struct name_query *query, struct identity *identity);

#endif
