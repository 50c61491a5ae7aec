/* What stands on the screen, at every size: compared with tests/golden. */
#include "clade/safe.h"
#include "desk.h"
#include "suite.h"

static void take_explosion(struct desk *desk)
{
	take_bad_night(desk, 4);
}

static void the_screen_says_at_every_size_what_is_wrong(void **state)
{
	static const struct {
		const char *name;
		void (*take)(struct desk *desk);
		const char *word;
	} scenes[] = {
		{"quiet", take_quiet, "OK"},
		{"explosion", take_explosion, "EXPLODING"},
		{"crash-loop", take_crash_loop, "LOOP"},
		{"zombie-farm", take_zombie_farm, "ZOMBIES"},
		{"oom-loop", take_oom_loop, "OOM"},
	};
	static const int sizes[][2] = {{12, 40}, {24, 80}, {50, 200}};

	(void)state;
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		struct desk *desk = desk_new(24, 80, false);

		scenes[i].take(desk);
		for (size_t s = 0; s < 3; s++) {
			char name[64];

			resize(desk, sizes[s][0], sizes[s][1]);
			snprintf(name, sizeof(name), "%s-%dx%d", scenes[i].name, sizes[s][1], sizes[s][0]);
			expect_golden(desk, name);
			assert_string_equal(desk->lab->model->verdict.word, scenes[i].word);
			assert_contains(text_str(&desk->text), scenes[i].word);
		}
		desk_free(desk);
	}
}

static void ascii_is_enough(void **state)
{
	struct desk *desk = desk_new(24, 80, true);

	(void)state;
	take_bad_night(desk, 2);
	press(desk, KEY_CODE_F5);
	for (const char *c = desk_read(desk); *c; c++)
		assert_true((unsigned char)*c < 0x7f);
	expect_golden(desk, "tree-ascii-80x24");
	desk_free(desk);
}

static void before_the_first_sample_something_is_there(void **state)
{
	struct desk *desk = desk_new(24, 80, false);

	(void)state;
	desk->ui.reading = 15134;
	assert_contains(desk_read(desk), "15,134");
	desk_free(desk);
}

static void an_owner_opens_into_its_tree(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	take_bad_night(desk, 1);
	press(desk, '*');
	expect_golden(desk, "open-100x24");
	desk_free(desk);
}

static void thousands_alike_are_one_row_that_opens(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	take_bad_night(desk, 3);
	press(desk, KEY_CODE_RIGHT);
	assert_contains(desk_read(desk), "×620 sh -c 'curl");
	for (int i = 0; i < 3; i++)
		press(desk, KEY_CODE_DOWN);
	press(desk, KEY_CODE_ENTER);
	assert_contains(desk_read(desk), "620 processes that differ by numbers at most");
	assert_contains(text_str(&desk->text), "bash -c ./run-tests (4212)");
	press(desk, KEY_CODE_ESCAPE);
	press(desk, KEY_CODE_RIGHT);
	assert_contains(desk_read(desk), "├─sh -c 'curl -s localhost'");
	press(desk, KEY_CODE_LEFT);
	assert_null(strstr(desk_read(desk), "├─sh -c 'curl -s localhost'"));
	desk_free(desk);
}

/* An owner that grows past others, in a list that has more rows than the screen. */
static void take_race(struct desk *desk, int ahead)
{
	struct text table = {0};

	text_add(&table, "1 0 /sbin/init init ; start:1\n");
	for (int n = 0; n < 20; n++)
		text_printf(&table, "%d 1 /bin/job job-%c ; start:%d cpu:%d\n", 100 + n, 'a' + n, 100 + n,
			    n == 15 ? ahead : 40 - n);
	take(desk, 2, &table);
	text_done(&table);
}

static void a_followed_row_is_in_view_wherever_it_moves(void **state)
{
	struct desk *desk = desk_new(12, 80, false);

	(void)state;
	take_race(desk, 25);
	press(desk, 't');
	press(desk, 'P');
	go_to(desk, "job-p");
	press(desk, 'F');
	expect_golden(desk, "follow-before-80x12");
	take_race(desk, 99);
	press(desk, KEY_CODE_NONE);
	expect_golden(desk, "follow-after-80x12");
	assert_contains(text_str(&desk->text), "job-p");
	take_race(desk, 1);
	assert_contains(desk_read(desk), "job-p");
	assert_contains(text_str(&desk->text), "job-t");
	press(desk, 'F');
	assert_contains(desk_read(desk), "no longer following");
	desk_free(desk);
}

static void filters_leave_what_is_asked_for_and_where_it_is(void **state)
{
	static const struct {
		const char *name;
		uint32_t menu; /* 0: none */
		const char *typed;
	} filters[] = {
		{"filter-text", 0, "\\postgres"},
		{"filter-negated", 0, "\\!curl|init"},
		{"filter-state", 's', "uninterruptible"},
		{"filter-user", 'u', "1000"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct desk *desk = desk_new(24, 80, false);
		char name[64];

		take_bad_night(desk, 1);
		if (filters[i].menu) {
			press(desk, filters[i].menu);
			go_down_to(desk, filters[i].typed);
		} else {
			type(desk, filters[i].typed);
		}
		press(desk, KEY_CODE_ENTER);
		snprintf(name, sizeof(name), "%s-owners-80x24", filters[i].name);
		expect_golden(desk, name);
		press(desk, 't');
		snprintf(name, sizeof(name), "%s-tree-80x24", filters[i].name);
		expect_golden(desk, name);
		assert_contains(text_str(&desk->text), "FILTERED");
		press(desk, KEY_CODE_ESCAPE);
		assert_null(strstr(desk_read(desk), "FILTERED"));
		assert_contains(text_str(&desk->text), "curl");
		desk_free(desk);
	}
}

static void what_could_not_be_seen_is_said(void **state)
{
	static const char *notes[] = {
		"/proc is mounted with hidepid=2: processes of other users are not visible",
		"at least so many were born and died: in the last minute some of the kernel's events were lost",
	};
	static const int sizes[][2] = {{12, 40}, {24, 80}, {34, 130}};
	struct desk *desk = desk_new(24, 80, false);
	struct snapshot *snap = lab_snapshot(0, "1 0 /sbin/init init\n5 1 /bin/sh sh\n");

	(void)state;
	snap->notes = notes;
	snap->n_notes = 2;
	lab_take(desk->lab, snap);
	desk_show(desk);
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		char name[64];

		resize(desk, sizes[s][0], sizes[s][1]);
		snprintf(name, sizeof(name), "not-seen-%dx%d", sizes[s][1], sizes[s][0]);
		expect_golden(desk, name);
	}
	desk->ui.collector = "procps";
	desk->ui.collector_why = "bpf is not used: it needs root";
	press(desk, '!');
	assert_contains(desk_read(desk), "collector     procps\n              bpf is not used: it needs root");
	assert_contains(text_str(&desk->text), notes[0]);
	assert_contains(text_str(&desk->text), notes[1]);
	desk_free(desk);
}

static void read_only_is_said_at_the_bottom_whatever_is_shown(void **state)
{
	static const int widths[] = {24, 40, 80, 200};
	static const uint32_t keys[] = {0, '/', '?', KEY_CODE_ENTER};

	(void)state;
	for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
			struct desk *desk = desk_new(20, widths[w], false);
			const char *last;

			lab_sample(desk->lab, 0, "1 0 /sbin/init init\n");
			desk_show(desk);
			desk->ui.is_readonly = true;
			if (keys[k])
				press(desk, keys[k]);
			last = strrchr(desk_read(desk), '\n');
			/* the last line ends with a newline of its own, or not */
			while (last > text_str(&desk->text) && !last[1])
				last = memrchr(text_str(&desk->text), '\n',
					       (size_t)(last - text_str(&desk->text)));
			assert_contains(last, " [READ-ONLY]");
			desk_free(desk);
		}
	}
}

static void hostile_names_reach_no_cell(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	lab_sample(desk->lab, 0,
		   "1 0 /sbin/init init\n"
		   "5 1 /bin/x \033[2J\033]0;x\a ; comm:\033[31m\n"
		   "6 1 /bin/x \342\200\256evil \342\200\213\n"
		   "7 1 - ; comm:\n");
	desk_show(desk);
	press(desk, 't');
	for (const char *c = desk_read(desk); *c; c++)
		assert_true((unsigned char)*c >= ' ' || *c == '\n');
	assert_contains(text_str(&desk->text), "\\e[2J\\e]0;x\\x07");
	assert_contains(text_str(&desk->text), "\\u{202E}evil");
	desk_free(desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_screen_says_at_every_size_what_is_wrong),
		cmocka_unit_test(ascii_is_enough),
		cmocka_unit_test(before_the_first_sample_something_is_there),
		cmocka_unit_test(an_owner_opens_into_its_tree),
		cmocka_unit_test(thousands_alike_are_one_row_that_opens),
		cmocka_unit_test(a_followed_row_is_in_view_wherever_it_moves),
		cmocka_unit_test(filters_leave_what_is_asked_for_and_where_it_is),
		cmocka_unit_test(what_could_not_be_seen_is_said),
		cmocka_unit_test(read_only_is_said_at_the_bottom_whatever_is_shown),
		cmocka_unit_test(hostile_names_reach_no_cell),
	};

	safe_setup();
	return cmocka_run_group_tests_name("screens", tests, NULL, NULL);
}
