/* Logins as owners: over ssh, and the panes of multiplexers. */
#include "cast.h"
#include "lab.h"
#include "suite.h"

static void a_pane_is_a_login_also_when_an_agent_started_the_server(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "10 1 /usr/bin/tmux tmux new ; \"comm:tmux: server\" start:7 " TOOL(5, S1) "\n"
		   "11 10 /bin/bash bash ; sid:11 TMUX=/tmp/tmux-0/default,10,0 TMUX_PANE=%0 " TOOL(5, S1) "\n"
		   "12 11 /bin/cat cat   ; TMUX=/tmp/tmux-0/default,10,0 TMUX_PANE=%0 " TOOL(5, S1) "\n"
		   "13 1 /bin/cat cat    ; sid:13 TMUX=/tmp/tmux-0/default,10,0 TMUX_PANE=%0 " TOOL(5, S1) "\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n"
					     "10 tmux:10.7\n"
					     "11 tmux:10/%0\n"
					     "12 tmux:10/%0\n"
					     "13 tmux:10/%0\n");
	assert_string_equal(lab_owner(lab, "tmux:10.7")->started_by, "claude-code:" S1);
	lab_free(lab);
}

static void a_listener_is_no_login(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "10 1 /usr/sbin/sshd \"sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups\" ; comm:sshd start:1\n"
		      "11 10 /usr/sbin/sshd \"sshd: ann [priv]\" ; comm:sshd start:5\n"
		      "12 11 /usr/sbin/sshd \"sshd: ann@pts/0\" ; comm:sshd\n"
		      "13 12 /bin/bash -bash ; sid:13\n"
		      "14 10 /usr/sbin/sshd \"sshd: unknown [net]\" ; comm:sshd\n",
		      "1 none:none\n"
		      "10 none:none\n"
		      "11 ssh:11.5\n"
		      "12 ssh:11.5\n"
		      "13 ssh:11.5\n"
		      "14 none:none\n");
}

static void what_an_ssh_login_left_is_told_by_its_connection(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "11 1 /usr/sbin/sshd \"sshd: ann@pts/0\" ; comm:sshd\n"
		   "12 11 /bin/bash -bash ; sid:12 \"SSH_CONNECTION=10.0.0.1 34602 10.0.0.2 22\"\n"
		   "13 1 /bin/sleep sleep ; sid:13 \"SSH_CONNECTION=10.0.0.1 34602 10.0.0.2 22\"\n"
		   "14 1 /bin/sleep sleep ; sid:14 \"SSH_CONNECTION=10.0.0.9 40000 10.0.0.2 22\" AI_AGENT=acme\n"
		   "15 1 /bin/sleep sleep ; sid:15 \"SSH_CONNECTION=10.0.0.9 40000 10.0.0.2 22\"\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n"
					     "11 ssh:10.0.0.1_34602_10.0.0.2_22\n"
					     "12 ssh:10.0.0.1_34602_10.0.0.2_22\n"
					     "13 ssh:10.0.0.1_34602_10.0.0.2_22\n"
					     "14 generic:acme orphan\n"
					     "15 ssh:10.0.0.9_40000_10.0.0.2_22\n");
	assert_string_equal(lab_owner(lab, "ssh:10.0.0.1_34602_10.0.0.2_22")->name, "ann@pts/0");
	assert_string_equal(lab_owner(lab, "ssh:10.0.0.9_40000_10.0.0.2_22")->name, "from 10.0.0.9 40000 10.0.0.2 22");
	assert_contains(lab_why(lab, 15), "SSH_CONNECTION in its environment; its session has ended");
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pane_is_a_login_also_when_an_agent_started_the_server),
		cmocka_unit_test(a_listener_is_no_login),
		cmocka_unit_test(what_an_ssh_login_left_is_told_by_its_connection),
	};

	return cmocka_run_group_tests_name("logins", tests, NULL, NULL);
}
