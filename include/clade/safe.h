/*
 * Text made by strangers, made harmless. Names, arguments, paths and container names are bytes that
 * any user of the machine can choose; before a terminal or a text file sees them they pass
 * safe_add().
 *
 * What passes unchanged: printable characters of valid UTF-8. Everything else becomes visible
 * ASCII: \n \r \t \e for the common controls, \xHH for other C0 controls, DEL and bytes that are no
 * UTF-8, \u{HHHH} for C1 controls, bidirectional controls, zero-width, unassigned and private-use
 * characters. A backslash stays as it is.
 */
#ifndef CLADE_SAFE_H
#define CLADE_SAFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/text.h"

/* Decodes the character at s[0..len): returns its length in bytes (1 to 4) and sets `*code`, or
 * returns 0 when there is no valid, shortest-form, non-surrogate UTF-8 character there. len > 0. */
size_t safe_decode(const char *s, size_t len, uint32_t *code);

/* Appends a character as UTF-8. */
void safe_encode(struct text *out, uint32_t code);

bool safe_is_utf8(const char *s, size_t len);

/* Columns that a character takes on a terminal: 0 (combining), 1 or 2; -1 when it must be escaped.
 */
int safe_char_width(uint32_t code);

/* Appends the harmless form of s[0..len). */
void safe_add(struct text *out, const char *s, size_t len);

/* The same for a process's argument block: arguments parted by NUL bytes are parted by a space; an
 * argument that is empty or holds a space or a quote is put in single quotes, so that the line can
 * be read back by a shell's eye. */
void safe_add_argv(struct text *out, const char *argv, size_t len);

/* Columns of a string that is harmless already. */
size_t safe_width(const char *s);

/* Bytes of `s` (harmless already) that fit into `columns`; `*used` (may be NULL) gets the columns
 * they take. */
size_t safe_fit(const char *s, size_t columns, size_t *used);

/* Makes LC_CTYPE a UTF-8 locale so that widths are known; returns whether the user's own locale was
 * one (if not, draw in ASCII). Call once, before any other function here. */
bool safe_setup(void);

#endif
