/* The tree and its totals, owners' totals, growth from samples, the verdict, rows, queries, columns. */
#include <math.h>
#include <stdlib.h>

#include "clade/column.h"
#include "clade/mem.h"
#include "clade/query.h"
#include "clade/rows.h"
#include "clade/safe.h"
#include "lab.h"
#include "suite.h"

#define CLAUDE "/opt/claude-code-linux-x64/claude"
#define S1 "11111111-1111-4111-8111-111111111111"
#define TOOL "CLAUDECODE=1 CLAUDE_CODE_SESSION_ID=" S1 " CLAUDE_PID=10"
#define ID1 "1111111111111111111111111111111111111111111111111111111111111111"

/* ---- The tree ---- */

static const char small[] = " 1  0 /sbin/init init   ; rss:1000 cpu:1\n"
			    "10  1 /bin/sh    sh     ; rss:2000 cpu:2 threads:3\n"
			    "11 10 /bin/cat   cat    ; rss:4000 cpu:4\n"
			    "12 10 -                 ; state:Z env:unread comm:cat rss:0\n"
			    "13 10 /bin/dd    dd     ; rss:8000 state:D\n"
			    "20  1 /bin/ls    ls     ; rss:16000\n";

static void a_subtree_sums_all_below(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct totals subtree;

	(void)state;
	lab_sample(lab, 0, small);
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
	lab_sample(lab, 0, small);
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
		   "11 10 /bin/sh sh       ; cgroup:/docker/" ID1 " rss:4000 " TOOL "\n");
	box = lab_group(lab, "docker:" ID1);
	assert_int_equal(box->own.procs, 1);
	assert_int_equal(box->nested.procs, 3);
	assert_int_equal(box->own.rss_bytes, 1000);
	assert_int_equal(box->nested.rss_bytes, 7000);
	assert_int_equal(lab_group(lab, "claude-code:" S1)->own.procs, 2);
	lab_free(lab);
}

/* ---- Growth ---- */

/* A claude with that many shells below it, numbered on from `first`. */
static char *crowd(int first, int n)
{
	struct text table = {0};

	text_add(&table, "1 0 /sbin/init init ; start:1\n10 1 " CLAUDE " claude ; start:2\n");
	for (int i = 0; i < n; i++)
		text_printf(&table, "%d 10 /bin/sh sh -c x ; start:%d " TOOL "\n", first + i, first + i);
	return text_take(&table);
}

static void sample_crowd(struct lab *lab, int first, int n)
{
	char *table = crowd(first, n);

	lab_sample(lab, 2, table);
	free(table);
}

static void without_a_sample_before_nothing_is_known_of_growth(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	sample_crowd(lab, 100, 5);
	assert_true(isnan(lab_group(lab, "claude-code:" S1)->growth.births_per_s));
	assert_true(isnan(lab_growth(lab, 10).procs_10s_per_s));
	lab_free(lab);
}

static void births_and_deaths_are_told_apart_although_the_number_stays(void **state)
{
	struct lab *lab = lab_new(NULL);
	const struct group *group;

	(void)state;
	sample_crowd(lab, 100, 20);
	sample_crowd(lab, 200, 20); /* all others */
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
		sample_crowd(lab, 100, 10 + 2 * i);
	for (int i = 1; i <= 10; i++)
		sample_crowd(lab, 100, 110 + 20 * i);
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
		sample_crowd(lab, 100, i < 200 ? 10 : 20);
	group = lab_group(lab, "claude-code:" S1);
	assert_int_equal(group->n_trend, TREND_MAX);
	assert_int_equal(group->trend[0], 11);
	assert_int_equal(group->trend[TREND_MAX - 1], 21);
	trend_add(&line, (const uint32_t[]){5, 5, 6, 12}, 4, 10, true);
	assert_string_equal(text_str(&line), "__.#");
	text_clear(&line);
	trend_add(&line, (const uint32_t[]){1, 2, 3, 4, 5}, 5, 3, false);
	assert_string_equal(text_str(&line), "▁▄█");
	text_clear(&line);
	trend_add(&line, NULL, 0, 3, false);
	assert_string_equal(text_str(&line), "");
	text_done(&line);
	lab_free(lab);
}

/* ---- Badges and verdict ---- */

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
	sample_crowd(lab, 100, 5);
	sample_crowd(lab, 100, 5);
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
		sample_crowd(lab, 100, 10 + 800 * i);
	assert_int_equal(lab->model->verdict.kind, VERDICT_EXPLODING);
	assert_string_equal(lab->model->verdict.word, "EXPLODING");
	assert_contains(lab->model->verdict.line, "(pid 10)");
	assert_contains(lab->model->verdict.line, "sh  +400/s");
	assert_contains(lab->model->verdict.line, "process table full in 1m15s");
	assert_contains(badges_of(lab, "claude-code:" S1), "EXPLODING +400/s");
	lab_free(lab);
}

static void zombies_are_counted_against_their_owner(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct text table = {0};

	(void)state;
	text_add(&table, "1 0 /sbin/init init\n10 1 " CLAUDE " claude\n11 10 /bin/sh sh ; " TOOL "\n");
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
	lab_sample(lab, 0, "1 0 /sbin/init init\n11 1 /bin/sh sh ; " TOOL "\n");
	assert_string_equal(badges_of(lab, "claude-code:" S1), "ORPHANS 1 ENDED");
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

#define APP "pm_id=0 name=api pm_exec_path=/srv/api.js PM2_HOME=/root/.pm2"

static void an_app_that_begins_again_and_again_is_in_a_loop(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	for (int i = 0; i < 12; i++) {
		struct text table = {0};

		text_printf(&table,
			    "1 0 /sbin/init init ; start:1\n"
			    "10 1 /usr/bin/node \"PM2 v7.0.4: God Daemon (/root/.pm2)\" ; start:2 PM2_HOME=/root/.pm2\n"
			    "%d 10 /usr/bin/node \"node /srv/api.js\" ; start:%d " APP " restart_time=%d\n",
			    100 + i, 1000 + 200 * i, i);
		lab_sample(lab, 2, text_str(&table));
		text_done(&table);
	}
	assert_contains(badges_of(lab, "pm2:/root/.pm2/default/api"), "LOOP 11/min");
	assert_int_equal(lab->model->verdict.kind, VERDICT_LOOP);
	assert_contains(lab->model->verdict.line, "api");
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
		    "11 10 /bin/sh sh ; start:11 rss:%llu " TOOL "\n",
		    (unsigned long long)rss_bytes);
	for (int n = 0; n < shells; n++)
		text_printf(&table, "%d 11 /bin/sh sh ; start:%d rss:1000 " TOOL "\n", 100 + n, 100 + n);
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

/* ---- Rows ---- */

static const char *rows_of(struct lab *lab, const struct view *view)
{
	struct rows rows;

	rows_init(&rows);
	rows_make(&rows, lab->model, view);
	text_clear(&lab->said);
	for (size_t i = 0; i < rows.n; i++) {
		const struct row *row = &rows.items[i];

		text_add_repeat(&lab->said, ' ', (size_t)row->depth);
		if (row->type == ROW_OWNER)
			text_printf(&lab->said, "%s", lab->attr->owners[row->index].name);
		else if (row->type == ROW_PROC)
			text_printf(&lab->said, "%d", lab->snap->procs[row->index].pid);
		else
			text_printf(&lab->said, "×%u", rows.bundles.items[row->index].n);
		text_printf(&lab->said, "%s\n", row->is_match ? " *" : "");
	}
	rows_done(&rows);
	return text_str(&lab->said);
}

static const char nested[] = " 1  0 /sbin/init init\n"
			     " 5  1 /bin/sh sh       ; cgroup:/docker/" ID1 "\n"
			     "10  5 " CLAUDE " claude ; cgroup:/docker/" ID1 "\n"
			     "11 10 /bin/sh sh       ; cgroup:/docker/" ID1 " " TOOL "\n"
			     "12  1 /bin/vi vi       ; uid:1000\n";

static struct view view_of(enum view_mode mode, bool is_open)
{
	return (struct view){
		.mode = mode,
		.sort = mode == VIEW_OWNERS ? COLUMN_HEAT : COLUMN_AGE,
		.open_to = is_open ? OPEN_ALL : 0,
		.uid = UINT32_MAX,
	};
}

static void owners_open_into_their_trees_and_hold_one_another(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct view view = view_of(VIEW_OWNERS, true);

	(void)state;
	lab_sample(lab, 0, nested);
	assert_string_equal(rows_of(lab, &view), "111111111111\n"
						 " 11111111-111\n"
						 "  10\n"
						 "   11\n"
						 " 5\n"
						 "no owner\n"
						 " 1\n"
						 "  12\n");
	view.open_to = 0;
	assert_string_equal(rows_of(lab, &view), "111111111111\n 11111111-111\nno owner\n");
	lab_free(lab);
}

static void the_tree_holds_every_process(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct view view = view_of(VIEW_TREE, true);

	(void)state;
	lab_sample(lab, 0, nested);
	assert_string_equal(rows_of(lab, &view), "1\n 5\n  10\n   11\n 12\n");
	lab_free(lab);
}

static void a_filter_keeps_what_is_above_and_below_a_match(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct view view = view_of(VIEW_TREE, true);
	struct query *query;

	(void)state;
	lab_sample(lab, 0, nested);
	assert_int_equal(query_new("claude-code-linux|^claude", NULL, &query), 0);
	view.filter = query;
	assert_string_equal(rows_of(lab, &view), "1\n 5\n  10 *\n   11\n");
	query_free(query);
	lab_free(lab);
}

static void only_one_users_and_only_some_states_can_be_shown(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct view view = view_of(VIEW_TREE, true);

	(void)state;
	lab_sample(lab, 0, nested);
	view.uid = 1000;
	assert_contains(rows_of(lab, &view), "12");
	assert_null(strstr(text_str(&lab->said), "11"));
	lab_sample(lab, 2, small);
	view.uid = UINT32_MAX;
	view.states = "Z";
	assert_contains(rows_of(lab, &view), "12");
	assert_null(strstr(text_str(&lab->said), "13"));
	lab_free(lab);
}

/* ---- Bundles ---- */

static const char alike[] = " 1  0 /sbin/init init\n"
			    "10  1 /bin/sh sh ; rss:1000\n"
			    "11 10 /usr/bin/curl curl http://h/1 ; rss:1000\n"
			    "12 10 /usr/bin/curl curl http://h/22 ; rss:1000\n"
			    "13 10 /usr/bin/curl curl http://h/333 ; rss:1000\n"
			    "14 10 /usr/bin/curl curl http://h/4 ; rss:1000 state:D\n"
			    "15 10 /usr/bin/curl curl http://h/5 ; rss:1000\n"
			    "16 15 /bin/cat cat ; rss:500\n"
			    "17 10 /usr/bin/wget wget http://h/5\n"
			    "18 10 - ; state:Z env:unread comm:curl\n";

static void siblings_that_look_alike_are_one_row(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct view view = view_of(VIEW_TREE, true);

	(void)state;
	lab_sample(lab, 0, alike);
	assert_string_equal(rows_of(lab, &view), "1\n 10\n  ×5\n  17\n  18\n");
	view.are_bundles_open = true;
	assert_string_equal(rows_of(lab, &view),
			    "1\n 10\n  ×5\n   11\n   12\n   13\n   14\n   15\n    16\n  17\n  18\n");
	lab_free(lab);
}

static void a_bundle_sums_its_members_and_what_is_below_them(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct view view = view_of(VIEW_TREE, true);
	const struct bundle *bundle;
	struct rows rows;

	(void)state;
	lab_sample(lab, 0, alike);
	rows_init(&rows);
	rows_make(&rows, lab->model, &view);
	assert_int_equal(rows.bundles.n, 1);
	bundle = &rows.bundles.items[0];
	assert_int_equal(bundle->n, 5);
	assert_int_equal(bundle->totals.procs, 6);
	assert_int_equal(bundle->totals.rss_bytes, 5500);
	assert_int_equal(bundle->totals.blocked, 1);
	assert_int_equal(bundle->key.parent.pid, 10);
	rows_done(&rows);
	lab_free(lab);
}

static void processes_of_different_owners_are_not_alike(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct view view = view_of(VIEW_TREE, true);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "11 1 /bin/sh sh ; sid:11\n12 1 /bin/sh sh ; sid:12\n13 1 /bin/sh sh ; sid:13\n"
		   "14 1 /bin/sh sh ; sid:14 " TOOL "\n15 1 /bin/sh sh ; sid:15 " TOOL "\n16 1 /bin/sh sh ; sid:16 " TOOL "\n");
	assert_null(strstr(rows_of(lab, &view), "×"));
	lab_free(lab);
}

static void a_bundle_knows_how_fast_it_grows(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct view view = view_of(VIEW_TREE, true);
	struct rows rows;

	(void)state;
	rows_init(&rows);
	for (int i = 0; i < 4; i++) {
		sample_crowd(lab, 100, 10 + 40 * i);
		rows_make(&rows, lab->model, &view);
		assert_int_equal(rows.bundles.n, 1);
		assert_true(i == 0 ? isnan(rows.bundles.items[0].growth.procs_10s_per_s)
				   : fabs(rows.bundles.items[0].growth.procs_10s_per_s - 20) < 0.1);
	}
	rows_done(&rows);
	lab_free(lab);
}

static void a_process_without_a_row_is_found_in_its_bundle(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct view view = view_of(VIEW_TREE, true);
	struct rows rows;
	ptrdiff_t found;

	(void)state;
	lab_sample(lab, 0, alike);
	rows_init(&rows);
	rows_make(&rows, lab->model, &view);
	found = rows_find(&rows, lab->model,
			  (struct row_key){.type = ROW_PROC, .proc = process_key(&lab->snap->procs[snapshot_find_pid(lab->snap, 13)])});
	assert_true(found >= 0);
	assert_int_equal(rows.items[found].type, ROW_BUNDLE);
	assert_int_equal(lab->snap->procs[row_proc(lab->model, &rows, &rows.items[found])].pid, 11);
	rows_done(&rows);
	lab_free(lab);
}

/* ---- Queries ---- */

static bool matches(const char *pattern, int pid)
{
	struct lab *lab = lab_new(NULL);
	struct query *query;
	bool is_match;

	lab_sample(lab, 0, nested);
	assert_int_equal(query_new(pattern, NULL, &query), 0);
	is_match = query_match_proc(query, lab->model, snapshot_find_pid(lab->snap, pid));
	query_free(query);
	lab_free(lab);
	return is_match;
}

static void a_query_ignores_case_unless_it_has_a_capital(void **state)
{
	(void)state;
	assert_true(matches("claude", 10));
	assert_false(matches("Claude", 10));
	assert_true(matches("!vi", 10));
	assert_false(matches("!claude", 10));
	assert_true(matches("^12$", 12));
}

static void a_broken_query_is_refused_with_its_reason(void **state)
{
	struct query *query = NULL;
	struct text error = {0};

	(void)state;
	assert_int_not_equal(query_new("foo(", &error, &query), 0);
	assert_contains(text_str(&error), "(");
	assert_null(query);
	text_done(&error);
}

/* ---- Columns ---- */

static void every_column_has_a_value_for_everything_it_says(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct text out = {0};

	(void)state;
	lab_sample(lab, 0, nested);
	for (size_t c = 0; c < COLUMNS_N; c++) {
		enum column_id id;

		assert_int_equal(column_parse(columns[c].name, &id), 0);
		assert_int_equal(id, c);
		for (size_t g = 0; columns[c].flags & COL_OWNERS && g < lab->attr->n_owners; g++) {
			text_clear(&out);
			column_add_owner(&out, id, lab->model, (int32_t)g);
			assert_true(out.len > 0 || c == COLUMN_BADGES);
		}
		for (size_t i = 0; columns[c].flags & COL_PROCS && i < lab->snap->n_procs; i++) {
			text_clear(&out);
			column_add_proc(&out, id, lab->model, (int32_t)i, lab->users);
			assert_true(out.len > 0);
		}
	}
	text_done(&out);
	lab_free(lab);
}

static void an_order_does_not_depend_on_where_it_began(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, small);
	for (size_t c = 0; c < COLUMNS_N; c++) {
		for (int32_t a = 0; columns[c].flags & COL_PROCS && a < (int32_t)lab->snap->n_procs; a++) {
			for (int32_t b = 0; b < (int32_t)lab->snap->n_procs; b++) {
				int x = column_compare_procs((enum column_id)c, lab->model, NULL, (struct proc_subject){.index = a}, (struct proc_subject){.index = b});
				int y = column_compare_procs((enum column_id)c, lab->model, NULL, (struct proc_subject){.index = b}, (struct proc_subject){.index = a});

				assert_true(a == b ? x == 0 : (x > 0) == (y < 0) && x != 0);
			}
		}
	}
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
		cmocka_unit_test(a_quiet_machine_is_said_to_be_quiet),
		cmocka_unit_test(a_bomb_is_named_with_its_owner_rate_and_end),
		cmocka_unit_test(zombies_are_counted_against_their_owner),
		cmocka_unit_test(a_zombie_or_two_are_no_badge),
		cmocka_unit_test(a_few_zombies_of_each_of_many_are_still_a_verdict),
		cmocka_unit_test(what_a_dead_session_left_is_called_orphans),
		cmocka_unit_test(a_control_group_near_its_limit_is_said),
		cmocka_unit_test(memory_counts_where_it_is_nearer_to_its_limit),
		cmocka_unit_test(a_limit_that_is_far_is_no_matter),
		cmocka_unit_test(kills_for_memory_are_counted_for_a_minute),
		cmocka_unit_test(the_end_is_that_of_the_limit_which_comes_first),
		cmocka_unit_test(an_app_that_begins_again_and_again_is_in_a_loop),
		cmocka_unit_test(waiting_for_io_is_said_with_who_does_most_of_it),
		cmocka_unit_test(memory_that_runs_out_is_said_with_when),
		cmocka_unit_test(memory_that_is_full_is_said_with_who_has_most),
		cmocka_unit_test(kills_that_no_owner_is_known_for_are_said_for_a_minute),
		cmocka_unit_test(a_badge_at_its_threshold_does_not_flap),
		cmocka_unit_test(a_user_near_its_limit_is_said_and_when_growth_hits_it),
		cmocka_unit_test(hostile_names_are_harmless_in_the_verdict),
		cmocka_unit_test(owners_open_into_their_trees_and_hold_one_another),
		cmocka_unit_test(the_tree_holds_every_process),
		cmocka_unit_test(a_filter_keeps_what_is_above_and_below_a_match),
		cmocka_unit_test(only_one_users_and_only_some_states_can_be_shown),
		cmocka_unit_test(siblings_that_look_alike_are_one_row),
		cmocka_unit_test(a_bundle_sums_its_members_and_what_is_below_them),
		cmocka_unit_test(processes_of_different_owners_are_not_alike),
		cmocka_unit_test(a_bundle_knows_how_fast_it_grows),
		cmocka_unit_test(a_process_without_a_row_is_found_in_its_bundle),
		cmocka_unit_test(a_moment_is_made_in_many_steps),
		cmocka_unit_test(a_moment_that_is_dropped_half_way_leaves_nothing),
		cmocka_unit_test(a_query_ignores_case_unless_it_has_a_capital),
		cmocka_unit_test(a_broken_query_is_refused_with_its_reason),
		cmocka_unit_test(every_column_has_a_value_for_everything_it_says),
		cmocka_unit_test(an_order_does_not_depend_on_where_it_began),
	};

	safe_setup();
	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
