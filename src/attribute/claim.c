#include "claim.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

/* The first variable that is set, with its value. */
static const char *first_set(const struct facts *facts, const struct line *variables,
			     const char **value)
{
	for (size_t i = 0; i < variables->n; i++) {
		*value = facts_marker(facts, variables->words[i]);
		if (*value && **value)
			return variables->words[i];
	}
	*value = NULL;
	return NULL;
}

struct name_search {
	const struct facts *facts;
	const char *found;
};

static void take_set(void *context, const char *name)
{
	struct name_search *search = context;

	if (!search->found && facts_marker(search->facts, name))
		search->found = name;
}

/* `rootpid = TMUX , 1`: the variable, what parts its fields, and which field holds the pid. */
static int64_t root_pid_of(const struct rule *rule, const struct facts *facts)
{
	const struct line *line = &rule->root_pid;
	const char *value = line->n > 0 ? facts_marker(facts, line->words[0]) : NULL;
	long skip = line->n > 2 ? strtol(line->words[2], NULL, 10) : 0;
	char *end;
	long long pid;

	for (; value && skip > 0; skip--) {
		value = strchr(value, line->words[1][0]);
		value = value ? value + 1 : NULL;
	}
	if (!value || !isdigit((unsigned char)*value))
		return 0;
	errno = 0;
	pid = strtoll(value, &end, 10);
	return errno == 0 && end != value ? pid : 0;
}

static uint64_t number_of(const struct facts *facts, const char *variable)
{
	const char *value = variable ? facts_marker(facts, variable) : NULL;
	char *end;
	uint64_t number;

	if (!value || !isdigit((unsigned char)*value))
		return UNKNOWN;
	errno = 0;
	number = strtoull(value, &end, 10);
	return errno == 0 && *end == '\0' ? number : UNKNOWN;
}

/* A version 7 UUID begins with its time in ms (RFC 9562, 5.7): 01a20b03-xxxx-7… */
static uint64_t uuid_time(const char *uuid)
{
	char digits[13];
	size_t n = 0;

	if (!uuid || strlen(uuid) != 36 || uuid[14] != '7')
		return UNKNOWN;
	for (size_t i = 0; i < 13; i++) {
		if (uuid[i] == '-')
			continue;
		if (!isxdigit((unsigned char)uuid[i]))
			return UNKNOWN;
		digits[n++] = uuid[i];
	}
	digits[n] = '\0';
	return n == 12 ? strtoull(digits, NULL, 16) : UNKNOWN;
}

/* An id of several words, as SSH_CONNECTION has it, is written as one. */
static const char *one_word(const char *key, struct arena *arena)
{
	char *word = key && strchr(key, ' ') ? arena_strdup(arena, key) : NULL;

	for (char *c = word; c && *c; c++)
		*c = *c == ' ' ? '_' : *c;
	return word ? word : key;
}

static struct claim agent_claim(const struct rule *rule, const struct facts *facts,
				struct arena *arena)
{
	struct claim claim = {.rule = rule, .since_ms = UNKNOWN, .restarts = UNKNOWN};
	struct name_search search = {.facts = facts};

	claim.marker = first_set(facts, &rule->session, &claim.key);
	claim.key = one_word(claim.key, arena);
	conditions_names(&rule->envs, take_set, &search);
	if (!claim.marker)
		claim.marker = search.found;
	claim.root_pid = root_pid_of(rule, facts);
	claim.since_ms = uuid_time(claim.key);
	return claim;
}

/* A template filled, of the arena. */
static int fill(const char *template, const struct name_query *query, struct arena *arena,
		const char **filled)
{
	char *text = names_expand(template, query);

	*filled = text ? arena_strdup(arena, text) : NULL;
	if (text && !*filled) {
		free(text);
		return -ENOMEM;
	}
	free(text);
	return 0;
}

static int child_claim(const struct rule *rule, const struct subject *subject, const char *home,
		       struct arena *arena, struct claim *claim)
{
	const struct facts *facts = subject->facts;
	struct name_query query = {.rule = rule, .facts = facts, .home = home};
	struct name_search search = {.facts = facts};
	int rc;

	conditions_names(&rule->children, take_set, &search);
	*claim = (struct claim){
		.rule = rule,
		.marker = search.found,
		.is_child = true,
		.root_pid = root_pid_of(rule, facts),
		.since_ms = number_of(facts, rule->child_since),
		.restarts = number_of(facts, rule->child_restarts),
	};
	rc = fill(rule->child_key, &query, arena, &claim->key);
	if (rc == 0)
		rc = fill(rule->child_name, &query, arena, &claim->name);
	if (rc == 0)
		rc = fill(rule->key, &query, arena, &claim->parent_key);
	return rc;
}

/* The general convention counts only where no product's own rule does. */
static size_t drop_general(struct claim *claims, size_t n)
{
	size_t agents = 0;
	size_t kept = 0;
	int least = 0;

	for (size_t i = 0; i < n; i++) {
		if (claims[i].rule->kind != OWNER_AGENT)
			continue;
		agents++;
		if (claims[i].rule->priority > least)
			least = claims[i].rule->priority;
	}
	for (size_t i = 0; i < n; i++) {
		bool is_general = !claims[i].is_child && claims[i].rule->roots.n == 0 &&
				  claims[i].rule->priority == least && least >= 99;

		if (!(is_general && agents > 1))
			claims[kept++] = claims[i];
	}
	return kept;
}

/* A rule that takes its key from the value itself: AI_AGENT=acme_1-2 is the agent "acme". */
static int name_general(struct claim *claim, const struct facts *facts, const char *home,
			struct arena *arena)
{
	const struct rule *rule = claim->rule;
	struct name_query query = {.rule = rule, .facts = facts, .home = home};
	char *value;
	size_t start, end;

	if (!rule->key || claim->name)
		return 0;
	value = names_expand(rule->name_template, &query);
	if (value && pattern_find(&rule->name_pattern, value, &start, &end)) {
		value[end] = '\0';
		claim->name = arena_strdup(arena, value + start);
	} else if (value) {
		claim->name = arena_strdup(arena, value);
	}
	free(value);
	return claim->name ? 0 : -ENOMEM;
}

int claims_find(const struct ruleset *rules, const struct subject *subject, const char *home,
		struct arena *arena, struct claims *claims)
{
	const struct facts *facts = subject->facts;
	struct claim found[CLAIMS_MAX];
	size_t n = 0;
	int rc = 0;

	*claims = (struct claims){0};
	if (facts->markers_len == 0)
		return 0;
	for (size_t i = 0; i < rules->n && n < CLAIMS_MAX && rc == 0; i++) {
		const struct rule *rule = rules->rules[i];
		struct claim *claim = &found[n];

		if (conditions_hold(&rule->children, subject)) {
			rc = child_claim(rule, subject, home, arena, claim);
			n += rc == 0 && claim->key != NULL;
		} else if (conditions_hold(&rule->envs, subject) &&
			   !conditions_hold(&rule->env_nots, subject)) {
			*claim = agent_claim(rule, facts, arena);
			rc = name_general(claim, facts, home, arena);
			n++;
		}
	}
	claims->n = drop_general(found, n);
	claims->items = arena_copy(arena, found, claims->n * sizeof(found[0]));
	return rc == 0 && !claims->items ? -ENOMEM : rc;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool claim_equal(const struct claim *a, const struct claim *b)
{
	return a->rule == b->rule && same(a->key, b->key) && (a->key || a->root_pid == b->root_pid);
}

const struct claim *claims_of_rule(const struct claims *claims, const struct rule *rule)
{
	for (size_t i = 0; i < claims->n; i++) {
		if (claims->items[i].rule == rule)
			return &claims->items[i];
	}
	return NULL;
}
