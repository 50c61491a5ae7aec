#include "options.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "clade/column.h"
#include "clade/mem.h"
#include "clade/plan.h"
#include "clade/query.h"
#include "clade/tui.h"
#include "readonly.h"

enum {
	NAMES_MAX = 64,
	WORD_MAX = 64, /* longer words are like nothing */
	KEEP_DEFAULT = 500 << 20,
};

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

#define AT(member) offsetof(struct options, member)
#define AT_LEVEL(measure, level) (AT(limits) + offsetof(struct check_limits, at[measure][level]))
#define LIST_WHAT                                                                                  \
	"columns, commands, formats, keys, lists, options, owners (the rules), screen, signals, "  \
	"themes or "                                                                               \
	"thresholds"

/* clang-format off */
static const struct option options[] = {
	{"delay",     'd', "SECONDS", OPTION_SECONDS, AT(delay_s),       FOR_UI | FOR_RECORD, 0.1, 3600, "time between samples (default 2)"},
	{"format",    'f', "NAME",    OPTION_FORMAT,  AT(format),        FOR_SNAPSHOT | FOR_DIFF, 0, 0,      "of what is written, see Formats below (default text)"},
	{"output",    'o', "FILE",    OPTION_NAME,    AT(output),        FOR_SNAPSHOT | FOR_DIFF, 0, 0,      "write there, whole or not at all; - is standard output"},
	{"force",      0,  NULL,      OPTION_FLAG,    AT(is_forced),     FOR_SNAPSHOT | FOR_DIFF, 0, 0,      "let --output replace a file that is there"},
	{"owner",      0,  "OWNER",   OPTION_OWNER,   AT(owners),        FOR_SNAPSHOT | FOR_DIFF | FOR_CHECK, 0, 0,      "only this owner and those in it: pm2:api, docker:web, NAME or an id; again for more"},
	{"filter",     0,  "REGEX",   OPTION_FILTER,  AT(filter),        FOR_SNAPSHOT | FOR_DIFF | FOR_CHECK, 0, 0,      "only what matches, with all below it; ! in front negates"},
	{"top",        0,  "N",       OPTION_COUNT,   AT(top),           FOR_SNAPSHOT, 1, 1e6,    "only the N hottest owners"},
	{"redact",     0,  NULL,      OPTION_FLAG,    AT(is_redacted),   FOR_SNAPSHOT | FOR_DIFF | FOR_RECORD, 0, 0,      "mask what looks like a secret: passwords, tokens, URLs with credentials"},
	{"columns",    0,  "NAMES",   OPTION_COLUMNS, AT(columns),       FOR_SNAPSHOT, 0, 0,      "only these, a comma between two; see clade list columns"},
	{"sample",     0,  "SECONDS", OPTION_SECONDS, AT(sample_s),      FOR_SNAPSHOT | FOR_DIFF | FOR_CHECK, 0, 3600,   "watch this long first, so that rates exist (default 1, for growth of check 10; 0: one look)"},
	{"from",       0,  "TIME",    OPTION_NAME,    AT(from),          FOR_DIFF,     0, 0,      "of a recording: 14:10, 2026-11-24T14:10:00Z, or -5m before its end"},
	{"to",         0,  "TIME",    OPTION_NAME,    AT(to),            FOR_DIFF,     0, 0,      "likewise"},
	{"warn",       0,  "N",       OPTION_LEVEL,   AT_LEVEL(CHECK_PROCESSES, CHECK_WARN),     FOR_CHECK, 0, 0, "warn from so many processes on"},
	{"critical",   0,  "N",       OPTION_LEVEL,   AT_LEVEL(CHECK_PROCESSES, CHECK_CRITICAL), FOR_CHECK, 0, 0, "be critical from so many processes on"},
	{"warn-zombies", 0, "N",      OPTION_LEVEL,   AT_LEVEL(CHECK_ZOMBIES, CHECK_WARN),       FOR_CHECK, 0, 0, "the same for zombies"},
	{"critical-zombies", 0, "N",  OPTION_LEVEL,   AT_LEVEL(CHECK_ZOMBIES, CHECK_CRITICAL),   FOR_CHECK, 0, 0, "likewise"},
	{"warn-orphans", 0, "N",      OPTION_LEVEL,   AT_LEVEL(CHECK_ORPHANS, CHECK_WARN),       FOR_CHECK, 0, 0, "for orphans"},
	{"critical-orphans", 0, "N",  OPTION_LEVEL,   AT_LEVEL(CHECK_ORPHANS, CHECK_CRITICAL),   FOR_CHECK, 0, 0, "likewise"},
	{"warn-growth", 0, "RATE",    OPTION_LEVEL,   AT_LEVEL(CHECK_GROWTH, CHECK_WARN),        FOR_CHECK, 0, 0, "for net growth: 100/min, 5/s"},
	{"critical-growth", 0, "RATE", OPTION_LEVEL,  AT_LEVEL(CHECK_GROWTH, CHECK_CRITICAL),    FOR_CHECK, 0, 0, "likewise"},
	{"warn-headroom", 0, "PERCENT", OPTION_LEVEL, AT_LEVEL(CHECK_HEADROOM, CHECK_WARN),      FOR_CHECK, 0, 0, "below what is left of the nearest limit: 20%"},
	{"critical-headroom", 0, "PERCENT", OPTION_LEVEL, AT_LEVEL(CHECK_HEADROOM, CHECK_CRITICAL), FOR_CHECK, 0, 0, "likewise"},
	{"each-owner", 0,  NULL,      OPTION_FLAG,    AT(is_each_owner), FOR_CHECK,    0, 0,      "hold each owner against the levels, not all together"},
	{"signal",     0,  "NAME",    OPTION_NAME,    AT(signal),        FOR_KILL,     0, 0,      "to send (default TERM); see clade list signals"},
	{"grace",      0,  "SECONDS", OPTION_SECONDS, AT(grace_s),       FOR_KILL | FOR_UI, 0, 3600,   "between a signal that ends and SIGKILL (default 5)"},
	{"at-supervisor", 0, NULL,    OPTION_FLAG,    AT(at_supervisor), FOR_KILL,     0, 0,      "end it first at PM2, Docker, systemd or what else would bring it back"},
	{"watch",      0,  "SECONDS", OPTION_SECONDS, AT(watch_s),       FOR_KILL,     0, 3600,   "whether it comes back (default 10 where that is to be feared, else 0)"},
	{"dry-run",    0,  NULL,      OPTION_FLAG,    AT(is_dry_run),    FOR_KILL,     0, 0,      "show the plan, each process of it, and do nothing"},
	{"yes",       'y', NULL,      OPTION_FLAG,    AT(is_yes),        FOR_KILL,     0, 0,      "do not ask; needed without a terminal"},
	{"demo",       0,  NULL,      OPTION_FLAG,    AT(is_demo),       FOR_UI,       0, 0,      "a recorded incident instead of this machine, to learn the screen on"},
	{"collector",  0,  "NAME",    OPTION_NAME,    AT(collector),     FOR_LIVE, 0, 0, "auto (default), bpf or procps"},
	{"keep",       0,  "LIMIT",   OPTION_KEEP,    AT(keep),          FOR_RECORD,   0, 0,      "how much of a recording: a time (24h), a size (default 500M), or both with a comma"},
	{"theme",      0,  "NAME",    OPTION_THEME,   AT(theme),         FOR_SCREEN,       0, 0,      "colours, see clade list themes"},
	{"no-color",   0,  NULL,      OPTION_FLAG,    AT(no_color),      FOR_SCREEN,       0, 0,      "no colours; also when NO_COLOR is set"},
	{"ascii",      0,  NULL,      OPTION_FLAG,    AT(is_ascii),      FOR_SCREEN,       0, 0,      "draw with ASCII only"},
	{"no-mouse",   0,  NULL,      OPTION_FLAG,    AT(no_mouse),      FOR_SCREEN,       0, 0,      "leave the mouse to the terminal"},
	{"readonly",  'r', NULL,      OPTION_READONLY, AT(readonly),     FOR_ALL,      0, 0,      "cannot signal, execute or write, by the kernel; =best-effort: as far as it can"},
	{"snapshot-dir", 0, "DIRECTORY", OPTION_NAME, AT(snapshot_dir),  FOR_SCREEN,       0, 0,      "where the UI writes snapshots, and when read-only the one place where it can (default: here)"},
	{"self-test",  0,  NULL,      OPTION_FLAG,    AT(wants_self_test), FOR_UI,     0, 0,      "try everything that --readonly forbids, print the results and exit"},
	{"config",     0,  "FILE",    OPTION_NAME,    AT(config),        FOR_LIVE | FOR_REPLAY, 0, 0, "read this configuration instead of clade.conf"},
	{"help",      'h', NULL,      OPTION_FLAG,    AT(wants_help),    FOR_ALL,      0, 0,      "this text"},
	{"version",   'V', NULL,      OPTION_FLAG,    AT(wants_version), FOR_ALL,      0, 0,      "version and what was built in"},
};

static const struct {
	const char *name;
	const char *argument; /* of its words, for --help; NULL: none */
	enum command command;
	size_t least, most; /* how many words it takes */
	const char *help;
} commands[] = {
	{"snapshot", NULL,   COMMAND_SNAPSHOT, 0, 0, "write one snapshot and exit"},
	{"kill",     "TARGET...", COMMAND_KILL, 1, SIZE_MAX, "end trees, so that they stay ended: PID, pid:PID, owner:ID, or KIND:NAME such as pm2:api"},
	{"record",   "FILE", COMMAND_RECORD,   1, 1, "record until ended: a sample every --delay seconds, as much as --keep says"},
	{"replay",   "FILE", COMMAND_REPLAY,   1, 1, "open a snapshot or a recording in the UI, also one that is still written; - is standard input"},
	{"check",    NULL,   COMMAND_CHECK,    0, 0, "thresholds for cron and Nagios: one line, exit status 0, 1, 2 or 3"},
	{"diff",     "A [B]", COMMAND_DIFF,    1, 2, "what appeared, vanished and grew between two snapshots, by owner"},
	{"list",     "WHAT", COMMAND_LIST,     1, 1, LIST_WHAT},
};

static const char *const list_names[] = {
	[LIST_COMMANDS] = "commands", [LIST_LISTS] = "lists",
	[LIST_COLUMNS] = "columns", [LIST_FORMATS] = "formats", [LIST_KEYS] = "keys",
	[LIST_OPTIONS] = "options", [LIST_OWNERS] = "owners",   [LIST_SCREEN] = "screen", [LIST_THEMES] = "themes",
	[LIST_SIGNALS] = "signals", [LIST_THRESHOLDS] = "thresholds", NULL,
};
/* clang-format on */

static const char *const collector_names[] = {"auto", "bpf", "procps", NULL};

enum {
	OPTIONS = sizeof(options) / sizeof(options[0]),
	COMMANDS = sizeof(commands) / sizeof(commands[0])
};

static size_t least_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters must be put in, left out, changed or swapped with their neighbour (optimal
 * string alignment). */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t la = strlen(a);
	size_t lb = strlen(b);

	if (la > WORD_MAX || lb > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *now = rows[i % 3];
		const size_t *before = rows[(i + 2) % 3];
		const size_t *two = rows[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			now[j] = least_of(before[j - 1] + (a[i - 1] != b[j - 1]),
					  least_of(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least_of(now[j], two[j - 2] + 1);
		}
	}
	return rows[la % 3][lb];
}

const char *nearest_name(const char *word, const char *const *names)
{
	const char *nearest = NULL;
	size_t best = strlen(word) / 2 + 1;

	for (; *names; names++) {
		size_t far = distance(word, *names);

		if (far < best) {
			best = far;
			nearest = *names;
		}
	}
	return nearest;
}

static int unknown(struct text *error, const char *what, const char *word, const char *const *names)
{
	const char *nearest = nearest_name(word, names);

	text_printf(error, "unknown %s '", what);
	for (const char *c = word; *c; c++)
		text_add_char(error, *c >= ' ' && *c < 0x7f ? *c : '?');
	if (nearest)
		text_printf(error, "'; did you mean '%s'?", nearest);
	else
		text_add(error, "'; see clade --help");
	return -EINVAL;
}

static int parse_seconds(const struct option *option, const char *value, double *seconds,
			 struct text *error)
{
	char *end;
	double parsed = strtod(value, &end);

	if (end == value || *end || !(parsed >= option->least && parsed <= option->most)) {
		text_printf(error, "--%s takes seconds from %g to %g, not '%s'", option->name,
			    option->least, option->most, value);
		return -EINVAL;
	}
	*seconds = parsed;
	return 0;
}

static int parse_format(const char *value, const struct export_format **format, struct text *error)
{
	const char *names[NAMES_MAX] = {NULL};

	*format = export_find(value);
	if (*format)
		return 0;
	for (size_t i = 0; formats[i].name && i < NAMES_MAX - 1; i++)
		names[i] = formats[i].name;
	return unknown(error, "format", value, names);
}

static int parse_count(const struct option *option, const char *value, uint32_t *count,
		       struct text *error)
{
	char *end;
	double parsed = strtod(value, &end);

	if (end == value || *end || !(parsed >= option->least && parsed <= option->most) ||
	    parsed != floor(parsed)) {
		text_printf(error, "--%s takes a whole number from %.0f to %.0f, not '%s'",
			    option->name, option->least, option->most, value);
		return -EINVAL;
	}
	*count = (uint32_t)parsed;
	return 0;
}

static int parse_level(const struct option *option, const char *value, double *level,
		       struct text *error)
{
	size_t measure = (option->offset - AT(limits)) / (CHECK_LEVELS * sizeof(double));
	int rc = check_parse((enum check_measure)measure, value, level);

	if (rc != 0)
		text_printf(error, "--%s takes %s, not '%.40s'", option->name,
			    measure == CHECK_GROWTH     ? "a rate such as 100/min or 5/s"
			    : measure == CHECK_HEADROOM ? "a percentage such as 10%"
							: "a number",
			    value);
	return rc;
}

static int check_filter(const char *value, struct text *error)
{
	struct query *query = NULL;
	int rc = query_new(value, error, &query);

	query_free(query);
	return rc;
}

static int parse_column(const char *name, enum column_id *id, struct text *error)
{
	const char *names[COLUMNS_N + 1] = {NULL};

	if (column_parse(name, id) == 0)
		return 0;
	for (size_t i = 0; i < COLUMNS_N; i++)
		names[i] = columns[i].name;
	return unknown(error, "column", name, names);
}

/* "pid,user,name"; one that is named again stays where it is. */
static int parse_columns(const char *value, struct options *parsed, struct text *error)
{
	int rc = 0;

	parsed->n_columns = 0;
	while (rc == 0 && *value) {
		size_t len = strcspn(value, ",");
		char *name = mem_strndup(value, len);
		enum column_id id = 0;
		size_t at = 0;

		rc = parse_column(name, &id, error);
		while (at < parsed->n_columns && parsed->columns[at] != id)
			at++;
		parsed->columns[at] = id;
		parsed->n_columns += rc == 0 && at == parsed->n_columns;
		free(name);
		value += len + (value[len] == ',');
	}
	if (rc == 0 && parsed->n_columns == 0) {
		text_add(error, "--columns names no column; see clade list columns");
		rc = -EINVAL;
	}
	return rc;
}

static void add_owner(struct options *parsed, const char *owner)
{
	parsed->owners = mem_grow(parsed->owners, parsed->n_owners + 1, sizeof(*parsed->owners));
	parsed->owners[parsed->n_owners++] = owner;
}

static int check_name(const char *what, const char *value, const char *const *names,
		      struct text *error)
{
	for (size_t i = 0; names[i]; i++) {
		if (strcmp(names[i], value) == 0)
			return 0;
	}
	return unknown(error, what, value, names);
}

static int check_signal(const char *value, struct text *error)
{
	const char *names[NAMES_MAX] = {NULL};

	if (signal_find(value))
		return 0;
	for (size_t i = 0; signal_rows[i].name && i < NAMES_MAX - 1; i++)
		names[i] = signal_rows[i].name;
	return unknown(error, "signal", value, names);
}

static int parse_list(const char *value, enum list_what *what, struct text *error)
{
	int rc = check_name("list", value, list_names, error);

	if (rc == 0) {
		*what = 0;
		while (strcmp(list_names[*what], value) != 0)
			++*what;
	}
	return rc;
}

static int set_option(const struct option *option, const char *value, struct options *parsed,
		      struct text *error)
{
	void *member = (char *)parsed + option->offset;
	int rc = 0;

	switch (option->type) {
	case OPTION_FLAG:
		*(bool *)member = true;
		return 0;
	case OPTION_READONLY:
		return readonly_parse(value ? value : "yes", member, error);
	case OPTION_SECONDS:
		return parse_seconds(option, value, member, error);
	case OPTION_FORMAT:
		return parse_format(value, member, error);
	case OPTION_THEME:
		rc = check_name("theme", value, theme_names(), error);
		break;
	case OPTION_COUNT:
		return parse_count(option, value, member, error);
	case OPTION_LEVEL:
		return parse_level(option, value, member, error);
	case OPTION_OWNER:
		add_owner(parsed, value);
		return 0;
	case OPTION_COLUMNS:
		return parse_columns(value, parsed, error);
	case OPTION_KEEP:
		text_printf(error, "--%s: ", option->name);
		rc = ring_parse_keep(value, member, error);
		if (rc == 0)
			text_clear(error);
		return rc;
	case OPTION_FILTER:
		rc = check_filter(value, error);
		break;
	case OPTION_NAME:
		if (option->offset == AT(collector))
			rc = check_name("collector", value, collector_names, error);
		else if (option->offset == AT(signal))
			rc = check_signal(value, error);
		break;
	}
	if (rc == 0)
		*(const char **)member = value;
	return rc;
}

static const struct option *find_long(const char *name, size_t len)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		if (strlen(options[i].name) == len && strncmp(options[i].name, name, len) == 0)
			return &options[i];
	}
	return NULL;
}

static const struct option *find_letter(char letter)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		if (letter && options[i].letter == letter)
			return &options[i];
	}
	return NULL;
}

static int unknown_option(const char *argument, struct text *error)
{
	char *names[OPTIONS + 1] = {NULL};
	size_t len = strcspn(argument, "=");
	char *word = mem_strndup(argument, len);
	int rc;

	for (size_t i = 0; i < OPTIONS; i++) {
		struct text name = {0};

		text_printf(&name, "--%s", options[i].name);
		names[i] = text_take(&name);
	}
	rc = unknown(error, "option", word, (const char *const *)names);
	for (size_t i = 0; i < OPTIONS; i++)
		free(names[i]);
	free(word);
	return rc;
}

/* What is being parsed: the arguments, and where in them. */
struct arguments {
	int argc;
	char **argv;
	int at;
	uint64_t used; /* which options were given, a bit each */
	bool has_command;
	size_t command; /* index into commands[] */
};

static int take_value(struct arguments *arguments, const struct option *option,
		      const char *attached, struct options *parsed, struct text *error)
{
	const char *value = attached;

	if (option->argument && !value) {
		if (arguments->at + 1 >= arguments->argc) {
			text_printf(error, "option '--%s' needs a value: %s", option->name,
				    option->argument);
			return -EINVAL;
		}
		value = arguments->argv[++arguments->at];
	} else if (!option->argument && value && option->type != OPTION_READONLY) {
		text_printf(error, "option '--%s' takes no value", option->name);
		return -EINVAL;
	}
	arguments->used |= UINT64_C(1) << (option - options);
	return set_option(option, value, parsed, error);
}

/* --name, --name=value */
static int take_long(struct arguments *arguments, struct options *parsed, struct text *error)
{
	const char *argument = arguments->argv[arguments->at];
	size_t len = strcspn(argument + 2, "=");
	const struct option *option = find_long(argument + 2, len);

	if (!option)
		return unknown_option(argument, error);
	return take_value(arguments, option, argument[2 + len] ? argument + 3 + len : NULL, parsed,
			  error);
}

/* -d 5, -d5, -hV */
static int take_short(struct arguments *arguments, struct options *parsed, struct text *error)
{
	const char *letters = arguments->argv[arguments->at] + 1;

	for (; *letters; letters++) {
		const struct option *option = find_letter(*letters);
		const char letter[3] = {'-', *letters, '\0'};
		int rc;

		if (!option)
			return unknown_option(letter, error);
		if (option->argument)
			return take_value(arguments, option, letters[1] ? letters + 1 : NULL,
					  parsed, error);
		rc = take_value(arguments, option, NULL, parsed, error);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int find_command(const char *word, size_t *at, struct text *error)
{
	const char *names[COMMANDS + 1] = {NULL};

	for (*at = 0; *at < COMMANDS; ++*at) {
		names[*at] = commands[*at].name;
		if (strcmp(names[*at], word) == 0)
			return 0;
	}
	return unknown(error, "command", word, names);
}

/* The command, then its words. */
static int take_word(struct arguments *arguments, const char *word, struct options *parsed,
		     struct text *error)
{
	if (!arguments->has_command) {
		int rc = find_command(word, &arguments->command, error);

		arguments->has_command = true;
		if (rc == 0)
			parsed->command = commands[arguments->command].command;
		return rc;
	}
	if (parsed->n_words == commands[arguments->command].most) {
		text_printf(error, "unexpected argument '%.40s'", word);
		return -EINVAL;
	}
	parsed->words[parsed->n_words++] = word;
	return 0;
}

static int check_words(const struct arguments *arguments, struct options *parsed,
		       struct text *error)
{
	if (!arguments->has_command)
		return 0;
	if (parsed->n_words < commands[arguments->command].least) {
		text_printf(error, "'%s' needs %s: %s", commands[arguments->command].name,
			    commands[arguments->command].argument,
			    commands[arguments->command].help);
		return -EINVAL;
	}
	return parsed->command == COMMAND_LIST ? parse_list(parsed->words[0], &parsed->what, error)
					       : 0;
}

static int check_use(const struct arguments *arguments, const struct options *parsed,
		     struct text *error)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		if (!(arguments->used & UINT64_C(1) << i) ||
		    options[i].commands & 1u << parsed->command)
			continue;
		if (arguments->has_command)
			text_printf(error, "option '--%s' does not go with '%s'", options[i].name,
				    commands[arguments->command].name);
		else
			text_printf(error,
				    "option '--%s' does not go with the terminal UI; did you mean "
				    "'clade snapshot'?",
				    options[i].name);
		return -EINVAL;
	}
	return 0;
}

struct options options_default(void)
{
	return (struct options){
		.command = COMMAND_UI,
		.format = &formats[0],
		.collector = "auto",
		.delay_s = 2,
		.keep = {.ms = UNKNOWN, .bytes = KEEP_DEFAULT},
		.sample_s = 1,
		.limits = check_limits_none(),
		.grace_s = 5,
		.watch_s = NAN,
		.signal = "TERM",
	};
}

void options_done(struct options *options_to_drop)
{
	free(options_to_drop->words);
	free(options_to_drop->owners);
}

int options_set(struct options *options_to_set, const char *name, const char *value,
		struct text *error)
{
	const struct option *option = find_long(name, strlen(name));
	bool is_yes = strcmp(value, "yes") == 0;

	if (option && option->type == OPTION_READONLY)
		return readonly_parse(value, &options_to_set->readonly, error);
	if (!option || !(option->commands & FOR_UI) || option->commands & FOR_LIST ||
	    option->offset == AT(config)) {
		text_printf(error, "unknown option '%s'; see clade list options", name);
		return -EINVAL;
	}
	if (option->type == OPTION_FLAG) {
		if (!is_yes && strcmp(value, "no") != 0) {
			text_printf(error, "%s is yes or no, not '%s'", name, value);
			return -EINVAL;
		}
		*(bool *)(void *)((char *)options_to_set + option->offset) = is_yes;
		return 0;
	}
	if (option->type == OPTION_NAME || option->type == OPTION_THEME) {
		char *kept = mem_strdup(value);
		int rc = set_option(option, kept, options_to_set, error);

		if (rc != 0)
			free(kept);
		return rc;
	}
	return set_option(option, value, options_to_set, error);
}

/* One look tells how many there are; how fast they grow is told by two that are not too close. */
static double check_sample(const struct check_limits *limits)
{
	const double *growth = limits->at[CHECK_GROWTH];

	return isnan(growth[CHECK_WARN]) && isnan(growth[CHECK_CRITICAL]) ? 0 : 10;
}

int options_parse(int argc, char **argv, struct options *parsed, struct text *error)
{
	struct arguments arguments = {.argc = argc, .argv = argv};
	bool only_words = false;
	int rc = 0;

	if (!parsed->words)
		parsed->words = mem_new((size_t)argc + 1, sizeof(*parsed->words));
	parsed->n_words = 0;
	parsed->n_owners = 0;
	for (arguments.at = 1; arguments.at < argc && rc == 0; arguments.at++) {
		const char *argument = argv[arguments.at];

		if (only_words || argument[0] != '-' || !argument[1])
			rc = take_word(&arguments, argument, parsed, error);
		else if (strcmp(argument, "--") == 0)
			only_words = true;
		else if (argument[1] == '-')
			rc = take_long(&arguments, parsed, error);
		else
			rc = take_short(&arguments, parsed, error);
	}
	if (rc != 0 || parsed->wants_help || parsed->wants_version)
		return rc;
	rc = check_use(&arguments, parsed, error);
	if (parsed->command == COMMAND_CHECK &&
	    !(arguments.used & UINT64_C(1) << (find_long("sample", 6) - options)))
		parsed->sample_s = check_sample(&parsed->limits);
	return rc == 0 ? check_words(&arguments, parsed, error) : rc;
}

static void add_option(struct text *out, const struct option *option)
{
	struct text left = {0};

	if (option->letter)
		text_printf(&left, "-%c, ", option->letter);
	else
		text_add(&left, "    ");
	text_printf(&left, "--%s", option->name);
	if (option->argument)
		text_printf(&left, " %s", option->argument);
	text_printf(out, "  %-24s  %s\n", text_str(&left), option->help);
	text_done(&left);
}

void options_list_commands(struct text *out)
{
	for (size_t i = 0; i < COMMANDS; i++)
		text_printf(out, "%-9s  %s\n", commands[i].name, commands[i].help);
}

void options_list_lists(struct text *out)
{
	for (size_t i = 0; list_names[i]; i++)
		text_printf(out, "%s\n", list_names[i]);
}

void options_list(struct text *out)
{
	for (size_t i = 0; i < OPTIONS; i++)
		add_option(out, &options[i]);
}

void options_help(struct text *out)
{
	text_add(out, "Usage: clade [OPTION]... [COMMAND]\n"
		      "Every process under the thing that owns it: agent session, PM2 app, "
		      "container, service.\n\n"
		      "Commands:\n"
		      "  (none)                    the terminal UI\n");
	for (size_t i = 0; i < COMMANDS; i++) {
		struct text left = {0};

		text_printf(&left, "%s%s%s", commands[i].name, commands[i].argument ? " " : "",
			    commands[i].argument ? commands[i].argument : "");
		text_printf(out, "  %-24s  %s\n", text_str(&left), commands[i].help);
		text_done(&left);
	}
	text_add(out, "\nOptions:\n");
	options_list(out);
	text_add(out, "\nFormats:\n");
	for (const struct export_format *format = formats; format->name; format++)
		text_printf(out, "  %-24s  %s\n", format->name, format->summary);
	text_add(out,
		 "\nExit status: 0 well, 1 it could not be done, 2 the command line is wrong.\n"
		 "The manual is clade(1); owner rules are described in clade-owners(5).\n");
}
