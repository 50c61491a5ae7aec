/* What is said of a moment: badges and the verdict. */
#include <math.h>
#include <stdlib.h>

#include "cast.h"
#include "clade/column.h"
#include "clade/mem.h"
#include "clade/query.h"
#include "clade/rows.h"
#include "clade/safe.h"
#include "lab.h"
#include "suite.h"

static const char *badges_of(struct lab *lab, const char *id)
{
	text_clear(&lab->said);
	badges_add(&lab->said, lab->model, attribution_find(lab->attr, id));
	return text_str(&lab->said);
}

static void a_quiet_machine_is_said_to_be_quiet(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_crowd(lab, 100, 5);
	lab_crowd(lab, 100, 5);
	assert_int_equal(lab->model->verdict.kind, VERDICT_QUIET);
	assert_string_equal(lab->model->verdict.word, "OK");
	assert_string_equal(badges_of(lab, "claude-code:" S1), "");
	lab_free(lab);
}

static void a_bomb_is_named_with_its_owner_rate_and_end(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	for (int i = 0; i < 4; i++)
		lab_crowd(lab, 100, 10 + 800 * i);
	assert_int_equal(lab->model->verdict.kind, VERDICT_EXPLODING);
	assert_string_equal(lab->model->verdict.word, "EXPLODING");
	assert_contains(lab->model->verdict.line, "(pid 10)");
	assert_contains(lab->model->verdict.line, "sh  +400/s");
	assert_contains(lab->model->verdict.line, "process table full in 1m15s");
	assert_contains(badges_of(lab, "claude-code:" S1), "EXPLODING +400/s");
	lab_free(lab);
}

static void slow_growth_is_said_by_the_minute_and_ends_when_it_shrinks(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	for (int i = 0; i < 31; i++)
		lab_crowd(lab, 100, 10 + 3 * i);
	assert_string_equal(badges_of(lab, "claude-code:" S1), "GROWING +90/min");
	assert_contains(lab->model->verdict.line, "sh  +90/min  process table full in 6h2m");
	for (int i = 0; i < 5; i++)
		lab_crowd(lab, 100, 60);
	/* fewer than ten seconds ago, although more than a minute ago */
	assert_string_equal(badges_of(lab, "claude-code:" S1), "");
	assert_int_equal(lab->model->verdict.kind, VERDICT_QUIET);
	lab_free(lab);
}

static void zombies_are_counted_against_their_owner(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct text table = {0};

	(void)state;
	text_add(&table, "1 0 /sbin/init init\n10 1 " CLAUDE " claude\n11 10 /bin/sh sh ; " TOOL(10, S1) "\n");
	for (int i = 0; i < 312; i++)
		text_printf(&table, "%d 11 - ; state:Z env:unread comm:sh\n", 100 + i);
	lab_sample(lab, 0, text_str(&table));
	assert_contains(badges_of(lab, "claude-code:" S1), "ZOMBIES 312");
	assert_int_equal(lab->model->verdict.kind, VERDICT_ZOMBIES);
	assert_contains(lab->model->verdict.line, "312");
	text_done(&table);
	lab_free(lab);
}

/* A table of agents with so many zombies each. */
static void sample_zombies(struct lab *lab, int agents, int zombies)
{
	struct text table = {0};

	text_add(&table, "1 0 /sbin/init init\n");
	for (int a = 0; a < agents; a++)
		text_printf(&table, "%d 1 " CLAUDE " claude ; cwd:/srv/%d\n", 10 + a, a);
	for (int z = 0; z < agents * zombies; z++)
		text_printf(&table, "%d %d - ; state:Z env:unread comm:sh\n", 100 + z,
			    10 + z % agents);
	lab_sample(lab, 0, text_str(&table));
	text_done(&table);
}

static void a_zombie_or_two_are_no_badge(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	sample_zombies(lab, 1, 4);
	for (size_t g = 0; g < lab->attr->n_owners; g++)
		assert_int_equal(lab->model->groups[g].badges & BADGE_ZOMBIES, 0);
	assert_int_equal(lab->model->all.zombies, 4);
	sample_zombies(lab, 1, 5);
	assert_true(lab->model->groups[lab->attr->procs[1].owner].badges & BADGE_ZOMBIES);
	/* what was a badge stays one down to three: it does not flap */
	sample_zombies(lab, 1, 4);
	assert_true(lab->model->groups[lab->attr->procs[1].owner].badges & BADGE_ZOMBIES);
	sample_zombies(lab, 1, 3);
	assert_false(lab->model->groups[lab->attr->procs[1].owner].badges & BADGE_ZOMBIES);
	lab_free(lab);
}

static void a_few_zombies_of_each_of_many_are_still_a_verdict(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	sample_zombies(lab, 20, 3);
	assert_int_equal(lab->model->verdict.kind, VERDICT_ZOMBIES);
	assert_contains(lab->model->verdict.line, "60 zombies, 3 of them not reaped by claude");
	lab_free(lab);
}

static void what_a_dead_session_left_is_called_orphans(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, "1 0 /sbin/init init\n11 1 /bin/sh sh ; " TOOL(10, S1) "\n");
	assert_string_equal(badges_of(lab, "claude-code:" S1), "ORPHANS 1 ENDED");
	lab_free(lab);
}

static void a_table_that_is_nearly_full_is_said_with_who_fills_it(void **state)
{
	static const struct {
		int threads;
		enum verdict_kind kind;
	} steps[] = {{20000, VERDICT_QUIET}, {27000, VERDICT_TABLE}, {25500, VERDICT_TABLE}, {20000, VERDICT_QUIET}};
	struct lab *lab = lab_new(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct text table = {0};

		text_printf(&table,
			    "1 0 /sbin/init init ; start:1\n"
			    "10 1 " CLAUDE " claude ; start:2\n"
			    "11 10 /bin/java java ; start:3 threads:%d " TOOL(10, S1) "\n",
			    steps[i].threads);
		lab_sample(lab, 60, text_str(&table));
		text_done(&table);
		assert_int_equal(lab->model->verdict.kind, steps[i].kind);
		if (i == 1)
			assert_string_equal(lab->model->verdict.line, "process table 82% full: 27,002 of 32,768 tasks, 27,001 of "
								      "claude-code 11111111-111 (pid 10)");
	}
	lab_free(lab);
}

static void a_control_group_near_its_limit_is_said(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "5 1 /bin/a a ; cgroup:/docker/" ID1 " pids:62/64 memory:10/100 oom:0+0\n"
		   "6 5 /bin/a a ; cgroup:/docker/" ID1 "\n");
	assert_string_equal(badges_of(lab, "docker:" ID1), "LIMIT pids 97%");
	assert_int_equal(lab->model->verdict.kind, VERDICT_LIMIT);
	assert_contains(lab->model->verdict.line, "docker 111111111111 (pid 5)  62 of 64 tasks");
	lab_free(lab);
}

static void memory_counts_where_it_is_nearer_to_its_limit(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "5 1 /bin/a a ; cgroup:/docker/" ID1 " pids:2/64 memory:1044266558/1073741824\n");
	assert_string_equal(badges_of(lab, "docker:" ID1), "LIMIT mem 97%");
	assert_contains(lab->model->verdict.line, "996M of 1.0G memory");
	lab_free(lab);
}

static void a_limit_that_is_far_is_no_matter(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, "1 0 /sbin/init init\n5 1 /bin/a a ; cgroup:/docker/" ID1 " pids:50/64 memory:90/100 oom:7+0\n");
	assert_string_equal(badges_of(lab, "docker:" ID1), "");
	assert_int_equal(lab->model->verdict.kind, VERDICT_QUIET);
	assert_int_equal(lab_group(lab, "docker:" ID1)->oom_kills, 7);
	lab_free(lab);
}

static void kills_for_memory_are_counted_for_a_minute(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct text table = {0};

		text_printf(&table, "1 0 /sbin/init init ; start:1\n5 1 /bin/a a ; start:2 cgroup:/docker/" ID1 " memory:1/100 oom:%d+%d\n",
			    10 * i, i > 0 ? 10 : 0);
		lab_sample(lab, 2, text_str(&table));
		text_done(&table);
	}
	assert_string_equal(badges_of(lab, "docker:" ID1), "OOM 30/min");
	assert_int_equal(lab->model->verdict.kind, VERDICT_OOM);
	assert_contains(lab->model->verdict.line, "docker 111111111111 (pid 5)  30 OOM kills in the last minute");
	/* the next sample is quiet, the minute is not over */
	lab_sample(lab, 2, "1 0 /sbin/init init ; start:1\n5 1 /bin/a a ; start:2 cgroup:/docker/" ID1 " memory:1/100 oom:30+0\n");
	assert_int_equal(lab->model->verdict.kind, VERDICT_OOM);
	lab_free(lab);
}

/* Between two kills its memory grows as if there were a limit ahead. */
static void who_is_killed_for_memory_is_not_said_to_fill_it(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	for (int i = 0; i < 8; i++) {
		struct text table = {0};

		text_printf(&table,
			    "1 0 /sbin/init init ; start:1\n"
			    "5 1 /bin/a a ; start:2 cgroup:/docker/" ID1 " memory:%d/600000000 oom:%d+%d\n",
			    100000000 + i * 50000000, i == 7, i == 7);
		lab_sample(lab, 2, text_str(&table));
		text_done(&table);
		if (i == 6)
			assert_int_equal(lab->model->verdict.kind, VERDICT_MEMORY);
	}
	assert_int_equal(lab->model->verdict.kind, VERDICT_OOM);
	assert_contains(lab->model->verdict.line, "docker 111111111111 (pid 5)  1 OOM kill in the last minute");
	lab_free(lab);
}

static void the_end_is_that_of_the_limit_which_comes_first(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct text table = {0};

		text_printf(&table, "1 0 /sbin/init init ; start:1\n5 1 /bin/a a ; start:2 cgroup:/docker/" ID1 " pids:%d/1000\n", 100 + 40 * i);
		for (int n = 0; n < 100 + 40 * i; n++)
			text_printf(&table, "%d 5 /bin/a a ; start:%d cgroup:/docker/" ID1 "\n", 100 + n, 100 + n);
		lab_sample(lab, 2, text_str(&table));
		text_done(&table);
	}
	assert_contains(lab->model->verdict.line, "+20/s  its pids limit reached in 39s");
	lab_free(lab);
}

static void an_app_that_begins_again_and_again_is_in_a_loop(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	for (int i = 0; i < 12; i++) {
		struct text table = {0};

		text_printf(&table,
			    "1 0 /sbin/init init ; start:1\n"
			    "10 1 " GOD " ; start:2 PM2_HOME=/root/.pm2\n"
			    "%d 10 /usr/bin/node \"node /srv/api.js\" ; start:%d " APP(0, "api") " restart_time=%d\n",
			    100 + i, 1000 + 200 * i, i);
		lab_sample(lab, 2, text_str(&table));
		text_done(&table);
	}
	assert_contains(badges_of(lab, "pm2:/root/.pm2/default/api"), "LOOP 11/min");
	assert_int_equal(lab->model->verdict.kind, VERDICT_LOOP);
	assert_contains(lab->model->verdict.line, "api");
	lab_free(lab);
}

/* An app of that many instances, numbered on from `first`, begun at `start` and the ticks after it. */
static void sample_instances(struct lab *lab, int first, int n, int start)
{
	struct text table = {0};

	text_add(&table, "1 0 /sbin/init init ; start:1\n"
			 "10 1 " GOD " ; start:2 PM2_HOME=/root/.pm2\n");
	for (int i = 0; i < n; i++)
		text_printf(&table, "%d 10 /usr/bin/node \"node /srv/api.js\" ; start:%d " APP(0, "api") "\n", first + i, start + i);
	lab_sample(lab, 2, text_str(&table));
	text_done(&table);
}

static void more_instances_and_a_reload_are_no_loop(void **state)
{
	struct lab *lab = lab_new(NULL);
	const char *app = "pm2:/root/.pm2/default/api";
	uint64_t now;

	(void)state;
	sample_instances(lab, 100, 1, 3);
	now = lab->snap->mono_ms / 10; /* in ticks */
	sample_instances(lab, 100, 1, 3);
	/* all begin anew, and there are ten times as many; nobody ends after that */
	for (int i = 0; i < 5; i++)
		sample_instances(lab, 200, 10, (int)now + 300);
	assert_string_equal(badges_of(lab, app), "");
	assert_true(lab_group(lab, app)->loop_per_min == 0);
	/* until they do, again and again */
	for (int i = 0; i < 3; i++)
		sample_instances(lab, 300 + 10 * i, 10, (int)now + 1300 + 200 * i);
	assert_contains(badges_of(lab, app), "LOOP 30/min");
	lab_free(lab);
}

/* A machine of one session with so many shells of so much memory, and a container that writes. */
static struct snapshot *machine_at(double at_s, int shells, uint64_t rss_bytes)
{
	struct text table = {0};
	struct snapshot *snap;

	text_printf(&table,
		    "1 0 /sbin/init init ; start:1\n"
		    "5 1 /bin/db db ; start:5 cgroup:/docker/" ID1 "\n"
		    "10 1 " CLAUDE " claude ; start:10\n"
		    "11 10 /bin/sh sh ; start:11 rss:%llu " TOOL(10, S1) "\n",
		    (unsigned long long)rss_bytes);
	for (int n = 0; n < shells; n++)
		text_printf(&table, "%d 11 /bin/sh sh ; start:%d rss:1000 " TOOL(10, S1) "\n", 100 + n, 100 + n);
	snap = lab_snapshot(at_s, text_str(&table));
	text_done(&table);
	return snap;
}

static void waiting_for_io_is_said_with_who_does_most_of_it(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct snapshot *snap = machine_at(0, 2, 1000);
	int words = 0;

	(void)state;
	snap->machine.cpu_percent.iowait = 75;
	snap->procs[1].io_write_rate = 12 << 20;
	lab_take(lab, snap);
	assert_int_equal(lab->model->verdict.kind, VERDICT_IO);
	assert_string_equal(lab->model->verdict.line,
			    "the CPU waits for I/O 75%, all tasks 2% of the time, most in docker 111111111111 (pid 5)  12.0M/s");
	/* at the threshold it does not come and go */
	for (int i = 1; i < 10; i++) {
		snap = machine_at(2 * i, 2, 1000);
		snap->machine.cpu_percent.iowait = i % 2 == 0 ? 52 : 46;
		lab_take(lab, snap);
		words += lab->model->verdict.kind == VERDICT_IO;
	}
	assert_int_equal(words, 9);
	snap = machine_at(22, 2, 1000);
	snap->machine.cpu_percent.iowait = 20;
	lab_take(lab, snap);
	assert_int_equal(lab->model->verdict.kind, VERDICT_QUIET);
	lab_free(lab);
}

static void memory_that_runs_out_is_said_with_when(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	for (int i = 0; i < 8; i++) {
		struct snapshot *snap = machine_at(2 * i, 2, (uint64_t)(100 + 50 * i) << 20);

		snap->machine.mem_available_bytes = (uint64_t)(3000 - 50 * i) << 20;
		lab_take(lab, snap);
	}
	assert_int_equal(lab->model->verdict.kind, VERDICT_MEMORY);
	assert_string_equal(lab->model->verdict.line, "claude-code 11111111-111 (pid 10)  451M memory  +25.0M/s  memory full in 1m46s");
	assert_string_equal(badges_of(lab, "claude-code:" S1), "MEM +25.0M/s");
	lab_free(lab);
}

static void memory_that_is_full_is_said_with_who_has_most(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct snapshot *snap = machine_at(0, 2, 3ull << 30);

	(void)state;
	snap->machine.mem_available_bytes = snap->machine.mem_total_bytes / 50;
	snap->machine.psi_memory.some_avg10 = 33;
	lab_take(lab, snap);
	assert_int_equal(lab->model->verdict.kind, VERDICT_MEMORY);
	assert_string_equal(lab->model->verdict.line,
			    "98% of memory used, tasks wait for it 33% of the time, most by claude-code 11111111-111 (pid 10)  3.0G");
	lab_free(lab);
}

static void kills_that_no_owner_is_known_for_are_said_for_a_minute(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	for (int i = 0; i < 50; i++) {
		struct snapshot *snap = machine_at(2 * i, 2, 1000);

		snap->machine.oom_kills = i < 5 ? 7 : 19;
		lab_take(lab, snap);
		if (i >= 5 && i < 34)
			assert_string_equal(lab->model->verdict.line, "the kernel killed 12 for lack of memory in the last minute");
	}
	assert_int_equal(lab->model->verdict.kind, VERDICT_QUIET);
	lab_free(lab);
}

/* Growth that wavers about the threshold: said once, it stays until it is clearly over. */
static void a_badge_at_its_threshold_does_not_flap(void **state)
{
	struct lab *lab = lab_new(NULL);
	int shells = 0;
	int changes = 0;
	bool was = false;

	(void)state;
	for (int i = 0; i < 60; i++) {
		bool is;

		/* 5.5 a second over ten seconds, then 4.5 */
		shells += i / 5 % 2 == 0 ? 11 : 9;
		lab_take(lab, machine_at(2 * i, shells, 1000));
		is = strstr(badges_of(lab, "claude-code:" S1), "GROWING") != NULL;
		changes += is != was;
		was = is;
	}
	assert_int_equal(changes, 1);
	for (int i = 60; i < 100; i++)
		lab_take(lab, machine_at(2 * i, shells, 1000));
	assert_string_equal(badges_of(lab, "claude-code:" S1), "");
	lab_free(lab);
}

static void a_user_near_its_limit_is_said_and_when_growth_hits_it(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	for (int i = 0; i < 6; i++) {
		struct snapshot *snap = machine_at(2 * i, 20 * i, 1000);

		snap->machine.user = (struct user_tasks){0, {100 + 20 * (uint64_t)i, 1000}};
		lab_take(lab, snap);
	}
	assert_contains(lab->model->verdict.line, "+10/s  its user's RLIMIT_NPROC reached in 1m20s");
	for (int i = 0; i < 60; i++) {
		struct snapshot *snap = machine_at(12 + 2 * i, 100, 1000);

		snap->machine.user = (struct user_tasks){0, {950, 1000}};
		lab_take(lab, snap);
	}
	assert_int_equal(lab->model->verdict.kind, VERDICT_LIMIT);
	assert_contains(lab->model->verdict.line, "user 0 has 950 of 1,000 tasks (RLIMIT_NPROC), most in claude-code");
	lab_free(lab);
}

static void hostile_names_are_harmless_in_the_verdict(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct text table = {0};

		text_add(&table, "1 0 /sbin/init init ; start:1\n");
		for (int n = 0; n < 10 + 800 * i; n++)
			text_printf(&table, "%d 1 /bin/x x ; comm:\033[2J\a start:%d\n", 100 + n, 100 + n);
		lab_sample(lab, 2, text_str(&table));
		text_done(&table);
	}
	assert_null(strchr(lab->model->verdict.line, '\033'));
	assert_contains(lab->model->verdict.line, "\\e[2J\\x07");
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quiet_machine_is_said_to_be_quiet),
		cmocka_unit_test(a_bomb_is_named_with_its_owner_rate_and_end),
		cmocka_unit_test(slow_growth_is_said_by_the_minute_and_ends_when_it_shrinks),
		cmocka_unit_test(zombies_are_counted_against_their_owner),
		cmocka_unit_test(a_zombie_or_two_are_no_badge),
		cmocka_unit_test(a_few_zombies_of_each_of_many_are_still_a_verdict),
		cmocka_unit_test(what_a_dead_session_left_is_called_orphans),
		cmocka_unit_test(a_table_that_is_nearly_full_is_said_with_who_fills_it),
		cmocka_unit_test(a_control_group_near_its_limit_is_said),
		cmocka_unit_test(memory_counts_where_it_is_nearer_to_its_limit),
		cmocka_unit_test(a_limit_that_is_far_is_no_matter),
		cmocka_unit_test(kills_for_memory_are_counted_for_a_minute),
		cmocka_unit_test(who_is_killed_for_memory_is_not_said_to_fill_it),
		cmocka_unit_test(the_end_is_that_of_the_limit_which_comes_first),
		cmocka_unit_test(an_app_that_begins_again_and_again_is_in_a_loop),
		cmocka_unit_test(more_instances_and_a_reload_are_no_loop),
		cmocka_unit_test(waiting_for_io_is_said_with_who_does_most_of_it),
		cmocka_unit_test(memory_that_runs_out_is_said_with_when),
		cmocka_unit_test(memory_that_is_full_is_said_with_who_has_most),
		cmocka_unit_test(kills_that_no_owner_is_known_for_are_said_for_a_minute),
		cmocka_unit_test(a_badge_at_its_threshold_does_not_flap),
		cmocka_unit_test(a_user_near_its_limit_is_said_and_when_growth_hits_it),
		cmocka_unit_test(hostile_names_are_harmless_in_the_verdict),
	};

	safe_setup();
	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
