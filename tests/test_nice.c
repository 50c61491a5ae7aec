/* Changes of priority: how far they go, who is behind, whom they spare, and what is said of them. */
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "action/look.h"
#include "clade/nice.h"
#include "suite.h"

static void a_nice_value_stops_at_the_ends(void **state)
{
	(void)state;
	assert_int_equal(nice_value(0, 1), 1);
	assert_int_equal(nice_value(0, -1), -1);
	assert_int_equal(nice_value(19, 1), 19);
	assert_int_equal(nice_value(18, 5), 19);
	assert_int_equal(nice_value(-20, -1), -20);
	assert_int_equal(nice_value(-20, 1), -19);
}

static void who_was_forked_before_its_parent_was_changed_is_behind(void **state)
{
	const struct nice_change by = {.what = NICE_BY, .by = 1};
	const struct nice_change io = {.what = NICE_IO, .io = NICE_IO_IDLE};

	(void)state;
	assert_true(nice_is_behind(&by, 0, 0, 1));  /* forked before */
	assert_false(nice_is_behind(&by, 1, 0, 1)); /* after */
	assert_false(nice_is_behind(&by, 7, 0, 1)); /* has one of its own */
	assert_false(nice_is_behind(&by, 0, 0, 0)); /* the parent was refused, or ended */
	assert_true(nice_is_behind(&io, 0, 0, 0));
}

/* A live child is to be idle for I/O, by a plan that has its start time or one that is so much less; whether it is. */
static bool idles_child(uint64_t less_ticks, struct nice_progress *progress)
{
	enum { IO_WHO_PROCESS = 1, IO_CLASS_SHIFT = 13 };
	const struct nice_change idle = {.what = NICE_IO, .io = NICE_IO_IDLE};
	struct plan_step step = {.why = PLAN_CHOSEN};
	const struct plan plan = {.steps = &step, .n_steps = 1};
	struct look_entry entry;
	struct nicing *nicing;
	struct look *look;
	pid_t child = fork();
	long value;

	if (child == 0) {
		pause();
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(look_open(&look), 0);
	assert_int_equal(look_read(look, child, &entry), 0);
	look_close(look);
	step.key = (struct proc_key){.pid = child, .start_ticks = entry.start_ticks - less_ticks};
	assert_int_equal(nice_begin(&plan, &idle, &nicing), 0);
	while (nice_step(nicing) > 0)
		;
	nice_progress(nicing, progress);
	nice_free(nicing);
	value = syscall(SYS_ioprio_get, IO_WHO_PROCESS, child);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return value >> IO_CLASS_SHIFT == NICE_IO_IDLE;
}

static void who_has_taken_a_pid_over_keeps_its_priority(void **state)
{
	struct nice_progress progress;

	(void)state;
	assert_true(idles_child(0, &progress));
	assert_int_equal(progress.changed, 1);
	assert_false(idles_child(1, &progress));
	assert_int_equal(progress.changed, 0);
	assert_int_equal(progress.gone, 1);
}

static void what_came_of_a_change_is_told_with_why(void **state)
{
	struct plan_exclusion kept[] = {{.why = KEPT_SELF}, {.why = KEPT_ANCESTOR}, {.why = KEPT_ANCESTOR}};
	const struct plan plan = {.kept = kept, .n_kept = 3};
	struct text said = {0};
	const struct nice_change less = {.what = NICE_BY, .by = -1};
	const struct nice_change real_time = {.what = NICE_IO, .io = NICE_IO_REAL_TIME, .level = 3};

	(void)state;
	nice_add_result(&said, &less, &plan,
			&(struct nice_progress){
				.planned = 1,
				.changed = 1,
				.same = 2,
				.gone = 3,
				.mistaken = 1,
				.refused = 5,
				.errors = {{EACCES, 4}, {EPERM, 1}},
			});
	assert_string_equal(text_str(&said),
			    "nice -1: 1 process changed, 4 refused: only root may raise a priority (CAP_SYS_NICE, or RLIMIT_NICE), "
			    "1 refused: another user's, 2 at the end of the range, 3 ended before, "
			    "1 ended meanwhile, and another has the pid; left out: 1 (clade itself), 2 (clade runs in it)");
	text_clear(&said);
	nice_add_result(&said, &real_time, &plan,
			&(struct nice_progress){.changed = 1200, .same = 1, .newcomers = 2, .is_stopped = true});
	assert_contains(text_str(&said), "I/O real-time 3: 1,200 processes changed, 1 had it already, 2 of them found later, "
					       "then it was stopped; left out");
	text_done(&said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_nice_value_stops_at_the_ends),
		cmocka_unit_test(who_was_forked_before_its_parent_was_changed_is_behind),
		cmocka_unit_test(who_has_taken_a_pid_over_keeps_its_priority),
		cmocka_unit_test(what_came_of_a_change_is_told_with_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
