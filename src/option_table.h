/*
 * The rows of options and commands: parsing, --help and `clade list options` read them. Both tables
 * end with a row without a name.
 */
#ifndef CLADE_OPTION_TABLE_H
#define CLADE_OPTION_TABLE_H

#include <stddef.h>

#include "options.h"

enum option_type {
	OPTION_FLAG,
	OPTION_NAME,
	OPTION_SECONDS,
	OPTION_FORMAT,
	OPTION_THEME,
	OPTION_COUNT, /* a whole number from least to most */
	OPTION_OWNER, /* one more owner */
	OPTION_FILTER,
	OPTION_COLUMNS,
	OPTION_READONLY,
	OPTION_KEEP,
	OPTION_LEVEL, /* of clade check, in the unit of its measure */
};

/* Which commands an option goes with, a bit each. */
enum {
	FOR_UI = 1 << COMMAND_UI,
	FOR_SNAPSHOT = 1 << COMMAND_SNAPSHOT,
	FOR_KILL = 1 << COMMAND_KILL,
	FOR_RECORD = 1 << COMMAND_RECORD,
	FOR_REPLAY = 1 << COMMAND_REPLAY,
	FOR_CHECK = 1 << COMMAND_CHECK,
	FOR_DIFF = 1 << COMMAND_DIFF,
	FOR_LIST = 1 << COMMAND_LIST,
	FOR_LIVE = FOR_UI | FOR_SNAPSHOT | FOR_KILL | FOR_RECORD | FOR_CHECK | FOR_DIFF,
	FOR_SCREEN = FOR_UI | FOR_REPLAY,
	FOR_ALL = FOR_LIVE | FOR_REPLAY | FOR_LIST,
};

struct option {
	const char *name;
	char letter;          /* '\0': none */
	const char *argument; /* NULL: a flag */
	enum option_type type;
	size_t offset;
	unsigned commands;
	double least, most; /* OPTION_SECONDS, OPTION_COUNT */
	const char *help;
};

struct command_row {
	const char *name;
	const char *argument; /* of its words, for --help; NULL: none */
	enum command command;
	size_t least, most; /* how many words it takes */
	const char *help;
};

enum {
	OPTIONS_MAX = 64, /* a bit each says which were given */
	COMMANDS_MAX = 16,
};

#define AT(member) offsetof(struct options, member)

extern const struct option options[];
extern const struct command_row commands[];
extern const char *const list_names[]; /* by enum list_what; ends with NULL */

#endif
