/* Plans: who is signalled and who is not, in which order, with which words; targets; parsing of what a look reads. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "action/look.h"
#include "clade/execute.h"
#include "clade/nice.h"
#include "clade/plan.h"
#include "lab.h"
#include "suite.h"

#define CLAUDE "/opt/claude-code-linux-x64/claude"
#define S1 "11111111-1111-4111-8111-111111111111"
#define S2 "22222222-2222-4222-8222-222222222222"
#define TOOL(session, pid) "CLAUDECODE=1 CLAUDE_CODE_SESSION_ID=" session " CLAUDE_PID=" pid
#define ID1 "1111111111111111111111111111111111111111111111111111111111111111"
#define ID2 "2222222222222222222222222222222222222222222222222222222222222222"

enum { ME = 1000 };

/* Two sessions of an agent, one with an orphan; clade runs as pid 60 in tmux, which ssh shows. */
static const char machine[] = "  1   0 /sbin/init  init                     ; sid:1\n"
			      "  2   0 -           -                        ; kernel comm:kthreadd sid:0\n"
			      " 10   1 " CLAUDE "  claude                   ; sid:10 pgrp:10 uid:1000\n"
			      " 11  10 /bin/bash   bash -c \"make test\"    ; sid:11 pgrp:11 uid:1000 " TOOL(S1, "10") "\n"
			      " 12  11 /bin/make   make test                ; sid:11 pgrp:11 uid:1000 " TOOL(S1, "10") "\n"
			      " 13  12 /bin/cc     cc a.c                   ; sid:11 pgrp:11 uid:1000 " TOOL(S1, "10") "\n"
			      " 14   1 /bin/sh     sh -c \"sleep 9\"        ; sid:14 pgrp:14 uid:1000 " TOOL(S1, "10") "\n"
			      " 15  12 -           -                        ; sid:11 pgrp:11 uid:1000 state:Z env:unread comm:cc\n"
			      " 20   1 " CLAUDE "  claude                   ; sid:20 uid:1000\n"
			      " 21  20 /bin/bash   bash -c id               ; sid:21 uid:1000 " TOOL(S2, "20") "\n"
			      " 22  21 /bin/su     su                       ; sid:21 uid:0 " TOOL(S2, "20") "\n"
			      " 40   1 /usr/bin/sshd sshd                   ; sid:40 comm:sshd\n"
			      " 41  40 /bin/bash   -bash                    ; sid:41 uid:1000\n"
			      " 42  41 /usr/bin/tmux tmux attach            ; sid:41 uid:1000 comm:\"tmux: client\"\n"
			      " 50   1 /usr/bin/tmux tmux                   ; sid:50 uid:1000 comm:\"tmux: server\"\n"
			      " 51  50 /bin/bash   -bash                    ; sid:51 uid:1000\n"
			      " 52  50 /bin/bash   -bash                    ; sid:52 uid:1000\n"
			      " 60  51 /usr/bin/clade clade                 ; sid:51 uid:1000\n";

struct scene {
	struct lab *lab;
	struct plan *plan;
	struct text said;
};

static struct scene scene_of(const char *table, int self)
{
	struct scene scene = {.lab = lab_new(NULL)};
	struct snapshot *snap = lab_snapshot(0, table);

	snap->host.self_pid = (uint64_t)self;
	lab_take(scene.lab, snap);
	return scene;
}

static void scene_done(struct scene *scene)
{
	plan_free(scene->plan);
	lab_free(scene->lab);
	text_done(&scene->said);
}

static void plan_for(struct scene *scene, bool is_mighty, size_t n, const struct plan_target *targets)
{
	plan_free(scene->plan);
	scene->plan = NULL;
	assert_int_equal(plan_make(scene->lab->model,
				   &(struct plan_request){
					   .targets = targets,
					   .n_targets = n,
					   .signal = SIGTERM,
					   .uid = ME,
					   .is_mighty = is_mighty,
				   },
				   &scene->plan),
			 0);
}

static struct plan_target tree_of(const struct scene *scene, int pid)
{
	return (struct plan_target){.type = TARGET_TREE, .index = snapshot_find_pid(scene->lab->snap, pid)};
}

static void plan_tree(struct scene *scene, int pid)
{
	struct plan_target target = tree_of(scene, pid);

	plan_for(scene, false, 1, &target);
}

static void plan_word(struct scene *scene, const char *word)
{
	struct plan_target target;
	struct text error = {0};

	if (plan_find_target(scene->lab->model, word, &target, &error) != 0)
		fail_msg("%s", text_str(&error));
	plan_for(scene, false, 1, &target);
	text_done(&error);
}

/* "10 11 12", in the plan's order. */
static const char *steps(struct scene *scene)
{
	text_clear(&scene->said);
	for (size_t i = 0; i < scene->plan->n_steps; i++)
		text_printf(&scene->said, "%s%lld", i > 0 ? " " : "", (long long)scene->plan->steps[i].key.pid);
	return text_str(&scene->said);
}

/* "15 zombie", … : pid and why. */
static const char *kept(struct scene *scene)
{
	static const char *const words[] = {"init", "kernel", "self", "ancestor", "terminal", "denied", "zombie"};

	text_clear(&scene->said);
	for (size_t i = 0; i < scene->plan->n_kept; i++)
		text_printf(&scene->said, "%s%lld %s", i > 0 ? ", " : "", (long long)scene->plan->kept[i].key.pid,
			    words[scene->plan->kept[i].why]);
	return text_str(&scene->said);
}

static const char *words_of(struct scene *scene, bool all)
{
	text_clear(&scene->said);
	plan_add_text(&scene->said, scene->plan, NULL, all);
	return text_str(&scene->said);
}

static const char *error_of(struct scene *scene, const char *word, int expected)
{
	struct plan_target target;

	text_clear(&scene->said);
	assert_int_equal(plan_find_target(scene->lab->model, word, &target, &scene->said), expected);
	return text_str(&scene->said);
}

/* ---- Who is in it ---- */

static void a_tree_is_all_below_it_parents_first(void **state)
{
	struct scene scene = scene_of(machine, 60);

	(void)state;
	plan_tree(&scene, 11);
	assert_string_equal(steps(&scene), "11 12 13");
	assert_string_equal(kept(&scene), "15 zombie");
	scene_done(&scene);
}

static void an_owner_has_its_orphans_too(void **state)
{
	struct scene scene = scene_of(machine, 60);

	(void)state;
	plan_word(&scene, "owner:claude-code:" S1);
	assert_string_equal(steps(&scene), "10 14 11 12 13");
	scene_done(&scene);
}

static void what_is_chosen_twice_is_in_it_once(void **state)
{
	struct scene scene = scene_of(machine, 60);
	struct plan_target targets[] = {tree_of(&scene, 12), tree_of(&scene, 11), tree_of(&scene, 13)};

	(void)state;
	plan_for(&scene, false, 3, targets);
	assert_string_equal(steps(&scene), "11 12 13");
	scene_done(&scene);
}

static void a_process_alone_leaves_its_children(void **state)
{
	struct scene scene = scene_of(machine, 60);
	struct plan_target target = tree_of(&scene, 11);

	(void)state;
	target.type = TARGET_PROC;
	plan_for(&scene, false, 1, &target);
	assert_string_equal(steps(&scene), "11");
	scene_done(&scene);
}

static void an_owner_in_an_owner_goes_with_it_or_stays(void **state)
{
	struct scene scene = scene_of("  1  0 /sbin/init init\n"
				      "  5  1 /bin/sh    sh       ; cgroup:/docker/" ID1 "\n"
				      " 10  5 " CLAUDE " claude   ; cgroup:/docker/" ID1 "\n"
				      " 11 10 /bin/sh    sh       ; cgroup:/docker/" ID1 " " TOOL(S1, "10") "\n"
				      " 60  1 /bin/clade clade\n",
				      60);
	struct plan_target target;
	struct text error = {0};

	(void)state;
	assert_int_equal(plan_find_target(scene.lab->model, "docker:1111", &target, &error), 0);
	plan_for(&scene, true, 1, &target);
	assert_string_equal(steps(&scene), "5 10 11");
	target.type = TARGET_OWNER;
	plan_for(&scene, true, 1, &target);
	assert_string_equal(steps(&scene), "5");
	text_done(&error);
	scene_done(&scene);
}

/* ---- Who is never ---- */

static void clade_and_what_it_runs_in_are_kept(void **state)
{
	struct scene scene = scene_of(machine, 60);

	(void)state;
	plan_tree(&scene, 50);
	assert_string_equal(steps(&scene), "52");
	assert_string_equal(kept(&scene), "50 ancestor, 51 ancestor, 60 self");
	scene_done(&scene);
}

static void the_terminal_that_shows_tmux_is_kept(void **state)
{
	struct scene scene = scene_of(machine, 60);

	(void)state;
	plan_tree(&scene, 40);
	assert_int_equal(scene.plan->n_steps, 0);
	assert_string_equal(kept(&scene), "40 terminal, 41 terminal, 42 terminal");
	scene_done(&scene);
}

static void pid_1_stands_for_nobody(void **state)
{
	struct scene scene = scene_of(machine, 60);
	struct plan_target target = tree_of(&scene, 1);

	(void)state;
	plan_for(&scene, true, 1, &target);
	assert_int_equal(scene.plan->n_steps, 0);
	assert_string_equal(kept(&scene), "1 init");
	assert_contains(words_of(&scene, false), "pid 1 cannot be chosen");
	scene_done(&scene);
}

static void threads_of_the_kernel_are_kept(void **state)
{
	struct scene scene = scene_of(machine, 60);
	struct plan_target target = tree_of(&scene, 2);

	(void)state;
	plan_for(&scene, true, 1, &target);
	assert_int_equal(scene.plan->n_steps, 0);
	assert_string_equal(kept(&scene), "2 kernel");
	scene_done(&scene);
}

static void other_users_are_kept_unless_one_may(void **state)
{
	struct scene scene = scene_of(machine, 60);
	struct plan_target target = tree_of(&scene, 21);

	(void)state;
	plan_for(&scene, false, 1, &target);
	assert_string_equal(steps(&scene), "21");
	assert_string_equal(kept(&scene), "22 denied");
	plan_for(&scene, true, 1, &target);
	assert_string_equal(steps(&scene), "21 22");
	scene_done(&scene);
}

static bool always(struct proc_key key)
{
	return key.pid == 22;
}

static void what_a_set_user_id_program_runs_is_asked_for(void **state)
{
	struct scene scene = scene_of(machine, 60);
	struct plan_target target = tree_of(&scene, 21);

	(void)state;
	assert_int_equal(plan_make(scene.lab->model,
				   &(struct plan_request){
					   .targets = &target,
					   .n_targets = 1,
					   .signal = SIGTERM,
					   .uid = ME,
					   .may_signal = always,
				   },
				   &scene.plan),
			 0);
	assert_string_equal(steps(&scene), "21 22");
	scene_done(&scene);
}

static void a_zombie_alone_names_its_parent(void **state)
{
	struct scene scene = scene_of(machine, 60);

	(void)state;
	plan_tree(&scene, 15);
	assert_int_equal(scene.plan->n_steps, 0);
	assert_int_equal(scene.plan->n_reapers, 1);
	assert_int_equal(scene.plan->reapers[0].key.pid, 12);
	assert_false(scene.plan->reapers[0].is_planned);
	assert_contains(words_of(&scene, false), "1 zombie of make (pid 12): no signal ends the dead");
	plan_tree(&scene, 11);
	assert_true(scene.plan->reapers[0].is_planned);
	scene_done(&scene);
}

static void a_leader_that_ended_before_its_threads_is_alive(void **state)
{
	struct scene scene = scene_of(" 1 0 /sbin/init init\n10 1 /bin/a a ; state:Z threads:3 uid:1000\n60 1 /bin/clade clade\n", 60);

	(void)state;
	plan_tree(&scene, 10);
	assert_string_equal(steps(&scene), "10");
	scene_done(&scene);
}

/* ---- What the plan says ---- */

static void counts_ages_and_warnings_are_told(void **state)
{
	struct scene scene = scene_of(" 1  0 /sbin/init init ; start:10\n"
				      "10  1 /bin/sh  sh -c \"while :; do :; done\" ; uid:1000 start:100\n"
				      "11 10 /bin/cat cat /a ; uid:1000 start:200 state:D\n"
				      "12 10 /bin/cat cat /b ; uid:1000 start:300 state:D\n"
				      "13 10 /usr/sbin/sshd sshd ; uid:0 start:400\n"
				      "60  1 /bin/clade clade ; start:500\n",
				      60);
	struct plan_target target = tree_of(&scene, 10);
	const char *words;

	(void)state;
	plan_for(&scene, true, 1, &target);
	words = words_of(&scene, false);
	assert_contains(words, "TERM to 4 processes");
	assert_contains(words, "         2  cat  cat /a\n");
	assert_contains(words, "  users:  uid 1000 3, uid 0 1\n");
	assert_contains(words, "oldest:  pid 10 sh");
	assert_contains(words, "youngest: pid 13 sshd");
	assert_contains(words, "2 processes are in uninterruptible sleep (D)");
	assert_contains(words, "sshd (pid 13) is among them");
	assert_contains(words_of(&scene, true), "        11  cat  below one that was chosen\n");
	scene_done(&scene);
}

static void names_made_by_strangers_are_harmless(void **state)
{
	struct scene scene = scene_of(" 1  0 /sbin/init init\n10 1 /bin/x \"x\x1b[2J\" ; uid:1000 comm:\"a\x1b]0;b\"\n60 1 /bin/clade clade\n", 60);

	(void)state;
	plan_tree(&scene, 10);
	assert_null(strchr(words_of(&scene, true), '\x1b'));
	assert_contains(words_of(&scene, true), "\\e]0;b");
	scene_done(&scene);
}

static void more_than_fifty_need_their_number_typed(void **state)
{
	struct text table = {0};
	struct scene scene;

	(void)state;
	text_add(&table, "1 0 /sbin/init init\n10 1 /bin/sh sh ; uid:1000\n");
	for (int pid = 100; pid < 150; pid++)
		text_printf(&table, "%d 10 /bin/cat cat ; uid:1000\n", pid);
	scene = scene_of(text_str(&table), 0);
	plan_tree(&scene, 10);
	assert_int_equal(scene.plan->n_steps, 51);
	assert_true(plan_needs_count(scene.plan));
	plan_tree(&scene, 100);
	assert_false(plan_needs_count(scene.plan));
	text_done(&table);
	scene_done(&scene);
}

/* ---- What tells who belongs to it later ---- */

static void sessions_and_groups_count_only_when_they_are_wholly_in_it(void **state)
{
	struct scene scene = scene_of(machine, 60);

	(void)state;
	plan_tree(&scene, 11);
	assert_int_equal(scene.plan->n_sessions, 1);
	assert_int_equal(scene.plan->sessions[0], 11);
	assert_int_equal(scene.plan->groups[0], 11);
	plan_tree(&scene, 12);
	assert_int_equal(scene.plan->n_sessions, 0); /* 11 is in it and stays */
	scene_done(&scene);
}

static void a_control_group_counts_only_when_nobody_else_is_in_it(void **state)
{
	struct scene scene = scene_of(" 1  0 /sbin/init init ; cgroup:/\n"
				      "10  1 /bin/sh sh  ; cgroup:/a/b uid:1000\n"
				      "11 10 /bin/sh sh  ; cgroup:/a/b/c uid:1000\n"
				      "12 10 /bin/sh sh  ; cgroup:/a/b uid:1000\n"
				      "20  1 /bin/sh sh  ; cgroup:/a/bb uid:1000\n"
				      "60  1 /bin/clade clade ; cgroup:/a\n",
				      60);

	(void)state;
	plan_tree(&scene, 10);
	assert_int_equal(scene.plan->n_cgroups, 1);
	assert_string_equal(scene.plan->cgroups[0].controllers, "");
	assert_string_equal(scene.plan->cgroups[0].path, "/a/b");
	plan_tree(&scene, 12);
	assert_int_equal(scene.plan->n_cgroups, 0);
	plan_tree(&scene, 11);
	assert_string_equal(scene.plan->cgroups[0].path, "/a/b/c");
	scene_done(&scene);
}

static bool has_marker(const struct plan *plan, const char *pair)
{
	for (size_t i = 0; i < plan->n_markers; i++) {
		if (memmem(plan->markers[i].block, plan->markers[i].len, pair, strlen(pair) + 1))
			return true;
	}
	return false;
}

static void an_owners_markers_are_known_by_its_session(void **state)
{
	struct scene scene = scene_of(machine, 60);

	(void)state;
	plan_word(&scene, "claude:" S1);
	assert_int_equal(scene.plan->n_markers, 1);
	assert_true(has_marker(scene.plan, "CLAUDE_CODE_SESSION_ID=" S1));
	plan_tree(&scene, 11);
	assert_int_equal(scene.plan->n_markers, 0); /* a part of the session: its markers are others' too */
	scene_done(&scene);
}

static void a_marker_that_every_session_has_tells_nothing(void **state)
{
	struct scene scene = scene_of(" 1  0 /sbin/init init\n"
				      "10  1 /usr/bin/node node /x/@google/gemini-cli/dist/index.js ; uid:1000\n"
				      "11 10 /bin/sh sh ; uid:1000 GEMINI_CLI=1\n"
				      "60  1 /bin/clade clade\n",
				      60);
	struct plan_target target = {.type = TARGET_OWNER_NESTED};

	(void)state;
	target.index = scene.lab->attr->procs[snapshot_find_pid(scene.lab->snap, 11)].owner;
	assert_string_equal(scene.lab->attr->owners[target.index].product, "gemini");
	plan_for(&scene, false, 1, &target);
	assert_string_equal(steps(&scene), "10 11");
	assert_int_equal(scene.plan->n_markers, 0);
	scene_done(&scene);
}

/* ---- Targets ---- */

static void targets_are_found_by_pid_id_kind_product_and_name(void **state)
{
	struct scene scene = scene_of(machine, 60);

	(void)state;
	plan_word(&scene, "12");
	assert_string_equal(steps(&scene), "12 13");
	plan_word(&scene, "pid:12");
	assert_string_equal(steps(&scene), "12 13");
	plan_word(&scene, "claude-code:" S2);
	assert_string_equal(steps(&scene), "20 21");
	plan_word(&scene, "agent:2222");
	assert_string_equal(steps(&scene), "20 21");
	scene_done(&scene);
}

static void what_is_no_target_is_told(void **state)
{
	struct scene scene = scene_of(machine, 60);

	(void)state;
	assert_contains(error_of(&scene, "99", -ENOENT), "there is no process 99");
	assert_contains(error_of(&scene, "claude", -EINVAL), "'claude' is no target");
	assert_contains(error_of(&scene, "pid:x", -EINVAL), "'pid:x' is no target");
	assert_contains(error_of(&scene, "-1", -EINVAL), "is no target");
	assert_contains(error_of(&scene, "owner:claude-code:1111", -ENOENT), "there is no owner 'claude-code:1111'; like it are:");
	assert_contains(error_of(&scene, "pm2:api", -ENOENT), "nothing is called 'pm2:api'");
	scene_done(&scene);
}

static void what_could_be_several_is_listed(void **state)
{
	struct text table = {0};
	struct scene scene;
	struct plan_target target;

	(void)state;
	text_printf(&table,
		    " 1 0 /sbin/init init\n10 1 /bin/sh sh ; cgroup:/docker/%s\n"
		    "20 1 /bin/sh sh ; cgroup:/docker/1111%.60s\n",
		    ID1, ID2);
	scene = scene_of(text_str(&table), 0);
	assert_contains(error_of(&scene, "docker:1111", -EEXIST), "'docker:1111' could be any of these; say which:");
	assert_contains(error_of(&scene, "docker:1111", -EEXIST), "\n  owner:docker:" ID1);
	assert_int_equal(plan_find_target(scene.lab->model, "docker:11112", &target, &scene.said), 0);
	text_done(&table);
	scene_done(&scene);
}

static void signals_have_names(void **state)
{
	(void)state;
	assert_int_equal(signal_find("TERM")->number, SIGTERM);
	assert_int_equal(signal_find("sigusr1")->number, SIGUSR1);
	assert_int_equal(signal_find("9")->number, SIGKILL);
	assert_null(signal_find("NOPE"));
	assert_null(signal_find("0"));
	assert_null(signal_find("9x"));
	assert_true(signal_get(SIGINT)->is_ending);
	assert_false(signal_get(SIGHUP)->is_ending);
}

/* ---- Time ---- */

static void seventy_thousand_are_planned_in_no_time(void **state)
{
	struct text table = {0};
	struct scene scene;
	struct timespec from, to;
	double seconds;

	(void)state;
	text_add(&table, "1 0 /sbin/init init\n10 1 " CLAUDE " claude ; uid:1000 sid:10\n");
	for (int pid = 100; pid < 100 + 73217; pid++)
		text_printf(&table, "%d %d /bin/sh sh -c \"curl %d\" ; uid:1000 sid:%d " TOOL(S1, "10") "\n", pid,
			    pid % 3 ? 10 : pid - 1, pid, pid);
	scene = scene_of(text_str(&table), 0);
	clock_gettime(CLOCK_MONOTONIC, &from);
	plan_word(&scene, "claude:" S1);
	clock_gettime(CLOCK_MONOTONIC, &to);
	seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	assert_int_equal(scene.plan->n_steps, 73218);
	print_message("# planned in %.3f s\n", seconds);
	/* it takes a tenth of a second; sanitizers and a loaded machine take longer, what is not linear minutes */
	assert_true(seconds < 5);
	text_done(&table);
	scene_done(&scene);
}

/* ---- What a look reads ---- */

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

/* ---- Priorities ---- */

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

static void what_came_of_a_change_is_told_with_why(void **state)
{
	struct scene scene = scene_of(machine, 60);
	const struct nice_change less = {.what = NICE_BY, .by = -1};
	const struct nice_change real_time = {.what = NICE_IO, .io = NICE_IO_REAL_TIME, .level = 3};

	(void)state;
	plan_tree(&scene, 50);
	nice_add_result(&scene.said, &less, scene.plan,
			&(struct nice_progress){
				.planned = 1,
				.changed = 1,
				.same = 2,
				.gone = 3,
				.mistaken = 1,
				.refused = 5,
				.errors = {{EACCES, 4}, {EPERM, 1}},
			});
	assert_string_equal(text_str(&scene.said),
			    "nice -1: 1 process changed, 4 refused: only root may raise a priority (CAP_SYS_NICE, or RLIMIT_NICE), "
			    "1 refused: another user's, 2 at the end of the range, 3 ended before, "
			    "1 ended meanwhile, and another has the pid; left out: 1 (clade itself), 2 (clade runs in it)");
	text_clear(&scene.said);
	nice_add_result(&scene.said, &real_time, scene.plan,
			&(struct nice_progress){.changed = 1200, .same = 1, .newcomers = 2, .is_stopped = true});
	assert_contains(text_str(&scene.said), "I/O real-time 3: 1,200 processes changed, 1 had it already, 2 of them found later, "
					       "then it was stopped; left out");
	scene_done(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_is_all_below_it_parents_first),
		cmocka_unit_test(an_owner_has_its_orphans_too),
		cmocka_unit_test(what_is_chosen_twice_is_in_it_once),
		cmocka_unit_test(a_process_alone_leaves_its_children),
		cmocka_unit_test(an_owner_in_an_owner_goes_with_it_or_stays),
		cmocka_unit_test(clade_and_what_it_runs_in_are_kept),
		cmocka_unit_test(the_terminal_that_shows_tmux_is_kept),
		cmocka_unit_test(pid_1_stands_for_nobody),
		cmocka_unit_test(threads_of_the_kernel_are_kept),
		cmocka_unit_test(other_users_are_kept_unless_one_may),
		cmocka_unit_test(what_a_set_user_id_program_runs_is_asked_for),
		cmocka_unit_test(a_zombie_alone_names_its_parent),
		cmocka_unit_test(a_leader_that_ended_before_its_threads_is_alive),
		cmocka_unit_test(counts_ages_and_warnings_are_told),
		cmocka_unit_test(names_made_by_strangers_are_harmless),
		cmocka_unit_test(more_than_fifty_need_their_number_typed),
		cmocka_unit_test(sessions_and_groups_count_only_when_they_are_wholly_in_it),
		cmocka_unit_test(a_control_group_counts_only_when_nobody_else_is_in_it),
		cmocka_unit_test(an_owners_markers_are_known_by_its_session),
		cmocka_unit_test(a_marker_that_every_session_has_tells_nothing),
		cmocka_unit_test(targets_are_found_by_pid_id_kind_product_and_name),
		cmocka_unit_test(what_is_no_target_is_told),
		cmocka_unit_test(what_could_be_several_is_listed),
		cmocka_unit_test(signals_have_names),
		cmocka_unit_test(seventy_thousand_are_planned_in_no_time),
		cmocka_unit_test(a_nice_value_stops_at_the_ends),
		cmocka_unit_test(who_was_forked_before_its_parent_was_changed_is_behind),
		cmocka_unit_test(what_came_of_a_change_is_told_with_why),
		cmocka_unit_test(stat_is_parsed_whatever_the_name_is),
		cmocka_unit_test(who_is_dead_is_told_from_a_leader_that_ended_first),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
