/* Owner rules: how files are read, what conditions mean, what cgroups say. */
#include <stdlib.h>
#include <unistd.h>

#include "attribute/frame.h"
#include "attribute/match.h"
#include "attribute/rules.h"
#include "clade/io.h"
#include "lab.h"
#include "suite.h"

/* ---- Files ---- */

static void collect(void *context, const char *message)
{
	text_printf(context, "%s\n", message);
}

/* Adds a file to the built-in rules and compares what is complained of. */
static struct ruleset *parse(const char *file, int mistakes, const char *complaints)
{
	struct ruleset *rules = rules_new();
	struct text said = {0};

	assert_int_equal(rules_parse(rules, "mine.conf", file, strlen(file), collect, &said), mistakes);
	assert_string_equal(text_str(&said), complaints);
	text_done(&said);
	return rules;
}

static void the_built_in_rules_are_without_mistake(void **state)
{
	struct ruleset *rules = rules_new();

	(void)state;
	assert_non_null(rules_find(rules, "claude-code"));
	assert_non_null(rules_find(rules, "pm2"));
	assert_non_null(rules_find(rules, "docker"));
	assert_non_null(rules_find(rules, "generic"));
	rules_free(rules);
}

static void a_new_rule_is_added(void **state)
{
	struct ruleset *rules = parse("[robo]\nkind = agent\nlabel = Robo\nroot = exe:robo\nenv = ROBO=1\n", 0, "");

	(void)state;
	assert_int_equal(rules_find(rules, "robo")->kind, OWNER_AGENT);
	assert_string_equal(rules_find(rules, "robo")->label, "Robo");
	rules_free(rules);
}

static bool is_kept(const struct ruleset *rules, const char *trigger, const char *name)
{
	for (size_t g = 0; g < rules->n_groups; g++) {
		const struct marker_group *group = &rules->groups[g];
		bool is_triggered = false;

		for (const char *const *t = group->triggers; t && *t; t++)
			is_triggered = is_triggered || strcmp(*t, trigger) == 0;
		for (const char *const *k = group->keep; is_triggered && *k; k++) {
			if (strcmp(*k, name) == 0)
				return true;
		}
	}
	return false;
}

static void variables_that_a_root_is_told_by_are_kept(void **state)
{
	struct ruleset *rules = parse("[robo]\nkind = agent\nlabel = Robo\nroot = exe:robo env:ROBO_HOME !env:ROBO_TEST\n", 0, "");

	(void)state;
	assert_true(is_kept(rules, "ROBO_HOME", "ROBO_HOME"));
	assert_true(is_kept(rules, "ROBO_HOME", "ROBO_TEST"));
	assert_false(is_kept(rules, "ROBO_HOME", "PATH"));
	rules_free(rules);
}

static void a_rule_of_the_same_name_replaces_the_old(void **state)
{
	struct ruleset *rules = parse("[claude-code]\nkind = agent\nlabel = Mine\nroot = exe:mine\n", 0, "");

	(void)state;
	assert_string_equal(rules_find(rules, "claude-code")->label, "Mine");
	assert_int_equal(rules_find(rules, "claude-code")->envs.n, 0);
	rules_free(rules);
}

static void a_bad_rule_names_file_and_line_and_the_rest_works(void **state)
{
	struct ruleset *rules = parse("[one]\nkind = agent\nrooot = exe:one\n\n"
				      "[two]\nkind = agent\nroot = exe:two\n"
				      "[three]\nkind = robot\n"
				      "[four]\nkind = agent\nroot = exe:~((\n",
				      3,
				      "mine.conf:3: unknown key 'rooot'\n"
				      "mine.conf:9: unknown kind 'robot' (agent, pm2, container, service, login)\n"
				      "mine.conf:12: '((' is no regular expression: Unmatched ( or \\(\n");

	(void)state;
	assert_null(rules_find(rules, "one"));
	assert_non_null(rules_find(rules, "two"));
	assert_null(rules_find(rules, "three"));
	assert_null(rules_find(rules, "four"));
	rules_free(rules);
}

static void a_bad_replacement_leaves_the_old_rule(void **state)
{
	struct ruleset *rules = parse("[docker]\nkind = container\ncgroup = ((\n", 1,
				      "mine.conf:3: '((' is no regular expression: Unmatched ( or \\(\n");

	(void)state;
	assert_string_equal(rules_find(rules, "docker")->label, "Docker");
	rules_free(rules);
}

static void a_directory_is_read_in_the_order_of_names(void **state)
{
	char dir[] = "/tmp/clade-test-XXXXXX";
	static const char first[] = "[robo]\nkind = agent\nlabel = First\nroot = exe:robo\n";
	static const char second[] = "[robo]\nkind = agent\nlabel = Second\nroot = exe:robo\n";
	struct ruleset *rules = rules_new();
	struct text a = {0};
	struct text b = {0};

	(void)state;
	assert_non_null(mkdtemp(dir));
	text_printf(&a, "%s/10.conf", dir);
	text_printf(&b, "%s/20.conf", dir);
	assert_int_equal(io_write_file(text_str(&b), second, sizeof(second) - 1, false), 0);
	assert_int_equal(io_write_file(text_str(&a), first, sizeof(first) - 1, false), 0);
	assert_int_equal(rules_read_dir(rules, dir, NULL, NULL), 0);
	assert_string_equal(rules_find(rules, "robo")->label, "Second");
	assert_int_equal(rules_read_dir(rules, "/nonexistent", NULL, NULL), 0);
	unlink(text_str(&a));
	unlink(text_str(&b));
	rmdir(dir);
	text_done(&a);
	text_done(&b);
	rules_free(rules);
}

/* ---- Conditions ---- */

static bool holds(const char *condition, const char *process)
{
	struct conditions conditions = {0};
	struct text error = {0};
	struct snapshot *snap = lab_snapshot(0, process);
	struct subject subject;
	bool held;

	if (conditions_add(&conditions, condition, NULL, &error) != 0)
		fail_msg("%s", text_str(&error));
	subject_init(&subject, snap->procs[0].facts);
	held = conditions_hold(&conditions, &subject);
	subject_done(&subject);
	conditions_done(&conditions);
	text_done(&error);
	snapshot_free(snap);
	return held;
}

static void all_words_of_a_condition_must_hold(void **state)
{
	(void)state;
	assert_true(holds("exe:node|bun arg:~/x\\.js$", "1 0 /usr/bin/node node /srv/x.js"));
	assert_false(holds("exe:node|bun arg:~/x\\.js$", "1 0 /usr/bin/node node /srv/y.js"));
	assert_false(holds("exe:node|bun arg:~/x\\.js$", "1 0 /usr/bin/perl node /srv/x.js"));
}

static void a_word_behind_an_exclamation_mark_must_not_hold(void **state)
{
	(void)state;
	assert_true(holds("env:A !env:B", "1 0 /bin/sh sh ; A=1"));
	assert_false(holds("env:A !env:B", "1 0 /bin/sh sh ; A=1 B=1"));
	assert_false(holds("!exe:sh env:A", "1 0 /bin/sh sh ; A=1"));
}

static void a_subcommand_is_no_later_word(void **state)
{
	(void)state;
	assert_true(holds("sub:update", "1 0 /x/claude claude update"));
	assert_true(holds("sub:update", "1 0 /usr/bin/node node --no-warnings /x/cli.js update"));
	assert_true(holds("sub:~^up", "1 0 /usr/bin/python3.11 python3 /x/aider update"));
	assert_false(holds("sub:update", "1 0 /x/claude claude -p update"));
	assert_false(holds("sub:update", "1 0 /usr/bin/node node update"));
	assert_false(holds("sub:update", "1 0 /x/claude claude"));
}

static void the_executable_counts_without_its_ending(void **state)
{
	(void)state;
	assert_true(holds("exe:claude", "1 0 /x/bin/claude.exe claude"));
	assert_true(holds("exe:claude", "1 0 /x/claude MainThread ; comm:MainThread"));
	assert_false(holds("exe:claude", "1 0 /usr/bin/vim claude"));
	assert_false(holds("exe:claude", "1 0 /usr/bin/claude-monet claude-monet"));
}

static void an_executable_that_may_not_be_read_is_told_by_both_names(void **state)
{
	(void)state;
	assert_true(holds("exe:claude", "1 0 - claude ; comm:claude"));
	assert_false(holds("exe:claude", "1 0 - claude ; comm:vim"));
}

static void a_title_of_one_string_is_split_into_words(void **state)
{
	(void)state;
	assert_true(holds("arg:~/app\\.js$", "1 0 /usr/bin/node \"node /srv/app.js\""));
	assert_true(holds("title:\"~^PM2 v\"", "1 0 /usr/bin/node \"PM2 v7.0.4: God Daemon (/root/.pm2)\""));
}

static void an_environment_variable_may_have_any_one_or_a_matching_value(void **state)
{
	(void)state;
	assert_true(holds("env:A", "1 0 /bin/sh sh ; A=0"));
	assert_true(holds("env:A=1|2", "1 0 /bin/sh sh ; A=2"));
	assert_false(holds("env:A=1|2", "1 0 /bin/sh sh ; A=3"));
	assert_true(holds("env:A~^x+$", "1 0 /bin/sh sh ; A=xxx"));
	assert_false(holds("env:A", "1 0 /bin/sh sh ; AB=1"));
}

static void a_condition_that_means_nothing_is_refused(void **state)
{
	static const char *const bad[] = {"", "robot:x", "exe:", "exe:~((", "env:=1"};
	struct conditions conditions = {0};
	struct text error = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		text_clear(&error);
		assert_int_not_equal(conditions_add(&conditions, bad[i], NULL, &error), 0);
		assert_true(error.len > 0);
	}
	assert_int_equal(conditions.n, 0);
	text_done(&error);
}

/* ---- cgroups ---- */

/* "docker:ID1 systemd:x.service", outermost first. */
static void expect_frames(const char *cgroup, const char *want)
{
	struct ruleset *rules = rules_new();
	struct sightings *seen = sightings_new(rules, cgroup);
	struct frames frames;
	struct arena arena;
	struct text got = {0};

	arena_init(&arena);
	assert_int_equal(frames_make(seen, &arena, &frames), 0);
	for (size_t i = 0; i < frames.n; i++)
		text_printf(&got, "%s%s:%.12s", i > 0 ? " " : "", frames.items[i].rule->name, frames.items[i].key);
	assert_string_equal(text_str(&got), want);
	text_done(&got);
	arena_done(&arena);
	sightings_free(seen);
	rules_free(rules);
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void all_drivers_and_versions_of_cgroups_are_understood(void **state)
{
	(void)state;
	expect_frames("0::/system.slice/docker-" ID ".scope\n", "docker:0123456789ab");
	expect_frames("12:pids:/docker/" ID "\n4:memory:/docker/" ID "\n0::/\n", "docker:0123456789ab");
	expect_frames("4:memory:/process\n1:name=systemd:/docker/" ID "\n0::/\n", "docker:0123456789ab");
	expect_frames("0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" ID ".scope\n",
		      "docker:0123456789ab");
	expect_frames("0::/ecs/task/" ID "\n", "ecs:0123456789ab");
	expect_frames("0::/docker/" ID "/../../x\n", "docker:0123456789ab");
	expect_frames("0::/docker/" ID " (deleted)\n", "docker:0123456789ab");
	expect_frames("0::/../../docker/" ID "\n", "docker:0123456789ab");
	expect_frames("0::/\n", "");
	expect_frames("", "");
	expect_frames("nonsense", "");
	expect_frames(":::\n::\n0::", "");
}

static void a_monitor_is_not_in_the_container_that_it_watches(void **state)
{
	(void)state;
	expect_frames("0::/machine.slice/libpod-conmon-" ID ".scope\n", "");
	expect_frames("4:memory:/libpod_parent/conmon\n0::/\n", "");
	expect_frames("0::/lxc.monitor.web1\n", "");
	expect_frames("0::/machine.slice/machine-deb.scope/supervisor\n", "");
}

static void names_are_unescaped(void **state)
{
	(void)state;
	expect_frames("0::/machine.slice/machine-deb\\x2d12.scope/payload\n", "nspawn:deb-12");
	expect_frames("0::/system.slice/foo\\x2dbar.service\n", "systemd:foo-bar.serv");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_built_in_rules_are_without_mistake),
		cmocka_unit_test(a_new_rule_is_added),
		cmocka_unit_test(variables_that_a_root_is_told_by_are_kept),
		cmocka_unit_test(a_rule_of_the_same_name_replaces_the_old),
		cmocka_unit_test(a_bad_rule_names_file_and_line_and_the_rest_works),
		cmocka_unit_test(a_bad_replacement_leaves_the_old_rule),
		cmocka_unit_test(a_directory_is_read_in_the_order_of_names),
		cmocka_unit_test(all_words_of_a_condition_must_hold),
		cmocka_unit_test(a_word_behind_an_exclamation_mark_must_not_hold),
		cmocka_unit_test(a_subcommand_is_no_later_word),
		cmocka_unit_test(the_executable_counts_without_its_ending),
		cmocka_unit_test(an_executable_that_may_not_be_read_is_told_by_both_names),
		cmocka_unit_test(a_title_of_one_string_is_split_into_words),
		cmocka_unit_test(an_environment_variable_may_have_any_one_or_a_matching_value),
		cmocka_unit_test(a_condition_that_means_nothing_is_refused),
		cmocka_unit_test(all_drivers_and_versions_of_cgroups_are_understood),
		cmocka_unit_test(a_monitor_is_not_in_the_container_that_it_watches),
		cmocka_unit_test(names_are_unescaped),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
