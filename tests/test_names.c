/* What owners are called: by agents' files in a home, by engines' files, by templates. */
#include <stdlib.h>

#include "attribute/names.h"
#include "attribute/rules.h"
#include "cast.h"
#include "clade/io.h"
#include "lab.h"
#include "suite.h"

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
	home_write(&home, "containers/" ID1 "/config.v2.json", "{\"Name\":\"/shop-db\",\"Config\":{}}");
	identity_init(&identity);
	names_read_name(&(struct name_query){.rule = rules_find(rules, "docker"), .data_dir = home.dir, .key = ID1}, &identity);
	assert_string_equal(identity.name, "shop-db");
	identity_done(&identity);
	home_write(&home, ".local/share/containers/storage/overlay-containers/containers.json",
		   "[{\"id\":\"x\",\"names\":[\"no\"]},{\"id\":\"" ID1 "\",\"names\":[\"web1\"]}]");
	identity_init(&identity);
	names_read_name(&(struct name_query){.rule = rules_find(rules, "podman"), .home = home.dir, .key = ID1}, &identity);
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

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
