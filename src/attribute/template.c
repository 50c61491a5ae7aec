/* Templates of names and paths: `%c/sessions/%p.json`, `daemon %{PM2_HOME:-%h/.pm2}`. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "clade/text.h"
#include "names.h"

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

static bool is_foreign(const struct name_query *query)
{
	return query->facts && query->facts->is_ns_foreign;
}

/* In a container the root's pid is another, and that is what it writes into its files. */
static bool add_pid(struct text *out, const struct name_query *query)
{
	if (query->pid <= 0)
		text_add_char(out, '*');
	else if (is_foreign(query) && query->ns_pid > 0)
		text_printf(out, "%" PRIu32, query->ns_pid);
	else
		text_printf(out, "%" PRId64, query->pid);
	return true;
}

/* "/srv/api.v2" -> "-srv-api-v2", as agents call the directory of a project's sessions. */
static bool add_slug(struct text *out, const char *directory)
{
	if (!directory)
		return false;
	for (; *directory; directory++)
		text_add_char(out, isalnum((unsigned char)*directory) ? *directory : '-');
	return true;
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
		return add_pid(out, query);
	case 'w':
		return add_slug(out, query->facts ? query->facts->cwd : NULL);
	case 'f':
		return add_known(out, query->source);
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

char *names_path(const char *template, const struct name_query *query)
{
	char *path = names_expand(template, query);
	struct text whole = {0};

	if (!path || !is_foreign(query) || query->pid <= 0)
		return path;
	text_printf(&whole, "/proc/%" PRId64 "/root%s", query->pid, path);
	free(path);
	return text_take(&whole);
}
