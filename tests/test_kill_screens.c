/* The kill dialogue: what it says before, meanwhile and after. Nobody is signalled here. */
#include <errno.h>
#include <signal.h>

#include "clade/safe.h"
#include "desk.h"
#include "suite.h"
#include "tui/kill.h"

/* The first process whose command has these words, in the tree; then F9. */
static void ask(struct desk *desk, const char *what)
{
	desk->ui.is_live = true;
	press(desk, 't');
	go_to(desk, what);
	press(desk, KEY_CODE_F9);
	assert_non_null(desk->ui.dialogue);
}

static void the_plan_is_shown_and_its_number_asked_for(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	take_bad_night(desk, 2);
	ask(desk, "^4212$");
	expect_golden(desk, "kill-plan-100x24");
	type(desk, "32");
	press(desk, KEY_CODE_ENTER);
	assert_contains(desk_read(desk), "type 321 first: that many processes are meant");
	desk_free(desk);
}

static void who_would_bring_it_back_is_named(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	take_bad_night(desk, 1);
	ask(desk, "^901$");
	expect_golden(desk, "kill-supervisor-100x24");
	assert_contains(text_str(&desk->text), "Comes back: PM2 (pid 900) starts api again when it ends");
	assert_contains(text_str(&desk->text), "PM2_HOME=/root/.pm2 pm2 stop api");
	desk_free(desk);
}

static void a_signal_is_chosen_by_name(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	take_bad_night(desk, 1);
	ask(desk, "^4213$");
	press(desk, KEY_CODE_F9);
	expect_golden(desk, "kill-signals-100x24");
	press(desk, KEY_CODE_HOME);
	press(desk, KEY_CODE_ENTER);
	assert_contains(desk_read(desk), "Enter sends TERM");
	press(desk, KEY_CODE_ESCAPE);
	assert_null(desk->ui.dialogue);
	desk_free(desk);
}

static void of_zombies_the_parent_is_offered(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	take_bad_night(desk, 1);
	ask(desk, "^902$");
	expect_golden(desk, "kill-zombie-100x24");
	press(desk, 'c');
	assert_contains(desk_read(desk), "Enter sends CHLD");
	desk_free(desk);
}

static void what_may_not_be_signalled_is_refused_with_why(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	desk->ui.rights = (struct ui_rights){.uid = 1000, .audit = "/proc/nowhere/audit"};
	take_bad_night(desk, 1);
	ask(desk, "^4213$");
	expect_golden(desk, "kill-refused-100x24");
	press(desk, KEY_CODE_ENTER);
	assert_non_null(desk->ui.dialogue);
	assert_contains(desk_read(desk), "Nothing of this can be signalled");
	desk_free(desk);
}

static void owners_in_an_owner_are_left_out_by_a_key(void **state)
{
	struct desk *desk = desk_new(24, 100, false);

	(void)state;
	take_bad_night(desk, 1);
	desk->ui.is_live = true;
	press(desk, KEY_CODE_HOME);
	press(desk, KEY_CODE_F9);
	assert_contains(desk_read(desk), "Nested");
	press(desk, 'n');
	assert_contains(desk_read(desk), "without the owners in it");
	press(desk, 'n');
	assert_contains(desk_read(desk), "with the owners in it");
	desk_free(desk);
}

static void all_that_run_the_same_are_taken_by_a_key(void **state)
{
	struct desk *desk = desk_new(24, 100, false);
	struct text table = {0};

	(void)state;
	text_add(&table, "1 0 /sbin/init init\n9 1 /bin/bash bash\n10 9 /bin/boom boom\n11 1 /bin/boom boom\n12 1 /bin/boom boom\n");
	take(desk, 1, &table);
	desk->ui.is_live = true;
	ask(desk, "^10$");
	assert_contains(desk_read(desk), "2 orphans run the same");
	press(desk, 'a');
	assert_contains(desk_read(desk), "TERM to 3 processes: alike:10");
	assert_contains(desk_read(desk), "with all that run the same");
	press(desk, 'a');
	assert_contains(desk_read(desk), "TERM to 1 process: pid:10");
	text_done(&table);
	desk_free(desk);
}

static void the_grace_is_counted_down(void **state)
{
	struct desk *desk = desk_new(12, 60, false);

	(void)state;
	desk_read(desk);
	cells_reset(&desk->cells, 12, 60);
	kill_draw_progress(&desk->cells, SIGTERM,
			   &(struct execute_progress){.phase = EXECUTE_GRACE,
						      .signalled = 3012,
						      .gone = 1000,
						      .left = 2012,
						      .newcomers = 12,
						      .looks = 9,
						      .grace_left_s = 3.2});
	text_clear(&desk->text);
	cells_add_text(&desk->cells, &desk->text);
	assert_contains(text_str(&desk->text), "TERM: waiting, SIGKILL to what is left in 3 s");
	assert_contains(text_str(&desk->text), "3,012  signalled");
	assert_contains(text_str(&desk->text), "2,012  left");
	desk_free(desk);
}

static void survivors_are_named_with_why(void **state)
{
	static const struct survivor survivors[] = {
		{.key = {.pid = 11}, .comm = "dd", .state = 'D'},
		{.key = {.pid = 12}, .comm = "su", .state = 'S', .error = EPERM},
	};
	struct text lines = {0};

	(void)state;
	kill_add_result(&lines, &(struct execute_progress){.outcome = EXECUTE_SURVIVED,
							   .gone = 1,
							   .left = 2,
							   .killed = 1,
							   .looks = 1,
							   .zombies = 1,
							   .elapsed_s = 6,
							   .survivors = survivors,
							   .n_survivors = 2});
	assert_string_equal(text_str(&lines),
			    "Left: 2 of 3 processes in 6.00 s, 1 look, 1 by SIGKILL; 1 is not reaped yet\n"
			    "        11  dd  in uninterruptible sleep (D): the signal waits for it to wake\n"
			    "        12  su  Operation not permitted\n");
	text_clear(&lines);
	kill_add_result(&lines, &(struct execute_progress){.outcome = EXECUTE_GONE, .gone = 1, .looks = 4});
	assert_string_equal(text_str(&lines), "Gone: 1 process in 0.00 s, 4 looks\n");
	text_done(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_plan_is_shown_and_its_number_asked_for),
		cmocka_unit_test(who_would_bring_it_back_is_named),
		cmocka_unit_test(a_signal_is_chosen_by_name),
		cmocka_unit_test(of_zombies_the_parent_is_offered),
		cmocka_unit_test(what_may_not_be_signalled_is_refused_with_why),
		cmocka_unit_test(owners_in_an_owner_are_left_out_by_a_key),
		cmocka_unit_test(all_that_run_the_same_are_taken_by_a_key),
		cmocka_unit_test(the_grace_is_counted_down),
		cmocka_unit_test(survivors_are_named_with_why),
	};

	safe_setup();
	return cmocka_run_group_tests_name("kill screens", tests, NULL, NULL);
}
