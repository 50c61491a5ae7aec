/* PM2's apps as owners. */
#include "cast.h"
#include "lab.h"
#include "suite.h"

static void apps_are_owners_below_their_daemon(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   " 1  0 /sbin/init init\n"
		   "10  1 " GOD "                ; PM2_HOME=/root/.pm2\n"
		   "11 10 /usr/bin/node \"node /srv/api.js\" ; sid:11 " APP(0, "api") " restart_time=8414\n"
		   "12 11 /bin/sh sh             ; " APP(0, "api") "\n"
		   "13 10 /usr/bin/node \"node /srv/web.js\" ; " APP(1, "web") "\n"
		   "14 10 /usr/bin/node \"node /srv/web.js\" ; " APP(2, "web") "\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n"
					     "10 pm2:/root/.pm2\n"
					     "11 pm2:/root/.pm2/default/api\n"
					     "12 pm2:/root/.pm2/default/api\n"
					     "13 pm2:/root/.pm2/default/web\n"
					     "14 pm2:/root/.pm2/default/web\n");
	assert_int_equal(lab_owner(lab, "pm2:/root/.pm2/default/web")->instances, 2);
	assert_int_equal(lab_owner(lab, "pm2:/root/.pm2/default/api")->instances, 1);
	assert_int_equal(lab_owner(lab, "pm2:/root/.pm2/default/api")->restarts, 8414);
	assert_string_equal(lab_owner(lab, "pm2:/root/.pm2/default/api")->name, "api");
	lab_free(lab);
}

static void what_a_restart_leaked_is_told_from_what_the_app_has(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "10 1 " GOD " ; PM2_HOME=/root/.pm2\n"
		   "11 10 /bin/sh sh     ; " APP(0, "api") " pm_uptime=2000\n"
		   "12 1 /bin/sleep sleep ; sid:12 " APP(0, "api") " pm_uptime=1000\n"
		   "13 1 /bin/sleep sleep ; sid:13 " APP(0, "api") " pm_uptime=2000\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n"
					     "10 pm2:/root/.pm2\n"
					     "11 pm2:/root/.pm2/default/api\n"
					     "12 pm2:/root/.pm2/default/api orphan\n"
					     "13 pm2:/root/.pm2/default/api orphan\n");
	assert_string_equal(lab_why(lab, 12), "left behind by an earlier run of api, which was started again since");
	assert_string_equal(lab_why(lab, 13), "pm_id in its environment; its owner's first process is pid 11");
	lab_free(lab);
}

static void an_app_between_two_lives_is_still_shown(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "10 1 " GOD " ; PM2_HOME=/root/.pm2 start:5\n"
		   "11 10 /bin/sh sh ; " APP(0, "api") "\n");
	lab_sample(lab, 2, "1 0 /sbin/init init\n10 1 " GOD " ; PM2_HOME=/root/.pm2 start:5\n");
	assert_string_equal(lab_owner(lab, "pm2:/root/.pm2/default/api")->name, "api");
	assert_false(lab_owner(lab, "pm2:/root/.pm2/default/api")->is_ended);
	assert_int_equal(lab_group(lab, "pm2:/root/.pm2/default/api")->own.procs, 0);
	for (int i = 0; i < 20; i++)
		lab_sample(lab, 2, "1 0 /sbin/init init\n10 1 " GOD " ; PM2_HOME=/root/.pm2 start:5\n");
	assert_int_equal(attribution_find(lab->attr, "pm2:/root/.pm2/default/api"), NO_OWNER);
	lab_free(lab);
}

static void an_app_that_an_agent_started_is_not_the_agents(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   " 1  0 /sbin/init init\n"
		   " 5  1 " CLAUDE " claude\n"
		   "10  1 " GOD "     ; PM2_HOME=/root/.pm2 " TOOL(5, S1) "\n"
		   "11 10 /bin/sh sh ; sid:11 " APP(0, "api") " " TOOL(5, S1) "\n"
		   "12  1 /bin/sh sh ; sid:12 " APP(0, "api") " " TOOL(5, S1) "\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n"
					     "5 claude-code:" S1 "\n"
					     "10 pm2:/root/.pm2\n"
					     "11 pm2:/root/.pm2/default/api\n"
					     "12 pm2:/root/.pm2/default/api orphan\n");
	assert_string_equal(lab_owner(lab, "pm2:/root/.pm2")->started_by, "claude-code:" S1);
	lab_free(lab);
}

static void an_agent_that_runs_as_an_app_is_inside_the_app(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   " 1  0 /sbin/init init\n"
		   "10  1 " GOD "       ; PM2_HOME=/root/.pm2\n"
		   "11 10 " CLAUDE " claude ; sid:11 " APP(0, "bot") "\n"
		   "12 11 /bin/sh sh    ; sid:12 " APP(0, "bot") " " TOOL(11, S1) "\n"
		   "13  1 /bin/sh sh    ; sid:13 " APP(0, "bot") " " TOOL(11, S1) "\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n"
					     "10 pm2:/root/.pm2\n"
					     "11 claude-code:" S1 "\n"
					     "12 claude-code:" S1 "\n"
					     "13 claude-code:" S1 " orphan\n");
	assert_string_equal(lab->attr->owners[lab_owner(lab, "claude-code:" S1)->parent].id, "pm2:/root/.pm2/default/bot");
	lab_free(lab);
}

static void another_users_app_is_named_by_its_command(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "10 1 - \"PM2 v7.0.4: God Daemon (/root/.pm2)\" ; \"comm:PM2 v7.0.4: God\" env:denied start:9\n"
		   "11 10 - \"node /srv/api.js\" ; env:denied\n"
		   "12 10 - python3 /srv/worker.py ; env:denied\n"
		   "13 10 - \"node /srv/a-shop/server.js\" ; env:denied \"comm:node /srv/a-sho\"\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n"
					     "10 pm2:10.9\n"
					     "11 pm2:10.9/?/api.js\n"
					     "12 pm2:10.9/?/worker.py\n"
					     "13 pm2:10.9/?/server.js\n");
	assert_contains(lab_why(lab, 11), "environment is not readable");
	lab_free(lab);
}

/* Its name is cut in the midst of a path, and there is nothing else: that names no app. */
static void an_app_that_is_seen_only_when_it_has_ended_is_no_other_app(void **state)
{
	(void)state;
	expect_owners(" 1  0 /sbin/init init\n"
		      "10  1 " GOD "            ; PM2_HOME=/root/.pm2\n"
		      "11 10 /usr/bin/node \"node /srv/api.js\" ; sid:11 " APP(0, "api") "\n"
		      "12 10 -                  ; sid:12 state:Z env:unread \"comm:node /srv/shop/\"\n"
		      "13 10 -                  ; sid:13 state:Z env:unread \"comm:node /tmp/shop\"\n",
		      "1 none:none\n"
		      "10 pm2:/root/.pm2\n"
		      "11 pm2:/root/.pm2/default/api\n"
		      "12 pm2:/root/.pm2\n"
		      "13 pm2:/root/.pm2\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(apps_are_owners_below_their_daemon),
		cmocka_unit_test(what_a_restart_leaked_is_told_from_what_the_app_has),
		cmocka_unit_test(an_app_between_two_lives_is_still_shown),
		cmocka_unit_test(an_app_that_an_agent_started_is_not_the_agents),
		cmocka_unit_test(an_agent_that_runs_as_an_app_is_inside_the_app),
		cmocka_unit_test(another_users_app_is_named_by_its_command),
		cmocka_unit_test(an_app_that_is_seen_only_when_it_has_ended_is_no_other_app),
	};

	return cmocka_run_group_tests_name("apps", tests, NULL, NULL);
}
