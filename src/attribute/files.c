#include "files.h"

#include <ctype.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>

#include "clade/io.h"
#include "clade/mem.h"
#include "clade/text.h"

enum { NAME_MAX_BYTES = 120 };

char *name_tidy(const char *s)
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

void set_once(char **to, const char *value)
{
	if (!*to && value && *value)
		*to = name_tidy(value);
}

json_t *json_read(const char *path, size_t limit)
{
	struct text bytes = {0};
	json_t *json = NULL;

	if (io_read_at(AT_FDCWD, path, limit, &bytes) == 0)
		json = json_loadb(text_str(&bytes), bytes.len, 0, NULL);
	text_done(&bytes);
	return json;
}

json_t *json_follow(json_t *json, const char *path)
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

bool each_path(const char *pattern, bool (*visit)(void *context, const char *path), void *context)
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

char *star_text(const char *pattern, const char *path)
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
