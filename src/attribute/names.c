/* Names of containers and logins, and what is common to all names. */
#include "names.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "clade/io.h"
#include "clade/mem.h"
#include "clade/text.h"
#include "files.h"

enum { LIST_FILE = 8 << 20 }; /* an engine's list of all its containers */

void identity_init(struct identity *identity)
{
	*identity = (struct identity){.since_ms = UNKNOWN};
}

void identity_done(struct identity *identity)
{
	free(identity->name);
	free(identity->session);
	free(identity->cwd);
	free(identity->status);
	free(identity->source);
}

struct star_search {
	const char *pattern;
	char **found;
};

static bool take_star(void *context, const char *path)
{
	struct star_search *search = context;

	*search->found = star_text(search->pattern, path);
	return *search->found != NULL;
}

void names_find_star(const char *pattern, char **found)
{
	if (!*found)
		each_path(pattern, take_star,
			  &(struct star_search){.pattern = pattern, .found = found});
}

static void read_star(const char *template, const struct name_query *query, char **found)
{
	char *pattern = names_expand(template, query);

	if (pattern)
		names_find_star(pattern, found);
	free(pattern);
}

struct json_search {
	const struct line *line;
	const struct name_query *query;
	struct identity *identity;
};

/* `name.json = FILE PATH`: the name stands at PATH. */
static bool take_json_name(void *context, const char *path)
{
	struct json_search *search = context;
	json_t *json = json_read(path, SMALL_FILE);

	for (size_t i = 1; json && i < search->line->n; i++) {
		const char *name = json_string_value(json_follow(json, search->line->words[i]));

		/* docker writes "/web" */
		set_once(&search->identity->name, name && *name == '/' ? name + 1 : name);
	}
	json_decref(json);
	return search->identity->name != NULL;
}

/* `name.list = FILE id names`: an array of objects, ours is the one whose first key is our key. */
static bool take_list_name(void *context, const char *path)
{
	struct json_search *search = context;
	const struct line *line = search->line;
	json_t *json = json_read(path, LIST_FILE);
	json_t *item;
	size_t i;

	json_array_foreach (json, i, item) {
		const char *id = json_string_value(json_object_get(item, line->words[1]));

		if (id && search->query->key && strcmp(id, search->query->key) == 0)
			set_once(&search->identity->name,
				 json_string_value(json_follow(item, line->words[2])));
	}
	json_decref(json);
	return search->identity->name != NULL;
}

/* `name.state = FILE pid id`: a runtime's state; ours is the one whose first process is our root.
 */
static bool take_state_name(void *context, const char *path)
{
	struct json_search *search = context;
	const struct line *line = search->line;
	json_t *json = json_read(path, SMALL_FILE);
	const json_t *pid = json_object_get(json, line->words[1]);

	if (json_is_integer(pid) && json_integer_value(pid) == search->query->pid &&
	    search->query->pid > 0)
		set_once(&search->identity->name,
			 json_string_value(json_object_get(json, line->words[2])));
	/* crun keeps no id in the file: the directory is named by it */
	if (json_is_integer(pid) && json_integer_value(pid) == search->query->pid &&
	    search->query->pid > 0 && !search->identity->name)
		search->identity->name = star_text(line->words[0], path);
	json_decref(json);
	return search->identity->name != NULL;
}

/* `name.vars = FILE USER TTY REMOTE_HOST`: a file of NAME=value lines; the values that are there,
 * joined by a space. */
static bool take_vars_name(void *context, const char *path)
{
	struct json_search *search = context;
	struct text bytes = {0};
	struct text name = {0};

	if (io_read_at(AT_FDCWD, path, SMALL_FILE, &bytes) != 0)
		return false;
	for (size_t i = 1; i < search->line->n; i++) {
		const char *variable = search->line->words[i];
		size_t len = strlen(variable);
		const char *at = text_str(&bytes);

		while (at && !(strncmp(at, variable, len) == 0 && at[len] == '=')) {
			at = strchr(at, '\n');
			at = at ? at + 1 : NULL;
		}
		if (!at)
			continue;
		at += len + 1;
		if (name.len > 0)
			text_add_char(&name, ' ');
		text_add_bytes(&name, at, strcspn(at, "\n"));
	}
	set_once(&search->identity->name, text_str(&name));
	text_done(&name);
	text_done(&bytes);
	return search->identity->name != NULL;
}

static void read_lines(const struct lines *lines, size_t words,
		       bool (*take)(void *context, const char *path),
		       const struct name_query *query, struct identity *identity)
{
	for (size_t i = 0; i < lines->n && !identity->name; i++) {
		struct json_search search = {
			.line = &lines->items[i], .query = query, .identity = identity};
		char *pattern = lines->items[i].n >= words
					? names_expand(lines->items[i].words[0], query)
					: NULL;

		if (pattern)
			each_path(pattern, take, &search);
		free(pattern);
	}
}

void names_read_name(const struct name_query *query, struct identity *identity)
{
	const struct rule *rule = query->rule;

	read_lines(&rule->name_json, 2, take_json_name, query, identity);
	read_lines(&rule->name_list, 3, take_list_name, query, identity);
	read_lines(&rule->name_state, 3, take_state_name, query, identity);
	read_lines(&rule->name_vars, 2, take_vars_name, query, identity);
	for (size_t i = 0; i < rule->name_glob.n; i++)
		read_star(rule->name_glob.items[i].words[0], query, &identity->name);
}
