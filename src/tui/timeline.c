/* A recording at a glance: when it is, how many processes there were, what was wrong when. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clade/mem.h"
#include "clade/recording.h"
#include "clade/safe.h"
#include "clade/units.h"
#include "panes.h"
#include "replay.h"

/* The verdicts, worst first: what a column of the screen stands for, it stands for the worst of. */
/* clang-format off */
static const struct verdict_mark {
	const char *word;
	char letter;
	enum style style;
} marks[] = {
	{"EXPLODING", 'E', STYLE_ALARM},
	{"LIMIT",     'L', STYLE_ALARM},
	{"OOM",       'K', STYLE_ALARM},
	{"MEMORY",    'M', STYLE_WARN},
	{"GROWING",   'G', STYLE_WARN},
	{"LOOP",      'R', STYLE_WARN},
	{"I/O",       'I', STYLE_WARN},
	{"BLOCKED",   'D', STYLE_WARN},
	{"ZOMBIES",   'Z', STYLE_WARN},
	{"ORPHANS",   'O', STYLE_WARN},
	{"",          '?', STYLE_WARN}, /* of another version, or not known */
	{"OK",        '.', STYLE_DIM},
};
/* clang-format on */

enum {
	MARKS = sizeof(marks) / sizeof(marks[0]),
	MARK_OTHER = MARKS - 2,
	GAP_TIMES = 5,
	GAP_LEAST_MS = 15000,
};

/* What a column of the screen stands for. */
struct span {
	uint32_t most; /* processes */
	size_t mark;   /* the worst; MARKS: there is no moment in it */
	size_t first;  /* the moments in it */
	size_t last;
};

static size_t mark_of(const char *word)
{
	for (size_t i = 0; i < MARKS; i++) {
		if (strcmp(marks[i].word, word) == 0)
			return i;
	}
	return MARK_OTHER;
}

/* The column of a moment: by time, so that a gap is seen; by number where no time passes. */
static size_t column_of(const struct replay *replay, size_t i, size_t width)
{
	size_t n = replay_count(replay);
	uint64_t first = recording_get(replay->source, 0)->taken_ms;
	uint64_t last = recording_get(replay->source, n - 1)->taken_ms;
	uint64_t now = recording_get(replay->source, i)->taken_ms;
	double share;

	if (last > first && now >= first && now <= last)
		share = (double)(now - first) / (double)(last - first);
	else
		share = n > 1 ? (double)i / (double)(n - 1) : 0;
	return (size_t)(share * (double)(width - 1) + 0.5);
}

/* The shortest time between two moments: several of it are a gap. */
static uint64_t usual_ms(const struct replay *replay)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 1; i < replay_count(replay); i++) {
		uint64_t a = recording_get(replay->source, i - 1)->taken_ms;
		uint64_t b = recording_get(replay->source, i)->taken_ms;

		if (b > a && b - a < least)
			least = b - a;
	}
	return least;
}

/* Where moments are fewer than columns each stands until the next, but for gaps. */
static void fill_spans(const struct replay *replay, struct span *spans, size_t width)
{
	uint64_t usual = usual_ms(replay);
	size_t last = width; /* the column with the moment before */

	for (size_t c = 0; c < width; c++) {
		if (spans[c].mark == MARKS)
			continue;
		for (size_t hole = last + 1; last < width && hole < c; hole++) {
			uint64_t a = recording_get(replay->source, spans[last].last)->taken_ms;
			uint64_t b = recording_get(replay->source, spans[c].first)->taken_ms;

			if (b - a > GAP_TIMES * usual && b - a > GAP_LEAST_MS)
				break;
			spans[hole] = spans[last];
		}
		last = c;
	}
}

static struct span *spans_of(const struct replay *replay, size_t width)
{
	struct span *spans = mem_new(width, sizeof(*spans));

	for (size_t c = 0; c < width; c++)
		spans[c].mark = MARKS;
	for (size_t i = 0; i < replay_count(replay); i++) {
		const struct recording_sample *sample = recording_get(replay->source, i);
		struct span *span = &spans[column_of(replay, i, width)];
		size_t mark = mark_of(sample->word);

		if (span->mark == MARKS)
			span->first = i;
		span->last = i;
		if (mark < span->mark)
			span->mark = mark;
		if (sample->processes > span->most)
			span->most = sample->processes;
	}
	fill_spans(replay, spans, width);
	return spans;
}

/* "2026-11-24 14:10:32 CET", as the clock of who looks at it has it. */
static void add_time(struct text *out, uint64_t taken_ms)
{
	time_t seconds = (time_t)(taken_ms / 1000);
	struct tm clock;
	char words[64] = "-";

	if (localtime_r(&seconds, &clock))
		strftime(words, sizeof(words), "%Y-%m-%d %H:%M:%S %Z", &clock);
	text_add(out, words);
}

static void draw_state(const struct ui *ui, struct cells *cells)
{
	static const char keys[] = "., step  () verdict  [] speed  J time  Z play";
	struct replay *replay = ui->replay;
	const char *missing = recording_missing(replay->source);
	struct text line = {0};
	char a[UNITS_LEN];
	char b[UNITS_LEN];
	int at = cells_put(cells, 0, 0, cells->columns, STYLE_KEY, " REPLAY ");

	text_add(&line, " ");
	add_time(&line, recording_get(replay->source, replay->target)->taken_ms);
	text_printf(&line, "  %s of %s", units_count(a, replay->target + 1),
		    units_count(b, replay_count(replay)));
	if (replay->is_going && replay->next < replay->target)
		text_printf(&line, "  looking %s back",
			    units_count(a, replay->target - replay->next));
	else
		text_printf(&line, "  %s x%g",
			    replay->is_playing ? "playing"
			    : replay->is_going ? "going"
					       : "standing",
			    replay_speed(replay));
	at += cells_put(cells, 0, at, cells->columns - at, STYLE_VALUE, text_str(&line));
	text_clear(&line);
	if (!*missing && cells->columns - at > (int)sizeof(keys))
		cells_put(cells, 0, cells->columns - (int)sizeof(keys) + 1, (int)sizeof(keys) - 1,
			  STYLE_DIM, keys);
	if (*missing) {
		text_add(&line, "  ");
		safe_add(&line, missing, strcspn(missing, "\n"));
		cells_put_cut(cells, 0, at, cells->columns - at, STYLE_WARN, text_str(&line),
			      ui->is_ascii);
	}
	text_done(&line);
}

/* One column as high as its share of the largest, from nothing at 0. */
static const char *bar_of(uint32_t value, uint32_t most, bool is_ascii)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const ascii[] = {"_", ".", "-", "=", "+", "*", "%", "#"};
	size_t level = most > 0 ? (size_t)((uint64_t)value * 7 / most) : 0;

	return is_ascii ? ascii[level] : blocks[level];
}

/* A bar is drawn in its colour; on a ground of that colour it would be read upside down. */
static enum style bar_style(enum style mark)
{
	return mark == STYLE_DIM ? STYLE_OK : mark == STYLE_ALARM ? STYLE_ZOMBIE : mark;
}

static void draw_spans(const struct ui *ui, struct cells *cells, int rows)
{
	size_t width = (size_t)cells->columns;
	struct span *spans = spans_of(ui->replay, width);
	size_t here = column_of(ui->replay, ui->replay->target, width);
	uint32_t most = 0;

	for (size_t c = 0; c < width; c++)
		most = spans[c].most > most ? spans[c].most : most;
	for (size_t c = 0; c < width; c++) {
		const struct span *span = &spans[c];
		const char letter[2] = {span->mark < MARKS ? marks[span->mark].letter : ' ', '\0'};
		enum style style = span->mark < MARKS ? marks[span->mark].style : STYLE_DIM;

		if (span->mark < MARKS)
			cells_put(cells, 1, (int)c, 1, bar_style(style),
				  bar_of(span->most, most, ui->is_ascii));
		if (rows > 2)
			cells_put(cells, 2, (int)c, 1, style, letter);
	}
	/* where we are, in both */
	cells_paint(cells, 1, (int)here, 1, STYLE_SELECTED);
	if (rows > 2)
		cells_paint(cells, 2, (int)here, 1, STYLE_SELECTED);
	free(spans);
}

void draw_timeline(const struct ui *ui, struct cells *cells, int rows)
{
	if (rows > 0)
		draw_state(ui, cells);
	if (rows > 1)
		draw_spans(ui, cells, rows);
}

size_t timeline_moment_at(const struct ui *ui, int column)
{
	size_t width = ui->width > 0 ? (size_t)ui->width : 1;
	size_t found = 0;

	for (size_t i = 0; i < replay_count(ui->replay); i++) {
		if (column_of(ui->replay, i, width) > (size_t)(column > 0 ? column : 0))
			break;
		found = i;
	}
	return found;
}
