/*
 * Applies the owner rules: facts in, owners out. Rules are data (owners.conf, built in; more from
 * /etc/clade/owners.d and $XDG_CONFIG_HOME/clade/owners.d). The attributor remembers from sample to
 * sample what cannot be seen again: whose child an orphan was, and names read from disk.
 */
#ifndef CLADE_ATTRIBUTOR_H
#define CLADE_ATTRIBUTOR_H

#include <stdio.h>

#include "clade/attribution.h"
#include "clade/snapshot.h"
#include "clade/source.h"
#include "clade/users.h"

struct ruleset;

/* A rule file's mistake: "owners.d/mine.conf:12: unknown key 'rooot'". */
typedef void rules_complain(void *context, const char *message);

/* The built-in rules. */
struct ruleset *rules_new(void);
void rules_free(struct ruleset *rules);

/* Adds the rules in `text[0..len)`; a rule of a name that is there replaces it. Each mistake is
 * told to `complain` with `file` and line, that rule is left out, and the rest still works. Returns
 * the number of mistakes. */
int rules_parse(struct ruleset *rules, const char *file, const char *text, size_t len,
		rules_complain *complain, void *context);

/* rules_parse() on every *.conf in a directory, in the order of names; a directory that is not
 * there is no mistake. */
int rules_read_dir(struct ruleset *rules, const char *dir, rules_complain *complain, void *context);

/* What a source must keep of environments for these rules; borrowed, valid as long as the rules. */
const struct marker_group *rules_markers(const struct ruleset *rules, size_t *n);

/* One line a rule, for `clade list owners`: its kind, name, label and what it looks at. */
void rules_list(const struct ruleset *rules, struct text *out);

struct attributor_config {
	const struct ruleset *rules; /* borrowed, as is the next */
	const struct users *users;
	bool use_files;    /* read names and sessions from disk; false for a snapshot of another
			      machine */
	bool use_recorded; /* a file that says who owns what is believed; false: found anew by these
			      rules */
};

struct attributor;

struct attributor *attributor_new(const struct attributor_config *config);
void attributor_free(struct attributor *attributor);

/*
 * Finds the owner of every process, in steps of some milliseconds: of 73,217 with as many command
 * lines it takes longer than a key may wait. `snap` must be live as long as the result; what is
 * remembered from sample to sample is copied. There is one pass at a time.
 */
struct pass;

/* Returns 0 and the pass, or -ENOMEM. */
int attributor_begin(struct attributor *attributor, const struct snapshot *snap,
		     struct pass **pass);

/* Returns 1 when there is more to do, 0 when done, or -ENOMEM. */
int attributor_step(struct pass *pass);

/* Ends a pass that is done and hands its result over (attribution_free). */
struct attribution *attributor_end(struct pass *pass);

/* Ends one that is not to be done; NULL is fine. */
void attributor_drop(struct pass *pass);

/* All steps at once. Returns 0, or -ENOMEM. */
int attributor_assign(struct attributor *attributor, const struct snapshot *snap,
		      struct attribution **attribution);

#endif
