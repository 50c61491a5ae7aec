#include "replay.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "clade/recording.h"

enum {
	DENSE_MS = 62000,   /* every moment of the minute before: births and deaths are counted */
	SPARSE_MS = 600000, /* before that, for trends, one every */
	SPARSE_APART_MS = 10000,
	CHEAP = 100000, /* processes to be looked at on the way, beyond which fewer moments are */
	HURRIED_APART_MS = 5000,
	POLL_MS = 1000,
	GAP_MOST_MS = 5000, /* a pause in the recording is none in the play */
};

static const double speeds[] = {0.25, 0.5, 1, 2, 5, 10, 30, 60};

enum { SPEEDS = sizeof(speeds) / sizeof(speeds[0]), SPEED_USUAL = 2 };

static const struct recording_sample *sample(const struct replay *replay, size_t i)
{
	return recording_get(replay->source, i);
}

void replay_init(struct replay *replay, struct source *source, bool is_playing)
{
	*replay = (struct replay){
		.source = source,
		.is_going = true,
		.begins_anew = true,
		.is_playing = is_playing,
		.speed = SPEED_USUAL,
	};
}

size_t replay_count(const struct replay *replay)
{
	return recording_count(replay->source);
}

/* ---- The way to a moment ---- */

/* Milliseconds from one moment to a later one; 0 when a clock went backwards. */
static uint64_t between(const struct replay *replay, size_t from, size_t to)
{
	uint64_t a = sample(replay, from)->mono_ms;
	uint64_t b = sample(replay, to)->mono_ms;

	return b > a ? b - a : 0;
}

/* The first moment of the minutes before `target`; nothing is watched across a break. */
static size_t start_of_way(const struct replay *replay, size_t target)
{
	uint64_t looked_at = 0;
	uint64_t far_ms = SPARSE_MS;
	size_t i = target;

	while (i > 0 && !sample(replay, i)->is_first &&
	       sample(replay, i - 1)->mono_ms <= sample(replay, i)->mono_ms &&
	       between(replay, i - 1, target) <= far_ms) {
		i--;
		looked_at += sample(replay, i)->processes;
		if (looked_at > CHEAP)
			far_ms = DENSE_MS;
	}
	return i;
}

/* How far apart the moments are that are looked at on the way, here. */
static uint64_t apart_ms(const struct replay *replay)
{
	if (between(replay, replay->next, replay->target) > DENSE_MS)
		return SPARSE_APART_MS;
	return sample(replay, replay->target)->processes > CHEAP / 30 ? HURRIED_APART_MS : 0;
}

static size_t next_on_way(const struct replay *replay)
{
	uint64_t apart = apart_ms(replay);
	size_t i = replay->next + 1;

	/* no step leads into the midst of the minute; the last before the target is looked at: what
	 * is born in it is new */
	while (i + 1 < replay->target && between(replay, replay->next, i) < apart &&
	       (apart != SPARSE_APART_MS || between(replay, i, replay->target) > DENSE_MS))
		i++;
	return i;
}

void replay_go(struct replay *replay, size_t target)
{
	size_t last = replay_count(replay) - 1;

	if (target > last)
		target = last;
	if (replay->has_shown && target == replay->at && !replay->is_going)
		return;
	replay->has_turned = replay->is_going;
	replay->target = target;
	/* a step forwards goes on with what is known */
	if (replay->has_shown && !replay->is_going && target == replay->at + 1 &&
	    !sample(replay, target)->is_first) {
		replay->next = target;
	} else {
		replay->next = start_of_way(replay, target);
		replay->begins_anew = true;
	}
	replay->is_going = true;
}

static bool is_change(const struct replay *replay, size_t i)
{
	return sample(replay, i)->verdict != sample(replay, i - 1)->verdict;
}

size_t replay_find_change(const struct replay *replay, bool forwards)
{
	size_t i = replay->target;

	if (forwards) {
		while (++i < replay_count(replay)) {
			if (is_change(replay, i))
				return i;
		}
		return replay->target;
	}
	while (i > 0) {
		i--;
		if (i == 0 || is_change(replay, i))
			return i;
	}
	return 0;
}

/* ---- Times ---- */

/* "5m", "30s", "2h", "90": in milliseconds; NAN when it is none. */
static double parse_duration(const char *text)
{
	char *end;
	double value = strtod(text, &end);
	const char *units = "smhd";
	static const double factors[] = {1e3, 6e4, 3.6e6, 8.64e7};
	const char *unit = *end ? strchr(units, *end) : units;

	if (end == text || !unit || (*end && end[1]) || !(value >= 0 && value < 1e6))
		return NAN;
	return value * factors[unit - units];
}

static int parse_relative(const struct replay *replay, const char *text, size_t *target)
{
	double ms = parse_duration(text + 1);
	uint64_t now = sample(replay, replay->target)->taken_ms;

	if (isnan(ms))
		return -EINVAL;
	if (*text == '+')
		*target = recording_find(replay->source, now + (uint64_t)ms);
	else
		*target =
			recording_find(replay->source, now > (uint64_t)ms ? now - (uint64_t)ms : 0);
	return 0;
}

/* A time of day: of all days the one on which the recording is nearest to it. */
static uint64_t nearest_day(const struct replay *replay, struct tm clock)
{
	time_t shown = (time_t)(sample(replay, replay->target)->taken_ms / 1000);
	uint64_t first = sample(replay, 0)->taken_ms;
	uint64_t last = sample(replay, replay_count(replay) - 1)->taken_ms;
	uint64_t best = 0;
	uint64_t least = UINT64_MAX;
	struct tm day;

	if (!localtime_r(&shown, &day))
		return first;
	for (int offset = -1; offset <= 1; offset++) {
		struct tm tried = {
			.tm_year = day.tm_year,
			.tm_mon = day.tm_mon,
			.tm_mday = day.tm_mday + offset,
			.tm_hour = clock.tm_hour,
			.tm_min = clock.tm_min,
			.tm_sec = clock.tm_sec,
			.tm_isdst = -1,
		};
		uint64_t ms = (uint64_t)mktime(&tried) * 1000;
		uint64_t away = ms < first ? first - ms : ms > last ? ms - last : 0;

		if (away < least || (away == least && offset == 0)) {
			least = away;
			best = ms;
		}
	}
	return best;
}

static int parse_clock(const struct replay *replay, const char *text, size_t *target)
{
	static const char *const days[] = {"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
					   "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"};
	static const char *const clocks[] = {"%H:%M:%S", "%H:%M"};

	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		struct tm day = {.tm_isdst = -1};
		const char *end = strptime(text, days[i], &day);

		if (!end || *end)
			continue;
		*target = recording_find(replay->source, (uint64_t)mktime(&day) * 1000 + 999);
		return 0;
	}
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		struct tm clock = {0};
		const char *end = strptime(text, clocks[i], &clock);

		if (!end || *end)
			continue;
		*target = recording_find(replay->source, nearest_day(replay, clock) + 999);
		return 0;
	}
	return -EINVAL;
}

int replay_parse(const struct replay *replay, const char *text, size_t *target)
{
	if (strcasecmp(text, "first") == 0 || strcasecmp(text, "last") == 0) {
		*target = strcasecmp(text, "first") == 0 ? 0 : replay_count(replay) - 1;
		return 0;
	}
	if (*text == '-' || *text == '+')
		return parse_relative(replay, text, target);
	return parse_clock(replay, text, target);
}

/* ---- Speed ---- */

double replay_speed(const struct replay *replay)
{
	return speeds[replay->speed];
}

double replay_set_speed(struct replay *replay, int change)
{
	int speed = replay->speed + change;

	if (speed >= 0 && speed < (int)SPEEDS)
		replay->speed = speed;
	return replay_speed(replay);
}

/* ---- For the loop ---- */

static bool has_next(const struct replay *replay)
{
	return replay->at + 1 < replay_count(replay);
}

/* How long the shown moment is to be seen. */
static uint64_t seen_ms(const struct replay *replay)
{
	uint64_t ms = between(replay, replay->at, replay->at + 1);

	if (ms > GAP_MOST_MS)
		ms = GAP_MOST_MS;
	return (uint64_t)((double)ms / replay_speed(replay));
}

uint64_t replay_due_ms(struct replay *replay, bool is_frozen, uint64_t now_ms)
{
	if (replay->is_going)
		return now_ms;
	if (now_ms >= replay->polled_ms + POLL_MS) {
		recording_poll(replay->source);
		replay->polled_ms = now_ms;
	}
	return replay->is_playing && !is_frozen && has_next(replay)
		       ? replay->shown_ms + seen_ms(replay)
		       : now_ms + POLL_MS;
}

bool replay_begin(struct replay *replay, bool *is_new)
{
	if (!replay->is_going && replay->is_playing && has_next(replay))
		replay_go(replay, replay->at + 1);
	if (!replay->is_going)
		return false;
	*is_new = replay->begins_anew || sample(replay, replay->next)->is_first;
	replay->begins_anew = false;
	replay->has_turned = false;
	recording_seek(replay->source, replay->next);
	return true;
}

bool replay_arrive(struct replay *replay, bool is_made, uint64_t now_ms)
{
	if (replay->next < replay->target) {
		replay->next = next_on_way(replay);
		return false;
	}
	replay->is_going = false;
	replay->at = replay->target;
	replay->shown_ms = now_ms;
	replay->has_shown = replay->has_shown || is_made;
	/* what comes next is no change to what could not be read */
	if (!is_made)
		replay->begins_anew = true;
	return true;
}
