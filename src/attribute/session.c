/* The session of a living agent: from the file in which it says who it is, or one it holds open. */
#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clade/io.h"
#include "clade/mem.h"
#include "clade/text.h"
#include "files.h"
#include "names.h"

enum { FDS_MAX = 256 }; /* open files of a root that are looked at */

/* `registry = %c/sessions/%p.json start=procStart session=sessionId …`: the JSON key that a word
 * assigns, or NULL. */
static const char *key_of(const struct line *line, const char *what)
{
	size_t len = strlen(what);

	for (size_t i = 1; i < line->n; i++) {
		if (strncmp(line->words[i], what, len) == 0 && line->words[i][len] == '=')
			return line->words[i] + len + 1;
	}
	return NULL;
}

static const json_t *field_of(const struct line *line, const char *what, json_t *json)
{
	const char *key = key_of(line, what);

	return key ? json_follow(json, key) : NULL;
}

/* The start time is written as a number or as a string; a file without it proves nothing about this
 * process. Of an ended one the session must be the same. */
static bool is_of_owner(const struct line *line, json_t *json, const struct name_query *query)
{
	const json_t *start = field_of(line, "start", json);
	const char *session = json_string_value(field_of(line, "session", json));

	if (query->pid <= 0)
		return session && query->session && strcmp(session, query->session) == 0;
	if (!key_of(line, "start"))
		return true;
	if (json_is_integer(start))
		return (uint64_t)json_integer_value(start) == query->start_ticks;
	return json_is_string(start) &&
	       strtoull(json_string_value(start), NULL, 10) == query->start_ticks;
}

struct registry_search {
	const struct line *line;
	const struct name_query *query;
	struct identity *identity;
};

static bool take_registry(void *context, const char *path)
{
	struct registry_search *search = context;
	const struct line *line = search->line;
	struct identity *identity = search->identity;
	json_t *json = json_read(path, SMALL_FILE);
	bool is_ours = json && is_of_owner(line, json, search->query);

	if (is_ours) {
		const json_t *since = field_of(line, "since", json);
		const json_t *weak = field_of(line, "weak", json);

		set_once(&identity->session, json_string_value(field_of(line, "session", json)));
		set_once(&identity->cwd, json_string_value(field_of(line, "cwd", json)));
		if (search->query->pid > 0)
			set_once(&identity->status,
				 json_string_value(field_of(line, "status", json)));
		if (!identity->name) {
			set_once(&identity->name, json_string_value(field_of(line, "name", json)));
			identity->is_weak = weak != NULL && !json_is_null(weak);
		}
		if (json_is_integer(since) && json_integer_value(since) > 0)
			identity->since_ms = (uint64_t)json_integer_value(since);
		set_once(&identity->source, path);
	}
	json_decref(json);
	return is_ours;
}

static void read_registry(const struct line *line, const struct name_query *query,
			  struct identity *identity)
{
	char *pattern = line->n > 0 ? names_path(line->words[0], query) : NULL;

	if (pattern)
		each_path(pattern, take_registry,
			  &(struct registry_search){
				  .line = line, .query = query, .identity = identity});
	free(pattern);
}

/* A session from the name of a file that the root holds open. */
static void read_open_files(const struct name_query *query, struct identity *identity)
{
	struct text dir = {0};
	struct text target = {0};
	DIR *fds;

	text_printf(&dir, "/proc/%" PRId64 "/fd", query->pid);
	fds = query->pid > 0 ? opendir(text_str(&dir)) : NULL;
	for (int i = 0; fds && i < FDS_MAX && !identity->session; i++) {
		const struct dirent *entry = readdir(fds);
		size_t start, end;

		if (!entry)
			break;
		if (io_read_link_at(dirfd(fds), entry->d_name, &target) != 0)
			continue;
		if (pattern_find(&query->rule->registry_fd, text_str(&target), &start, &end)) {
			identity->session = mem_strndup(text_str(&target) + start, end - start);
			identity->source = mem_strdup(text_str(&target));
		}
	}
	if (fds)
		closedir(fds);
	text_done(&target);
	text_done(&dir);
}

void names_read_session(const struct name_query *query, struct identity *identity)
{
	const struct rule *rule = query->rule;

	for (size_t i = 0; i < rule->registry.n; i++)
		read_registry(&rule->registry.items[i], query, identity);
	if (rule->registry_fd.is_set && !identity->session)
		read_open_files(query, identity);
	if (rule->registry_glob && query->pid > 0) {
		char *pattern = names_path(rule->registry_glob, query);

		if (pattern)
			names_find_star(pattern, &identity->session);
		free(pattern);
	}
}
