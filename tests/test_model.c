/* The tree and its totals, owners' totals, growth from samples. */
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

/* ---- The tree ---- */

static void a_subtree_sums_all_below(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct totals subtree;

	(void)state;
	lab_sample(lab, 0, lab_small);
	subtree = lab_subtree(lab, 10);
	assert_int_equal(subtree.procs, 4);
	assert_int_equal(subtree.threads, 6);
	assert_int_equal(subtree.rss_bytes, 14000);
	assert_true(fabs(subtree.cpu_percent - 6) < 0.01);
	assert_int_equal(subtree.zombies, 1);
	assert_int_equal(subtree.blocked, 1);
	assert_int_equal(lab_subtree(lab, 1).procs, 6);
	assert_int_equal(lab->model->all.procs, 6);
	lab_free(lab);
}

static void a_parent_that_fails_to_reap_is_known(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, lab_small);
	assert_int_equal(lab_zombies(lab, 10), 1);
	assert_int_equal(lab_zombies(lab, 1), 0);
	lab_free(lab);
}

static void a_parent_that_is_not_seen_is_not_pid_1(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, "1 0 /sbin/init init\n50 40 /bin/sh sh\n");
	assert_true(lab_node(lab, 50)->is_parent_unseen);
	assert_int_equal(lab_node(lab, 50)->parent, NO_PROC);
	assert_false(lab_node(lab, 1)->is_parent_unseen);
	lab_free(lab);
}

static void a_parent_younger_than_its_child_is_none(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, "50 40 /bin/sh sh ; start:100\n40 1 /bin/sh sh ; start:900\n");
	assert_int_equal(lab_node(lab, 50)->parent, NO_PROC);
	lab_free(lab);
}

static void a_chain_of_a_hundred_thousand_is_no_danger(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct text table = {0};

	(void)state;
	for (int pid = 1; pid <= 100000; pid++)
		text_printf(&table, "%d %d /bin/sh sh ; sid:1 start:%d\n", pid, pid - 1, pid);
	lab_sample(lab, 0, text_str(&table));
	assert_int_equal(lab_subtree(lab, 1).procs, 100000);
	assert_int_equal(lab_node(lab, 100000)->depth, 99999);
	text_done(&table);
	lab_free(lab);
}

/* ---- Owners ---- */

static void an_owner_counts_its_own_and_what_nests_in_it(void **state)
{
	struct lab *lab = lab_new(NULL);
	const struct group *box;

	(void)state;
	lab_sample(lab, 0,
		   " 1  0 /sbin/init init\n"
		   " 5  1 /bin/sh sh       ; cgroup:/docker/" ID1 " rss:1000\n"
		   "10  5 " CLAUDE " claude ; cgroup:/docker/" ID1 " rss:2000\n"
		   "11 10 /bin/sh sh       ; cgroup:/docker/" ID1 " rss:4000 " TOOL(10, S1) "\n");
	box = lab_group(lab, "docker:" ID1);
	assert_int_equal(box->own.procs, 1);
	assert_int_equal(box->nested.procs, 3);
	assert_int_equal(box->own.rss_bytes, 1000);
	assert_int_equal(box->nested.rss_bytes, 7000);
	assert_int_equal(lab_group(lab, "claude-code:" S1)->own.procs, 2);
	lab_free(lab);
}

/* ---- Growth ---- */

static void without_a_sample_before_nothing_is_known_of_growth(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_crowd(lab, 100, 5);
	assert_true(isnan(lab_group(lab, "claude-code:" S1)->growth.births_per_s));
	assert_true(isnan(lab_growth(lab, 10).procs_10s_per_s));
	lab_free(lab);
}

static void births_and_deaths_are_told_apart_although_the_number_stays(void **state)
{
	struct lab *lab = lab_new(NULL);
	const struct group *group;

	(void)state;
	lab_crowd(lab, 100, 20);
	lab_crowd(lab, 200, 20); /* all others */
	group = lab_group(lab, "claude-code:" S1);
	assert_true(fabs(group->growth.births_per_s - 10) < 0.01);
	assert_true(fabs(group->growth.deaths_per_s - 10) < 0.01);
	assert_true(fabs(group->growth.procs_10s_per_s) < 0.01);
	lab_free(lab);
}

static void net_growth_is_measured_over_ten_and_sixty_seconds(void **state)
{
	struct lab *lab = lab_new(NULL);
	const struct group *group;

	(void)state;
	/* 100 s long one more every second, then 20 s of ten more */
	for (int i = 0; i <= 50; i++)
		lab_crowd(lab, 100, 10 + 2 * i);
	for (int i = 1; i <= 10; i++)
		lab_crowd(lab, 100, 110 + 20 * i);
	group = lab_group(lab, "claude-code:" S1);
	assert_true(fabs(group->growth.procs_10s_per_s - 10) < 0.5);
	assert_true(fabs(group->growth.procs_60s_per_s - 4) < 0.5); /* (20*10 + 40*1) / 60 */
	assert_true(fabs(lab_growth(lab, 10).procs_10s_per_s - 10) < 0.5);
	lab_free(lab);
}

static void a_pid_that_is_used_again_is_a_death_and_a_birth(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 2, "1 0 /sbin/init init\n5 1 /bin/sh sh ; start:100\n");
	lab_sample(lab, 2, "1 0 /sbin/init init\n5 1 /bin/sh sh ; start:900\n");
	assert_int_equal(lab->model->all.births, 1);
	assert_int_equal(lab->model->all.deaths, 1);
	lab_free(lab);
}

static void a_trend_holds_ten_minutes_in_steps_of_ten_seconds(void **state)
{
	struct lab *lab = lab_new(NULL);
	const struct group *group;
	struct text line = {0};

	(void)state;
	for (int i = 0; i < 400; i++)
		lab_crowd(lab, 100, i < 200 ? 10 : 20);
	group = lab_group(lab, "claude-code:" S1);
	assert_int_equal(group->n_trend, TREND_MAX);
	assert_int_equal(group->trend[0], 11);
	assert_int_equal(group->trend[TREND_MAX - 1], 21);
	assert_int_equal(group->trend_kib[0], 11 * 1024);
	assert_int_equal(group->trend_kib[TREND_MAX - 1], 21 * 1024);
	trend_add(&line, (const uint32_t[]){5, 5, 6, 12}, 4, 10, true);
	assert_string_equal(text_str(&line), "__.#");
	text_clear(&line);
	trend_add(&line, (const uint32_t[]){10, 20, 30, 40, 50}, 5, 3, false);
	assert_string_equal(text_str(&line), "▁▄█");
	/* one or two more are no steeple, nor are a few of many */
	text_clear(&line);
	trend_add(&line, (const uint32_t[]){3, 4, 3, 5}, 4, 10, false);
	assert_string_equal(text_str(&line), "▁▂▁▃");
	text_clear(&line);
	trend_add(&line, (const uint32_t[]){10000, 10010, 10300}, 3, 10, false);
	assert_string_equal(text_str(&line), "▁▁█");
	text_clear(&line);
	trend_add(&line, (const uint32_t[]){10000, 10010, 10030}, 3, 10, false);
	assert_string_equal(text_str(&line), "▁▁▂");
	text_clear(&line);
	trend_add(&line, NULL, 0, 3, false);
	assert_string_equal(text_str(&line), "");
	text_done(&line);
	lab_free(lab);
}

/* A parent and `n` children of it that differ in their arguments. */
static void add_crowd(struct text *table, int n)
{
	text_add(table, "1 0 /sbin/init init\n");
	for (int i = 2; i < n + 2; i++)
		text_printf(table, "%d 1 /bin/sh sh -c job-%d\n", i, i);
}

/* Between two steps a key is answered: no step may go through everything at once. */
static void a_moment_is_made_in_many_steps(void **state)
{
	enum { CROWD = 3000, STEPS_LEAST = 15 };
	struct lab *lab = lab_new(NULL);
	struct text table = {0};
	struct moment_maker *maker;
	struct moment moment;
	int steps = 1;

	(void)state;
	add_crowd(&table, CROWD);
	assert_int_equal(moment_begin(lab->attributor, lab->history, lab_snapshot(0, text_str(&table)), &maker), 0);
	while (moment_step(maker) > 0)
		steps++;
	moment = moment_end(maker);
	assert_true(steps >= STEPS_LEAST);
	assert_int_equal(moment.model->all.procs, CROWD + 1);
	assert_int_equal(node_subtree(moment.model, 0).procs, CROWD + 1);
	assert_int_equal(moment.model->n_branches, 1); /* leaves have none */
	moment_done(&moment);
	text_done(&table);
	lab_free(lab);
}

static void a_moment_that_is_dropped_half_way_leaves_nothing(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct text table = {0};
	struct moment_maker *maker;

	(void)state;
	add_crowd(&table, 20);
	for (int steps = 0; steps < 15; steps++) {
		assert_int_equal(
			moment_begin(lab->attributor, lab->history, lab_snapshot(steps, text_str(&table)), &maker), 0);
		for (int i = 0; i < steps; i++)
			moment_step(maker);
		moment_drop(maker);
	}
	lab_sample(lab, 100, text_str(&table));
	assert_int_equal(lab->model->all.procs, 21);
	text_done(&table);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_subtree_sums_all_below),
		cmocka_unit_test(a_parent_that_fails_to_reap_is_known),
		cmocka_unit_test(a_parent_that_is_not_seen_is_not_pid_1),
		cmocka_unit_test(a_parent_younger_than_its_child_is_none),
		cmocka_unit_test(a_chain_of_a_hundred_thousand_is_no_danger),
		cmocka_unit_test(an_owner_counts_its_own_and_what_nests_in_it),
		cmocka_unit_test(without_a_sample_before_nothing_is_known_of_growth),
		cmocka_unit_test(births_and_deaths_are_told_apart_although_the_number_stays),
		cmocka_unit_test(net_growth_is_measured_over_ten_and_sixty_seconds),
		cmocka_unit_test(a_pid_that_is_used_again_is_a_death_and_a_birth),
		cmocka_unit_test(a_trend_holds_ten_minutes_in_steps_of_ten_seconds),
		cmocka_unit_test(a_moment_is_made_in_many_steps),
		cmocka_unit_test(a_moment_that_is_dropped_half_way_leaves_nothing),
	};

	safe_setup();
	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
