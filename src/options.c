#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "names.h"
#include "option_table.h"
#include "option_value.h"
#include "readonly.h"

enum { KEEP_DEFAULT = 500 << 20 };

static const struct option *find_long(const char *name, size_t len)
{
	for (size_t i = 0; options[i].name; i++) {
		if (strlen(options[i].name) == len && strncmp(options[i].name, name, len) == 0)
			return &options[i];
	}
	return NULL;
}

static const struct option *find_letter(char letter)
{
	for (size_t i = 0; options[i].name; i++) {
		if (letter && options[i].letter == letter)
			return &options[i];
	}
	return NULL;
}

static int unknown_option(const char *argument, struct text *error)
{
	char *names[OPTIONS_MAX + 1] = {NULL};
	size_t len = strcspn(argument, "=");
	char *word = mem_strndup(argument, len);
	int rc;

	for (size_t i = 0; options[i].name; i++) {
		struct text name = {0};

		text_printf(&name, "--%s", options[i].name);
		names[i] = text_take(&name);
	}
	rc = names_complain(error, "option", word, (const char *const *)names);
	for (size_t i = 0; options[i].name; i++)
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
	return option_set(option, value, parsed, error);
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
	const char *names[COMMANDS_MAX + 1] = {NULL};

	for (*at = 0; commands[*at].name; ++*at) {
		names[*at] = commands[*at].name;
		if (strcmp(names[*at], word) == 0)
			return 0;
	}
	return names_complain(error, "command", word, names);
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
	return parsed->command == COMMAND_LIST
		       ? option_parse_list(parsed->words[0], &parsed->what, error)
		       : 0;
}

static int check_use(const struct arguments *arguments, const struct options *parsed,
		     struct text *error)
{
	for (size_t i = 0; options[i].name; i++) {
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
		int rc = option_set(option, kept, options_to_set, error);

		if (rc != 0)
			free(kept);
		return rc;
	}
	return option_set(option, value, options_to_set, error);
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
