/*
 * The command line: what was asked for. options[] and commands[] in option_table.c are the one
 * place where an option or a command is added: parsing, --help and `clade list options` read them.
 */
#ifndef CLADE_OPTIONS_H
#define CLADE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/check.h"
#include "clade/confine.h"
#include "clade/export.h"
#include "clade/ring.h"
#include "clade/text.h"

enum command {
	COMMAND_UI,
	COMMAND_SNAPSHOT,
	COMMAND_KILL,
	COMMAND_RECORD,
	COMMAND_REPLAY,
	COMMAND_CHECK,
	COMMAND_DIFF,
	COMMAND_LIST
};

enum list_what {
	LIST_COMMANDS,
	LIST_LISTS,
	LIST_COLUMNS,
	LIST_FORMATS,
	LIST_KEYS,
	LIST_OPTIONS,
	LIST_OWNERS,
	LIST_SCREEN,
	LIST_SIGNALS,
	LIST_THEMES,
	LIST_THRESHOLDS,
};

/* Documented in clade(1). */
enum exit_status {
	EXIT_OK = 0,
	EXIT_FAILED = 1, /* clade kill: somebody is left */
	EXIT_USAGE = 2,
	EXIT_REFUSED = 3, /* by read-only mode, or the answer was no, or nobody may be signalled */
	EXIT_NOBODY = 4,  /* there is no such target */
};

struct options {
	enum command command;
	const char **words; /* behind the command; the array is the heap's */
	size_t n_words;
	enum list_what what; /* COMMAND_LIST */
	bool wants_help;
	bool wants_version;
	const struct export_format *format;
	const char *output;  /* NULL or "-": standard output */
	bool is_forced;      /* --force: it may replace what is there */
	const char **owners; /* --owner, as often as it was given; the array is the heap's */
	size_t n_owners;
	const char *filter; /* a regular expression that compiles; NULL: all */
	uint32_t top;       /* 0: all */
	enum column_id columns[COLUMNS_N];
	size_t n_columns; /* 0: not said */
	bool is_redacted;
	struct check_limits limits; /* clade check */
	const char *from, *to;      /* clade diff: times of a recording */
	bool is_each_owner;
	struct ring_keep keep; /* of a recording */
	const char *collector; /* "auto" or a collector's name */
	const char *theme;
	const char *config; /* --config */
	enum readonly readonly;
	const char *snapshot_dir; /* NULL: where we are */
	bool wants_self_test;
	double delay_s;
	double sample_s;
	double grace_s;     /* clade kill */
	const char *signal; /* the name of a signal that there is */
	double watch_s;     /* NAN: as it is worth */
	bool at_supervisor;
	bool is_dry_run;
	bool is_yes;
	bool no_color;
	bool is_ascii;
	bool no_mouse;
	bool is_demo;
};

/* What is so when nothing is said. */
struct options options_default(void);

/* Parses the arguments over what is there; strings are borrowed from argv. Returns 0, or -EINVAL
 * with one line in `error`. Either way options_done() gives back what is left. */
int options_parse(int argc, char **argv, struct options *options, struct text *error);
void options_done(struct options *options);

/* Sets an option of the UI as a configuration file has it: its long name, and yes or no where the
 * command line has a flag. A string is copied and never freed. Returns 0, or -EINVAL as above. */
int options_set(struct options *options, const char *name, const char *value, struct text *error);

/* The text of --help, and the lines of `clade list options`. */
void options_help(struct text *out);
void options_list(struct text *out);

/* The lines of `clade list commands` and `clade list lists`. */
void options_list_commands(struct text *out);
void options_list_lists(struct text *out);

#endif
