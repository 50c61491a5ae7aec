#include "profile.h"

#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "clade/mem.h"
#include "clade/text.h"

struct entry {
	const struct facts *facts;
	struct profile profile;
	UT_hash_handle hh;
};

struct profiles {
	const struct ruleset *rules;
	const struct users *users;
	struct arena *arena;
	struct entry *entries;
};

struct profiles *profiles_new(const struct ruleset *rules, const struct users *users,
			      struct arena *arena)
{
	struct profiles *profiles = mem_new(1, sizeof(*profiles));

	*profiles = (struct profiles){.rules = rules, .users = users, .arena = arena};
	return profiles;
}

void profiles_free(struct profiles *profiles)
{
	if (!profiles)
		return;
	HASH_CLEAR(hh, profiles->entries); /* the entries are the arena's */
	free(profiles);
}

const char *facts_option(const struct facts *facts, const char *option)
{
	size_t argc = facts->argv ? facts_argc(facts) : 0;
	size_t len = strlen(option);

	for (size_t i = 1; i < argc; i++) {
		const char *arg = facts_arg(facts, i);

		if (strncmp(arg, option, len) != 0)
			continue;
		if (arg[len] == '=')
			return arg + len + 1;
		if (arg[len] == '\0')
			return facts_arg(facts, i + 1);
	}
	return NULL;
}

static bool is_shell(const char *argv0)
{
	static const char *const shells[] = {"sh", "bash", "dash", "zsh", "ksh", "fish"};

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (strcmp(argv0, shells[i]) == 0)
			return true;
	}
	return false;
}

/* Inside '…' a quote is written '\'' or '"'"': back to what was typed. */
static char *unquote(const char *s, size_t len)
{
	static const char *const quotes[] = {"'\\''", "'\"'\"'"};
	struct text out = {0};

	for (size_t i = 0; i < len;) {
		size_t skip = 0;

		for (size_t q = 0; q < 2 && skip == 0; q++) {
			size_t n = strlen(quotes[q]);

			if (i + n <= len && memcmp(s + i, quotes[q], n) == 0)
				skip = n;
		}
		text_add_char(&out, skip > 0 ? '\'' : s[i]);
		i += skip > 0 ? skip : 1;
	}
	return text_take(&out);
}

/* bash -c "source …/snapshot-bash-….sh && eval 'make test' < /dev/null && pwd -P >| …" -> make test
 */
static const char *unwrap(const struct ruleset *rules, const struct subject *subject,
			  struct arena *arena)
{
	size_t start, end;

	if (!is_shell(subject->argv0))
		return NULL;
	for (size_t i = 0; i < rules->n; i++) {
		const struct patterns *unwraps = &rules->rules[i]->unwraps;

		for (size_t j = 0; j < unwraps->n; j++) {
			char *command;
			const char *title;

			if (!pattern_find(&unwraps->items[j], subject->title, &start, &end) ||
			    end == start)
				continue;
			command = unquote(subject->title + start, end - start);
			title = arena_strdup(arena, command);
			free(command);
			return title;
		}
	}
	return NULL;
}

static void find_root(struct profile *profile, const struct ruleset *rules,
		      const struct subject *subject)
{
	for (size_t i = 0; i < rules->n && !profile->root && !profile->server; i++) {
		const struct rule *rule = rules->rules[i];

		if (!conditions_hold(&rule->roots, subject) ||
		    conditions_hold(&rule->root_nots, subject))
			continue;
		if (conditions_hold(&rule->servers, subject))
			profile->server = rule;
		else
			profile->root = rule;
	}
}

static void find_monitor(struct profile *profile, const struct ruleset *rules,
			 const struct subject *subject)
{
	for (size_t i = 0; i < rules->n && !profile->monitor; i++) {
		if (conditions_hold(&rules->rules[i]->monitors, subject))
			profile->monitor = rules->rules[i];
	}
}

/* `engine = dockerd --data-root /var/lib/docker .local/share/docker`: where a running engine keeps
 * its containers. */
static void find_engine(struct profile *profile, const struct ruleset *rules,
			const struct subject *subject)
{
	for (size_t i = 0; i < rules->n && !profile->engine; i++) {
		const struct line *engine = &rules->rules[i]->engine;

		if (engine->n < 3 || strcmp(engine->words[0], subject->exe) != 0)
			continue;
		profile->engine = rules->rules[i];
		profile->engine_dir = facts_option(subject->facts, engine->words[1]);
		if (!profile->engine_dir)
			profile->engine_dir = engine->words[2];
	}
}

static const char *home_of(const struct facts *facts, const struct users *users)
{
	const char *home = facts_marker(facts, "HOME");

	return home && *home == '/' ? home : users_find_home(users, facts->uid);
}

const struct profile *profiles_get(struct profiles *profiles, const struct facts *facts)
{
	struct entry *entry;
	struct subject subject;
	int rc;

	HASH_FIND_PTR(profiles->entries, &facts, entry);
	if (entry)
		return &entry->profile;
	entry = arena_new(profiles->arena, 1, sizeof(*entry));
	if (!entry)
		return NULL;
	entry->facts = facts;
	subject_init(&subject, facts);
	entry->profile.home = home_of(facts, profiles->users);
	find_root(&entry->profile, profiles->rules, &subject);
	find_monitor(&entry->profile, profiles->rules, &subject);
	find_engine(&entry->profile, profiles->rules, &subject);
	rc = claims_find(profiles->rules, &subject, entry->profile.home, profiles->arena,
			 &entry->profile.claims);
	if (rc == 0)
		rc = frames_parse(profiles->rules, facts->cgroup, profiles->arena,
				  &entry->profile.frames);
	entry->profile.title = unwrap(profiles->rules, &subject, profiles->arena);
	subject_done(&subject);
	if (rc != 0)
		return NULL;
	HASH_ADD_PTR(profiles->entries, facts, entry);
	return &entry->profile;
}
