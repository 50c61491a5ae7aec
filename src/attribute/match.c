#include "match.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"

enum { WORDS_MAX = 8 }; /* arguments that `arg` looks at */

enum field {
	FIELD_EXE,
	FIELD_COMM,
	FIELD_ARGV0,
	FIELD_ARG,
	FIELD_SUB,
	FIELD_TITLE,
	FIELD_ENV,
	FIELDS
};

static const char *const field_names[FIELDS] = {"exe", "comm",  "argv0", "arg",
						"sub", "title", "env"};

/* One word of a condition. */
struct matcher {
	enum field field;
	bool is_negated; /* !FIELD:VALUE must not hold */
	char *env;       /* FIELD_ENV: the variable's name */
	char *values;    /* exact values parted by '|'; NULL: any value, or the pattern */
	struct pattern pattern;
};

struct condition {
	struct matcher *matchers;
	size_t n;
};

int pattern_parse(struct pattern *pattern, const char *source, struct text *error)
{
	int rc = regcomp(&pattern->regex, source, REG_EXTENDED);

	if (rc != 0) {
		char why[128];

		regerror(rc, &pattern->regex, why, sizeof(why));
		text_printf(error, "'%s' is no regular expression: %s", source, why);
		return -EINVAL;
	}
	pattern->group = pattern->regex.re_nsub > 0 ? 1 : 0;
	pattern->is_set = true;
	return 0;
}

void pattern_done(struct pattern *pattern)
{
	if (pattern->is_set)
		regfree(&pattern->regex);
	pattern->is_set = false;
}

bool pattern_find(const struct pattern *pattern, const char *s, size_t *start, size_t *end)
{
	regmatch_t groups[4];

	if (!pattern->is_set || regexec(&pattern->regex, s, 4, groups, 0) != 0)
		return false;
	if (pattern->group >= 4 || groups[pattern->group].rm_so < 0)
		return false;
	*start = (size_t)groups[pattern->group].rm_so;
	*end = (size_t)groups[pattern->group].rm_eo;
	return true;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "claude.exe" -> "claude": npm gives native programs that name on Linux too. */
static char *exe_name(const char *exe)
{
	char *name = mem_strdup(base_name(exe));
	size_t len = strlen(name);

	if (len > 4 && strcmp(name + len - 4, ".exe") == 0)
		name[len - 4] = '\0';
	return name;
}

/* Another user's executable may not be read: then its two names must agree, the kernel's and its
 * own. */
static char *exe_guess(const struct facts *facts, const char *argv0)
{
	return mem_strdup(*argv0 && strncmp(argv0, facts->comm, strlen(facts->comm)) == 0 ? argv0
											  : "");
}

/* A title written over the arguments is one string: `node /srv/app.js`. */
static void split_title(struct subject *subject)
{
	char *copy = mem_strdup(subject->title);
	char *rest = copy;
	char *word;

	for (word = strsep(&rest, " "); word && subject->n_words < WORDS_MAX;
	     word = strsep(&rest, " ")) {
		if (*word)
			subject->words[subject->n_words++] = mem_strdup(word);
	}
	free(copy);
}

void subject_init(struct subject *subject, const struct facts *facts)
{
	size_t argc = facts->argv ? facts_argc(facts) : 0;
	struct text title = {0};

	*subject = (struct subject){.facts = facts};
	subject->words = mem_new(WORDS_MAX, sizeof(*subject->words));
	for (size_t i = 0; i < argc; i++) {
		if (i > 0)
			text_add_char(&title, ' ');
		text_add(&title, facts_arg(facts, i));
	}
	subject->title = mem_strdup(text_str(&title));
	text_done(&title);
	if (argc == 1 && strchr(subject->title, ' ')) {
		split_title(subject);
	} else {
		for (size_t i = 0; i < argc && i < WORDS_MAX; i++)
			subject->words[subject->n_words++] = mem_strdup(facts_arg(facts, i));
	}
	subject->argv0 = exe_name(subject->n_words > 0 ? subject->words[0] : "");
	subject->exe = facts->exe ? exe_name(facts->exe) : exe_guess(facts, subject->argv0);
}

void subject_done(struct subject *subject)
{
	words_free(subject->words, subject->n_words);
	free(subject->exe);
	free(subject->argv0);
	free(subject->title);
}

char **words_split(const char *line, size_t *n)
{
	char **words = NULL;
	size_t count = 0;

	while (*line) {
		struct text word = {0};
		bool is_quoted = false;

		while (isblank((unsigned char)*line))
			line++;
		if (!*line)
			break;
		for (; *line && (is_quoted || !isblank((unsigned char)*line)); line++) {
			if (*line == '"')
				is_quoted = !is_quoted;
			else
				text_add_char(&word, *line);
		}
		words = mem_grow(words, count + 1, sizeof(*words));
		words[count++] = mem_strdup(text_str(&word));
		text_done(&word);
	}
	*n = count;
	return words;
}

void words_free(char **words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(words[i]);
	free(words);
}

static void matcher_done(struct matcher *matcher)
{
	free(matcher->env);
	free(matcher->values);
	pattern_done(&matcher->pattern);
}

static void condition_done(struct condition *condition)
{
	for (size_t i = 0; i < condition->n; i++)
		matcher_done(&condition->matchers[i]);
	free(condition->matchers);
}

/* NAME, NAME=VALUE|VALUE or NAME~REGEX. */
static int matcher_parse_env(struct matcher *matcher, const char *value, struct text *error)
{
	size_t len = strcspn(value, "=~");

	if (len == 0) {
		text_printf(error, "'%s' names no environment variable", value);
		return -EINVAL;
	}
	matcher->env = mem_strndup(value, len);
	if (value[len] == '~')
		return pattern_parse(&matcher->pattern, value + len + 1, error);
	if (value[len] == '=')
		matcher->values = mem_strdup(value + len + 1);
	return 0;
}

static int matcher_parse_value(struct matcher *matcher, const char *value, struct text *error)
{
	if (matcher->field == FIELD_ENV)
		return matcher_parse_env(matcher, value, error);
	if (*value == '~')
		return pattern_parse(&matcher->pattern, value + 1, error);
	if (!*value) {
		text_printf(error, "'%s:' has no value", field_names[matcher->field]);
		return -EINVAL;
	}
	matcher->values = mem_strdup(value);
	return 0;
}

/* The length of a field's name with its colon at the start of the word, 0 when there is none. */
static size_t field_parse(const char *word, enum field *field)
{
	for (size_t i = 0; i < FIELDS; i++) {
		size_t len = strlen(field_names[i]);

		if (strncmp(word, field_names[i], len) == 0 && word[len] == ':') {
			*field = (enum field)i;
			return len + 1;
		}
	}
	return 0;
}

static int matcher_parse(struct matcher *matcher, const char *word, const char *field,
			 struct text *error)
{
	struct text whole = {0};
	size_t prefix;
	int rc;

	matcher->is_negated = *word == '!';
	word += matcher->is_negated;
	prefix = field_parse(word, &matcher->field);
	if (prefix == 0 && field) {
		text_printf(&whole, "%s:%s", field, word);
		prefix = field_parse(text_str(&whole), &matcher->field);
	} else {
		text_add(&whole, word);
	}
	if (prefix == 0) {
		text_printf(error,
			    "'%s' is not FIELD:VALUE (exe, comm, argv0, arg, sub, title, env)",
			    word);
		rc = -EINVAL;
	} else {
		rc = matcher_parse_value(matcher, text_str(&whole) + prefix, error);
	}
	text_done(&whole);
	return rc;
}

int conditions_add(struct conditions *conditions, const char *line, const char *field,
		   struct text *error)
{
	struct condition condition = {0};
	size_t n;
	char **words = words_split(line, &n);
	int rc = n > 0 ? 0 : -EINVAL;

	if (n == 0)
		text_add(error, "empty condition");
	condition.matchers = mem_new(n + 1, sizeof(*condition.matchers));
	for (size_t i = 0; i < n && rc == 0; i++) {
		condition.n++;
		rc = matcher_parse(&condition.matchers[i], words[i], field, error);
	}
	words_free(words, n);
	if (rc != 0) {
		condition_done(&condition);
		return rc;
	}
	conditions->items =
		mem_grow(conditions->items, conditions->n + 1, sizeof(*conditions->items));
	conditions->items[conditions->n++] = condition;
	return 0;
}

void conditions_done(struct conditions *conditions)
{
	for (size_t i = 0; i < conditions->n; i++)
		condition_done(&conditions->items[i]);
	free(conditions->items);
	*conditions = (struct conditions){0};
}

static bool is_one_of(const char *values, const char *s)
{
	size_t len = strlen(s);

	for (const char *value = values; value; value = strchr(value, '|')) {
		if (*value == '|')
			value++;
		if (strncmp(value, s, len) == 0 && (value[len] == '|' || value[len] == '\0'))
			return true;
	}
	return false;
}

static bool value_matches(const struct matcher *matcher, const char *s)
{
	if (matcher->pattern.is_set)
		return regexec(&matcher->pattern.regex, s, 0, NULL, 0) == 0;
	if (matcher->values)
		return is_one_of(matcher->values, s);
	return true;
}

static bool any_word_matches(const struct matcher *matcher, const struct subject *subject)
{
	for (size_t i = 0; i < subject->n_words; i++) {
		if (value_matches(matcher, subject->words[i]))
			return true;
	}
	return false;
}

static bool is_interpreter(const char *exe)
{
	static const char *const names[] = {"node", "bun", "deno", "python"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strncmp(exe, names[i], strlen(names[i])) == 0)
			return true;
	}
	return false;
}

/* What a program is told to do: "update" in `claude update` and in `node --max-old-space-size=512
 * /x/cli.js update`; never a later word, which may be a prompt. NULL when there is none. */
static const char *subcommand(const struct subject *subject)
{
	size_t at = 1;

	if (is_interpreter(subject->exe)) {
		while (at < subject->n_words && subject->words[at][0] == '-')
			at++;
		at++;
	}
	return at < subject->n_words ? subject->words[at] : NULL;
}

static bool matcher_holds(const struct matcher *matcher, const struct subject *subject)
{
	const char *value;

	switch (matcher->field) {
	case FIELD_EXE:
		return value_matches(matcher, subject->exe);
	case FIELD_COMM:
		return value_matches(matcher, subject->facts->comm);
	case FIELD_ARGV0:
		return value_matches(matcher, subject->argv0);
	case FIELD_ARG:
		return any_word_matches(matcher, subject);
	case FIELD_SUB:
		value = subcommand(subject);
		return value && value_matches(matcher, value);
	case FIELD_TITLE:
		return value_matches(matcher, subject->title);
	case FIELD_ENV:
		value = facts_marker(subject->facts, matcher->env);
		return value && value_matches(matcher, value);
	case FIELDS:
		break;
	}
	return false;
}

static bool condition_holds(const struct condition *condition, const struct subject *subject)
{
	for (size_t i = 0; i < condition->n; i++) {
		if (matcher_holds(&condition->matchers[i], subject) ==
		    condition->matchers[i].is_negated)
			return false;
	}
	return true;
}

bool conditions_hold(const struct conditions *conditions, const struct subject *subject)
{
	for (size_t i = 0; i < conditions->n; i++) {
		if (condition_holds(&conditions->items[i], subject))
			return true;
	}
	return false;
}

bool conditions_are_env(const struct conditions *conditions)
{
	for (size_t i = 0; i < conditions->n; i++) {
		for (size_t j = 0; j < conditions->items[i].n; j++) {
			if (conditions->items[i].matchers[j].field != FIELD_ENV)
				return false;
		}
	}
	return true;
}

void conditions_names(const struct conditions *conditions,
		      void (*visit)(void *context, const char *name), void *context)
{
	for (size_t i = 0; i < conditions->n; i++) {
		const struct condition *condition = &conditions->items[i];

		for (size_t j = 0; j < condition->n; j++) {
			if (condition->matchers[j].env)
				visit(context, condition->matchers[j].env);
		}
	}
}
