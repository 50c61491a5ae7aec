#include "rules.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "clade/ini.h"
#include "clade/io.h"
#include "clade/mem.h"
#include "owners_conf.h"

enum {
	RULE_FILE_MAX = 1 << 20, /* bytes of one rule file */
};

/* One file being read. */
struct reading {
	struct ruleset *rules;
	const char *file;
	int line;
	int mistakes;
	struct rule *rule; /* the stanza being read, NULL before the first */
	bool is_bad;
	rules_complain *complain;
	void *context;
};

static void mistake(void *context, const char *what)
{
	struct reading *reading = context;
	struct text message = {0};

	text_printf(&message, "%s:%d: %s", reading->file, reading->line, what);
	reading->mistakes++;
	reading->is_bad = true;
	if (reading->complain)
		reading->complain(reading->context, text_str(&message));
	text_done(&message);
}

static void rules_put(struct ruleset *rules, struct rule *rule)
{
	size_t at = 0;

	for (size_t i = 0; i < rules->n; i++) {
		if (strcmp(rules->rules[i]->name, rule->name) != 0)
			continue;
		rule_free(rules->rules[i]);
		memmove(&rules->rules[i], &rules->rules[i + 1],
			(rules->n - i - 1) * sizeof(rules->rules[0]));
		rules->n--;
		break;
	}
	while (at < rules->n && rules->rules[at]->priority <= rule->priority)
		at++;
	rules->rules = mem_grow(rules->rules, rules->n + 1, sizeof(rules->rules[0]));
	memmove(&rules->rules[at + 1], &rules->rules[at],
		(rules->n - at) * sizeof(rules->rules[0]));
	rules->rules[at] = rule;
	rules->n++;
}

static void stanza_end(struct reading *reading)
{
	struct rule *rule = reading->rule;

	if (!rule)
		return;
	if (!reading->is_bad && rule->kind == OWNER_KINDS)
		mistake(reading, "the stanza above has no kind");
	if (reading->is_bad) {
		rule_free(rule);
	} else {
		if (!rule->label)
			rule->label = mem_strdup(rule->name);
		rules_put(reading->rules, rule);
	}
	reading->rule = NULL;
	reading->is_bad = false;
}

static void stanza_begin(void *context, const char *name)
{
	struct reading *reading = context;

	stanza_end(reading);
	reading->rule = rule_new(name);
}

static void take_key(void *context, const char *name, const char *value)
{
	struct reading *reading = context;
	struct text why = {0};

	if (rule_set(reading->rule, name, value, &why) != 0)
		mistake(reading, text_str(&why));
	text_done(&why);
}

/* A set of names, each once. */
struct names {
	const char **items;
	size_t n;
};

static void add_name(void *context, const char *name)
{
	struct names *names = context;

	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->items[i], name) == 0)
			return;
	}
	names->items = mem_grow(names->items, names->n + 1, sizeof(*names->items));
	names->items[names->n++] = name;
}

static void add_words(struct names *names, const struct line *line)
{
	for (size_t i = 0; i < line->n; i++)
		add_name(names, line->words[i]);
}

static const char *const *names_end(struct names *names)
{
	names->items = mem_grow(names->items, names->n + 1, sizeof(*names->items));
	names->items[names->n] = NULL;
	return names->items;
}

static void groups_free(struct ruleset *rules)
{
	for (size_t i = 0; i < rules->n_groups; i++) {
		free((void *)(uintptr_t)rules->groups[i].triggers);
		free((void *)(uintptr_t)rules->groups[i].keep);
	}
	free(rules->groups);
	rules->groups = NULL;
	rules->n_groups = 0;
}

/* What a source must keep of environments: beside each rule's markers what that rule wants, and
 * some things always. */
static void groups_make(struct ruleset *rules)
{
	struct names always = {0};

	groups_free(rules);
	rules->groups = mem_new(rules->n + 1, sizeof(*rules->groups));
	add_name(&always, "HOME");
	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *rule = rules->rules[i];
		struct names triggers = {0};
		struct names keep = {0};

		add_words(&always, &rule->always);
		if (rule->config_env)
			add_name(&always, rule->config_env);
		conditions_names(&rule->envs, add_name, &triggers);
		conditions_names(&rule->children, add_name, &triggers);
		conditions_names(&rule->roots, add_name, &triggers);
		conditions_names(&rule->root_nots, add_name, &triggers);
		conditions_names(&rule->servers, add_name, &triggers);
		conditions_names(&rule->monitors, add_name, &triggers);
		if (triggers.n == 0)
			continue;
		for (size_t t = 0; t < triggers.n; t++)
			add_name(&keep, triggers.items[t]);
		conditions_names(&rule->env_nots, add_name, &keep);
		add_words(&keep, &rule->session);
		add_words(&keep, &rule->keep);
		if (rule->root_pid.n > 0)
			add_name(&keep, rule->root_pid.words[0]);
		rules->groups[rules->n_groups++] = (struct marker_group){
			.triggers = names_end(&triggers),
			.keep = names_end(&keep),
		};
	}
	rules->groups[rules->n_groups++] = (struct marker_group){.keep = names_end(&always)};
}

int rules_parse(struct ruleset *rules, const char *file, const char *text, size_t len,
		rules_complain *complain, void *context)
{
	static const struct ini_events events = {
		.section = stanza_begin, .key = take_key, .mistake = mistake};
	struct reading reading = {
		.rules = rules,
		.file = file,
		.complain = complain,
		.context = context,
	};

	ini_read(text, len, &reading.line, &events, &reading);
	stanza_end(&reading);
	groups_make(rules);
	return reading.mistakes;
}

struct ruleset *rules_new(void)
{
	struct ruleset *rules = mem_new(1, sizeof(*rules));
	int mistakes = rules_parse(rules, "owners.conf", owners_conf, owners_conf_len, NULL, NULL);

	if (mistakes > 0)
		abort(); /* the built-in rules are tested */
	return rules;
}

void rules_free(struct ruleset *rules)
{
	if (!rules)
		return;
	groups_free(rules);
	for (size_t i = 0; i < rules->n; i++)
		rule_free(rules->rules[i]);
	free(rules->rules);
	free(rules);
}

static int is_rule_file(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".conf") == 0;
}

static int read_one(struct ruleset *rules, const char *path, rules_complain *complain,
		    void *context)
{
	struct text bytes = {0};
	int rc = io_read_at(AT_FDCWD, path, RULE_FILE_MAX, &bytes);
	int mistakes = 1;

	if (rc == 0) {
		mistakes = rules_parse(rules, path, text_str(&bytes), bytes.len, complain, context);
	} else if (complain) {
		struct text message = {0};

		text_printf(&message, "%s: %s", path, strerror(-rc));
		complain(context, text_str(&message));
		text_done(&message);
	}
	text_done(&bytes);
	return mistakes;
}

int rules_read_dir(struct ruleset *rules, const char *dir, rules_complain *complain, void *context)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_rule_file, alphasort);
	int mistakes = 0;

	if (n < 0)
		return 0;
	for (int i = 0; i < n; i++) {
		struct text path = {0};

		text_printf(&path, "%s/%s", dir, entries[i]->d_name);
		mistakes += read_one(rules, text_str(&path), complain, context);
		text_done(&path);
		free(entries[i]);
	}
	free(entries);
	return mistakes;
}

const struct marker_group *rules_markers(const struct ruleset *rules, size_t *n)
{
	*n = rules->n_groups;
	return rules->groups;
}

const struct rule *rules_find(const struct ruleset *rules, const char *name)
{
	for (size_t i = 0; i < rules->n; i++) {
		if (strcmp(rules->rules[i]->name, name) == 0)
			return rules->rules[i];
	}
	return NULL;
}

/* What a rule goes by, in words. */
static void list_means(const struct rule *rule, struct text *out)
{
	const struct {
		bool is_used;
		const char *what;
	} means[] = {
		{rule->roots.n > 0, "its root process"},
		{rule->envs.n > 0, "the environment"},
		{rule->children.n > 0 || rule->any_child, "its children's environment or place"},
		{rule->cgroups.n > 0, "the cgroup"},
		{rule->monitors.n > 0, "its monitor process"},
		{rule->is_namespace, "the namespaces"},
	};
	const char *comma = "";

	for (size_t i = 0; i < sizeof(means) / sizeof(means[0]); i++) {
		if (!means[i].is_used)
			continue;
		text_printf(out, "%s%s", comma, means[i].what);
		comma = ", ";
	}
}

void rules_list(const struct ruleset *rules, struct text *out)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *rule = rules->rules[i];

		text_printf(out, "%-9s  %-12s  %-16s  told by ", owner_kind_name(rule->kind),
			    rule->name, rule->label);
		list_means(rule, out);
		text_add_char(out, '\n');
	}
}
