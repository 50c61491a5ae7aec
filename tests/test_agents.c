/* Which process is of which agent's session: machines as tables in, owners out. */
#include "cast.h"
#include "lab.h"
#include "suite.h"

static void child_of_an_agent_inherits_its_owner(void **state)
{
	(void)state;
	expect_owners("  1   0 /sbin/init  init\n"
		      " 10   1 " CLAUDE "  claude\n"
		      " 11  10 /bin/bash   bash -c make   ; sid:11 " TOOL(10, S1) "\n"
		      " 12  11 /usr/bin/make make\n",
		      "1 none:none\n"
		      "10 claude-code:" S1 "\n"
		      "11 claude-code:" S1 "\n"
		      "12 claude-code:" S1 "\n");
}

static void an_agent_that_has_started_nothing_is_known_by_its_pid_and_start(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "10 1 " CLAUDE " claude ; start:777\n",
		      "1 none:none\n"
		      "10 claude-code:10.777\n");
}

static void an_orphan_stays_with_its_session(void **state)
{
	(void)state;
	expect_owners(" 1   0 /sbin/init init\n"
		      "11   1 /bin/bash  bash -c make ; sid:11 " TOOL(10, S1) "\n"
		      "12  11 /usr/bin/make make      ; " TOOL(10, S1) "\n",
		      "1 none:none\n"
		      "11 claude-code:" S1 " orphan\n"
		      "12 claude-code:" S1 " orphan\n");
}

static void an_orphan_is_told_from_what_is_below_a_living_root(void **state)
{
	(void)state;
	expect_owners(" 1   0 /sbin/init init\n"
		      "10   1 " CLAUDE " claude\n"
		      "11  10 /bin/bash  bash  ; sid:11 " TOOL(10, S1) "\n"
		      "12   1 /bin/sleep sleep ; sid:12 " TOOL(10, S1) "\n",
		      "1 none:none\n"
		      "10 claude-code:" S1 "\n"
		      "11 claude-code:" S1 "\n"
		      "12 claude-code:" S1 " orphan\n");
}

static void an_orphan_with_a_cleared_environment_is_remembered(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   " 1  0 /sbin/init init\n"
		   "10  1 " CLAUDE " claude\n"
		   "11 10 /bin/bash bash ; " TOOL(10, S1) "\n"
		   "12 11 /usr/bin/sudo sudo x ; uid:0\n");
	lab_sample(lab, 2,
		   " 1  0 /sbin/init init\n"
		   "12  1 /usr/bin/sudo sudo x ; uid:0 sid:10 start:1030\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n12 claude-code:" S1 " orphan\n");
	assert_contains(lab_why(lab, 12), "before its parent ended");
	lab_free(lab);
}

static void a_clobbered_orphan_is_told_by_its_kernel_session(void **state)
{
	(void)state;
	expect_owners(" 1   0 /sbin/init init\n"
		      "11   1 /bin/bash  bash ; sid:11 " TOOL(10, S1) "\n"
		      "12   1 /usr/bin/perl yyyy ; sid:11 env:clobbered\n",
		      "1 none:none\n"
		      "11 claude-code:" S1 " orphan\n"
		      "12 claude-code:" S1 " orphan\n");
}

static void a_clobbered_orphan_is_told_by_its_children(void **state)
{
	(void)state;
	expect_owners(" 1   0 /sbin/init init\n"
		      "12   1 /usr/bin/perl yyyy ; sid:12 env:clobbered\n"
		      "13  12 /bin/sleep sleep 9 ; sid:13 " TOOL(10, S1) "\n",
		      "1 none:none\n"
		      "12 claude-code:" S1 " orphan\n"
		      "13 claude-code:" S1 " orphan\n");
}

static void claudes_memory_cgroup_proves_the_product(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "12 1 /usr/bin/perl yyyy ; sid:12 env:clobbered cgroup:/user/claude-code-bash\n",
		      "1 none:none\n"
		      "12 claude-code:/user/claude-code-bash orphan\n");
}

static void the_inner_of_two_sessions_wins(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   " 1  0 /sbin/init init\n"
		   "10  1 " CLAUDE " claude\n"
		   "11 10 /bin/bash bash      ; " TOOL(10, S1) "\n"
		   "20 11 " CLAUDE " claude -p ; " TOOL(10, S1) "\n"
		   "21 20 /bin/bash bash      ; " TOOL(20, S2) "\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n"
					     "10 claude-code:" S1 "\n"
					     "11 claude-code:" S1 "\n"
					     "20 claude-code:" S2 "\n"
					     "21 claude-code:" S2 "\n");
	assert_string_equal(lab->attr->owners[lab_owner(lab, "claude-code:" S2)->parent].id, "claude-code:" S1);
	lab_free(lab);
}

static void a_marker_without_session_belongs_to_the_nearest_claude(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "10 1 /usr/bin/node claude ; start:50\n"
		      "11 10 /bin/bash bash ; CLAUDECODE=1\n",
		      "1 none:none\n"
		      "10 claude-code:10.50\n"
		      "11 claude-code:10.50\n");
}

static void a_marker_without_session_and_claude_makes_one_owner_a_kernel_session(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "11 1 /bin/bash bash ; sid:11 CLAUDECODE=1\n"
		      "12 11 /bin/cat cat  ; CLAUDECODE=1\n"
		      "13 1 /bin/bash bash ; sid:13 CLAUDECODE=1\n",
		      "1 none:none\n"
		      "11 claude-code:sid-11 orphan\n"
		      "12 claude-code:sid-11 orphan\n"
		      "13 claude-code:sid-13 orphan\n");
}

static void a_wrapper_and_its_program_are_one_session(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   " 1  0 /sbin/init init\n"
		   "10  1 /usr/bin/node node /usr/lib/node_modules/@openai/codex/bin/codex.js ; start:5\n"
		   "11 10 /opt/codex/bin/codex codex\n"
		   "12 11 /bin/bash bash -c ls ; sid:12 CODEX_THREAD_ID=t1 CODEX_SESSION_ID=t1\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n10 codex:t1\n11 codex:t1\n12 codex:t1\n");
	assert_int_equal(lab_owner(lab, "codex:t1")->instances, 1);
	assert_int_equal(lab->snap->procs[lab_owner(lab, "codex:t1")->root].pid, 10);
	lab_free(lab);
}

static void a_program_that_only_has_the_name_is_no_root(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "10 1 /usr/bin/vim vim claude\n"
		      "11 1 /usr/bin/claude-monet claude-monet\n"
		      "12 1 " CLAUDE " claude --version\n",
		      "1 none:none\n"
		      "10 none:none\n"
		      "11 none:none\n"
		      "12 none:none\n");
}

static void what_human_terminals_carry_is_no_mark(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "10 1 /bin/bash bash ; CURSOR_TRACE_ID=x CURSOR_VERSION=1\n"
		      "11 1 /bin/bash bash ; CLAUDE_CODE_SSE_PORT=1234\n"
		      "12 1 /bin/bash bash ; CLAUDE_CODE_ENTRYPOINT=cli\n"
		      "13 1 /bin/bash bash ; KILO_PID=7 GOOSE_PROVIDER=x TERM_PROGRAM=vscode\n"
		      "14 1 /bin/bash bash ; AGENT=1\n"
		      "15 1 /bin/bash bash ; name=x status=y\n",
		      "1 none:none\n"
		      "10 none:none\n"
		      "11 none:none\n"
		      "12 none:none\n"
		      "13 none:none\n"
		      "14 none:none\n"
		      "15 none:none\n");
}

static void a_fork_of_an_agent_is_told_from_its_origin(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "10 1 /bin/sh sh ; sid:10 OPENCODE=1 KILO=1 KILOCODE_FEATURE=cli KILO_RUN_ID=k1 AGENT=1\n"
		      "11 1 /bin/sh sh ; sid:11 AMP_CURRENT_THREAD_ID=T-1 CLAUDECODE=1 AGENT=amp\n"
		      "12 1 /bin/sh sh ; sid:12 QWEN_CODE=1 QWEN_CODE_SESSION_ID=q1 GEMINI_CLI=1\n",
		      "1 none:none\n"
		      "10 kilo:k1 orphan\n"
		      "11 amp:T-1 orphan\n"
		      "12 qwen:q1 orphan\n");
}

static void a_fork_and_its_origin_may_be_in_one_another(void **state)
{
	(void)state;
	/* the orphans of an inner agent carry the marks of the outer too */
	expect_owners("1 0 /sbin/init init\n"
		      "10 1 /root/.amp/bin/amp amp ; start:5\n"
		      "11 10 /bin/sh sh            ; start:6 sid:11 AMP_CURRENT_THREAD_ID=T-1 CLAUDECODE=1 AGENT=amp\n"
		      "12 11 " CLAUDE " claude     ; start:7 AMP_CURRENT_THREAD_ID=T-1 CLAUDECODE=1 AGENT=amp\n"
		      "13 1 /bin/sleep sleep       ; sid:13 AMP_CURRENT_THREAD_ID=T-1 AGENT=amp " TOOL(12, S1) "\n"
		      "20 1 /usr/bin/node node /usr/bin/qwen        ; start:5\n"
		      "21 20 /usr/bin/node node /usr/bin/gemini     ; start:7 sid:21 QWEN_CODE=1\n"
		      "22 1 /bin/sleep sleep       ; sid:22 QWEN_CODE=1 GEMINI_CLI=1\n",
		      "1 none:none\n"
		      "10 amp:T-1\n"
		      "11 amp:T-1\n"
		      "12 claude-code:" S1 "\n"
		      "13 claude-code:" S1 " orphan\n"
		      "20 qwen:20.5\n"
		      "21 gemini:21.7\n"
		      "22 gemini:21.7 orphan\n");
}

static void an_unknown_agent_is_known_by_the_convention(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "10 1 /bin/sh sh ; sid:10 AI_AGENT=acme_1-2_agent\n"
		      "11 1 /bin/sh sh ; sid:11 AI_AGENT=claude-code_2-1-330_harness " TOOL(99, S1) "\n",
		      "1 none:none\n"
		      "10 generic:acme orphan\n"
		      "11 claude-code:" S1 " orphan\n");
}

static void agents_without_marks_are_known_by_ancestry(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "10 1 /usr/bin/python3.11 /usr/bin/python3 /usr/local/bin/aider ; start:3\n"
		      "11 10 /bin/sh sh\n"
		      "20 1 /opt/copilot MainThread ; comm:MainThread start:4\n"
		      "21 20 /bin/sh sh\n",
		      "1 none:none\n"
		      "10 aider:10.3\n"
		      "11 aider:10.3\n"
		      "20 copilot:20.4\n"
		      "21 copilot:20.4\n");
}

static void an_ended_agent_without_sessions_is_one_owner(void **state)
{
	(void)state;
	/* opencode names its pid, the setsid child has a kernel session of its own */
	expect_owners("1 0 /sbin/init init\n"
		      "11 1 /bin/bash bash     ; sid:11 OPENCODE=1 AGENT=1 OPENCODE_PID=10\n"
		      "12 11 /usr/bin/tail tail ; sid:12 OPENCODE=1 AGENT=1 OPENCODE_PID=10\n"
		      "13 1 /usr/bin/tail tail  ; sid:13 OPENCODE=1 AGENT=1 OPENCODE_PID=10\n"
		      "21 1 /bin/bash bash     ; sid:21 OPENCODE=1 AGENT=1 OPENCODE_PID=20\n",
		      "1 none:none\n"
		      "11 opencode:pid-10 orphan\n"
		      "12 opencode:pid-10 orphan\n"
		      "13 opencode:pid-10 orphan\n"
		      "21 opencode:pid-20 orphan\n");
	/* pi names nothing: what is below one of its processes is of the same run all the same */
	expect_owners("1 0 /sbin/init init\n"
		      "11 1 /bin/bash bash      ; sid:11 PI_CODING_AGENT=true\n"
		      "12 11 /usr/bin/tail tail ; sid:12 PI_CODING_AGENT=true\n",
		      "1 none:none\n"
		      "11 pi:sid-11 orphan\n"
		      "12 pi:sid-11 orphan\n");
}

static void an_ended_agent_without_sessions_stays_the_owner_that_was_seen(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "10 1 /x/bin/opencode opencode ; start:5\n"
		   "11 10 /bin/bash bash ; sid:11 start:9 OPENCODE=1 OPENCODE_PID=10\n");
	lab_sample(lab, 2,
		   "1 0 /sbin/init init\n"
		   "11 1 /bin/bash bash      ; sid:11 start:9 OPENCODE=1 OPENCODE_PID=10\n"
		   "12 11 /usr/bin/tail tail ; sid:12 OPENCODE=1 OPENCODE_PID=10\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n11 opencode:10.5 orphan\n12 opencode:10.5 orphan\n");
	assert_true(lab_owner(lab, "opencode:10.5")->is_ended);
	lab_free(lab);
}

static void a_pid_marker_may_name_the_inner_of_two_wrappers(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "10 1 /usr/bin/node node /usr/local/bin/kilo ; start:5\n"
		      "11 10 /x/bin/kilo kilo\n"
		      "12 1 /bin/sh sh ; sid:12 OPENCODE=1 KILO=1 KILOCODE_FEATURE=cli KILO_PID=11\n",
		      "1 none:none\n"
		      "10 kilo:10.5\n"
		      "11 kilo:10.5\n"
		      "12 kilo:10.5 orphan\n");
}

static void an_owner_keeps_its_id_when_only_its_wrapper_ends(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "10 1 /usr/bin/node node /x/node_modules/.bin/gemini ; start:5\n"
		   "11 10 /usr/bin/node node --max-old-space-size=9 /x/node_modules/.bin/gemini ; start:6\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n10 gemini:10.5\n11 gemini:10.5\n");
	lab_sample(lab, 2,
		   "1 0 /sbin/init init\n"
		   "11 1 /usr/bin/node node --max-old-space-size=9 /x/node_modules/.bin/gemini ; start:6\n"
		   "12 11 /bin/sh sh ; GEMINI_CLI=1\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n11 gemini:10.5\n12 gemini:10.5\n");
	assert_false(lab_owner(lab, "gemini:10.5")->is_ended);
	lab_free(lab);
}

static void a_nameless_orphan_in_the_kernel_session_of_a_tool_is_its_agents(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "5 1 /usr/bin/tail tail ; sid:11 start:50 QWEN_CODE=1\n"
		   "10 1 /usr/bin/node node /usr/local/bin/qwen ; start:7\n"
		   "11 10 /bin/bash bash ; sid:11 start:8 QWEN_CODE=1\n"
		   "12 1 /usr/bin/tail tail ; sid:9 QWEN_CODE=1\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n"
					     "5 qwen:10.7 orphan\n"
					     "10 qwen:10.7\n"
					     "11 qwen:10.7\n"
					     "12 qwen:sid-9 orphan\n");
	assert_string_equal(lab_why(lab, 5), "a mark of Qwen Code in its environment, and in the kernel session of one of its shells, pid 11");
	assert_string_equal(lab_why(lab, 12),
			    "QWEN_CODE in its environment, which names no session; no living Qwen Code is above it");
	lab_free(lab);
}

static void what_is_told_to_do_something_else_is_no_session(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "10 1 " CLAUDE " claude doctor\n"
		      "11 1 " CLAUDE " claude -p update    ; start:5\n"
		      "12 1 /usr/bin/node node --no-warnings /usr/bin/codex login\n"
		      "13 1 /usr/bin/node node /usr/bin/codex exec login ; start:6\n"
		      "14 1 /x/bin/opencode opencode models\n"
		      "15 1 /usr/bin/node node /usr/bin/gemini mcp list\n",
		      "1 none:none\n"
		      "10 none:none\n"
		      "11 claude-code:11.5\n"
		      "12 none:none\n"
		      "13 codex:13.6\n"
		      "14 none:none\n"
		      "15 none:none\n");
}

static void a_server_is_a_root_while_it_runs_sessions(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "10 1 /x/bin/codex codex app-server\n"
		      "20 1 /x/bin/codex codex -c a=b app-server\n"
		      "21 20 /bin/bash bash ; sid:21 CODEX_THREAD_ID=t1\n"
		      "30 1 /x/bin/opencode opencode serve ; start:3\n"
		      "31 1 /bin/bash bash ; sid:31 OPENCODE=1 OPENCODE_PID=30\n",
		      "1 none:none\n"
		      "10 none:none\n"
		      "20 codex:t1\n"
		      "21 codex:t1\n"
		      "30 opencode:30.3\n"
		      "31 opencode:30.3 orphan\n");
}

static void a_root_is_told_by_its_script_too(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "10 1 /usr/bin/node node /x/.bin/qwen -y\n");
	assert_string_equal(lab_why(lab, 10), "the root of this Qwen Code: /usr/bin/node /x/.bin/qwen");
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(child_of_an_agent_inherits_its_owner),
		cmocka_unit_test(an_agent_that_has_started_nothing_is_known_by_its_pid_and_start),
		cmocka_unit_test(an_orphan_stays_with_its_session),
		cmocka_unit_test(an_orphan_is_told_from_what_is_below_a_living_root),
		cmocka_unit_test(an_orphan_with_a_cleared_environment_is_remembered),
		cmocka_unit_test(a_clobbered_orphan_is_told_by_its_kernel_session),
		cmocka_unit_test(a_clobbered_orphan_is_told_by_its_children),
		cmocka_unit_test(claudes_memory_cgroup_proves_the_product),
		cmocka_unit_test(the_inner_of_two_sessions_wins),
		cmocka_unit_test(a_marker_without_session_belongs_to_the_nearest_claude),
		cmocka_unit_test(a_marker_without_session_and_claude_makes_one_owner_a_kernel_session),
		cmocka_unit_test(a_wrapper_and_its_program_are_one_session),
		cmocka_unit_test(a_program_that_only_has_the_name_is_no_root),
		cmocka_unit_test(what_human_terminals_carry_is_no_mark),
		cmocka_unit_test(a_fork_of_an_agent_is_told_from_its_origin),
		cmocka_unit_test(a_fork_and_its_origin_may_be_in_one_another),
		cmocka_unit_test(an_unknown_agent_is_known_by_the_convention),
		cmocka_unit_test(agents_without_marks_are_known_by_ancestry),
		cmocka_unit_test(an_ended_agent_without_sessions_is_one_owner),
		cmocka_unit_test(an_ended_agent_without_sessions_stays_the_owner_that_was_seen),
		cmocka_unit_test(a_pid_marker_may_name_the_inner_of_two_wrappers),
		cmocka_unit_test(an_owner_keeps_its_id_when_only_its_wrapper_ends),
		cmocka_unit_test(a_nameless_orphan_in_the_kernel_session_of_a_tool_is_its_agents),
		cmocka_unit_test(what_is_told_to_do_something_else_is_no_session),
		cmocka_unit_test(a_server_is_a_root_while_it_runs_sessions),
		cmocka_unit_test(a_root_is_told_by_its_script_too),
	};

	return cmocka_run_group_tests_name("agents", tests, NULL, NULL);
}
