/* One rule: the keys that a stanza may have, and what becomes of their values. */
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "rules.h"

enum { PRIORITY_DEFAULT = 50 };

/* How the value of a key is read. */
enum value_type {
	VALUE_TEXT,      /* char * */
	VALUE_BOOL,      /* bool: yes or no */
	VALUE_NUMBER,    /* int */
	VALUE_KIND,      /* enum owner_kind */
	VALUE_CONDITION, /* struct conditions: words name their field */
	VALUE_ENV,       /* struct conditions: words are variables */
	VALUE_PATTERN,   /* struct pattern */
	VALUE_PATTERNS,  /* struct patterns */
	VALUE_WORDS,     /* struct line */
	VALUE_LINES,     /* struct lines */
};

struct key {
	const char *name;
	enum value_type type;
	size_t offset;
};

/* clang-format off */
static const struct key keys[] = {
	{"kind",                 VALUE_KIND,      offsetof(struct rule, kind)},
	{"label",                VALUE_TEXT,      offsetof(struct rule, label)},
	{"priority",             VALUE_NUMBER,    offsetof(struct rule, priority)},
	{"is_multiplexer",       VALUE_BOOL,      offsetof(struct rule, is_multiplexer)},
	{"root",                 VALUE_CONDITION, offsetof(struct rule, roots)},
	{"root.not",             VALUE_CONDITION, offsetof(struct rule, root_nots)},
	{"root.server",          VALUE_CONDITION, offsetof(struct rule, servers)},
	{"env",                  VALUE_ENV,       offsetof(struct rule, envs)},
	{"env.not",              VALUE_ENV,       offsetof(struct rule, env_nots)},
	{"session",              VALUE_WORDS,     offsetof(struct rule, session)},
	{"rootpid",              VALUE_WORDS,     offsetof(struct rule, root_pid)},
	{"keep",                 VALUE_WORDS,     offsetof(struct rule, keep)},
	{"always",               VALUE_WORDS,     offsetof(struct rule, always)},
	{"child",                VALUE_CONDITION, offsetof(struct rule, children)},
	{"child.any",            VALUE_BOOL,      offsetof(struct rule, any_child)},
	{"child.key",            VALUE_TEXT,      offsetof(struct rule, child_key)},
	{"child.name",           VALUE_TEXT,      offsetof(struct rule, child_name)},
	{"child.since",          VALUE_TEXT,      offsetof(struct rule, child_since)},
	{"child.restarts",       VALUE_TEXT,      offsetof(struct rule, child_restarts)},
	{"cgroup",               VALUE_PATTERNS,  offsetof(struct rule, cgroups)},
	{"cgroup.not",           VALUE_PATTERNS,  offsetof(struct rule, cgroup_nots)},
	{"cgroup.mark",          VALUE_PATTERNS,  offsetof(struct rule, cgroup_marks)},
	{"key.unescape",         VALUE_BOOL,      offsetof(struct rule, is_key_escaped)},
	{"key.replace",          VALUE_WORDS,     offsetof(struct rule, key_replace)},
	{"namespace",            VALUE_BOOL,      offsetof(struct rule, is_namespace)},
	{"monitor",              VALUE_CONDITION, offsetof(struct rule, monitors)},
	{"monitor.id",           VALUE_WORDS,     offsetof(struct rule, monitor_id)},
	{"monitor.name",         VALUE_TEXT,      offsetof(struct rule, monitor_name)},
	{"monitor.bundle",       VALUE_TEXT,      offsetof(struct rule, monitor_bundle)},
	{"monitor.has_children", VALUE_BOOL,      offsetof(struct rule, has_monitor_children)},
	{"key",                  VALUE_TEXT,      offsetof(struct rule, key)},
	{"name",                 VALUE_TEXT,      offsetof(struct rule, name_template)},
	{"name.pattern",         VALUE_PATTERN,   offsetof(struct rule, name_pattern)},
	{"config",               VALUE_WORDS,     SIZE_MAX}, /* two members: see key_set() */
	{"engine",               VALUE_WORDS,     offsetof(struct rule, engine)},
	{"registry",             VALUE_LINES,     offsetof(struct rule, registry)},
	{"registry.fd",          VALUE_PATTERN,   offsetof(struct rule, registry_fd)},
	{"registry.glob",        VALUE_TEXT,      offsetof(struct rule, registry_glob)},
	{"title",                VALUE_LINES,     offsetof(struct rule, titles)},
	{"title.line",           VALUE_LINES,     offsetof(struct rule, title_lines)},
	{"title.first",          VALUE_LINES,     offsetof(struct rule, title_firsts)},
	{"name.json",            VALUE_LINES,     offsetof(struct rule, name_json)},
	{"name.list",            VALUE_LINES,     offsetof(struct rule, name_list)},
	{"name.state",           VALUE_LINES,     offsetof(struct rule, name_state)},
	{"name.glob",            VALUE_LINES,     offsetof(struct rule, name_glob)},
	{"name.vars",            VALUE_LINES,     offsetof(struct rule, name_vars)},
	{"unwrap",               VALUE_PATTERNS,  offsetof(struct rule, unwraps)},
};
/* clang-format on */

enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

static void line_done(struct line *line)
{
	words_free(line->words, line->n);
	*line = (struct line){0};
}

static void lines_done(struct lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		line_done(&lines->items[i]);
	free(lines->items);
}

static void patterns_done(struct patterns *patterns)
{
	for (size_t i = 0; i < patterns->n; i++)
		pattern_done(&patterns->items[i]);
	free(patterns->items);
}

static void *member_of(struct rule *rule, const struct key *key)
{
	return (char *)rule + key->offset;
}

static void key_done(struct rule *rule, const struct key *key)
{
	if (key->offset == SIZE_MAX)
		return;
	switch (key->type) {
	case VALUE_TEXT:
		free(*(char **)member_of(rule, key));
		break;
	case VALUE_CONDITION:
	case VALUE_ENV:
		conditions_done(member_of(rule, key));
		break;
	case VALUE_PATTERN:
		pattern_done(member_of(rule, key));
		break;
	case VALUE_PATTERNS:
		patterns_done(member_of(rule, key));
		break;
	case VALUE_WORDS:
		line_done(member_of(rule, key));
		break;
	case VALUE_LINES:
		lines_done(member_of(rule, key));
		break;
	case VALUE_BOOL:
	case VALUE_NUMBER:
	case VALUE_KIND:
		break;
	}
}

void rule_free(struct rule *rule)
{
	if (!rule)
		return;
	for (size_t i = 0; i < KEYS; i++)
		key_done(rule, &keys[i]);
	free(rule->config_env);
	free(rule->config_dir);
	free(rule->name);
	free(rule);
}

struct rule *rule_new(const char *name)
{
	struct rule *rule = mem_new(1, sizeof(*rule));

	rule->name = mem_strdup(name);
	rule->kind = OWNER_KINDS;
	rule->priority = PRIORITY_DEFAULT;
	return rule;
}

static int parse_bool(bool *truth, const char *value, struct text *error)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0) {
		text_printf(error, "'%s' is neither yes nor no", value);
		return -EINVAL;
	}
	*truth = strcmp(value, "yes") == 0;
	return 0;
}

static int parse_number(int *number, const char *value, struct text *error)
{
	char *end;
	long parsed = strtol(value, &end, 10);

	if (end == value || *end || parsed < 0 || parsed > 1000) {
		text_printf(error, "'%s' is no number from 0 to 1000", value);
		return -EINVAL;
	}
	*number = (int)parsed;
	return 0;
}

static int parse_kind(enum owner_kind *kind, const char *value, struct text *error)
{
	int rc = owner_kind_parse(value, kind);

	if (rc != 0)
		text_printf(error, "unknown kind '%s' (agent, pm2, container, service, login)",
			    value);
	return rc;
}

static int parse_config(struct rule *rule, const char *value, struct text *error)
{
	size_t n;
	char **words = words_split(value, &n);

	if (n != 2) {
		words_free(words, n);
		text_add(error, "config takes a variable and a directory in the home");
		return -EINVAL;
	}
	free(rule->config_env);
	free(rule->config_dir);
	rule->config_env = words[0];
	rule->config_dir = words[1];
	free(words);
	return 0;
}

static int add_pattern(struct patterns *patterns, const char *value, struct text *error)
{
	struct pattern pattern = {0};
	int rc = pattern_parse(&pattern, value, error);

	if (rc != 0)
		return rc;
	patterns->items = mem_grow(patterns->items, patterns->n + 1, sizeof(*patterns->items));
	patterns->items[patterns->n++] = pattern;
	return 0;
}

static void set_words(struct line *line, const char *value)
{
	line_done(line);
	line->words = words_split(value, &line->n);
}

static void add_line(struct lines *lines, const char *value)
{
	lines->items = mem_grow(lines->items, lines->n + 1, sizeof(*lines->items));
	lines->items[lines->n] = (struct line){0};
	set_words(&lines->items[lines->n++], value);
}

static int key_set(struct rule *rule, const struct key *key, const char *value, struct text *error)
{
	if (key->offset == SIZE_MAX)
		return parse_config(rule, value, error);

	void *member = member_of(rule, key);

	switch (key->type) {
	case VALUE_TEXT:
		free(*(char **)member);
		*(char **)member = mem_strdup(value);
		return 0;
	case VALUE_BOOL:
		return parse_bool(member, value, error);
	case VALUE_NUMBER:
		return parse_number(member, value, error);
	case VALUE_KIND:
		return parse_kind(member, value, error);
	case VALUE_CONDITION:
		return conditions_add(member, value, NULL, error);
	case VALUE_ENV:
		return conditions_add(member, value, "env", error);
	case VALUE_PATTERN:
		pattern_done(member);
		return pattern_parse(member, value, error);
	case VALUE_PATTERNS:
		return add_pattern(member, value, error);
	case VALUE_WORDS:
		set_words(member, value);
		return 0;
	case VALUE_LINES:
		add_line(member, value);
		return 0;
	}
	return -EINVAL;
}

static const struct key *key_find(const char *name)
{
	for (size_t i = 0; i < KEYS; i++) {
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	}
	return NULL;
}

int rule_set(struct rule *rule, const char *name, const char *value, struct text *error)
{
	const struct key *key = key_find(name);

	if (!key) {
		text_printf(error, "unknown key '%s'", name);
		return -EINVAL;
	}
	return key_set(rule, key, value, error);
}
