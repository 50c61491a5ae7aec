/* What the machine itself keeps running as owners: units, and the jobs of cron. */
#include "cast.h"
#include "lab.h"
#include "suite.h"

static void units_and_login_sessions_are_told_by_their_cgroup(void **state)
{
	(void)state;
	expect_owners(" 1 0 /sbin/init init ; cgroup:/init.scope\n"
		      "10 1 /usr/sbin/nginx nginx ; cgroup:/system.slice/nginx.service\n"
		      "11 1 /sbin/agetty agetty ; cgroup:/system.slice/system-getty.slice/getty@tty1.service\n"
		      "12 1 /bin/bash bash ; cgroup:/user.slice/user-1000.slice/session-3.scope\n"
		      "13 1 /usr/bin/foo foo ; cgroup:/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service\n"
		      "14 1 /usr/bin/foo foo ; cgroup:1:name=systemd:/system.slice/cron.service cgroup:0::/\n",
		      "1 init:init.scope\n"
		      "10 systemd:nginx.service\n"
		      "11 systemd:getty@tty1.service\n"
		      "12 logind:3\n"
		      "13 systemd:user@1000.service/foo.service\n"
		      "14 systemd:cron.service\n");
}

static void units_of_one_name_of_two_users_are_two(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "10 1 /lib/systemd/systemd systemd --user ; uid:1000 cgroup:/user.slice/user-1000.slice/user@1000.service/init.scope\n"
		   "11 10 /usr/bin/foo foo ; uid:1000 cgroup:/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service\n"
		   "12 1 /usr/bin/foo foo  ; uid:1001 cgroup:/user.slice/user-1001.slice/user@1001.service/app.slice/foo.service\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n"
					     "10 systemd:user@1000.service\n"
					     "11 systemd:user@1000.service/foo.service\n"
					     "12 systemd:user@1001.service/foo.service\n");
	assert_string_equal(lab_owner(lab, "systemd:user@1001.service/foo.service")->name, "foo.service");
	assert_string_equal(lab->attr->owners[lab_owner(lab, "systemd:user@1000.service/foo.service")->parent].id,
			    "systemd:user@1000.service");
	lab_free(lab);
}

static void a_service_is_not_the_agents_whose_child_restarted_it(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "5 1 " CLAUDE " claude   ; cgroup:/user.slice/user-0.slice/session-1.scope\n"
		      "6 5 /usr/sbin/nginx nginx ; cgroup:/system.slice/nginx.service\n",
		      "1 none:none\n"
		      "5 claude-code:5.1010\n"
		      "6 systemd:nginx.service\n");
}

static void each_job_of_cron_is_an_owner(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "10 1 /usr/sbin/cron cron -f ; start:5\n"
		   "11 10 /usr/sbin/cron CRON -f ; comm:cron start:6\n"
		   "12 11 /bin/sh sh -c /srv/backup.sh ; sid:12\n"
		   "13 12 /bin/tar tar\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n10 cron:10.5\n11 cron:11.6\n12 cron:11.6\n13 cron:11.6\n");
	assert_string_equal(lab_owner(lab, "cron:11.6")->name, "/srv/backup.sh");
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_and_login_sessions_are_told_by_their_cgroup),
		cmocka_unit_test(units_of_one_name_of_two_users_are_two),
		cmocka_unit_test(a_service_is_not_the_agents_whose_child_restarted_it),
		cmocka_unit_test(each_job_of_cron_is_an_owner),
	};

	return cmocka_run_group_tests_name("services", tests, NULL, NULL);
}
