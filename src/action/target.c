/* Words of the command line that name a tree or an owner. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clade/plan.h"
#include "clade/safe.h"

enum {
	CANDIDATES_MAX = 20,
	KEY_LEAST = 4, /* letters of a key that name an owner, as of a container's id */
};

static bool parse_pid(const char *word, int64_t *pid)
{
	char *end;

	if (!isdigit((unsigned char)*word))
		return false;
	errno = 0;
	*pid = strtoll(word, &end, 10);
	return errno == 0 && !*end && *pid > 0 && *pid <= INT32_MAX;
}

static int find_pid(const struct model *model, int64_t pid, enum plan_target_type type,
		    struct plan_target *target, struct text *error)
{
	int32_t proc = snapshot_find_pid(model->snap, pid);

	if (proc == NO_PROC) {
		text_printf(error, "there is no process %lld", (long long)pid);
		return -ENOENT;
	}
	*target = (struct plan_target){.type = type, .index = proc};
	return 0;
}

/* ---- Owners ---- */

/* How a KIND:NAME fits an owner; more is better, 0: not at all. */
enum fit { FIT_NONE, FIT_KEY_START, FIT_NAME, FIT_ID };

/* "claude" is short for "claude-code". */
static bool fits_kind(const struct owner *owner, const char *kind, size_t len)
{
	const char *name = owner_kind_name(owner->kind);

	if (strlen(name) == len && strncmp(name, kind, len) == 0)
		return true;
	return strncmp(owner->product, kind, len) == 0 &&
	       (owner->product[len] == '\0' || owner->product[len] == '-');
}

static enum fit fit_of(const struct owner *owner, const char *word)
{
	size_t len = strcspn(word, ":");
	const char *name = word + len + 1;

	if (strcmp(owner->id, word) == 0)
		return FIT_ID;
	if (!fits_kind(owner, word, len))
		return FIT_NONE;
	if (strcmp(owner->name, name) == 0 || (owner->key && strcmp(owner->key, name) == 0))
		return FIT_NAME;
	if (owner->key && strlen(name) >= KEY_LEAST && strncmp(owner->key, name, strlen(name)) == 0)
		return FIT_KEY_START;
	return FIT_NONE;
}

static void add_candidate(struct text *out, const struct model *model, size_t owner)
{
	char number[UNITS_LEN];

	text_add(out, "\n  owner:");
	safe_add(out, model->attr->owners[owner].id, strlen(model->attr->owners[owner].id));
	text_add(out, "  ");
	safe_add(out, model->attr->owners[owner].name, strlen(model->attr->owners[owner].name));
	text_printf(out, "  %s", units_count(number, model->groups[owner].nested.procs));
}

/* Owners whose name, key or id has the word in it, for those who nearly knew. */
static void add_like(struct text *out, const struct model *model, const char *name)
{
	size_t shown = 0;

	for (size_t i = 0; *name && i < model->attr->n_owners && shown < CANDIDATES_MAX; i++) {
		const struct owner *owner = &model->attr->owners[i];

		if (!strcasestr(owner->name, name) && !strcasestr(owner->id, name))
			continue;
		if (shown++ == 0)
			text_add(out, "; like it are:");
		add_candidate(out, model, i);
	}
}

static int find_owner(const struct model *model, const char *id, struct plan_target *target,
		      struct text *error)
{
	int32_t owner = attribution_find(model->attr, id);

	if (owner == NO_OWNER) {
		text_add(error, "there is no owner '");
		safe_add(error, id, strlen(id));
		text_add_char(error, '\'');
		add_like(error, model, id);
		return -ENOENT;
	}
	*target = (struct plan_target){.type = TARGET_OWNER_NESTED, .index = owner};
	return 0;
}

static int refuse_ambiguous(const struct model *model, const char *word, enum fit best,
			    struct text *error)
{
	size_t shown = 0;

	text_add_char(error, '\'');
	safe_add(error, word, strlen(word));
	text_add(error, "' could be any of these; say which:");
	for (size_t i = 0; i < model->attr->n_owners && shown < CANDIDATES_MAX; i++) {
		if (fit_of(&model->attr->owners[i], word) == best) {
			add_candidate(error, model, i);
			shown++;
		}
	}
	return -EEXIST;
}

static int find_named(const struct model *model, const char *word, struct plan_target *target,
		      struct text *error)
{
	enum fit best = FIT_NONE;
	size_t n = 0;
	size_t found = 0;

	for (size_t i = 0; i < model->attr->n_owners; i++) {
		enum fit fit = fit_of(&model->attr->owners[i], word);

		if (fit == FIT_NONE || fit < best)
			continue;
		n = fit > best ? 1 : n + 1;
		best = fit;
		found = i;
	}
	if (n == 0) {
		text_add(error, "nothing is called '");
		safe_add(error, word, strlen(word));
		text_add_char(error, '\'');
		add_like(error, model, strchr(word, ':') + 1);
		return -ENOENT;
	}
	if (n > 1)
		return refuse_ambiguous(model, word, best, error);
	*target = (struct plan_target){.type = TARGET_OWNER_NESTED, .index = (int32_t)found};
	return 0;
}

int plan_find_target(const struct model *model, const char *word, struct plan_target *target,
		     struct text *error)
{
	int64_t pid;

	if (parse_pid(word, &pid))
		return find_pid(model, pid, TARGET_TREE, target, error);
	if (strncmp(word, "pid:", 4) == 0 && parse_pid(word + 4, &pid))
		return find_pid(model, pid, TARGET_TREE, target, error);
	if (strncmp(word, "alike:", 6) == 0 && parse_pid(word + 6, &pid))
		return find_pid(model, pid, TARGET_ALIKE, target, error);
	if (strncmp(word, "owner:", 6) == 0)
		return find_owner(model, word + 6, target, error);
	if (strchr(word, ':') && *word != ':' && strncmp(word, "pid:", 4) != 0 &&
	    strchr(word, ':')[1])
		return find_named(model, word, target, error);
	text_add_char(error, '\'');
	safe_add(error, word, strlen(word));
	text_add(error,
		 "' is no target: PID, pid:PID, alike:PID, owner:ID, or KIND:NAME such as pm2:api");
	return -EINVAL;
}
