/* Changing one value of an ini file and nothing else in it. */
#include <ctype.h>
#include <string.h>

#include "clade/ini.h"

/* Where in a file something stands: bytes [from, to). */
struct span {
	size_t from, to;
	bool is_there;
};

static const char *skip_blanks(const char *s, const char *end)
{
	while (s < end && isblank((unsigned char)*s))
		s++;
	return s;
}

/* " [options]" */
static bool is_head(const char *line, const char *end, const char *section, bool *is_it)
{
	size_t len = strlen(section);

	line = skip_blanks(line, end);
	if (line == end || *line != '[')
		return false;
	*is_it = (size_t)(end - line) > len + 1 && strncmp(line + 1, section, len) == 0 &&
		 line[len + 1] == ']';
	return true;
}

/* "delay = 2   ; slow": the value's place is behind the sign and the blanks, up to the comment. */
static struct span value_in(const char *text, const char *line, const char *end, const char *name)
{
	size_t len = strlen(name);
	const char *start = skip_blanks(line, end);
	const char *stop;

	if ((size_t)(end - start) < len || strncmp(start, name, len) != 0)
		return (struct span){0};
	start = skip_blanks(start + len, end);
	if (start == end || (*start != '=' && *start != ':'))
		return (struct span){0};
	start = skip_blanks(start + 1, end);
	stop = start;
	while (stop < end && !(*stop == ';' && stop > line && isspace((unsigned char)stop[-1])))
		stop++;
	while (stop > start && isspace((unsigned char)stop[-1]))
		stop--;
	return (struct span){(size_t)(start - text), (size_t)(stop - text), true};
}

static void replace(struct text *file, struct span span, const char *value)
{
	struct text made = {0};

	text_add_bytes(&made, text_str(file), span.from);
	text_add(&made, value);
	text_add(&made, text_str(file) + span.to);
	text_done(file);
	*file = made;
}

void ini_set(struct text *file, const char *section, const char *name, const char *value)
{
	const char *text = text_str(file);
	struct span found = {0};
	struct span behind = {0}; /* the last line of the section that is not empty */
	bool is_in = false;
	struct text line = {0};

	for (size_t at = 0; at < file->len;) {
		const char *end = memchr(text + at, '\n', file->len - at);
		size_t next = end ? (size_t)(end - text) + 1 : file->len;
		const char *stop = end ? end : text + file->len;
		struct span here = value_in(text, text + at, stop, name);

		is_head(text + at, stop, section, &is_in);
		if (is_in && here.is_there)
			found = here;
		if (is_in && skip_blanks(text + at, stop) < stop)
			behind = (struct span){next, next, true};
		at = next;
	}
	if (found.is_there) {
		replace(file, found, value);
		return;
	}
	if (file->len > 0 && text[file->len - 1] != '\n') {
		text_add_char(file, '\n');
		if (behind.to == file->len - 1)
			behind.from = behind.to = file->len;
	}
	if (!behind.is_there) {
		text_printf(&line, "%s[%s]\n", file->len > 0 ? "\n" : "", section);
		behind.from = behind.to = file->len;
	}
	text_printf(&line, "%s = %s\n", name, value);
	replace(file, behind, text_str(&line));
	text_done(&line);
}
