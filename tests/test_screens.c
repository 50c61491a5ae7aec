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
		cmocka_unit_test(read_only_is_said_at_the_bottom_whatever_is_shown),
		cmocka_unit_test(hostile_names_reach_no_cell),
	};

	safe_setup();
	return cmocka_run_group_tests_name("screens", tests, NULL, NULL);
}
