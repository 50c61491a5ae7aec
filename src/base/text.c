#include "clade/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"

void text_done(struct text *text)
{
	free(text->data);
	*text = (struct text){0};
}

void text_clear(struct text *text)
{
	text->len = 0;
	if (text->data)
		text->data[0] = '\0';
}

void text_cut(struct text *text, size_t len)
{
	if (len >= text->len)
		return;
	text->len = len;
	text->data[len] = '\0';
}

char *text_room(struct text *text, size_t more)
{
	size_t need = text->len + more + 1;

	if (need > text->size) {
		size_t size = text->size > 0 ? text->size : 32;

		while (size < need)
			size *= 2;
		text->data = mem_grow(text->data, size, 1);
		text->size = size;
	}
	return text->data + text->len;
}

void text_added(struct text *text, size_t len)
{
	text->len += len;
	text->data[text->len] = '\0';
}

void text_add_bytes(struct text *text, const void *bytes, size_t len)
{
	char *to = text_room(text, len);

	if (len > 0)
		memcpy(to, bytes, len);
	text_added(text, len);
}

void text_add(struct text *text, const char *s)
{
	text_add_bytes(text, s, strlen(s));
}

void text_add_char(struct text *text, char c)
{
	text_add_bytes(text, &c, 1);
}

void text_add_repeat(struct text *text, char c, size_t times)
{
	char *to = text_room(text, times);

	memset(to, c, times);
	text_added(text, times);
}

void text_printf(struct text *text, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		return;
	va_start(args, format);
	vsnprintf(text_room(text, (size_t)len), (size_t)len + 1, format, args);
	va_end(args);
	text_added(text, (size_t)len);
}

const char *text_str(const struct text *text)
{
	return text->data ? text->data : "";
}

char *text_take(struct text *text)
{
	char *data = text->data ? text->data : mem_new(1, 1);

	*text = (struct text){0};
	return data;
}
