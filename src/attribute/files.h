/*
 * What names are found with: JSON documents, and paths with stars. Everything read here is written
 * by other programs while we read it, so nothing is an error: what cannot be had is NULL.
 */
#ifndef CLADE_FILES_H
#define CLADE_FILES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { SMALL_FILE = 1 << 20 };

/* A name kept to one line of sane length, cut at a character's start; the heap's, NULL when empty.
 */
char *name_tidy(const char *s);

/* Sets `*to` to the tidied value, if it is not set yet and the value is. */
void set_once(char **to, const char *value);

/* The JSON document in a file, or NULL. */
json_t *json_read(const char *path, size_t limit);

/* Follows "Config>Labels>com.docker.compose.service"; an array gives its first item. Borrowed, NULL
 * when not there. */
json_t *json_follow(json_t *json, const char *path);

/* Calls `visit` for each path a pattern stands for until it returns true; returns whether it did.
 */
bool each_path(const char *pattern, bool (*visit)(void *context, const char *path), void *context);

/* What the stars of a pattern stood for in a path, joined by '/'; NULL when it does not fit. A star
 * takes as little as it can, the last one all up to the pattern's end; none takes a '/'. The
 * heap's.
 */
char *star_text(const char *pattern, const char *path);

#endif
