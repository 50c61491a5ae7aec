/* Owner rules: how files are read, what conditions mean, what cgroups and names on disk say. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attribute/frame.h"
#include "attribute/match.h"
#include "attribute/names.h"
#include "attribute/rules.h"
#include "clade/io.h"
#include "clade/mem.h"
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

/* ---- Names ---- */

/* A home directory whose files the test writes. */
struct home {
	char dir[32];
	struct text path;
};

static void home_write(struct home *home, const char *path, const char *contents)
{
	struct text command = {0};

	text_clear(&home->path);
	text_printf(&home->path, "%s/%s", home->dir, path);
	text_printf(&command, "mkdir -p \"$(dirname '%s')\"", text_str(&home->path));
	assert_int_equal(system(text_str(&command)), 0);
	assert_int_equal(io_write_file(text_str(&home->path), contents, strlen(contents), true), 0);
	text_done(&command);
}

static void home_make(struct home *home)
{
	*home = (struct home){.dir = "/tmp/clade-test-XXXXXX"};
	assert_non_null(mkdtemp(home->dir));
}

static void home_remove(struct home *home)
{
	struct text command = {0};

	text_printf(&command, "rm -r '%s'", home->dir);
	assert_int_equal(system(text_str(&command)), 0);
	text_done(&command);
	text_done(&home->path);
}

static struct identity session_of(const struct home *home, const char *rule, uint64_t start_ticks)
{
	struct ruleset *rules = rules_new();
	struct snapshot *snap = lab_snapshot(0, "4211 0 /opt/claude claude");
	struct identity identity;

	identity_init(&identity);
	names_read_session(&(struct name_query){.rule = rules_find(rules, rule),
						.facts = snap->procs[0].facts,
						.home = home->dir,
						.pid = 4211,
						.start_ticks = start_ticks},
			   &identity);
	snapshot_free(snap);
	rules_free(rules);
	return identity;
}

static void a_living_session_is_in_its_registry(void **state)
{
	struct home home;
	struct identity identity;

	(void)state;
	home_make(&home);
	home_write(&home, ".claude/sessions/4211.json",
		   "{\"pid\":4211,\"sessionId\":\"5e6e\",\"cwd\":\"/srv/api\",\"startedAt\":1790000000123,"
		   "\"procStart\":\"684113\",\"name\":\"api-refactor\",\"status\":\"busy\"}");
	identity = session_of(&home, "claude-code", 684113);
	assert_string_equal(identity.session, "5e6e");
	assert_string_equal(identity.name, "api-refactor");
	assert_string_equal(identity.cwd, "/srv/api");
	assert_string_equal(identity.status, "busy");
	assert_true(identity.since_ms == 1790000000123);
	identity_done(&identity);
	/* the pid is another's by now */
	identity = session_of(&home, "claude-code", 700000);
	assert_null(identity.session);
	identity_done(&identity);
	home_remove(&home);
}

static void a_broken_registry_says_nothing(void **state)
{
	struct home home;
	struct identity identity;

	(void)state;
	home_make(&home);
	home_write(&home, ".claude/sessions/4211.json", "{\"sessionId\":\"5e6");
	identity = session_of(&home, "claude-code", 684113);
	assert_null(identity.session);
	identity_done(&identity);
	home_write(&home, ".claude/sessions/4211.json", "[1,2]");
	identity = session_of(&home, "claude-code", 684113);
	assert_null(identity.session);
	identity_done(&identity);
	home_remove(&home);
}

static void a_title_is_the_last_of_the_best_kind(void **state)
{
	struct home home;
	struct ruleset *rules = rules_new();
	struct identity identity;

	(void)state;
	home_make(&home);
	home_write(&home, ".claude/projects/-srv-api/5e6e.jsonl",
		   "{\"type\":\"summary\",\"summary\":\"Old\"}\n"
		   "{\"type\":\"ai-title\",\"aiTitle\":\"Fix the leak\"}\n"
		   "torn {\n"
		   "{\"type\":\"ai-title\",\"aiTitle\":\"Fix the tests\"}\n"
		   "{\"type\":\"last-prompt\",\"lastPrompt\":\"now push\"}\n");
	identity_init(&identity);
	names_read_title(&(struct name_query){.rule = rules_find(rules, "claude-code"), .home = home.dir, .session = "5e6e"},
			 &identity);
	assert_string_equal(identity.name, "Fix the tests");
	identity_done(&identity);
	rules_free(rules);
	home_remove(&home);
}

static void expect_title(const struct home *home, const char *rule, const char *process, const char *session, const char *want)
{
	struct ruleset *rules = rules_new();
	struct snapshot *snap = lab_snapshot(0, process);
	struct identity identity;

	identity_init(&identity);
	names_read_title(&(struct name_query){.rule = rules_find(rules, rule),
					      .facts = snap->procs[0].facts,
					      .home = home->dir,
					      .session = session,
					      .pid = 4211,
					      .since_ms = session ? 0 : 1},
			 &identity);
	if (want)
		assert_string_equal(identity.name, want);
	else
		assert_null(identity.name);
	identity_done(&identity);
	snapshot_free(snap);
	rules_free(rules);
}

static void a_session_without_a_title_is_named_by_its_first_prompt(void **state)
{
	struct home home;

	(void)state;
	home_make(&home);
	/* what an agent tells itself in a user's name, then what the user said */
	home_write(&home, ".codex/sessions/2026/11/25/rollout-2026-11-25T18-47-57-t1.jsonl",
		   "{\"type\":\"session_meta\",\"payload\":{\"id\":\"t1\"}}\n"
		   "{\"payload\":{\"role\":\"developer\",\"content\":[{\"text\":\"rules\"}]}}\n"
		   "{\"payload\":{\"role\":\"user\",\"content\":[{\"text\":\"<environment_context>\"}]}}\n"
		   "{\"payload\":{\"role\":\"user\",\"content\":[{\"text\":\"fix the leak\\nand push\"}]}}\n"
		   "{\"payload\":{\"role\":\"user\",\"content\":[{\"text\":\"now the tests\"}]}}\n");
	expect_title(&home, "codex", "1 0 /x/codex codex", "t1", "fix the leak");
	expect_title(&home, "codex", "1 0 /x/codex codex", "t2", NULL);
	home_write(&home, ".claude/projects/-srv-api/5e6e.jsonl",
		   "{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":\"fix it\"}}\n");
	expect_title(&home, "claude-code", "1 0 /x/claude claude", "5e6e", "fix it");
	home_write(&home, ".copilot/session-state/c1/workspace.yaml", "id: c1\nname: Fix it all\nuser_named: false\n");
	expect_title(&home, "copilot", "1 0 /x/copilot copilot", "c1", "Fix it all");
	home_remove(&home);
}

static void a_log_that_names_no_session_is_believed_when_it_is_the_only_one(void **state)
{
	static const char line[] = "{\"type\":\"message\",\"message\":{\"role\":\"user\",\"content\":[{\"text\":\"fix it\"}]}}\n";
	static const char pi[] = "1 0 /usr/bin/node pi ; cwd:/srv/a.b";
	struct home home;

	(void)state;
	home_make(&home);
	home_write(&home, ".pi/agent/sessions/--srv-a-b--/2026_1.jsonl", line);
	expect_title(&home, "pi", pi, NULL, "fix it");
	home_write(&home, ".pi/agent/sessions/--srv-a-b--/2026_2.jsonl", line);
	expect_title(&home, "pi", pi, NULL, NULL);
	home_remove(&home);
}

static void an_ended_session_keeps_the_name_that_its_registry_has(void **state)
{
	struct ruleset *rules = rules_new();
	struct identity identity;
	struct home home;

	(void)state;
	home_make(&home);
	home_write(&home, ".claude/sessions/4211.json",
		   "{\"sessionId\":\"5e6e\",\"procStart\":\"684113\",\"name\":\"api-refactor\",\"status\":\"busy\"}");
	home_write(&home, ".claude/sessions/4212.json", "{\"sessionId\":\"other\",\"procStart\":\"1\",\"name\":\"no\"}");
	identity_init(&identity);
	names_read_session(&(struct name_query){.rule = rules_find(rules, "claude-code"), .home = home.dir, .session = "5e6e"},
			   &identity);
	assert_string_equal(identity.name, "api-refactor");
	assert_null(identity.status); /* it is not busy any more */
	identity_done(&identity);
	rules_free(rules);
	home_remove(&home);
}

/* A sample of one agent whose home that is, on a machine that waits for its disks so many percent of the time. */
static const char *name_while_waiting(struct lab *lab, const struct home *home, double at_s, double iowait)
{
	struct text table = {0};
	struct snapshot *snap;

	text_printf(&table, "4211 0 /opt/claude claude ; start:684113 HOME=%s", home->dir);
	snap = lab_snapshot(at_s, text_str(&table));
	text_done(&table);
	snap->machine.cpu_percent.iowait = iowait;
	lab_take(lab, snap);
	assert_non_null(lab_owner(lab, "claude-code:5e6e"));
	return lab_owner(lab, "claude-code:5e6e")->name;
}

static void no_file_is_read_while_the_disks_keep_everybody_waiting(void **state)
{
	static const char entry[] = "{\"sessionId\":\"5e6e\",\"procStart\":\"684113\",\"name\":\"%s\"}";
	struct text contents = {0};
	struct lab *lab;
	struct home home;

	(void)state;
	home_make(&home);
	text_printf(&contents, entry, "first");
	home_write(&home, ".claude/sessions/4211.json", text_str(&contents));
	lab = lab_new("/dev/null");
	/* once at the start, whatever it costs */
	assert_string_equal(name_while_waiting(lab, &home, 0, 75), "first");
	text_clear(&contents);
	text_printf(&contents, entry, "second");
	home_write(&home, ".claude/sessions/4211.json", text_str(&contents));
	assert_string_equal(name_while_waiting(lab, &home, 60, 75), "first");
	assert_string_equal(name_while_waiting(lab, &home, 120, 0), "second");
	lab_free(lab);
	text_done(&contents);
	home_remove(&home);
}

static void containers_are_named_by_the_engines_files(void **state)
{
	struct home home;
	struct ruleset *rules = rules_new();
	struct identity identity;

	(void)state;
	home_make(&home);
	home_write(&home, "containers/" ID "/config.v2.json", "{\"Name\":\"/shop-db\",\"Config\":{}}");
	identity_init(&identity);
	names_read_name(&(struct name_query){.rule = rules_find(rules, "docker"), .data_dir = home.dir, .key = ID}, &identity);
	assert_string_equal(identity.name, "shop-db");
	identity_done(&identity);
	home_write(&home, ".local/share/containers/storage/overlay-containers/containers.json",
		   "[{\"id\":\"x\",\"names\":[\"no\"]},{\"id\":\"" ID "\",\"names\":[\"web1\"]}]");
	identity_init(&identity);
	names_read_name(&(struct name_query){.rule = rules_find(rules, "podman"), .home = home.dir, .key = ID}, &identity);
	assert_string_equal(identity.name, "web1");
	identity_done(&identity);
	rules_free(rules);
	home_remove(&home);
}

static void expect_expanded(const char *template, const char *want)
{
	struct snapshot *snap = lab_snapshot(0, "1 0 /bin/sh sh ; A=x");
	char *got = names_expand(template, &(struct name_query){.facts = snap->procs[0].facts, .home = "/root", .key = "k", .pid = 7});

	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
	free(got);
	snapshot_free(snap);
}

static void templates_are_filled_or_not_at_all(void **state)
{
	(void)state;
	expect_expanded("%{A}/%k", "x/k");
	expect_expanded("%{B:-%h/.pm2}", "/root/.pm2");
	expect_expanded("%{B}", NULL);
	expect_expanded("%p%%", "7%");
	expect_expanded("%s", NULL);
	expect_expanded(NULL, NULL);
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
		cmocka_unit_test(a_living_session_is_in_its_registry),
		cmocka_unit_test(a_broken_registry_says_nothing),
		cmocka_unit_test(a_title_is_the_last_of_the_best_kind),
		cmocka_unit_test(a_session_without_a_title_is_named_by_its_first_prompt),
		cmocka_unit_test(a_log_that_names_no_session_is_believed_when_it_is_the_only_one),
		cmocka_unit_test(an_ended_session_keeps_the_name_that_its_registry_has),
		cmocka_unit_test(no_file_is_read_while_the_disks_keep_everybody_waiting),
		cmocka_unit_test(containers_are_named_by_the_engines_files),
		cmocka_unit_test(templates_are_filled_or_not_at_all),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
