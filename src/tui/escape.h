/*
 * Keys that a terminal sends as several characters and that curses does not know, because TERM says
 * less than the terminal does: they are one key, or none, never Esc and letters. Pure: characters
 * and the time come in.
 */
#ifndef CLADE_ESCAPE_H
#define CLADE_ESCAPE_H

#include <stdbool.h>
#include <stdint.h>

/* Where in a sequence the characters are. `{0}` is outside of any. */
struct escape {
	int state;
	uint64_t last_ms;    /* when the last character came */
	uint32_t introducer; /* one that came late, after Esc was a key already */
	unsigned number;     /* the first one in the sequence */
	bool is_plain;       /* it has nothing but that number */
	unsigned skip;       /* characters that still belong to it, whatever they are */
};

enum escape_answer {
	ESCAPE_NOTHING, /* no key, so far */
	ESCAPE_KEY,     /* `*key` is one */
	ESCAPE_AGAIN,   /* `*key` is one; the character is to be given once more */
};

/* Takes the next character, or a key_code that curses has found. */
enum escape_answer escape_take(struct escape *escape, uint32_t code, uint64_t now_ms,
			       uint32_t *key);

/* Nothing more has come for as long as a key takes: returns whether what is there is a key. */
bool escape_rest(struct escape *escape, uint64_t now_ms, uint32_t *key);

#endif
