/* What monitoring is told: levels, statuses, and the line. */
#include <math.h>
#include <stdlib.h>

#include "cast.h"
#include "clade/check.h"
#include "clade/safe.h"
#include "lab.h"
#include "suite.h"

static const char machine[] = " 1  0 /sbin/init init\n"
			      "10  1 " CLAUDE " claude ; cwd:/srv/api\n"
			      "11 10 /bin/bash bash ; " TOOL(10, S1) "\n"
			      "12 11 - ; state:Z env:unread comm:cc\n"
			      "20  1 /bin/app app ; cgroup:/docker/" ID1 " ns:1.1 pids:45/50\n"
			      "21  1 /bin/sleep sleep 9 ; sid:21 " TOOL(10, S1) "\n";

static void set_level(struct check_limits *limits, int measure, enum check_level level, const char *value)
{
	if (strcmp(value, "-") != 0)
		assert_int_equal(check_parse((enum check_measure)measure, value, &limits->at[measure][level]), 0);
}

/* Levels as "processes 5 10, zombies 1 -". */
static enum check_status check(struct lab *lab, const char *levels, bool is_each_owner)
{
	static const char *const names[CHECK_MEASURES] = {"processes", "zombies", "orphans", "growth", "headroom"};
	struct check_limits limits = check_limits_none();
	struct selection selection;
	char *words = strdup(levels);
	char *rest = words;
	enum check_status status;

	for (char *one = strsep(&rest, ","); one; one = strsep(&rest, ",")) {
		char name[16], warn[16], critical[16];

		assert_int_equal(sscanf(one, " %15s %15s %15s", name, warn, critical), 3);
		for (int m = 0; m < CHECK_MEASURES; m++) {
			if (strcmp(names[m], name) != 0)
				continue;
			set_level(&limits, m, CHECK_WARN, warn);
			set_level(&limits, m, CHECK_CRITICAL, critical);
		}
	}
	free(words);
	selection_make(&selection, lab->model, NULL);
	status = check_make(&lab->said, lab->model, &selection, &limits, is_each_owner);
	selection_done(&selection);
	return status;
}

static void levels_are_reached_not_passed(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, machine);
	assert_int_equal(check(lab, "processes 7 8", false), CHECK_OK);
	assert_int_equal(check(lab, "processes 6 7", false), CHECK_WARNING);
	assert_int_equal(check(lab, "processes 5 6", false), CHECK_IS_CRITICAL);
	assert_int_equal(check(lab, "processes 6 -", false), CHECK_WARNING);
	assert_int_equal(check(lab, "processes - 6", false), CHECK_IS_CRITICAL);
	assert_int_equal(check(lab, "zombies 1 2", false), CHECK_WARNING);
	assert_int_equal(check(lab, "orphans 1 1", false), CHECK_IS_CRITICAL);
	lab_free(lab);
}

static void headroom_is_bad_when_it_is_low(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, machine);
	assert_int_equal(check(lab, "headroom 20% 10%", false), CHECK_OK);
	/* the container has a tenth of its tasks left */
	assert_int_equal(check(lab, "headroom 20% 5%", true), CHECK_WARNING);
	assert_contains(text_str(&lab->said), "docker 111111111111: 10% headroom (warning 20%)");
	assert_int_equal(check(lab, "headroom 20% 11%", true), CHECK_IS_CRITICAL);
	assert_int_equal(check(lab, "headroom 10% 5%", true), CHECK_OK);
	lab_free(lab);
}

static void a_user_near_his_limit_is_headroom_too(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct snapshot *snap = lab_snapshot(0, machine);

	(void)state;
	snap->machine.user = (struct user_tasks){1000, {950, 1000}};
	lab_take(lab, snap);
	assert_int_equal(check(lab, "headroom 4% 3%", false), CHECK_OK);
	assert_int_equal(check(lab, "headroom 10% 3%", false), CHECK_WARNING);
	assert_int_equal(check(lab, "headroom 20% 10%", false), CHECK_IS_CRITICAL);
	assert_contains(text_str(&lab->said), "5% headroom (critical 10%)");
	lab_free(lab);
}

static void growth_is_unknown_in_one_look_and_known_in_two(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct text more = {0};

	(void)state;
	lab_sample(lab, 0, machine);
	assert_int_equal(check(lab, "growth 100/min 200/min", false), CHECK_UNKNOWN);
	assert_contains(text_str(&lab->said), "CLADE UNKNOWN - unknown more a minute |");
	text_add(&more, machine);
	for (int i = 0; i < 30; i++)
		text_printf(&more, "%d 11 /bin/sleep sleep 9 ; " TOOL(10, S1) "\n", 100 + i);
	lab_sample(lab, 10, text_str(&more));
	assert_int_equal(check(lab, "growth 100/min 200/min", false), CHECK_WARNING);
	assert_contains(text_str(&lab->said), "180 more a minute (warning 100)");
	assert_int_equal(check(lab, "growth 1/s 4/s", false), CHECK_WARNING);
	assert_int_equal(check(lab, "growth 200 -", false), CHECK_OK);
	text_done(&more);
	lab_free(lab);
}

static void what_is_known_to_be_bad_outdoes_what_is_not_known(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, machine);
	assert_int_equal(check(lab, "growth 1 2, processes 6 9", false), CHECK_WARNING);
	lab_free(lab);
}

static void the_line_is_that_of_a_plugin(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, machine);
	check(lab, "processes 5 100, headroom - 10%", false);
	assert_string_equal(text_str(&lab->said), "CLADE WARNING - 6 processes (warning 5); hottest is docker 111111111111: 1 processes"
						  " | processes=6;5;100;0 zombies=1;;;0 orphans=1;;;0 growth=U;; headroom=99.98%;;10:;0;100");
	check(lab, "processes 50 100", false);
	assert_contains(text_str(&lab->said), "CLADE OK - 6 processes, 1 zombies, 1 orphans, 100.0% headroom |");
	lab_free(lab);
}

static void the_worst_owners_are_named(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, machine);
	assert_int_equal(check(lab, "processes 4 9", true), CHECK_WARNING);
	assert_contains(text_str(&lab->said), "CLADE WARNING - claude-code api: 4 processes (warning 4) |");
	assert_contains(text_str(&lab->said), " processes=4;4;9;0 ");
	assert_int_equal(check(lab, "processes 9 9", true), CHECK_OK);
	assert_contains(text_str(&lab->said), "none beyond a limit");
	lab_free(lab);
}

static void a_name_cannot_forge_performance_data(void **state)
{
	struct lab *lab = lab_new(NULL);
	const char *bar;

	(void)state;
	lab_sample(lab, 0, "10 0 " CLAUDE " claude ; cwd:/srv/x|processes=0\n");
	check(lab, "processes 1 9", true);
	bar = strchr(text_str(&lab->said), '|');
	assert_non_null(bar);
	assert_null(strchr(bar + 1, '|'));
	assert_true(strncmp(bar, "| processes=1;", 14) == 0);
	lab_free(lab);
}

static void a_level_has_its_unit(void **state)
{
	double level = 0;

	(void)state;
	assert_int_equal(check_parse(CHECK_GROWTH, "5/s", &level), 0);
	assert_true(level == 300);
	assert_int_equal(check_parse(CHECK_GROWTH, "120/h", &level), 0);
	assert_true(level == 2);
	assert_int_equal(check_parse(CHECK_HEADROOM, "10", &level), 0);
	assert_int_not_equal(check_parse(CHECK_HEADROOM, "101%", &level), 0);
	assert_int_not_equal(check_parse(CHECK_PROCESSES, "10%", &level), 0);
	assert_int_not_equal(check_parse(CHECK_PROCESSES, "", &level), 0);
	assert_int_not_equal(check_parse(CHECK_PROCESSES, "-1", &level), 0);
	assert_int_not_equal(check_parse(CHECK_PROCESSES, "nan", &level), 0);
	assert_int_not_equal(check_parse(CHECK_GROWTH, "1/d", &level), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_are_reached_not_passed),
		cmocka_unit_test(headroom_is_bad_when_it_is_low),
		cmocka_unit_test(a_user_near_his_limit_is_headroom_too),
		cmocka_unit_test(growth_is_unknown_in_one_look_and_known_in_two),
		cmocka_unit_test(what_is_known_to_be_bad_outdoes_what_is_not_known),
		cmocka_unit_test(the_line_is_that_of_a_plugin),
		cmocka_unit_test(the_worst_owners_are_named),
		cmocka_unit_test(a_name_cannot_forge_performance_data),
		cmocka_unit_test(a_level_has_its_unit),
	};

	safe_setup();
	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
