#include "profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "clade/mem.h"
#include "clade/text.h"

/* Of one facts block. Its claims, frames and strings are made anew for each sample. */
struct entry {
	const struct facts *facts; /* a reference */
	char *title;               /* the heap's, NULL: none */
	uint64_t sample;           /* the last in which it was asked for */
	struct profile profile;
	UT_hash_handle hh;
};

/* What many facts have in common, made once a sample: the claims of the same markers of the same
 * user, the frames of the same control group. */
struct common {
	uint64_t sample; /* the last for which it was made, 0: none */
	union {
		struct claims claims;
		struct frames frames;
	};
	struct sightings *sightings; /* of frames: what was seen holds longer than a sample */
	UT_hash_handle hh;
	size_t key_len;
	char key[];
};

struct profiles {
	const struct ruleset *rules;
	const struct users *users;
	struct arena *arena; /* the sample's */
	uint64_t sample;
	bool are_marks_env; /* no rule looks at more than the environment for its marks */
	struct entry *entries;
	struct common *claims;
	struct common *frames;
	struct text key;
};

struct profiles *profiles_new(const struct ruleset *rules, const struct users *users)
{
	struct profiles *profiles = mem_new(1, sizeof(*profiles));

	*profiles = (struct profiles){.rules = rules, .users = users};
	return profiles;
}

static void forget(struct profiles *profiles, struct entry *entry)
{
	HASH_DEL(profiles->entries, entry);
	facts_put(entry->facts);
	free(entry->title);
	free(entry);
}

/* Forgets what was made last before that sample. */
static void commons_forget(struct common **commons, uint64_t sample)
{
	struct common *common, *next;

	HASH_ITER (hh, *commons, common, next) {
		if (common->sample >= sample)
			continue;
		HASH_DEL(*commons, common);
		sightings_free(common->sightings);
		free(common);
	}
}

void profiles_free(struct profiles *profiles)
{
	struct entry *entry, *next;

	if (!profiles)
		return;
	HASH_ITER (hh, profiles->entries, entry, next)
		forget(profiles, entry);
	commons_forget(&profiles->claims, UINT64_MAX);
	commons_forget(&profiles->frames, UINT64_MAX);
	text_done(&profiles->key);
	free(profiles);
}

static bool marks_are_env(const struct ruleset *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *rule = rules->rules[i];

		if (!conditions_are_env(&rule->envs) || !conditions_are_env(&rule->env_nots) ||
		    !conditions_are_env(&rule->children))
			return false;
	}
	return true;
}

void profiles_begin(struct profiles *profiles, struct arena *arena)
{
	profiles->are_marks_env = marks_are_env(profiles->rules);
	profiles->arena = arena;
	profiles->sample++;
}

void profiles_end(struct profiles *profiles)
{
	struct entry *entry, *next;

	HASH_ITER (hh, profiles->entries, entry, next) {
		if (entry->sample != profiles->sample)
			forget(profiles, entry);
	}
	commons_forget(&profiles->claims, profiles->sample);
	commons_forget(&profiles->frames, profiles->sample);
	profiles->arena = NULL;
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

const char *facts_monitored(const struct facts *facts, const struct rule *rule)
{
	const char *id = NULL;

	for (size_t i = 0; i < rule->monitor_id.n && !id; i++)
		id = facts_option(facts, rule->monitor_id.words[i]);
	return id && *id ? id : NULL;
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
static char *unwrap(const struct ruleset *rules, const struct subject *subject)
{
	size_t start, end;

	if (!is_shell(subject->argv0))
		return NULL;
	for (size_t i = 0; i < rules->n; i++) {
		const struct patterns *unwraps = &rules->rules[i]->unwraps;

		for (size_t j = 0; j < unwraps->n; j++) {
			if (pattern_find(&unwraps->items[j], subject->title, &start, &end) &&
			    end > start)
				return unquote(subject->title + start, end - start);
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

/* What is the same as long as the facts are. */
static struct entry *entry_new(struct profiles *profiles, const struct facts *facts,
			       const struct subject *subject)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->facts = facts_get(facts);
	find_root(&entry->profile, profiles->rules, subject);
	find_monitor(&entry->profile, profiles->rules, subject);
	find_engine(&entry->profile, profiles->rules, subject);
	entry->title = unwrap(profiles->rules, subject);
	HASH_ADD_PTR(profiles->entries, facts, entry);
	return entry;
}

/* The entry of that key, empty when there was none; NULL when there is no memory left. */
static struct common *common_get(struct common **commons, const struct text *key)
{
	struct common *common;

	HASH_FIND(hh, *commons, text_str(key), key->len, common);
	if (common)
		return common;
	common = calloc(1, sizeof(*common) + key->len);
	if (!common)
		return NULL;
	common->key_len = key->len;
	memcpy(common->key, text_str(key), key->len);
	HASH_ADD_KEYPTR(hh, *commons, common->key, common->key_len, common);
	return common;
}

/* Where rules look at more than the environment, as one's own may, the rest of the facts counts
 * too. */
static void key_of_claims(const struct profiles *profiles, const struct facts *facts,
			  struct text *key)
{
	text_clear(key);
	text_add_bytes(key, &facts->uid, sizeof(facts->uid));
	text_add_bytes(key, facts->markers, facts->markers_len);
	if (!profiles->are_marks_env)
		text_add_bytes(key, &facts, sizeof(facts));
}

static int take_claims(struct profiles *profiles, struct entry *entry,
		       const struct subject *subject)
{
	struct common *common;
	int rc = 0;

	key_of_claims(profiles, entry->facts, &profiles->key);
	common = common_get(&profiles->claims, &profiles->key);
	if (!common)
		return -ENOMEM;
	if (common->sample != profiles->sample)
		rc = claims_find(profiles->rules, subject, entry->profile.home, profiles->arena,
				 &common->claims);
	if (rc != 0)
		return rc;
	common->sample = profiles->sample;
	entry->profile.claims = common->claims;
	return 0;
}

static int take_frames(struct profiles *profiles, struct entry *entry)
{
	const char *cgroup = entry->facts->cgroup;
	struct common *common;
	int rc = 0;

	text_clear(&profiles->key);
	text_add(&profiles->key, cgroup ? cgroup : "");
	common = common_get(&profiles->frames, &profiles->key);
	if (!common)
		return -ENOMEM;
	if (!common->sightings)
		common->sightings = sightings_new(profiles->rules, cgroup);
	if (common->sample != profiles->sample)
		rc = frames_make(common->sightings, profiles->arena, &common->frames);
	if (rc != 0)
		return rc;
	common->sample = profiles->sample;
	entry->profile.frames = common->frames;
	return 0;
}

/* What lives as long as the sample. */
static int take_sample(struct profiles *profiles, struct entry *entry,
		       const struct subject *subject)
{
	int rc;

	entry->profile.home = home_of(entry->facts, profiles->users);
	rc = take_claims(profiles, entry, subject);
	if (rc == 0)
		rc = take_frames(profiles, entry);
	entry->profile.title = arena_strdup(profiles->arena, entry->title);
	if (entry->title && !entry->profile.title)
		rc = -ENOMEM;
	entry->sample = rc == 0 ? profiles->sample : 0;
	return rc;
}

const struct profile *profiles_get(struct profiles *profiles, const struct facts *facts)
{
	struct subject subject;
	struct entry *entry;
	int rc = -ENOMEM;

	HASH_FIND_PTR(profiles->entries, &facts, entry);
	if (entry && entry->sample == profiles->sample)
		return &entry->profile;
	subject_init(&subject, facts);
	if (!entry)
		entry = entry_new(profiles, facts, &subject);
	if (entry)
		rc = take_sample(profiles, entry, &subject);
	subject_done(&subject);
	return rc == 0 ? &entry->profile : NULL;
}
