/* Going through a recording: what the loop is told to read, and that a moment gone to is what it was when it was lived. */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "clade/mem.h"
#include "clade/recording.h"
#include "clade/safe.h"
#include "clade/samples.h"
#include "lab.h"
#include "suite.h"
#include "tui/replay.h"

enum { SAMPLES = 400, EACH_S = 2 };

/* A machine that grows by three processes a sample from the 100th to the 150th, and starts short lives. */
struct tape {
	struct text bytes;
	double growth[SAMPLES]; /* of the machine, as they were when they were lived */
	double births[SAMPLES];
	uint32_t trend[SAMPLES]; /* how many figures the trend had */
};

static void table_of(size_t i, struct text *table)
{
	text_clear(table);
	text_add(table, "1 0 /sbin/init init\n");
	text_printf(table, "%zu 1 /bin/short short ; sid:1\n", 5000 + i);
	for (size_t n = 300; n < 3 * i && n < 450; n++)
		text_printf(table, "%zu 1 /bin/sh sh -c %zu ; sid:1\n", 10000 + n, n);
}

static struct tape *tape_new(void)
{
	struct tape *tape = mem_new(1, sizeof(*tape));
	struct lab *lab = lab_new(NULL);
	struct zst_packer *packer = zst_packer_new(3);
	struct export_config config = {0};
	struct text table = {0};

	for (size_t i = 0; i < SAMPLES; i++) {
		table_of(i, &table);
		lab_sample(lab, EACH_S, text_str(&table));
		assert_int_equal(samples_pack(packer, lab->model, i % 30 == 0 ? NULL : lab->before.model, &config, &tape->bytes), 0);
		tape->growth[i] = lab->model->growth.procs_60s_per_s;
		tape->births[i] = lab->model->growth.births_per_s;
		tape->trend[i] = lab->model->groups[0].n_trend;
	}
	zst_packer_free(packer);
	text_done(&table);
	lab_free(lab);
	return tape;
}

static void tape_free(struct tape *tape)
{
	text_done(&tape->bytes);
	free(tape);
}

/* What the loop does, without a terminal. */
struct hall {
	struct source *source;
	struct replay replay;
	struct lab *lab;
	struct history *history;
	struct moment shown;
	size_t read; /* samples read for the last moment */
};

static struct hall hall_open(const struct tape *tape)
{
	struct hall hall = {.lab = lab_new(NULL)};
	struct text error = {0};

	if (recording_open_bytes(tape->bytes.data, tape->bytes.len, &hall.source, &error) != 0)
		fail_msg("%s", text_str(&error));
	replay_init(&hall.replay, hall.source, false);
	return hall;
}

static void hall_close(struct hall *hall)
{
	moment_done(&hall->shown);
	history_free(hall->history);
	source_close(hall->source);
	lab_free(hall->lab);
}

static void arrive(struct hall *hall)
{
	bool is_new = false;

	hall->read = 0;
	while (replay_begin(&hall->replay, &is_new)) {
		struct moment made = {0};
		struct snapshot *snap;

		if (is_new) {
			history_free(hall->history);
			hall->history = history_new(NULL);
			is_new = false;
		}
		assert_int_equal(source_sample(hall->source, NULL, &snap), 0);
		assert_int_equal(moment_make(hall->lab->attributor, hall->history, snap, &made), 0);
		hall->read++;
		if (replay_arrive(&hall->replay, true, 0)) {
			moment_done(&hall->shown);
			hall->shown = made;
			break;
		}
		moment_done(&made);
	}
}

static void expect(const struct hall *hall, const struct tape *tape, size_t i)
{
	assert_int_equal(hall->replay.at, i);
	assert_int_equal(hall->shown.snap->taken_ms, recording_get(hall->source, i)->taken_ms);
	assert_true(fabs(hall->shown.model->growth.procs_60s_per_s - tape->growth[i]) < 1e-9);
	assert_true(fabs(hall->shown.model->growth.births_per_s - tape->births[i]) < 1e-9);
}

static void a_moment_gone_to_is_what_it_was_when_it_was_lived(void **state)
{
	static const size_t order[] = {399, 150, 151, 152, 149, 300, 31, 398, 397, 120};
	struct tape *tape = tape_new();
	struct hall hall = hall_open(tape);

	(void)state;
	arrive(&hall);
	assert_int_equal(hall.replay.at, 0);
	for (size_t n = 0; n < sizeof(order) / sizeof(order[0]); n++) {
		replay_go(&hall.replay, order[n]);
		arrive(&hall);
		expect(&hall, tape, order[n]);
	}
	hall_close(&hall);
	tape_free(tape);
}

static void the_way_is_the_minute_before_and_a_sparse_row_of_ten(void **state)
{
	struct tape *tape = tape_new();
	struct hall hall = hall_open(tape);

	(void)state;
	arrive(&hall);
	replay_go(&hall.replay, 399);
	arrive(&hall);
	/* 31 of the minute, one each ten seconds of nine minutes before it */
	assert_in_range(hall.read, 31 + 50, 31 + 60);
	assert_int_equal(hall.shown.model->groups[0].n_trend, tape->trend[399]);
	replay_go(&hall.replay, 398);
	arrive(&hall);
	replay_go(&hall.replay, 399);
	arrive(&hall);
	assert_int_equal(hall.read, 1);
	expect(&hall, tape, 399);
	hall_close(&hall);
	tape_free(tape);
}

static void keys_on_the_way_turn_it(void **state)
{
	struct tape *tape = tape_new();
	struct hall hall = hall_open(tape);
	bool is_new;

	(void)state;
	arrive(&hall);
	replay_go(&hall.replay, 300);
	assert_true(replay_begin(&hall.replay, &is_new));
	replay_go(&hall.replay, 200);
	assert_true(hall.replay.has_turned);
	arrive(&hall);
	expect(&hall, tape, 200);
	replay_go(&hall.replay, SIZE_MAX);
	arrive(&hall);
	expect(&hall, tape, 399);
	hall_close(&hall);
	tape_free(tape);
}

static void verdicts_are_found_where_they_change(void **state)
{
	struct tape *tape = tape_new();
	struct hall hall = hall_open(tape);
	size_t at[8];
	size_t n = 0;

	(void)state;
	arrive(&hall);
	for (size_t i = replay_find_change(&hall.replay, true); n < 8 && i != hall.replay.at; i = replay_find_change(&hall.replay, true)) {
		at[n++] = i;
		replay_go(&hall.replay, i);
		arrive(&hall);
		assert_int_not_equal(recording_get(hall.source, i)->verdict, recording_get(hall.source, i - 1)->verdict);
		if (strcmp(recording_get(hall.source, i)->word, hall.shown.model->verdict.word) != 0)
			fail_msg("moment %zu: %s then, %s now: %s", i, recording_get(hall.source, i)->word,
				 hall.shown.model->verdict.word, hall.shown.model->verdict.line);
	}
	assert_true(n >= 1);
	while (n-- > 1) {
		replay_go(&hall.replay, replay_find_change(&hall.replay, false));
		arrive(&hall);
		assert_int_equal(hall.replay.at, at[n - 1]);
	}
	assert_int_equal(replay_find_change(&hall.replay, false), 0);
	hall_close(&hall);
	tape_free(tape);
}

static void expect_time(const struct replay *replay, const char *text, size_t want)
{
	size_t target = SIZE_MAX;

	assert_int_equal(replay_parse(replay, text, &target), 0);
	if (target != want)
		fail_msg("'%s' is %zu, not %zu", text, target, want);
}

static void times_are_understood_as_people_say_them(void **state)
{
	static const char *const wrong[] = {"", "noon", "25:99", "-5x", "-", "14", "14:10pm", "+-5m", "-1e99s"};
	struct tape *tape = tape_new();
	struct hall hall = hall_open(tape);
	char words[32];
	time_t first;
	struct tm clock;
	size_t target;

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	arrive(&hall);
	first = (time_t)(recording_get(hall.source, 0)->taken_ms / 1000) + 60;
	replay_go(&hall.replay, 100);
	arrive(&hall);
	expect_time(&hall.replay, "-20s", 90);
	expect_time(&hall.replay, "+1m", 130);
	expect_time(&hall.replay, "-5h", 0);
	expect_time(&hall.replay, "+2d", 399);
	expect_time(&hall.replay, "first", 0);
	expect_time(&hall.replay, "LAST", 399);
	gmtime_r(&first, &clock);
	strftime(words, sizeof(words), "%H:%M:%S", &clock);
	expect_time(&hall.replay, words, 30);
	strftime(words, sizeof(words), "%Y-%m-%d %H:%M:%S", &clock);
	expect_time(&hall.replay, words, 30);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_not_equal(replay_parse(&hall.replay, wrong[i], &target), 0);
	hall_close(&hall);
	tape_free(tape);
}

static void playing_goes_on_by_itself_at_its_speed(void **state)
{
	struct tape *tape = tape_new();
	struct hall hall = hall_open(tape);
	bool is_new;

	(void)state;
	arrive(&hall);
	assert_true(replay_due_ms(&hall.replay, false, 5000) > 5000);
	assert_false(replay_begin(&hall.replay, &is_new));
	hall.replay.is_playing = true;
	assert_int_equal(replay_due_ms(&hall.replay, false, 1), 2000);
	assert_true(replay_set_speed(&hall.replay, 1) == 2);
	assert_int_equal(replay_due_ms(&hall.replay, false, 1), 1000);
	/* a dialogue is open */
	assert_true(replay_due_ms(&hall.replay, true, 1) > 1000);
	for (int i = 0; i < 20; i++)
		replay_set_speed(&hall.replay, 1);
	assert_true(replay_speed(&hall.replay) == 60);
	arrive(&hall);
	assert_int_equal(hall.replay.at, 1);
	hall_close(&hall);
	tape_free(tape);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_moment_gone_to_is_what_it_was_when_it_was_lived),
		cmocka_unit_test(the_way_is_the_minute_before_and_a_sparse_row_of_ten),
		cmocka_unit_test(keys_on_the_way_turn_it),
		cmocka_unit_test(verdicts_are_found_where_they_change),
		cmocka_unit_test(times_are_understood_as_people_say_them),
		cmocka_unit_test(playing_goes_on_by_itself_at_its_speed),
	};

	safe_setup();
	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
