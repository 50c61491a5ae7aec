/* Parsing of what a look at /proc reads. */
#include "action/look.h"
#include "suite.h"

static void stat_is_parsed_whatever_the_name_is(void **state)
{
	static const char line[] = "4211 (a) b (c) S 4200 4212 4213 34816 4211 4194304 97 0 0 0 1 2 0 0 20 0 3 0 684113 2531328 220\n";
	struct look_entry entry = {0};

	(void)state;
	assert_int_equal(look_parse_stat(line, sizeof(line) - 1, &entry), 0);
	assert_int_equal(entry.pid, 4211);
	assert_int_equal(entry.ppid, 4200);
	assert_int_equal(entry.pgrp, 4212);
	assert_int_equal(entry.session, 4213);
	assert_int_equal(entry.threads, 3);
	assert_int_equal(entry.start_ticks, 684113);
	assert_string_equal(entry.comm, "a) b (c");
	assert_int_equal(entry.state, 'S');
	for (size_t len = 0; len < sizeof(line) - 30; len++) {
		entry.pid = -5;
		if (look_parse_stat(line, len, &entry) != 0)
			assert_int_equal(entry.pid, -5);
	}
}

static void who_is_dead_is_told_from_a_leader_that_ended_first(void **state)
{
	struct look_entry entry = {.state = 'Z', .threads = 1};

	(void)state;
	assert_true(look_is_dead(&entry));
	entry.threads = 2;
	assert_false(look_is_dead(&entry));
	entry.state = 'D';
	assert_false(look_is_dead(&entry));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_is_parsed_whatever_the_name_is),
		cmocka_unit_test(who_is_dead_is_told_from_a_leader_that_ended_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
