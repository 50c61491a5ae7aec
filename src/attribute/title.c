/* Titles of agents' sessions, from their own logs. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clade/io.h"
#include "clade/mem.h"
#include "clade/text.h"
#include "files.h"
#include "names.h"

enum {
	TITLE_TAIL = 64 << 10,   /* titles stand near the end of a log that has megabytes */
	PROMPT_HEAD = 256 << 10, /* and the first prompt behind what an agent tells itself */
};

struct title_search {
	const struct line *line;
	uint64_t since_ms; /* a guessed file must be younger */
	size_t n;          /* files that could be it */
	char *path;        /* the last of them */
	char *title;
};

/* Calls `visit` with each line that is a JSON object until it returns true. */
static void each_object(const struct text *bytes, bool (*visit)(struct title_search *, json_t *),
			struct title_search *search)
{
	const char *at = text_str(bytes);
	size_t left = bytes->len;
	bool done = false;

	while (left > 0 && !done) {
		const char *newline = memchr(at, '\n', left);
		size_t n = newline ? (size_t)(newline - at) : left;
		json_t *json = n > 0 && at[0] == '{' ? json_loadb(at, n, 0, NULL) : NULL;

		done = json && visit(search, json);
		json_decref(json);
		n += newline ? 1 : 0;
		at += n;
		left -= n;
	}
}

/* `title = FILE customTitle aiTitle`: of each member the last value counts, and one that is named
 * earlier counts more: how many words the line still has is kept in `n`. */
static bool visit_title(struct title_search *search, json_t *json)
{
	for (size_t i = 1; i < search->line->n && i <= search->n; i++) {
		const char *value =
			json_string_value(json_object_get(json, search->line->words[i]));

		if (!value || !*value)
			continue;
		free(search->title);
		search->title = name_tidy(value);
		search->n = i;
		break;
	}
	return false;
}

static bool take_title(void *context, const char *path)
{
	struct title_search *search = context;
	struct text bytes = {0};

	search->n = search->line->n;
	if (io_read_tail(path, TITLE_TAIL, &bytes) == 0)
		each_object(&bytes, visit_title, search);
	text_done(&bytes);
	return search->title != NULL;
}

/* `title.line = FILE name:`: what stands behind the word at the beginning of a line. */
static bool take_line(void *context, const char *path)
{
	struct title_search *search = context;
	const char *word = search->line->words[1];
	struct text bytes = {0};
	const char *at = NULL;

	if (io_read_at(AT_FDCWD, path, SMALL_FILE, &bytes) == 0)
		at = text_str(&bytes);
	while (at && strncmp(at, word, strlen(word)) != 0) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	if (at)
		search->title = name_tidy(at + strlen(word));
	text_done(&bytes);
	return search->title != NULL;
}

static bool has_values(const struct line *line, json_t *json)
{
	for (size_t i = 2; i < line->n; i++) {
		const char *equals = strchr(line->words[i], '=');
		char *member =
			equals ? mem_strndup(line->words[i], (size_t)(equals - line->words[i]))
			       : NULL;
		const char *value = member ? json_string_value(json_follow(json, member)) : NULL;
		bool is_same = value && strcmp(value, equals + 1) == 0;

		free(member);
		if (!is_same)
			return false;
	}
	return true;
}

/* `title.first = FILE message>content type=user`: the first object with those values. What agents
 * say to themselves in a user's name begins with a tag: <environment_context>. */
static bool visit_prompt(struct title_search *search, json_t *json)
{
	const char *value = has_values(search->line, json)
				    ? json_string_value(json_follow(json, search->line->words[1]))
				    : NULL;

	if (value && *value != '<')
		search->title = name_tidy(value);
	return search->title != NULL;
}

static bool take_prompt(void *context, const char *path)
{
	struct title_search *search = context;
	struct text bytes = {0};

	if (io_read_at(AT_FDCWD, path, PROMPT_HEAD, &bytes) == 0)
		each_object(&bytes, visit_prompt, search);
	text_done(&bytes);
	return search->title != NULL;
}

static bool count_young(void *context, const char *path)
{
	struct title_search *search = context;
	struct stat st;

	/* in whole seconds: a start is known to some hundredths, and file systems round too */
	if (stat(path, &st) == 0 && (uint64_t)st.st_mtim.tv_sec >= search->since_ms / 1000) {
		search->n++;
		free(search->path);
		search->path = mem_strdup(path);
	}
	return false;
}

/* A path that does not name the session is a guess: right if one file there was written to since
 * the root began, and only one. */
static void find_prompt(const char *pattern, bool is_guess, const struct name_query *query,
			struct title_search *search)
{
	if (!is_guess) {
		each_path(pattern, take_prompt, search);
	} else if (query->since_ms > 0) {
		search->since_ms = query->since_ms;
		each_path(pattern, count_young, search);
		if (search->n == 1)
			take_prompt(search, search->path);
		free(search->path);
	}
}

enum how { WHOLE_LOG, ONE_LINE, FIRST_PROMPT };

static void read_titles(const struct lines *lines, enum how how, const struct name_query *query,
			struct identity *identity)
{
	for (size_t i = 0; i < lines->n && (!identity->name || identity->is_weak); i++) {
		const struct line *line = &lines->items[i];
		struct title_search search = {.line = line};
		char *pattern = line->n > 1 ? names_path(line->words[0], query) : NULL;

		if (pattern && how == WHOLE_LOG)
			each_path(pattern, take_title, &search);
		else if (pattern && how == ONE_LINE)
			each_path(pattern, take_line, &search);
		else if (pattern)
			find_prompt(pattern,
				    !strstr(line->words[0], "%s") && !strstr(line->words[0], "%f"),
				    query, &search);
		if (search.title) {
			free(identity->name);
			identity->name = search.title;
			identity->is_weak = false;
		}
		free(pattern);
	}
}

void names_read_title(const struct name_query *query, struct identity *identity)
{
	const struct rule *rule = query->rule;

	read_titles(&rule->titles, WHOLE_LOG, query, identity);
	read_titles(&rule->title_lines, ONE_LINE, query, identity);
	read_titles(&rule->title_firsts, FIRST_PROMPT, query, identity);
}
