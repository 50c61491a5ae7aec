/* Who owns what: machines as tables in, owners out. */
#include "attribute/rules.h"
#include "lab.h"
#include "suite.h"

#define CLAUDE "/opt/claude-code-linux-x64/claude"
#define S1 "11111111-1111-4111-8111-111111111111"
#define S2 "22222222-2222-4222-8222-222222222222"
#define TOOL(pid, session) "CLAUDECODE=1 CLAUDE_CODE_SESSION_ID=" session " CLAUDE_PID=" #pid

static void expect(const char *table, const char *owners)
{
	struct lab *lab = lab_new(NULL);

	lab_sample(lab, 0, table);
	assert_string_equal(lab_owners(lab), owners);
	lab_free(lab);
}

/* ---- Agents ---- */

static void child_of_an_agent_inherits_its_owner(void **state)
{
	(void)state;
	expect("  1   0 /sbin/init  init\n"
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
	expect("1 0 /sbin/init init\n"
	       "10 1 " CLAUDE " claude ; start:777\n",
	       "1 none:none\n"
	       "10 claude-code:10.777\n");
}

static void an_orphan_stays_with_its_session(void **state)
{
	(void)state;
	expect(" 1   0 /sbin/init init\n"
	       "11   1 /bin/bash  bash -c make ; sid:11 " TOOL(10, S1) "\n"
	       "12  11 /usr/bin/make make      ; " TOOL(10, S1) "\n",
	       "1 none:none\n"
	       "11 claude-code:" S1 " orphan\n"
	       "12 claude-code:" S1 " orphan\n");
}

static void an_orphan_is_told_from_what_is_below_a_living_root(void **state)
{
	(void)state;
	expect(" 1   0 /sbin/init init\n"
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
	expect(" 1   0 /sbin/init init\n"
	       "11   1 /bin/bash  bash ; sid:11 " TOOL(10, S1) "\n"
	       "12   1 /usr/bin/perl yyyy ; sid:11 env:clobbered\n",
	       "1 none:none\n"
	       "11 claude-code:" S1 " orphan\n"
	       "12 claude-code:" S1 " orphan\n");
}

static void a_clobbered_orphan_is_told_by_its_children(void **state)
{
	(void)state;
	expect(" 1   0 /sbin/init init\n"
	       "12   1 /usr/bin/perl yyyy ; sid:12 env:clobbered\n"
	       "13  12 /bin/sleep sleep 9 ; sid:13 " TOOL(10, S1) "\n",
	       "1 none:none\n"
	       "12 claude-code:" S1 " orphan\n"
	       "13 claude-code:" S1 " orphan\n");
}

static void claudes_memory_cgroup_proves_the_product(void **state)
{
	(void)state;
	expect("1 0 /sbin/init init\n"
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
	expect("1 0 /sbin/init init\n"
	       "10 1 /usr/bin/node claude ; start:50\n"
	       "11 10 /bin/bash bash ; CLAUDECODE=1\n",
	       "1 none:none\n"
	       "10 claude-code:10.50\n"
	       "11 claude-code:10.50\n");
}

static void a_marker_without_session_and_claude_makes_one_owner_a_kernel_session(void **state)
{
	(void)state;
	expect("1 0 /sbin/init init\n"
	       "11 1 /bin/bash bash ; sid:11 CLAUDECODE=1\n"
	       "12 11 /bin/cat cat  ; CLAUDECODE=1\n"
	       "13 1 /bin/bash bash ; sid:13 CLAUDECODE=1\n",
	       "1 none:none\n"
	       "11 claude-code:sid-11 orphan\n"
	       "12 claude-code:sid-11 orphan\n"
	       "13 claude-code:sid-13 orphan\n");
}

static void a_pid_that_was_used_again_is_not_believed(void **state)
{
	(void)state;
	/* the claude that has pid 10 now is younger than the orphan whose claude had it before */
	expect("1 0 /sbin/init init\n"
	       "12 1 /bin/sleep sleep ; sid:12 start:100 " TOOL(10, S1) "\n"
	       "10 1 " CLAUDE " claude ; start:500\n"
	       "11 10 /bin/bash bash   ; start:600 " TOOL(10, S2) "\n",
	       "1 none:none\n"
	       "10 claude-code:" S2 "\n"
	       "11 claude-code:" S2 "\n"
	       "12 claude-code:" S1 " orphan\n");
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
	expect("1 0 /sbin/init init\n"
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
	expect("1 0 /sbin/init init\n"
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
	expect("1 0 /sbin/init init\n"
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
	expect("1 0 /sbin/init init\n"
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
	expect("1 0 /sbin/init init\n"
	       "10 1 /bin/sh sh ; sid:10 AI_AGENT=acme_1-2_agent\n"
	       "11 1 /bin/sh sh ; sid:11 AI_AGENT=claude-code_2-1-330_harness " TOOL(99, S1) "\n",
	       "1 none:none\n"
	       "10 generic:acme orphan\n"
	       "11 claude-code:" S1 " orphan\n");
}

static void agents_without_marks_are_known_by_ancestry(void **state)
{
	(void)state;
	expect("1 0 /sbin/init init\n"
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

static void a_zombie_keeps_its_owner(void **state)
{
	(void)state;
	expect("1 0 /sbin/init init\n"
	       "10 1 " CLAUDE " claude\n"
	       "11 10 /bin/bash bash ; " TOOL(10, S1) "\n"
	       "12 11 - ; state:Z env:unread comm:sh\n",
	       "1 none:none\n"
	       "10 claude-code:" S1 "\n"
	       "11 claude-code:" S1 "\n"
	       "12 claude-code:" S1 "\n");
}

static void an_ended_agent_without_sessions_is_one_owner(void **state)
{
	(void)state;
	/* opencode names its pid, the setsid child has a kernel session of its own */
	expect("1 0 /sbin/init init\n"
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
	expect("1 0 /sbin/init init\n"
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
	expect("1 0 /sbin/init init\n"
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
	expect("1 0 /sbin/init init\n"
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
	expect("1 0 /sbin/init init\n"
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

/* ---- PM2 ---- */

#define GOD "/usr/bin/node \"PM2 v7.0.4: God Daemon (/root/.pm2)\""
#define APP(id, name) "pm_id=" #id " name=" name " pm_exec_path=/srv/" name ".js PM2_HOME=/root/.pm2"

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
	expect(" 1  0 /sbin/init init\n"
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

/* ---- Containers, units, logins ---- */

#define ID1 "1111111111111111111111111111111111111111111111111111111111111111"
#define ID2 "2222222222222222222222222222222222222222222222222222222222222222"

static void a_container_is_told_by_its_cgroup(void **state)
{
	(void)state;
	expect(" 1 0 /sbin/init init ; cgroup:/init.scope\n"
	       "10 1 /usr/bin/containerd-shim-runc-v2 shim -id " ID1 " ; cgroup:/system.slice/containerd.service\n"
	       "11 10 /bin/app app ; cgroup:/system.slice/docker-" ID1 ".scope ns:1.1\n"
	       "12 11 /bin/sh sh   ; cgroup:/system.slice/docker-" ID1 ".scope ns:1.7\n"
	       "13 1 /bin/app app  ; cgroup:4:memory:/docker/" ID2 " cgroup:0::/ ns:2.1\n"
	       "14 1 /bin/app app  ; cgroup:/machine.slice/libpod-" ID1 ".scope/container ns:3.1\n"
	       "15 1 /usr/bin/conmon conmon ; cgroup:/machine.slice/libpod-conmon-" ID1 ".scope\n",
	       "1 init:init.scope\n"
	       "10 systemd:containerd.service\n"
	       "11 docker:" ID1 "\n"
	       "12 docker:" ID1 "\n"
	       "13 docker:" ID2 "\n"
	       "14 podman:" ID1 "\n"
	       "15 none:none\n");
}

static void pods_hold_their_containers(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "11 1 /bin/app app ; cgroup:/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-"
		   "pod0a0a0a0a_1b1b_2c2c_3d3d_4e4e4e4e4e4e.slice/cri-containerd-" ID1 ".scope ns:1.1\n"
		   "12 1 /bin/app app ; cgroup:/kubepods/burstable/pod0a0a0a0a-1b1b-2c2c-3d3d-4e4e4e4e4e4e/" ID2 " ns:2.1\n"
		   "13 1 /bin/app app ; cgroup:/kubepods.slice/kubepods-"
		   "pod0a0a0a0a_1b1b_2c2c_3d3d_4e4e4e4e4e4e.slice/crio-" ID2 ".scope/container ns:3.1\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n"
					     "11 containerd:" ID1 "\n"
					     "12 kubepods:" ID2 "\n"
					     "13 crio:" ID2 "\n");
	for (int pid = 11; pid <= 13; pid++) {
		const struct owner *owner = &lab->attr->owners[lab->attr->procs[snapshot_find_pid(lab->snap, pid)].owner];

		assert_string_equal(lab->attr->owners[owner->parent].id,
				    "kubernetes:0a0a0a0a-1b1b-2c2c-3d3d-4e4e4e4e4e4e");
	}
	lab_free(lab);
}

static void a_container_in_a_container_has_both(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "11 1 /bin/dockerd dockerd ; cgroup:/docker/" ID1 " ns:1.1\n"
		   "12 11 /bin/app app ; cgroup:/docker/" ID1 "/docker/" ID2 " ns:2.1\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n11 docker:" ID1 "\n12 docker:" ID2 "\n");
	assert_string_equal(lab->attr->owners[lab_owner(lab, "docker:" ID2)->parent].id, "docker:" ID1);
	lab_free(lab);
}

static void lxc_nspawn_and_unnamed_containers(void **state)
{
	(void)state;
	expect("1 0 /sbin/init init\n"
	       "10 1 /sbin/init init ; cgroup:/lxc.payload.web1/init.scope ns:1.1\n"
	       "11 1 /usr/bin/lxc-start [lxc ; cgroup:/lxc.monitor.web1\n"
	       "12 1 /sbin/init init ; cgroup:/machine.slice/machine-deb\\x2d12.scope/payload ns:2.1\n"
	       "13 1 /bin/app app    ; cgroup:/lab/box ns:3.1 foreign\n"
	       "14 13 /bin/sh sh     ; cgroup:/lab/box ns:3.9 foreign\n",
	       "1 none:none\n"
	       "10 lxc:web1\n"
	       "11 none:none\n"
	       "12 nspawn:deb-12\n"
	       "13 namespace:3\n"
	       "14 namespace:3\n");
}

static void a_pid_namespace_alone_is_a_sandbox(void **state)
{
	(void)state;
	expect("1 0 /sbin/init init\n"
	       "10 1 /opt/chrome chrome ; ns:7.1\n",
	       "1 none:none\n"
	       "10 none:none\n");
}

static void an_agent_in_a_container_is_inside_it(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "10 1 /bin/sh sh     ; cgroup:/docker/" ID1 " ns:1.1\n"
		   "11 10 " CLAUDE " claude ; cgroup:/docker/" ID1 " ns:1.7\n"
		   "12 10 /bin/sh sh    ; cgroup:/docker/" ID1 " ns:1.8 sid:12 " TOOL(7, S1) "\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n"
					     "10 docker:" ID1 "\n"
					     "11 claude-code:" S1 "\n"
					     "12 claude-code:" S1 " orphan\n");
	assert_string_equal(lab->attr->owners[lab_owner(lab, "claude-code:" S1)->parent].id, "docker:" ID1);
	lab_free(lab);
}

static void a_container_that_an_agent_started_is_not_the_agents(void **state)
{
	(void)state;
	expect("1 0 /sbin/init init\n"
	       "5 1 " CLAUDE " claude\n"
	       "6 5 /usr/bin/docker docker run ; " TOOL(5, S1) "\n"
	       "10 6 /bin/app app ; cgroup:/docker/" ID1 " ns:1.1\n",
	       "1 none:none\n"
	       "5 claude-code:" S1 "\n"
	       "6 claude-code:" S1 "\n"
	       "10 docker:" ID1 "\n");
}

static void units_and_login_sessions_are_told_by_their_cgroup(void **state)
{
	(void)state;
	expect(" 1 0 /sbin/init init ; cgroup:/init.scope\n"
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
	expect("1 0 /sbin/init init\n"
	       "5 1 " CLAUDE " claude   ; cgroup:/user.slice/user-0.slice/session-1.scope\n"
	       "6 5 /usr/sbin/nginx nginx ; cgroup:/system.slice/nginx.service\n",
	       "1 none:none\n"
	       "5 claude-code:5.1010\n"
	       "6 systemd:nginx.service\n");
}

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

static void kernel_threads_are_the_kernels(void **state)
{
	(void)state;
	expect("1 0 /sbin/init init\n"
	       "2 0 - ; kernel comm:kthreadd env:unread\n"
	       "3 2 - ; kernel comm:kworker/0:0 env:unread\n",
	       "1 none:none\n"
	       "2 kernel:kernel\n"
	       "3 kernel:kernel\n");
}

/* ---- Every built-in rule ---- */

#define NODE "/usr/bin/node node "
#define PYTHON "/usr/bin/python3.11 python3 "

/* A process and the product that it must belong to: by its root, by a mark, by its cgroup. */
static const struct {
	const char *process;
	const char *product;
} known[] = {
	{GOD, "pm2"},
	{NODE "/usr/lib/node_modules/pm2/bin/pm2 start x.js --no-daemon", "pm2"},
	{NODE "/usr/bin/pm2-runtime start x.js", "pm2"},
	{"/usr/bin/node \"PM2 v7.0.4: Go\" ; \"comm:PM2 v7.0.4: God\"", "pm2"},
	{"/usr/bin/node my-daemon ; PM2_USAGE=CLI SILENT=true PM2_HOME=/x", "pm2"},
	{"/bin/sh sh ; " APP(0, "api"), "pm2"},
	{CLAUDE " claude --resume", "claude-code"},
	{"/root/.local/share/claude/versions/2.1.330 claude", "claude-code"},
	{"/x/claude-code/bin/claude.exe claude", "claude-code"},
	{"/usr/bin/node claude", "claude-code"},
	{NODE "/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js", "claude-code"},
	{"/bin/sh sh ; CLAUDE_CODE_CHILD_SESSION=1", "claude-code"},
	{NODE "/usr/lib/node_modules/@openai/codex/bin/codex.js", "codex"},
	{NODE "/usr/local/bin/codex exec ls", "codex"},
	{NODE "/x/node_modules/.bin/codex", "codex"},
	{"/x/vendor/x86_64-unknown-linux-musl/bin/codex codex exec ls", "codex"},
	{"/bin/sh sh ; CODEX_CI=1", "codex"},
	{NODE "/usr/lib/node_modules/@google/gemini-cli/bundle/gemini.js", "gemini"},
	{NODE "--max-old-space-size=512 /x/node_modules/.bin/gemini", "gemini"},
	{"/bin/sh sh ; GEMINI_CLI=1", "gemini"},
	{NODE "/usr/lib/node_modules/@qwen-code/qwen-code/cli.js", "qwen"},
	{NODE "/x/node_modules/.bin/qwen", "qwen"},
	{"/bin/sh sh ; QWEN_CODE=1", "qwen"},
	{"/x/bin/kilo kilo", "kilo"},
	{"/bin/sh sh ; OPENCODE=1 KILO=1 KILOCODE_FEATURE=cli", "kilo"},
	{"/x/opencode-linux-x64/bin/opencode opencode", "opencode"},
	{"/bin/sh sh ; OPENCODE=1 AGENT=1", "opencode"},
	{"/x/copilot-linux-x64/copilot copilot ; comm:MainThread", "copilot"},
	{NODE "/x/node_modules/.bin/copilot -p x", "copilot"},
	{"/bin/sh sh ; COPILOT_CLI=1", "copilot"},
	{"/root/.amp/bin/amp amp", "amp"},
	{"/bin/sh sh ; AGENT=amp CLAUDECODE=1 AMP_CURRENT_THREAD_ID=T-1", "amp"},
	{"/x/cursor-agent cursor-agent", "cursor"},
	{NODE "/root/.local/share/cursor-agent/versions/1/index.js", "cursor"},
	{"/bin/sh sh ; CURSOR_AGENT=1", "cursor"},
	{"/bin/sh sh ; CURSOR_EXTENSION_HOST_ROLE=agent-exec", "cursor"},
	{"/usr/bin/goose goose session", "goose"},
	{"/bin/sh sh ; AGENT=goose AGENT_SESSION_ID=20261124_1", "goose"},
	{"/usr/bin/crush crush", "crush"},
	{"/bin/sh sh ; CRUSH=1", "crush"},
	{NODE "/usr/lib/node_modules/@augmentcode/auggie/augment.mjs", "auggie"},
	{"/bin/sh sh ; AUGMENT_AGENT=1", "auggie"},
	{PYTHON "/usr/local/bin/aider", "aider"},
	{PYTHON "-m aider", "aider"},
	{"/x/@cline/cli-linux-x64/bin/cline cline", "cline"},
	{"/bin/sh sh ; CLINE_ACTIVE=1", "cline"},
	{NODE "/usr/lib/node_modules/@continuedev/cli/dist/cn.js", "continue"},
	{"/usr/bin/node pi", "pi"},
	{NODE "/x/node_modules/.bin/pi -p x", "pi"},
	{"/bin/sh sh ; PI_CODING_AGENT=true", "pi"},
	{"/x/cli-linux-x64/bin/droid droid", "droid"},
	{"/bin/sh sh ; NODE_EXTRA_CA_CERTS=/root/.factory/cache/certs/x.pem", "droid"},
	{"/bin/sh sh ; ROO_ACTIVE=1", "roo"},
	{PYTHON "/usr/local/bin/openhands", "openhands"},
	{"/bin/sh sh ; WINDSURF_CASCADE_TERMINAL=1", "windsurf"},
	{"/bin/sh sh ; ANTIGRAVITY_AGENT=1", "antigravity"},
	{"/bin/sh sh ; TRAE_AI_SHELL_ID=1", "trae"},
	{"/bin/sh sh ; IFLOW_CLI=1", "iflow"},
	{"/bin/sh sh ; JUNIE_DATA=/x", "junie"},
	{"/bin/sh sh ; GROK_AGENT=1", "grok"},
	{"/bin/sh sh ; AWS_EXECUTION_ENV=AmazonQ-For-CLI-1.2", "amazon-q"},
	{"/bin/sh sh ; AI_AGENT=acme@1.2", "generic"},
	{"/bin/sh sh ; AGENT=acme", "generic"},
	{"/bin/a a ; cgroup:/kubepods/pod0a0a0a0a-1b1b-2c2c-3d3d-4e4e4e4e4e4e", "kubernetes"},
	{"/bin/a a ; cgroup:/system.slice/docker-" ID1 ".scope", "docker"},
	{"/bin/a a ; cgroup:/libpod_parent/libpod-" ID1, "podman"},
	{"/bin/a a ; cgroup:/system.slice/nerdctl-" ID1 ".scope", "containerd"},
	{"/bin/a a ; cgroup:/x.slice:cri-containerd:" ID1, "containerd"},
	{"/bin/a a ; cgroup:/machine.slice/crio-" ID1 ".scope/container", "crio"},
	{"/bin/a a ; cgroup:/kubepods/besteffort/" ID1, "kubepods"},
	{"/bin/a a ; cgroup:/ecs/cluster/task/" ID1, "ecs"},
	{"/bin/a a ; cgroup:/buildkit/abc123", "buildkit"},
	{"/bin/a a ; cgroup:/garden/0a0a0a0a-1b1b-2c2c-3d3d-4e4e4e4e4e4e", "garden"},
	{"/bin/a a ; cgroup:/lxc/web1", "lxc"},
	{"/bin/a a ; cgroup:/machine.slice/systemd-nspawn@deb.service/payload", "nspawn"},
	{"/bin/a a ; cgroup:/app.slice/app-flatpak-org.gnome.Maps-77.scope", "flatpak"},
	{"/bin/a a ; ns:9.1 foreign", "namespace"},
	{"/bin/a a ; cgroup:/system.slice/a.service", "systemd"},
	{"/sbin/a a ; cgroup:/init.scope", "init"},
	{"/bin/a a ; cgroup:/user.slice/user-0.slice/session-7.scope", "logind"},
	{"/usr/sbin/cron /usr/sbin/cron -f", "cron"},
	{"/usr/bin/tmux tmux new ; \"comm:tmux: server\"", "tmux"},
	{"/usr/bin/screen \"SCREEN -dmS work\"", "screen"},
	{"/usr/bin/zellij zellij --server /run/x", "zellij"},
	{"/usr/sbin/sshd \"sshd: ann@pts/3\" ; comm:sshd", "ssh"},
	{"/usr/lib/openssh/sshd-session \"sshd-session: ann [priv]\" ; comm:sshd-session", "ssh"},
	{"/bin/login \"/bin/login -p --\"", "console"},
};

static void every_built_in_rule_finds_its_own(void **state)
{
	struct text table = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct lab *lab = lab_new(NULL);
		const struct owner *owner;

		text_clear(&table);
		text_printf(&table, "1 0 /sbin/init init\n100 1 %s\n", known[i].process);
		lab_sample(lab, 0, text_str(&table));
		owner = &lab->attr->owners[lab->attr->procs[snapshot_find_pid(lab->snap, 100)].owner];
		if (strcmp(owner->product, known[i].product) != 0)
			fail_msg("'%s' is of %s", known[i].process, owner->product);
		lab_free(lab);
	}
	text_done(&table);
}

static void every_built_in_rule_is_tried(void **state)
{
	struct ruleset *rules = rules_new();

	(void)state;
	for (size_t r = 0; r < rules->n; r++) {
		bool is_tried = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			is_tried = is_tried || strcmp(known[i].product, rules->rules[r]->name) == 0;
		if (!is_tried)
			fail_msg("no process above is of [%s]", rules->rules[r]->name);
	}
	rules_free(rules);
}

static void a_listener_is_no_login(void **state)
{
	(void)state;
	expect("1 0 /sbin/init init\n"
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

static void a_container_without_a_telling_cgroup_is_told_by_its_shim(void **state)
{
	(void)state;
	expect("1 0 /sbin/init init\n"
	       "10 1 /usr/bin/containerd-shim-runc-v2 shim -namespace lab -id ctrbox -address /run/x\n"
	       "11 10 /bin/app app ; cgroup:/lab/ctrbox ns:8.1 foreign\n"
	       "12 11 /bin/sh sh   ; cgroup:/lab/ctrbox ns:8.7 foreign\n",
	       "1 none:none\n"
	       "10 none:none\n"
	       "11 containerd:ctrbox\n"
	       "12 containerd:ctrbox\n");
}

static void a_rootless_container_is_told_by_its_monitor(void **state)
{
	(void)state;
	expect("1 0 /sbin/init init\n"
	       "10 1 /usr/bin/conmon conmon --api-version 1 -c " ID1 " -u " ID1 " -b /x ; uid:1000 cgroup:/user.slice\n"
	       "11 10 /bin/app app ; uid:1000 cgroup:/user.slice ns:8.1 foreign\n"
	       "12 11 /bin/sh sh   ; uid:1000 cgroup:/user.slice ns:8.7 foreign\n",
	       "1 none:none\n"
	       "10 none:none\n"
	       "11 podman:" ID1 "\n"
	       "12 podman:" ID1 "\n");
}

static void a_machine_without_systemd_is_named_by_what_runs_it(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "10 1 /usr/bin/systemd-nspawn systemd-nspawn --keep-unit -D /srv/deb -M box ; cgroup:/supervisor\n"
		   "11 10 /bin/sh sh ; cgroup:/payload ns:8.1 foreign\n"
		   "20 1 /usr/bin/systemd-nspawn systemd-nspawn --directory=/srv/deb ; cgroup:/supervisor\n"
		   "21 20 /bin/sh sh ; cgroup:/payload ns:9.1 foreign\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n"
					     "10 none:none\n"
					     "11 nspawn:box\n"
					     "20 none:none\n"
					     "21 nspawn:/srv/deb\n");
	assert_string_equal(lab_owner(lab, "nspawn:/srv/deb")->name, "deb");
	lab_free(lab);
}

/* ---- Evidence ---- */

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

static void a_cycle_of_parents_harms_nobody(void **state)
{
	(void)state;
	expect("10 11 /bin/sh sh ; start:5\n"
	       "11 10 /bin/sh sh ; start:5\n",
	       "10 none:none\n"
	       "11 none:none\n");
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
		cmocka_unit_test(a_pid_that_was_used_again_is_not_believed),
		cmocka_unit_test(a_wrapper_and_its_program_are_one_session),
		cmocka_unit_test(a_program_that_only_has_the_name_is_no_root),
		cmocka_unit_test(what_human_terminals_carry_is_no_mark),
		cmocka_unit_test(a_fork_of_an_agent_is_told_from_its_origin),
		cmocka_unit_test(a_fork_and_its_origin_may_be_in_one_another),
		cmocka_unit_test(an_unknown_agent_is_known_by_the_convention),
		cmocka_unit_test(agents_without_marks_are_known_by_ancestry),
		cmocka_unit_test(a_zombie_keeps_its_owner),
		cmocka_unit_test(an_ended_agent_without_sessions_is_one_owner),
		cmocka_unit_test(an_ended_agent_without_sessions_stays_the_owner_that_was_seen),
		cmocka_unit_test(a_pid_marker_may_name_the_inner_of_two_wrappers),
		cmocka_unit_test(an_owner_keeps_its_id_when_only_its_wrapper_ends),
		cmocka_unit_test(a_nameless_orphan_in_the_kernel_session_of_a_tool_is_its_agents),
		cmocka_unit_test(what_is_told_to_do_something_else_is_no_session),
		cmocka_unit_test(a_server_is_a_root_while_it_runs_sessions),
		cmocka_unit_test(a_root_is_told_by_its_script_too),
		cmocka_unit_test(what_a_restart_leaked_is_told_from_what_the_app_has),
		cmocka_unit_test(apps_are_owners_below_their_daemon),
		cmocka_unit_test(an_app_between_two_lives_is_still_shown),
		cmocka_unit_test(an_app_that_an_agent_started_is_not_the_agents),
		cmocka_unit_test(an_agent_that_runs_as_an_app_is_inside_the_app),
		cmocka_unit_test(another_users_app_is_named_by_its_command),
		cmocka_unit_test(an_app_that_is_seen_only_when_it_has_ended_is_no_other_app),
		cmocka_unit_test(a_container_is_told_by_its_cgroup),
		cmocka_unit_test(pods_hold_their_containers),
		cmocka_unit_test(a_container_in_a_container_has_both),
		cmocka_unit_test(lxc_nspawn_and_unnamed_containers),
		cmocka_unit_test(a_pid_namespace_alone_is_a_sandbox),
		cmocka_unit_test(an_agent_in_a_container_is_inside_it),
		cmocka_unit_test(a_container_that_an_agent_started_is_not_the_agents),
		cmocka_unit_test(units_and_login_sessions_are_told_by_their_cgroup),
		cmocka_unit_test(units_of_one_name_of_two_users_are_two),
		cmocka_unit_test(a_service_is_not_the_agents_whose_child_restarted_it),
		cmocka_unit_test(a_pane_is_a_login_also_when_an_agent_started_the_server),
		cmocka_unit_test(kernel_threads_are_the_kernels),
		cmocka_unit_test(every_built_in_rule_finds_its_own),
		cmocka_unit_test(every_built_in_rule_is_tried),
		cmocka_unit_test(a_listener_is_no_login),
		cmocka_unit_test(what_an_ssh_login_left_is_told_by_its_connection),
		cmocka_unit_test(each_job_of_cron_is_an_owner),
		cmocka_unit_test(a_container_without_a_telling_cgroup_is_told_by_its_shim),
		cmocka_unit_test(a_rootless_container_is_told_by_its_monitor),
		cmocka_unit_test(a_machine_without_systemd_is_named_by_what_runs_it),
		cmocka_unit_test(every_process_has_its_evidence),
		cmocka_unit_test(a_cycle_of_parents_harms_nobody),
	};

	return cmocka_run_group_tests_name("owner", tests, NULL, NULL);
}
