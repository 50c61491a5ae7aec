/*
 * What every command stands on: the options, the rules, a source and the attributor. One run_*.c a
 * command; a command returns the program's exit status.
 */
#ifndef CLADE_PROGRAM_H
#define CLADE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "clade/attributor.h"
#include "clade/confine.h"
#include "clade/haste.h"
#include "clade/moment.h"
#include "clade/source.h"
#include "clade/text.h"
#include "clade/thresholds.h"
#include "clade/tui.h"
#include "clade/users.h"
#include "options.h"

/* What lives as long as the program. */
struct program {
	struct options options;
	struct thresholds thresholds;
	struct keymap *keymap;
	struct preferences preferences;
	struct text skipped; /* the first line of the configuration that means nothing; or empty */
	size_t n_skipped;    /* lines */
	char *audit;         /* where root's kills are written down; NULL: the usual place */
	struct users *users;
	struct ruleset *rules;
	struct attributor *attributor;
	struct source *source;
	struct confine *confine;   /* NULL: not read-only */
	struct haste haste;        /* clade kill runs before others until it has a plan */
	struct text collector_why; /* why a better collector is not used, a sentence; else empty */
	bool is_utf8;
};

/* Tells the user something, as settings_complain and rules_complain want it: "clade: MESSAGE". */
void program_complain(void *context, const char *message);

/* Tells the user that something failed, with the words of -errno. Returns EXIT_FAILED. */
int program_fail(const char *what, int error);

/* The same for a file that could not be written, with the reason that read-only mode has. */
int program_fail_file(const struct program *program, const char *path, int error);

/* Writes to standard output and returns the exit status: a reader that has had enough is no
 * failure. */
int program_write(const char *bytes, size_t len);

/* Adds the rules in /etc/clade/owners.d and the user's own; mistakes are told. */
void program_read_rules(struct ruleset *rules);

/* Opens the rules, the live machine and the attributor. Returns an exit status; program_close() is
 * due either way. */
int program_open(struct program *program);
void program_close(struct program *program);

/* Looks about once a second for as long as --sample says: what lives shorter than a look apart is
 * counted by what it leaves behind. On a full machine, where a look takes long, there are fewer.
 * Returns 0 with the last moment in `now` (moment_done()), or -errno. */
int program_watch(const struct program *program, struct history *history, struct moment *now);

/* Makes the program read-only as its options say, and tells what is missing. Returns an exit
 * status. */
int program_confine(struct program *program);

/* What this command would do that read-only mode cannot allow is told: EXIT_REFUSED then. */
int program_check_confined(const struct program *program);
/* Opens what `clade replay` or --demo shows as the source, with its own users and owners. Returns
 * an exit status. */
int program_open_recording(struct program *program);

/* Runs the UI on the source. Returns an exit status. */
int program_show(struct program *program, bool is_replay);

/* The commands. */
/* Says on one line that nothing can be said, and why; returns the status for that. */
int check_refuse(const char *why);

int run_check(struct program *program);
int run_diff(struct program *program);
int run_kill(struct program *program);
int run_list(enum list_what what);
int run_self_test(const struct options *options);
int run_record(struct program *program);
int run_replay(struct program *program);
int run_snapshot(struct program *program);
int run_ui(struct program *program);

#endif
