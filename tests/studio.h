/* A machine that is recorded, and a player of what was: for the tests of recordings. */
#ifndef CLADE_STUDIO_H
#define CLADE_STUDIO_H

#include "clade/moment.h"
#include "clade/recording.h"
#include "clade/zst.h"
#include "lab.h"

enum { SAMPLES_MAX = 64 };

/* A machine of which samples are taken, recorded, and kept as they were. */
struct studio {
	struct lab *lab;
	struct zst_packer *packer;
	struct text tape;              /* what was recorded */
	struct text plain;             /* the same lines, not packed */
	char *moments[SAMPLES_MAX];    /* each as a full sample with all rates */
	size_t ends[SAMPLES_MAX];      /* of each, in `tape` */
	size_t n;
};

/* A recording that is played, with the owners that it has. */
struct player {
	struct source *source;
	struct ruleset *rules;
	struct users *users;
	struct attributor *attributor;
	struct history *history;
	struct moment before, now;
};

/* A moment as the text of a full sample; the caller's to free(). */
char *moment_text(const struct model *model, const struct users *users);

/* Owners have no order among themselves. */
void assert_same_moment(const char *got, const char *want);

struct studio *studio_new(void);

void studio_free(struct studio *studio);

/* Records the lab's last sample. */
void studio_keep(struct studio *studio, bool is_full);

/* Takes a sample of a table, so many seconds after the one before, and records it. */
void studio_record(struct studio *studio, double seconds, const char *table, bool is_full);

/* From the beginning, with nothing remembered. */
void player_rewind(struct player *player);

struct player player_of(struct source *source);

struct player player_open(const void *bytes, size_t len);

/* Another source, from its beginning, by the same rules: reading those takes longer than a small recording. */
void player_change(struct player *player, struct source *source);

void player_close(struct player *player);

/* Goes on by a moment. Returns 0 or what source_sample() does. */
int player_play(struct player *player);

/* The moment that was played is the i-th, as it was lived; the next one is. */
void player_expect_now(const struct player *player, const struct studio *studio, size_t i);
void player_expect(struct player *player, const struct studio *studio, size_t i);

/* Seven samples: processes come, change, go, leave orphans, and a number is used again. */
void studio_record_incident(struct studio *studio);

#endif
