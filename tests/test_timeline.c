/* The timeline of a recording: what a column of it stands for, gaps, where one is, and where a click leads. */
#include <stdlib.h>
#include <time.h>

#include "clade/recording.h"
#include "clade/safe.h"
#include "desk.h"
#include "suite.h"

/* A row of moments alike: how many, how far apart, processes of the first and how many more each has, the verdict. */
struct run {
	int n;
	int apart_s;
	int procs;
	int more;
	const char *word;
};

enum { BEGIN_S = 1795522800 }; /* 2026-11-24 12:20:00 UTC */

/* The evening: quiet, growth that explodes, quiet, the machine off for ten minutes, a loop. */
static const struct run evening[] = {
	{60, 2, 20, 0, "OK"}, {30, 2, 20, 2, "GROWING"}, {30, 2, 80, 6, "EXPLODING"}, {30, 2, 30, 0, "OK"}, {1, 600, 10, 0, "OK"}, {60, 2, 10, 0, "LOOP"},
};

static void add_moment(struct text *lines, int64_t at_s, int procs, const char *word)
{
	time_t seconds = BEGIN_S + at_s;
	struct tm utc;
	char when[32];

	gmtime_r(&seconds, &utc);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &utc);
	text_printf(lines,
		    "{\"type\":\"sample\",\"format\":\"clade-samples\",\"version\":1,\"full\":true,\"taken\":\"%s\",\"mono_ms\":%lld,\"interval_s\":2,"
		    "\"host\":{\"boot_ms\":1795500000000}}\n"
		    "{\"type\":\"verdict\",\"word\":\"%s\"}\n",
		    when, (long long)(22800 + at_s) * 1000, word);
	for (int pid = 1; pid <= procs; pid++)
		text_printf(lines, "{\"type\":\"process\",\"pid\":%d,\"ppid\":%d,\"start_ticks\":1,\"comm\":\"sh\"}\n", pid, pid > 1);
	text_printf(lines, "{\"type\":\"end\",\"processes\":%d}\n", procs);
}

struct show {
	struct desk *desk;
	struct source *source;
	struct replay replay;
	struct moment moment;
};

static struct show *show_open(const struct run *runs, size_t n, int height, int width, bool is_ascii)
{
	struct show *show = calloc(1, sizeof(*show));
	struct text lines = {0};
	struct text error = {0};
	int64_t at_s = 0;

	for (size_t r = 0; r < n; r++) {
		for (int i = 0; i < runs[r].n; i++) {
			at_s += runs[r].apart_s;
			add_moment(&lines, at_s, runs[r].procs + i * runs[r].more, runs[r].word);
		}
	}
	if (recording_open_bytes(text_str(&lines), lines.len, &show->source, &error) != 0)
		fail_msg("%s", text_str(&error));
	text_done(&lines);
	show->desk = desk_new(height, width, is_ascii);
	replay_init(&show->replay, show->source, false);
	show->desk->ui.replay = &show->replay;
	show->desk->ui.is_readonly = true;
	return show;
}

static void show_close(struct show *show)
{
	show->desk->ui.replay = NULL;
	desk_free(show->desk);
	source_close(show->source);
	free(show);
}

/* Arrives at a moment, as the loop does. */
static void arrive(struct show *show, size_t i)
{
	struct snapshot *snap;

	recording_seek(show->source, i);
	assert_int_equal(source_sample(show->source, NULL, &snap), 0);
	lab_take(show->desk->lab, snap);
	desk_show(show->desk);
	show->replay.at = show->replay.target = i;
	show->replay.is_going = false;
}

#define OPEN(runs, height, width, is_ascii) show_open(runs, sizeof(runs) / sizeof((runs)[0]), height, width, is_ascii)

/* Row `n` of the screen, NUL behind it; the caller's to free(). */
static char *row_of(struct show *show, int n)
{
	const char *at = desk_read(show->desk);

	while (n-- > 0)
		at = strchr(at, '\n') + 1;
	return strndup(at, strcspn(at, "\n"));
}

static void an_evening_at_a_glance(void **state)
{
	static const struct {
		int height, width;
		bool is_ascii;
		const char *name;
	} rows[] = {
		{24, 80, false, "timeline-80x24"},
		{50, 200, false, "timeline-200x50"},
		{12, 40, false, "timeline-40x12"},
		{24, 80, true, "timeline-ascii-80x24"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct show *show = OPEN(evening, rows[i].height, rows[i].width, rows[i].is_ascii);

		arrive(show, 100);
		expect_golden(show->desk, rows[i].name);
		show_close(show);
	}
}

static void a_column_stands_for_the_worst_and_the_most_in_it(void **state)
{
	/* one bad moment of two hundred, and as many columns as twenty */
	static const struct run runs[] = {{100, 2, 8, 0, "OK"}, {1, 2, 80, 0, "OOM"}, {100, 2, 8, 0, "OK"}};
	struct show *show = OPEN(runs, 24, 20, true);
	char *letters;
	char *bars;

	(void)state;
	arrive(show, 0);
	letters = row_of(show, 2);
	bars = row_of(show, 1);
	assert_int_equal(strcspn(letters, "K"), 10);
	assert_int_equal(strspn(letters, "."), 10);
	assert_int_equal(strcspn(bars, "#"), 10);
	free(letters);
	free(bars);
	show_close(show);
}

static void every_verdict_has_a_letter(void **state)
{
	struct run runs[VERDICT_KINDS];
	struct show *show;
	char *letters;

	(void)state;
	for (enum verdict_kind kind = VERDICT_QUIET; kind < VERDICT_KINDS; kind++)
		runs[kind] = (struct run){1, 2, 8, 0, verdict_word(kind)};
	show = OPEN(runs, 24, 80, true);
	arrive(show, 0);
	letters = row_of(show, 2);
	assert_int_equal(strcspn(letters, "."), 0);
	assert_null(strchr(letters, '?'));
	for (const char *letter = "ELKMGRIDZO"; *letter; letter++)
		assert_non_null(strchr(letters, *letter));
	free(letters);
	show_close(show);
}

static void when_nothing_was_recorded_there_is_nothing(void **state)
{
	static const struct run runs[] = {{30, 2, 8, 0, "OK"}, {1, 600, 8, 0, "OK"}, {30, 2, 8, 0, "OK"}};
	struct show *show = OPEN(runs, 24, 80, true);
	char *letters;

	(void)state;
	arrive(show, 0);
	letters = row_of(show, 2);
	assert_true(strcspn(letters, " ") < 10);
	assert_true(strspn(letters + 10, " ") >= 55);
	assert_true(strlen(letters) == 80 && letters[79] == '.');
	free(letters);
	show_close(show);
}

static void few_moments_stand_until_the_next(void **state)
{
	static const struct run runs[] = {{4, 2, 8, 0, "OK"}, {3, 2, 8, 0, "ZOMBIES"}};
	struct show *show = OPEN(runs, 24, 60, true);
	char *letters;

	(void)state;
	arrive(show, 0);
	letters = row_of(show, 2);
	assert_int_equal(strlen(letters), 60);
	assert_null(strchr(letters, ' '));
	assert_int_equal(strspn(letters, "."), strcspn(letters, "Z"));
	free(letters);
	show_close(show);
}

static void one_moment_and_no_time_at_all_are_drawn_too(void **state)
{
	static const struct run one[] = {{1, 0, 8, 0, "OK"}};
	static const struct run still[] = {{5, 0, 8, 0, "OK"}};
	struct show *show = OPEN(one, 24, 80, true);

	(void)state;
	arrive(show, 0);
	assert_contains(desk_read(show->desk), "1 of 1");
	show_close(show);
	show = OPEN(still, 24, 80, true);
	arrive(show, 4);
	assert_contains(desk_read(show->desk), "5 of 5");
	assert_int_equal(timeline_moment_at(&show->desk->ui, 0), 0);
	assert_int_equal(timeline_moment_at(&show->desk->ui, 79), 4);
	resize(show->desk, 1, 1);
	desk_read(show->desk);
	show_close(show);
}

static void a_click_goes_to_the_moment_that_stands_there(void **state)
{
	struct show *show = OPEN(evening, 24, 80, false);
	uint64_t taken_ms;

	(void)state;
	arrive(show, 0);
	for (int column = 0; column < 80; column++) {
		size_t i = timeline_moment_at(&show->desk->ui, column);

		assert_true(column == 0 || i >= timeline_moment_at(&show->desk->ui, column - 1));
	}
	assert_int_equal(timeline_moment_at(&show->desk->ui, 79), recording_count(show->source) - 1);
	click(show->desk, 1, 79);
	assert_int_equal(show->replay.target, recording_count(show->source) - 1);
	click(show->desk, 1, 0);
	assert_true(show->replay.target < recording_count(show->source) / 40);
	/* in the gap: the last before it */
	click(show->desk, 2, 45);
	taken_ms = recording_get(show->source, show->replay.target)->taken_ms;
	assert_int_equal(taken_ms / 1000, BEGIN_S + 300);
	show_close(show);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_evening_at_a_glance),
		cmocka_unit_test(a_column_stands_for_the_worst_and_the_most_in_it),
		cmocka_unit_test(every_verdict_has_a_letter),
		cmocka_unit_test(when_nothing_was_recorded_there_is_nothing),
		cmocka_unit_test(few_moments_stand_until_the_next),
		cmocka_unit_test(one_moment_and_no_time_at_all_are_drawn_too),
		cmocka_unit_test(a_click_goes_to_the_moment_that_stands_there),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	safe_setup();
	return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
