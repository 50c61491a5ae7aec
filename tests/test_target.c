/* Words of the command line that name trees and owners, and signals. */
#include <errno.h>
#include <signal.h>

#include "scene.h"
#include "suite.h"

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

/* A bomb that forks twice: its root, which a shell has, orphans, one that could not be looked at, and a stranger. */
static const char escape[] = " 1  0 /sbin/init init\n"
			     "10  1 /bin/bash   -bash          ; uid:1000\n"
			     "11 10 /bin/boom   boom           ; uid:1000 cgroup:/a\n"
			     "12  1 /bin/boom   boom           ; uid:1000 cgroup:/a\n"
			     "13  1 /bin/boom   boom           ; uid:1000 cgroup:/a\n"
			     "14 13 /bin/sh     sh             ; uid:1000 cgroup:/a\n"
			     "15  1 -           -              ; uid:1000 cgroup:/a comm:boom env:unread\n"
			     "16  1 /bin/boom   boom --twice   ; uid:1000 cgroup:/a\n"
			     "17  1 /bin/boom   boom           ; uid:1000 cgroup:/b\n"
			     "60 10 /bin/clade  clade          ; uid:1000\n";

static void what_runs_the_same_is_chosen_by_one_of_it(void **state)
{
	struct scene scene = scene_of(escape, 60);

	(void)state;
	plan_word(&scene, "alike:13");
	assert_string_equal(steps(&scene), "12 13 11 14");
	assert_contains(words_of(&scene, false), "Note: 1 more of its name did not show in time what it runs: judged when met");
	plan_word(&scene, "alike:16");
	assert_string_equal(steps(&scene), "16");
	assert_contains(error_of(&scene, "alike:99", -ENOENT), "there is no process 99");
	assert_contains(error_of(&scene, "alike:x", -ENOENT), "nothing is called 'alike:x'");
	scene_done(&scene);
}

static void orphans_that_run_the_same_are_told(void **state)
{
	struct scene scene = scene_of(escape, 60);

	(void)state;
	plan_word(&scene, "11");
	assert_contains(words_of(&scene, false),
			"Note: 3 orphans run the same, as far as that can be seen, and are left: alike:11 would end all that run it");
	plan_word(&scene, "13");
	assert_contains(words_of(&scene, false),
			"Note: 2 orphans run the same, as far as that can be seen, and are left: alike:13 would end all that run it");
	plan_word(&scene, "14");
	assert_null(strstr(words_of(&scene, false), "Note"));
	plan_word(&scene, "alike:15");
	assert_string_equal(steps(&scene), "15");
	assert_contains(words_of(&scene, false), "Note: 5 more of its name did not show in time what they run: judged when met");
	for (size_t k = 0; k < scene.plan->n_others; k++)
		assert_false(scene.plan->others[k].pid >= 11 && scene.plan->others[k].pid <= 17 &&
			     scene.plan->others[k].pid != 14);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_are_found_by_pid_id_kind_product_and_name),
		cmocka_unit_test(what_runs_the_same_is_chosen_by_one_of_it),
		cmocka_unit_test(orphans_that_run_the_same_are_told),
		cmocka_unit_test(what_is_no_target_is_told),
		cmocka_unit_test(what_could_be_several_is_listed),
		cmocka_unit_test(signals_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
