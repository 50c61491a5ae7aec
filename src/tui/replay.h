/*
 * Where in a recording the screen is, and where it goes. What a moment means depends on those
 * before it: going somewhere plays the minutes before it first, unseen. The loop asks what to read
 * next; keys say where to go.
 */
#ifndef CLADE_REPLAY_H
#define CLADE_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/source.h"

struct ui;
struct cells;

struct replay {
	struct source *source; /* a recording */
	size_t at;             /* the moment that is shown */
	size_t target;         /* where to go; `at` when there */
	size_t next;           /* what is read next on the way */
	bool has_shown;        /* a moment is on the screen */
	bool is_going;         /* on the way */
	bool has_turned;       /* the way was changed: what is being read is not wanted any more */
	bool begins_anew;      /* what was before `next` is not what history holds */
	bool is_playing;
	int speed;          /* index into the speeds */
	uint64_t shown_ms;  /* when the moment came to the screen */
	uint64_t polled_ms; /* when the file was last looked at */
};

/* From the first moment on. */
void replay_init(struct replay *replay, struct source *source, bool is_playing);

/* How many there are. */
size_t replay_count(const struct replay *replay);

/* Goes to a moment; beyond an end is at that end. */
void replay_go(struct replay *replay, size_t target);

/* The nearest moment after (or before) the shown one with another verdict; the shown one when there
 * is none. */
size_t replay_find_change(const struct replay *replay, bool forwards);

/* The moment that a user means: "14:10", "14:10:30", "2026-11-24 14:10", "-5m", "+30s", "first",
 * "last". A time of day is that of the day that brings it nearest. Returns 0, or -EINVAL. */
int replay_parse(const struct replay *replay, const char *text, size_t *target);

/* Slower, as fast as it was, faster; returns the new speed. */
double replay_set_speed(struct replay *replay, int change);
double replay_speed(const struct replay *replay);

/* ---- For the loop ---- */

/* When to begin with the next moment. Looks for what was written meanwhile. A screen that must not
 * move does not play on. */
uint64_t replay_due_ms(struct replay *replay, bool is_frozen, uint64_t now_ms);

/* What to read now is sought. Returns whether there is anything to read; `*is_new` when a new
 * history begins with it. */
bool replay_begin(struct replay *replay, bool *is_new);

/* That moment was made, or could not be. Returns whether it is the one to be shown. */
bool replay_arrive(struct replay *replay, bool is_made, uint64_t now_ms);

/* ---- On the screen (timeline.c) ---- */

enum { TIMELINE_ROWS = 3 };

/* The state, the process count over time, the verdicts: as many as there are rows. */
void draw_timeline(const struct ui *ui, struct cells *cells, int rows);

/* The moment that stands in that column. */
size_t timeline_moment_at(const struct ui *ui, int column);

#endif
