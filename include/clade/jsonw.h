/*
 * Writes JSON (RFC 8259) into a text as it goes: no tree is built. Commas and nesting are kept
 * here, so a writer cannot make an invalid document; that brackets match is asserted.
 */
#ifndef CLADE_JSONW_H
#define CLADE_JSONW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/text.h"

enum { JSONW_DEPTH = 16 };

struct jsonw {
	struct text *out;
	bool has_items[JSONW_DEPTH];
	int depth;
	int indent; /* spaces a level; 0 writes everything on one line */
	bool after_key;
	const char *const *kept; /* jsonw_keep() */
	int kept_depth;
	bool is_skipping; /* a key that is not kept and its value; its text goes at the end of it */
	bool had_items;   /* before it */
	size_t skipped_from;
};

void jsonw_init(struct jsonw *json, struct text *out, int indent);

void jsonw_object(struct jsonw *json);
void jsonw_object_end(struct jsonw *json);
void jsonw_array(struct jsonw *json);
void jsonw_array_end(struct jsonw *json);

/* The key of the next value; keys are ours, plain ASCII. */
void jsonw_key(struct jsonw *json, const char *key);

/* From now on an object at that depth (1: the outermost) keeps only these keys, which end with
 * NULL, and those with "_base64" behind them; others are left out with their values. NULL: all. */
void jsonw_keep(struct jsonw *json, const char *const *keys, int depth);

void jsonw_null(struct jsonw *json);
void jsonw_bool(struct jsonw *json, bool value);
void jsonw_int(struct jsonw *json, int64_t value);
void jsonw_uint(struct jsonw *json, uint64_t value); /* UNKNOWN (units.h) is written as null */
void jsonw_real(struct jsonw *json, double value,
		int decimals);                        /* NAN and infinities are written as null */
void jsonw_string(struct jsonw *json, const char *s); /* NULL is written as null */

/* Any bytes: valid UTF-8 as it is (controls escaped), every other byte as U+FFFD. Returns false if
 * any byte was lost so; the caller then adds the bytes in base64 under a second key, so that
 * nothing is lost. */
bool jsonw_bytes(struct jsonw *json, const char *s, size_t len);
void jsonw_base64(struct jsonw *json, const void *bytes, size_t len);

#endif
