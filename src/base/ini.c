#include "clade/ini.h"

#include <ctype.h>
#include <ini.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"

struct reading {
	const char *next; /* what is not read yet */
	const char *end;
	int *line;
	bool has_section;
	const struct ini_events *events;
	void *context;
};

static void take_section(struct reading *reading, const char *line)
{
	size_t len = strcspn(line + 1, "]\r\n");
	char *name;

	bool is_good = line[1 + len] == ']' && len > 0;

	/* what follows a broken head must not count for the section before */
	name = mem_strndup(line + 1, is_good ? len : 0);
	reading->has_section = true;
	reading->events->section(reading->context, name);
	free(name);
	if (!is_good)
		reading->events->mistake(reading->context, "a section is a [name]");
}

/* Looks at a line before inih does; false: inih gets an empty one. */
static bool check_line(struct reading *reading, const char *line)
{
	while (isblank((unsigned char)*line))
		line++;
	if (!*line || *line == '\n' || *line == '\r' || *line == '#' || *line == ';')
		return true;
	if (*line == '[') {
		take_section(reading, line);
		return true;
	}
	if (!strchr(line, '=')) {
		reading->events->mistake(reading->context,
					 "this is no [name], no 'key = value' and no comment");
		return false;
	}
	if (!reading->has_section) {
		reading->events->mistake(reading->context, "a key before the first [name]");
		return false;
	}
	return true;
}

/* inih's reader: the next line into `buffer`. */
static char *next_line(char *buffer, int size, void *stream)
{
	struct reading *reading = stream;
	const char *newline;
	size_t len;
	bool is_good = false;

	if (reading->next == reading->end)
		return NULL;
	newline = memchr(reading->next, '\n', (size_t)(reading->end - reading->next));
	len = newline ? (size_t)(newline - reading->next) : (size_t)(reading->end - reading->next);
	++*reading->line;
	if (len > INI_LINE_MAX || len + 2 > (size_t)size) {
		reading->events->mistake(reading->context, "longer than 190 bytes");
	} else {
		memcpy(buffer, reading->next, len);
		buffer[len] = '\n';
		buffer[len + 1] = '\0';
		is_good = check_line(reading, buffer);
	}
	if (!is_good)
		memcpy(buffer, "\n", 2);
	reading->next += len + (newline ? 1 : 0);
	return buffer;
}

static int take_key(void *context, const char *section, const char *name, const char *value)
{
	struct reading *reading = context;

	(void)section;
	reading->events->key(reading->context, name, value);
	return 1;
}

void ini_read(const char *text, size_t len, int *line, const struct ini_events *events,
	      void *context)
{
	struct reading reading = {
		.next = text,
		.end = text + len,
		.line = line,
		.events = events,
		.context = context,
	};

	*line = 0;
	ini_parse_stream(next_line, &reading, take_key, &reading);
}
