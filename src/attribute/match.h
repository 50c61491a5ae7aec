/*
 * Conditions on a process, as rule files write them: `exe:node|bun arg:~/gemini\.js$`.
 *
 * A word is FIELD:VALUE. A value is a list of exact names parted by `|`, or after `~` one POSIX
 * extended regular expression. All words of a condition must hold. Fields: `exe` (base name of the
 * executable), `comm`, `argv0` (base name of the first argument), `arg` (any of the first
 * arguments), `sub` (the first argument behind the program's own name, or behind an interpreter's
 * script), `title` (the whole command line), `env` (NAME, NAME=VALUE or NAME~REGEX). A word with
 * spaces stands in double quotes; one behind `!` must not hold.
 */
#ifndef CLADE_MATCH_H
#define CLADE_MATCH_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "clade/snapshot.h"
#include "clade/text.h"

/* A regular expression and the group that is wanted of it. */
struct pattern {
	regex_t regex;
	size_t group;
	bool is_set;
};

/* Compiles; returns 0, or -EINVAL with a sentence in `error`. */
int pattern_parse(struct pattern *pattern, const char *source, struct text *error);
void pattern_done(struct pattern *pattern);

/* Finds the pattern in s: true sets [*start, *end) to the wanted group's place. */
bool pattern_find(const struct pattern *pattern, const char *s, size_t *start, size_t *end);

/* What conditions are held against: the facts and what is derived of them once. */
struct subject {
	const struct facts *facts;
	char *exe;    /* base name without ".exe"; "" unknown */
	char *argv0;  /* base name of the first argument */
	char *title;  /* the arguments joined by a space */
	char **words; /* the first arguments; of a title written as one string its words */
	size_t n_words;
};

void subject_init(struct subject *subject, const struct facts *facts);
void subject_done(struct subject *subject);

struct condition;

/* A list of conditions of which one must hold. */
struct conditions {
	struct condition *items;
	size_t n;
};

/* Adds one condition parsed from `line`; `field` is what a word without one means (NULL: it must
 * name it). Returns 0, or -EINVAL with a sentence in `error`, the list unchanged. */
int conditions_add(struct conditions *conditions, const char *line, const char *field,
		   struct text *error);
void conditions_done(struct conditions *conditions);

/* Whether one of them holds; an empty list never does. */
bool conditions_hold(const struct conditions *conditions, const struct subject *subject);

/* Whether they look at environment variables only. */
bool conditions_are_env(const struct conditions *conditions);

/* Calls `visit` with the name of each environment variable they look at. */
void conditions_names(const struct conditions *conditions,
		      void (*visit)(void *context, const char *name), void *context);

/* Splits a line into words at blanks, double quotes keeping them together. The caller frees each
 * and the array (words_free).
 */
char **words_split(const char *line, size_t *n);
void words_free(char **words, size_t n);

#endif
