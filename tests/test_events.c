/* What the kernel tells of births and deaths: its messages, who they are counted for, and whose child an orphan was. */
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <math.h>

#include "cast.h"
#include "clade/events.h"
#include "collect/tally.h"
#include "lab.h"
#include "suite.h"

/* ---- Messages ---- */

enum { HEAD = sizeof(struct nlmsghdr) + sizeof(struct cn_msg), WHOLE = HEAD + 40 };

/* A message as Linux 5.10 to 6.18 send it. */
static void make_message(char bytes[WHOLE], uint32_t what, uint32_t cpu, uint32_t sequence, const uint32_t ids[4])
{
	const struct nlmsghdr netlink = {.nlmsg_len = WHOLE, .nlmsg_type = NLMSG_DONE};
	const struct cn_msg connector = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .seq = sequence, .len = WHOLE - HEAD};
	const uint32_t words[4] = {what, cpu, 1, 2};

	memset(bytes, 0, WHOLE);
	memcpy(bytes, &netlink, sizeof(netlink));
	memcpy(bytes + sizeof(netlink), &connector, sizeof(connector));
	memcpy(bytes + HEAD, words, sizeof(words));
	memcpy(bytes + HEAD + sizeof(words), ids, 16);
}

static struct event parsed(uint32_t what, const uint32_t ids[4])
{
	struct event event = {0};
	char bytes[WHOLE];

	make_message(bytes, what, 3, 77, ids);
	assert_int_equal(event_parse(bytes, sizeof(bytes), &event), 0);
	assert_int_equal(event.cpu, 3);
	assert_int_equal(event.sequence, 77);
	return event;
}

static void forks_execs_and_exits_are_told_apart(void **state)
{
	struct event event;

	(void)state;
	event = parsed(0x1, (const uint32_t[4]){11, 10, 20, 20}); /* by thread 11 of process 10 */
	assert_int_equal(event.kind, EVENT_FORK);
	assert_int_equal(event.parent, 10);
	assert_int_equal(event.pid, 20);
	event = parsed(0x2, (const uint32_t[4]){20, 20, 0, 0});
	assert_int_equal(event.kind, EVENT_EXEC);
	assert_int_equal(event.pid, 20);
	event = parsed(0x80000000, (const uint32_t[4]){20, 20, 256, 17});
	assert_int_equal(event.kind, EVENT_EXIT);
	assert_int_equal(event.pid, 20);
	event = parsed(0, (const uint32_t[4]){0});
	assert_int_equal(event.kind, EVENT_OTHER); /* the answer to one who begins to listen: counted with the rest */
	assert_int_equal(event.sequence, 77);
}

static void threads_names_and_users_are_no_business_of_ours(void **state)
{
	(void)state;
	assert_int_equal(parsed(0x1, (const uint32_t[4]){10, 10, 21, 10}).kind, EVENT_OTHER);
	assert_int_equal(parsed(0x80000000, (const uint32_t[4]){21, 10, 0, 17}).kind, EVENT_OTHER);
	assert_int_equal(parsed(0x200, (const uint32_t[4]){10, 10, 0, 0}).kind, EVENT_OTHER);
	assert_int_equal(parsed(0x4, (const uint32_t[4]){10, 10, 0, 0}).kind, EVENT_OTHER);
}

static void a_torn_message_is_refused(void **state)
{
	struct event event = {.pid = 7};
	char bytes[WHOLE];

	(void)state;
	make_message(bytes, 0x1, 0, 1, (const uint32_t[4]){10, 10, 20, 20});
	for (size_t len = 0; len < HEAD + 32; len++)
		assert_int_not_equal(event_parse(bytes, len, &event), 0);
	bytes[sizeof(struct nlmsghdr)] = 9; /* of another connector */
	assert_int_not_equal(event_parse(bytes, sizeof(bytes), &event), 0);
	assert_int_equal(event.pid, 7);
}

/* ---- Counting ---- */

/* A laboratory whose second sample comes with what happened in between. */
struct scene {
	struct lab *lab;
	struct tally *tally;
	struct snapshot *snap;
};

static void begin(struct scene *scene, const char *table)
{
	*scene = (struct scene){.lab = lab_new(NULL), .tally = tally_new(4096)};
	assert_non_null(scene->tally);
	lab_sample(scene->lab, 0, table);
}

/* A sample of this table ends the interval. */
static void end(struct scene *scene, double at_s, const char *table)
{
	scene->snap = lab_snapshot(at_s, table);
	assert_int_equal(tally_close(scene->tally, scene->snap, scene->lab->snap), 0);
	lab_take(scene->lab, scene->snap);
}

static void done(struct scene *scene)
{
	tally_free(scene->tally);
	lab_free(scene->lab);
}

static void brief(struct scene *scene, int32_t parent, int32_t pid)
{
	tally_fork(scene->tally, parent, pid);
	tally_exit(scene->tally, pid);
}

static const char claude[] = " 1  0 /sbin/init init\n"
			     "10  1 " CLAUDE " claude\n"
			     "11 10 /bin/sh sh ; CLAUDECODE=1 CLAUDE_CODE_SESSION_ID=" S1 " CLAUDE_PID=10\n";

static void brief_lives_count_for_the_owner_of_their_parent(void **state)
{
	struct scene scene;
	const struct group *group;

	(void)state;
	begin(&scene, claude);
	for (int i = 0; i < 500; i++)
		brief(&scene, 11, 100 + i);
	brief(&scene, 1, 700);
	end(&scene, 2, claude);
	assert_true(scene.snap->has_events && !scene.snap->is_at_least);
	assert_int_equal(scene.snap->brief_lives, 501);
	group = lab_group(scene.lab, "claude-code:" S1);
	assert_int_equal(group->own.births, 500);
	assert_int_equal(group->own.deaths, 500);
	assert_true(fabs(group->growth.births_per_s - 250) < 0.1);
	assert_int_equal(lab_subtree(scene.lab, 11).births, 500);
	assert_int_equal(scene.lab->model->all.births, 501);
	assert_int_equal(scene.lab->model->all.deaths, 501);
	done(&scene);
}

#define DAEMON "900 1 " GOD " ; start:2 PM2_HOME=/root/.pm2\n"
/* an app in one of its lives, which the daemon has counted */
#define LIFE(pid, start, restarts) \
	pid " 900 /usr/bin/node \"node /srv/api.js\" ; start:" start " " APP(0, "api") " unique_id=u restart_time=" restarts "\n"

static double loop_of(const struct scene *scene, const char *id)
{
	return lab_group(scene->lab, id)->loop_per_min;
}

static void an_app_that_no_sample_sees_is_a_crash_loop_of_its_daemon(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, DAEMON);
	for (int i = 0; i < 12; i++)
		brief(&scene, 900, 100 + i);
	end(&scene, 2, DAEMON);
	assert_true(loop_of(&scene, "pm2:/root/.pm2") == 12);
	assert_true(lab_group(scene.lab, "pm2:/root/.pm2")->badges & BADGE_LOOP);
	done(&scene);
}

static void lives_that_an_app_counts_itself_are_not_its_daemons_too(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, DAEMON LIFE("901", "900", "5"));
	/* four lives went by; the sample shows the fifth */
	for (int i = 0; i < 4; i++)
		brief(&scene, 900, 100 + i);
	end(&scene, 2, DAEMON LIFE("950", "1000", "10"));
	assert_true(loop_of(&scene, "pm2:/root/.pm2/default/api") == 5);
	assert_true(loop_of(&scene, "pm2:/root/.pm2") == 0);
	/* what an app runs for a moment is nobody's crash */
	for (int i = 0; i < 30; i++)
		brief(&scene, 950, 200 + i);
	end(&scene, 4, DAEMON LIFE("950", "1000", "10"));
	assert_true(loop_of(&scene, "pm2:/root/.pm2/default/api") == 5);
	assert_true(loop_of(&scene, "pm2:/root/.pm2") == 0);
	done(&scene);
}

static void lives_that_an_app_counts_later_are_given_back_by_its_daemon(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, DAEMON LIFE("901", "900", "5"));
	/* the sample falls between two lives: who lived is not known */
	for (int i = 0; i < 4; i++)
		brief(&scene, 900, 100 + i);
	end(&scene, 2, DAEMON);
	assert_true(loop_of(&scene, "pm2:/root/.pm2") == 4);
	/* the next one shows the app, which has counted them */
	brief(&scene, 900, 200);
	end(&scene, 4, DAEMON LIFE("950", "1000", "11"));
	assert_true(loop_of(&scene, "pm2:/root/.pm2/default/api") == 6);
	assert_true(loop_of(&scene, "pm2:/root/.pm2") == 0);
	done(&scene);
}

static void a_bomb_whose_members_die_at_once_counts_for_who_began_it(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, claude);
	tally_fork(scene.tally, 11, 100);
	for (int i = 101; i < 200; i++) { /* each forks the next and ends */
		tally_fork(scene.tally, i - 1, i);
		tally_exit(scene.tally, i - 1);
	}
	tally_exit(scene.tally, 199);
	end(&scene, 2, claude);
	assert_int_equal(lab_group(scene.lab, "claude-code:" S1)->own.births, 100);
	assert_int_equal(scene.snap->n_briefs, 1);
	done(&scene);
}

static void what_a_sample_holds_is_not_counted_twice(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, claude);
	tally_fork(scene.tally, 11, 100); /* lives on */
	tally_fork(scene.tally, 11, 101); /* is sampled and ends before the sample does */
	tally_exit(scene.tally, 101);
	tally_exit(scene.tally, 11); /* was there before */
	end(&scene, 2,
	    " 1  0 /sbin/init init\n"
	    "10  1 " CLAUDE " claude\n"
	    "100 10 /bin/sh sh\n"
	    "101 10 /bin/sh sh\n");
	assert_int_equal(scene.snap->brief_lives, 0);
	assert_int_equal(scene.lab->model->all.births, 2);
	assert_int_equal(scene.lab->model->all.deaths, 1);
	done(&scene);
}

static void what_the_sample_had_passed_is_counted_with_the_next(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, claude);
	tally_fork(scene.tally, 11, 100);
	tally_fork(scene.tally, 100, 101);
	end(&scene, 2, claude); /* neither is in it */
	assert_int_equal(scene.snap->brief_lives, 0);
	tally_exit(scene.tally, 101);
	tally_exit(scene.tally, 100);
	end(&scene, 4, claude);
	assert_int_equal(scene.snap->brief_lives, 2);
	assert_int_equal(lab_group(scene.lab, "claude-code:" S1)->own.births, 2);
	end(&scene, 6, claude);
	assert_int_equal(scene.snap->brief_lives, 0);
	done(&scene);
}

static void a_pid_that_is_used_again_is_another_life(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, claude);
	for (int i = 0; i < 3; i++)
		brief(&scene, 11, 100);
	tally_exit(scene.tally, 11);
	tally_fork(scene.tally, 10, 11); /* takes the shell's pid, and is in the sample */
	brief(&scene, 11, 100);
	end(&scene, 2,
	    " 1  0 /sbin/init init\n"
	    "10  1 " CLAUDE " claude\n"
	    "11 10 /bin/ls ls ; start:99999\n");
	assert_int_equal(scene.snap->brief_lives, 4);
	assert_int_equal(scene.snap->n_briefs, 2);
	assert_int_equal(scene.snap->briefs[0].lives + scene.snap->briefs[1].lives, 4);
	assert_int_not_equal(scene.snap->briefs[0].parent.start_ticks, scene.snap->briefs[1].parent.start_ticks);
	assert_int_equal(scene.lab->model->all.births, 5);
	assert_int_equal(scene.lab->model->all.deaths, 5);
	done(&scene);
}

static void a_thread_that_executes_does_not_end_its_process(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, claude);
	tally_fork(scene.tally, 11, 100);
	tally_exit(scene.tally, 100); /* its first thread */
	tally_exec(scene.tally, 100);
	end(&scene, 2, claude); /* was born after its place was passed */
	assert_int_equal(scene.snap->brief_lives, 0);
	done(&scene);
}

static void an_overflow_makes_figures_at_least_and_passes(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, claude);
	brief(&scene, 11, 100);
	tally_fork(scene.tally, 11, 101); /* its end is lost */
	tally_lose(scene.tally);
	end(&scene, 2, claude);
	assert_true(scene.snap->is_at_least);
	assert_int_equal(scene.snap->brief_lives, 1);
	brief(&scene, 11, 102);
	end(&scene, 4, claude);
	assert_false(scene.snap->is_at_least);
	assert_int_equal(scene.snap->brief_lives, 1);
	done(&scene);
}

static void more_than_there_is_room_for_is_counted_for_nobody(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, claude);
	for (int i = 0; i < 5000; i++)
		brief(&scene, 11, 100 + i);
	end(&scene, 2, claude);
	assert_true(scene.snap->is_at_least);
	assert_int_equal(scene.snap->brief_lives, 5000);
	assert_int_equal(scene.lab->model->all.births, 5000);
	assert_int_equal(lab_group(scene.lab, "claude-code:" S1)->own.births, 4095);
	done(&scene);
}

static void without_a_sample_before_nothing_is_counted(void **state)
{
	struct tally *tally = tally_new(16);
	struct snapshot *snap = lab_snapshot(0, claude);

	(void)state;
	tally_fork(tally, 11, 100);
	tally_exit(tally, 100);
	assert_int_equal(tally_close(tally, snap, NULL), 0);
	assert_false(snap->has_events);
	assert_int_equal(snap->n_briefs, 0);
	snapshot_free(snap);
	tally_free(tally);
}

/* ---- Orphans ---- */

static void an_orphan_of_a_parent_that_no_sample_saw_has_its_owner(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, claude);
	tally_fork(scene.tally, 11, 100);
	tally_fork(scene.tally, 100, 101);
	tally_exit(scene.tally, 100);
	/* setsid, and an environment that says nothing */
	end(&scene, 2,
	    " 1  0 /sbin/init init\n"
	    "10  1 " CLAUDE " claude\n"
	    "11 10 /bin/sh sh ; CLAUDECODE=1 CLAUDE_CODE_SESSION_ID=" S1 " CLAUDE_PID=10\n"
	    "101 1 /bin/sleep sleep 9 ; sid:101\n");
	assert_int_equal(scene.snap->n_origins, 1);
	assert_contains(lab_owners(scene.lab), "101 claude-code:" S1 " orphan\n");
	assert_contains(lab_why(scene.lab, 101), "was forked below its root, by a process that has ended");
	/* and keeps it */
	lab_sample(scene.lab, 2,
		   " 1  0 /sbin/init init\n"
		   "10  1 " CLAUDE " claude\n"
		   "101 1 /bin/sleep sleep 9 ; sid:101 start:1030\n");
	assert_contains(lab_owners(scene.lab), "101 claude-code:" S1 " orphan\n");
	done(&scene);
}

static void who_is_still_below_its_parent_needs_no_origin(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, claude);
	tally_fork(scene.tally, 11, 100);
	end(&scene, 2,
	    " 1  0 /sbin/init init\n"
	    "10  1 " CLAUDE " claude\n"
	    "11 10 /bin/sh sh\n"
	    "100 11 /bin/sleep sleep 9\n");
	assert_int_equal(scene.snap->n_origins, 0);
	done(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forks_execs_and_exits_are_told_apart),
		cmocka_unit_test(threads_names_and_users_are_no_business_of_ours),
		cmocka_unit_test(a_torn_message_is_refused),
		cmocka_unit_test(brief_lives_count_for_the_owner_of_their_parent),
		cmocka_unit_test(an_app_that_no_sample_sees_is_a_crash_loop_of_its_daemon),
		cmocka_unit_test(lives_that_an_app_counts_itself_are_not_its_daemons_too),
		cmocka_unit_test(lives_that_an_app_counts_later_are_given_back_by_its_daemon),
		cmocka_unit_test(a_bomb_whose_members_die_at_once_counts_for_who_began_it),
		cmocka_unit_test(what_a_sample_holds_is_not_counted_twice),
		cmocka_unit_test(what_the_sample_had_passed_is_counted_with_the_next),
		cmocka_unit_test(a_pid_that_is_used_again_is_another_life),
		cmocka_unit_test(a_thread_that_executes_does_not_end_its_process),
		cmocka_unit_test(an_overflow_makes_figures_at_least_and_passes),
		cmocka_unit_test(more_than_there_is_room_for_is_counted_for_nobody),
		cmocka_unit_test(without_a_sample_before_nothing_is_counted),
		cmocka_unit_test(an_orphan_of_a_parent_that_no_sample_saw_has_its_owner),
		cmocka_unit_test(who_is_still_below_its_parent_needs_no_origin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
