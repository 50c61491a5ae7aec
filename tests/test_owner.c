/* What holds for the owner of any process, whatever its kind. */
#include "cast.h"
#include "lab.h"
#include "suite.h"

static void every_process_has_its_evidence(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "2 0 - ; kernel comm:kthreadd env:unread\n"
		   "5 1 " CLAUDE " claude\n"
		   "6 5 /bin/sh sh\n"
		   "7 1 /bin/sh sh ; sid:7 " TOOL(99, S2) "\n"
		   "8 1 /bin/sh sh ; sid:8 uid:1000 env:denied\n"
		   "9 1 /bin/sh sh ; cgroup:/docker/" ID1 "\n");
	assert_contains(lab_why(lab, 1), "no owner's mark");
	assert_string_equal(lab_why(lab, 2), "a kernel thread");
	assert_string_equal(lab_why(lab, 5), "the root of this Claude Code: " CLAUDE);
	assert_string_equal(lab_why(lab, 6), "descends from its root, pid 5");
	assert_string_equal(lab_why(lab, 7), "CLAUDE_CODE_SESSION_ID in its environment; its session has ended");
	assert_contains(lab_why(lab, 8), "environment not readable: not your process");
	assert_contains(lab_why(lab, 9), "docker/" ID1);
	lab_free(lab);
}

static void kernel_threads_are_the_kernels(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "2 0 - ; kernel comm:kthreadd env:unread\n"
		      "3 2 - ; kernel comm:kworker/0:0 env:unread\n",
		      "1 none:none\n"
		      "2 kernel:kernel\n"
		      "3 kernel:kernel\n");
}

static void a_zombie_keeps_its_owner(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "10 1 " CLAUDE " claude\n"
		      "11 10 /bin/bash bash ; " TOOL(10, S1) "\n"
		      "12 11 - ; state:Z env:unread comm:sh\n",
		      "1 none:none\n"
		      "10 claude-code:" S1 "\n"
		      "11 claude-code:" S1 "\n"
		      "12 claude-code:" S1 "\n");
}

static void a_pid_that_was_used_again_is_not_believed(void **state)
{
	(void)state;
	/* the claude that has pid 10 now is younger than the orphan whose claude had it before */
	expect_owners("1 0 /sbin/init init\n"
		      "12 1 /bin/sleep sleep ; sid:12 start:100 " TOOL(10, S1) "\n"
		      "10 1 " CLAUDE " claude ; start:500\n"
		      "11 10 /bin/bash bash   ; start:600 " TOOL(10, S2) "\n",
		      "1 none:none\n"
		      "10 claude-code:" S2 "\n"
		      "11 claude-code:" S2 "\n"
		      "12 claude-code:" S1 " orphan\n");
}

static void a_cycle_of_parents_harms_nobody(void **state)
{
	(void)state;
	expect_owners("10 11 /bin/sh sh ; start:5\n"
		      "11 10 /bin/sh sh ; start:5\n",
		      "10 none:none\n"
		      "11 none:none\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_process_has_its_evidence),
		cmocka_unit_test(kernel_threads_are_the_kernels),
		cmocka_unit_test(a_zombie_keeps_its_owner),
		cmocka_unit_test(a_pid_that_was_used_again_is_not_believed),
		cmocka_unit_test(a_cycle_of_parents_harms_nobody),
	};

	return cmocka_run_group_tests_name("owner", tests, NULL, NULL);
}
