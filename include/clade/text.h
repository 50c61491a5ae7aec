/*
 * A growable run of bytes, always NUL-terminated, for building lines, documents and file contents.
 * The struct is the caller's; text_done() frees what it points to. `{0}` is an empty text.
 */
#ifndef CLADE_TEXT_H
#define CLADE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *data; /* NULL until the first byte */
	size_t len;
	size_t size;
};

void text_done(struct text *text);

/* Empties it and keeps its memory. */
void text_clear(struct text *text);

/* Drops what stands behind the first `len` bytes. */
void text_cut(struct text *text, size_t len);

/* Makes room for `more` bytes behind the end and returns where they go; set with text_added(). */
char *text_room(struct text *text, size_t more);
void text_added(struct text *text, size_t len);

void text_add(struct text *text, const char *s);
void text_add_bytes(struct text *text, const void *bytes, size_t len);
void text_add_char(struct text *text, char c);
void text_add_repeat(struct text *text, char c, size_t times);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The bytes as a string, "" when empty; valid until the text changes. */
const char *text_str(const struct text *text);

/* Hands the string over: the caller frees it, the text is empty afterwards. */
char *text_take(struct text *text);

#endif
