#include "names.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "clade/io.h"
#include "clade/mem.h"

enum {
	SMALL_FILE = 1 << 20,
	LIST_FILE = 8 << 20,   /* an engine's list of all its containers */
	TITLE_TAIL = 64 << 10, /* titles stand near the end of a log that has megabytes */
	NAME_MAX_BYTES = 120,
	FDS_MAX = 256, /* open files of a root that are looked at */
};

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

/* ---- templates ---- */

static bool expand_into(struct text *out, const char *template, const struct name_query *query);

static bool add_known(struct text *out, const char *value)
{
	if (!value)
		return false;
	text_add(out, value);
	return true;
}

static bool add_config_dir(struct text *out, const struct name_query *query)
{
	const struct rule *rule = query->rule;
	const char *dir = query->facts && rule->config_env
				  ? facts_marker(query->facts, rule->config_env)
				  : NULL;

	if (dir && *dir)
		return add_known(out, dir);
	if (!query->home || !rule->config_dir)
		return false;
	text_printf(out, "%s/%s", query->home, rule->config_dir);
	return true;
}

/* "{PM2_HOME:-%h/.pm2}..." behind a percent sign: returns what follows the brace, NULL when it
 * cannot be filled. */
static const char *expand_variable(struct text *out, const char *open,
				   const struct name_query *query)
{
	const char *end = open;
	const char *fallback;
	const char *value;
	char *name;
	int depth = 0;
	bool ok;

	for (; *end; end++) {
		depth += (*end == '{') - (*end == '}');
		if (depth == 0)
			break;
	}
	if (!*end)
		return NULL;
	name = mem_strndup(open + 1, (size_t)(end - open - 1));
	fallback = strstr(name, ":-");
	if (fallback)
		name[fallback - name] = '\0';
	value = query->facts ? facts_marker(query->facts, name) : NULL;
	if (value && *value)
		ok = add_known(out, value);
	else
		ok = fallback && expand_into(out, fallback + 2, query);
	free(name);
	return ok ? end + 1 : NULL;
}

static bool expand_letter(struct text *out, char letter, const struct name_query *query)
{
	switch (letter) {
	case 'h':
		return add_known(out, query->home);
	case 'c':
		return add_config_dir(out, query);
	case 'd':
		return add_known(out, query->data_dir);
	case 'b':
		return add_known(out, query->bundle);
	case 'k':
		return add_known(out, query->key);
	case 's':
		/* a stranger's variable: never a path, never a pattern */
		return query->session && !strpbrk(query->session, "/*?[") &&
		       add_known(out, query->session);
	case 'p':
		if (query->pid > 0)
			text_printf(out, "%" PRId64, query->pid);
		return query->pid > 0;
	case '%':
		text_add_char(out, '%');
		return true;
	default:
		return false;
	}
}

static bool expand_into(struct text *out, const char *template, const struct name_query *query)
{
	while (*template) {
		if (*template != '%') {
			text_add_char(out, *template ++);
		} else if (template[1] == '{') {
			template = expand_variable(out, template + 1, query);
			if (!template)
				return false;
		} else {
			if (!expand_letter(out, template[1], query))
				return false;
			template += 2;
		}
	}
	return true;
}

char *names_expand(const char *template, const struct name_query *query)
{
	struct text out = {0};

	if (!template || !expand_into(&out, template, query) || out.len == 0) {
		text_done(&out);
		return NULL;
	}
	return text_take(&out);
}

/* ---- small helpers ---- */

/* Keeps a name to one line of sane length, cut at a character's start. */
static char *tidy(const char *s)
{
	size_t len;

	while (isspace((unsigned char)*s))
		s++;
	len = strcspn(s, "\r\n");
	if (len > NAME_MAX_BYTES) {
		len = NAME_MAX_BYTES;
		while (len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80)
			len--;
	}
	return len > 0 ? mem_strndup(s, len) : NULL;
}

static void set_once(char **to, const char *value)
{
	if (!*to && value && *value)
		*to = tidy(value);
}

/* The JSON document in a file, or NULL. */
static json_t *json_read(const char *path, size_t limit)
{
	struct text bytes = {0};
	json_t *json = NULL;

	if (io_read_at(AT_FDCWD, path, limit, &bytes) == 0)
		json = json_loadb(text_str(&bytes), bytes.len, 0, NULL);
	text_done(&bytes);
	return json;
}

/* Follows "Config>Labels>com.docker.compose.service"; an array gives its first item. Borrowed, NULL
 * when not there. */
static json_t *json_follow(json_t *json, const char *path)
{
	while (json && *path) {
		size_t len = strcspn(path, ">");
		char *key = mem_strndup(path, len);

		json = json_object_get(json, key);
		if (json_is_array(json))
			json = json_array_get(json, 0);
		free(key);
		path += len + (path[len] == '>');
	}
	return json;
}

/* Calls `visit` for each path a pattern stands for until it returns true. */
static bool each_path(const char *pattern, bool (*visit)(void *context, const char *path),
		      void *context)
{
	glob_t found;
	bool done = false;

	if (!strpbrk(pattern, "*?["))
		return visit(context, pattern);
	if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
		return false;
	for (size_t i = 0; i < found.gl_pathc && !done; i++)
		done = visit(context, found.gl_pathv[i]);
	globfree(&found);
	return done;
}

/* What the stars of a pattern stood for in a path, joined by '/'; NULL when it does not fit. A star
 * takes as little as it can, the last one all up to the pattern's end; none takes a '/'. */
static char *star_text(const char *pattern, const char *path)
{
	size_t before = strcspn(pattern, "*");
	struct text out = {0};

	if (strncmp(pattern, path, before) != 0)
		return NULL;
	pattern += before;
	path += before;
	while (*pattern == '*') {
		size_t len = strcspn(pattern + 1, "*");
		char *literal = mem_strndup(pattern + 1, len);
		const char *end = strstr(path, literal);

		if (!pattern[1 + len])
			end = strlen(path) >= len ? path + strlen(path) - len : NULL;
		if (!end || strcmp(literal, pattern[1 + len] ? literal : end) != 0 ||
		    memchr(path, '/', (size_t)(end - path))) {
			free(literal);
			text_done(&out);
			return NULL;
		}
		if (out.len > 0)
			text_add_char(&out, '/');
		text_add_bytes(&out, path, (size_t)(end - path));
		path = end + len;
		pattern += 1 + len;
		free(literal);
	}
	if (out.len > 0)
		return text_take(&out);
	text_done(&out);
	return NULL;
}

/* ---- sessions of living agents ---- */

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
 * process. */
static bool is_of_process(const struct line *line, json_t *json, const struct name_query *query)
{
	const json_t *start = field_of(line, "start", json);

	if (!key_of(line, "start"))
		return true;
	if (json_is_integer(start))
		return (uint64_t)json_integer_value(start) == query->start_ticks;
	return json_is_string(start) &&
	       strtoull(json_string_value(start), NULL, 10) == query->start_ticks;
}

static void read_registry(const struct line *line, const struct name_query *query,
			  struct identity *identity)
{
	char *path = line->n > 0 ? names_expand(line->words[0], query) : NULL;
	json_t *json = path ? json_read(path, SMALL_FILE) : NULL;

	if (json && is_of_process(line, json, query)) {
		const json_t *since = field_of(line, "since", json);
		const json_t *weak = field_of(line, "weak", json);

		set_once(&identity->session, json_string_value(field_of(line, "session", json)));
		set_once(&identity->cwd, json_string_value(field_of(line, "cwd", json)));
		set_once(&identity->status, json_string_value(field_of(line, "status", json)));
		if (!identity->name) {
			set_once(&identity->name, json_string_value(field_of(line, "name", json)));
			identity->is_weak = weak != NULL && !json_is_null(weak);
		}
		if (json_is_integer(since) && json_integer_value(since) > 0)
			identity->since_ms = (uint64_t)json_integer_value(since);
		set_once(&identity->source, path);
	}
	json_decref(json);
	free(path);
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

static void read_star(const char *template, const struct name_query *query, char **found)
{
	char *pattern = *found ? NULL : names_expand(template, query);

	if (pattern)
		each_path(pattern, take_star,
			  &(struct star_search){.pattern = pattern, .found = found});
	free(pattern);
}

void names_read_session(const struct name_query *query, struct identity *identity)
{
	const struct rule *rule = query->rule;

	for (size_t i = 0; i < rule->registry.n; i++)
		read_registry(&rule->registry.items[i], query, identity);
	if (rule->registry_fd.is_set && !identity->session)
		read_open_files(query, identity);
	if (rule->registry_glob)
		read_star(rule->registry_glob, query, &identity->session);
}

/* ---- titles ---- */

/* Lines of JSON; of each wanted key the last value counts, and an earlier wanted key counts more.
 */
static void scan_log(const struct line *line, const char *bytes, size_t len, char **best)
{
	size_t rank = line->n;

	while (len > 0) {
		const char *newline = memchr(bytes, '\n', len);
		size_t n = newline ? (size_t)(newline - bytes) : len;
		json_t *json = n > 0 && bytes[0] == '{' ? json_loadb(bytes, n, 0, NULL) : NULL;

		for (size_t i = 1; json && i < line->n && i <= rank; i++) {
			const char *value =
				json_string_value(json_object_get(json, line->words[i]));

			if (!value || !*value)
				continue;
			free(*best);
			*best = tidy(value);
			rank = i;
			break;
		}
		json_decref(json);
		bytes += n + (newline ? 1 : 0);
		len -= n + (newline ? 1 : 0);
	}
}

struct title_search {
	const struct line *line;
	char *title;
};

static bool take_title(void *context, const char *path)
{
	struct title_search *search = context;
	struct text bytes = {0};

	if (io_read_tail(path, TITLE_TAIL, &bytes) == 0)
		scan_log(search->line, text_str(&bytes), bytes.len, &search->title);
	text_done(&bytes);
	return search->title != NULL;
}

void names_read_title(const struct name_query *query, struct identity *identity)
{
	const struct lines *titles = &query->rule->titles;

	for (size_t i = 0; i < titles->n && (!identity->name || identity->is_weak); i++) {
		struct title_search search = {.line = &titles->items[i]};
		char *pattern =
			search.line->n > 1 ? names_expand(search.line->words[0], query) : NULL;

		if (pattern)
			each_path(pattern, take_title, &search);
		if (search.title) {
			free(identity->name);
			identity->name = search.title;
			identity->is_weak = false;
		}
		free(pattern);
	}
}

/* ---- containers and logins ---- */

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
