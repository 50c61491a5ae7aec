/* Plans: who is signalled and who is not, in which order, and with which words. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "scene.h"
#include "suite.h"

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
				      " 11 10 /bin/sh    sh       ; cgroup:/docker/" ID1 " " TOOL(10, S1) "\n"
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
		text_printf(&table, "%d %d /bin/sh sh -c \"curl %d\" ; uid:1000 sid:%d " TOOL(10, S1) "\n", pid,
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
		cmocka_unit_test(seventy_thousand_are_planned_in_no_time),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
