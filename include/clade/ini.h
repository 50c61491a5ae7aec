/*
 * Files of [section] and "key = value" lines, read by inih, with what it does not give: the number
 * of the line, and a word for each line that is wrong. The rest of the file is read all the same.
 */
#ifndef CLADE_INI_H
#define CLADE_INI_H

#include <stdbool.h>
#include <stddef.h>

#include "clade/text.h"

enum { INI_LINE_MAX = 190 }; /* bytes of a line */

/* What is called for what stands in the file. Strings are valid during the call. */
struct ini_events {
	void (*section)(void *context, const char *name);                /* "": its line is wrong */
	void (*key)(void *context, const char *name, const char *value); /* of the last section */
	void (*mistake)(void *context, const char *what);
};

/* Reads text[0..len). During each call `*line` is the number of the line that it is about. */
void ini_read(const char *text, size_t len, int *line, const struct ini_events *events,
	      void *context);

/* Sets one value in the text of a file and leaves every other byte as it is: comments, unknown
 * keys, order. What is not there yet comes to the end of its section, or makes one at the end. */
void ini_set(struct text *file, const char *section, const char *name, const char *value);

#endif
