/* Processes of our own, walked through: what is new is read, what was forked only takes over, and what changes is found. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clade/safe.h"
#include "collect/host.h"
#include "collect/walk.h"
#include "lab.h"
#include "suite.h"

static const char *const kept[] = {"CLADE_TEST_MARK", NULL};
static const struct marker_group groups[] = {{.keep = kept}};
static const struct source_config config = {.markers = groups, .n_markers = 1};

static struct sampler sampler;

static struct snapshot *sample(const struct snapshot *previous)
{
	static struct walk walk;
	struct snapshot *snap = NULL;
	struct seen seen;

	assert_int_equal(sampler_begin(&sampler, previous), 0);
	assert_int_equal(sampler_reserve(&sampler, 100), 0);
	assert_int_equal(walk_begin(&walk), 0);
	while (walk_next(&walk, &sampler, &seen) > 0)
		assert_int_equal(sampler_add(&sampler, &seen), 0);
	walk_done(&walk);
	assert_int_equal(sampler_seal(&sampler, &snap), 0);
	return snap;
}

static const struct process *find(const struct snapshot *snap, pid_t pid)
{
	int32_t i = snapshot_find_pid(snap, pid);

	assert_int_not_equal(i, NO_PROC);
	return &snap->procs[i];
}

/* A child that waits for its end; `act` is what it does before. */
static pid_t start(void (*act)(void))
{
	int done[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(done), 0);
	pid = fork();
	if (pid == 0) {
		alarm(60);
		if (act)
			act();
		if (write(done[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(done[0], &byte, 1), 1);
	close(done[0]);
	close(done[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int open_sampler(void **state)
{
	(void)state;
	return sampler_init(&sampler, &config);
}

static int close_sampler(void **state)
{
	(void)state;
	sampler_done(&sampler);
	return 0;
}

static void we_are_as_we_know_ourselves(void **state)
{
	struct snapshot *snap = sample(NULL);
	const struct process *self = find(snap, getpid());

	(void)state;
	assert_int_equal(self->ppid, getppid());
	assert_int_equal(self->pgrp, getpgrp());
	assert_int_equal(self->session, getsid(0));
	assert_int_equal(self->facts->uid, geteuid());
	assert_int_equal(self->state, 'R');
	assert_int_equal(self->threads, 1);
	assert_string_equal(self->facts->comm, "test_walk");
	assert_non_null(strstr(facts_arg(self->facts, 0), "test_walk"));
	assert_int_equal(snap->n_unread, 0);
	snapshot_free(snap);
}

static void a_forked_child_shares_what_its_parent_is(void **state)
{
	pid_t child = start(NULL);
	struct snapshot *snap = sample(NULL);

	(void)state;
	assert_ptr_equal(find(snap, child)->facts, find(snap, getpid())->facts);
	assert_int_equal(find(snap, child)->ppid, getpid());
	snapshot_free(snap);
	end(child);
}

static void take_a_name(void)
{
	prctl(PR_SET_NAME, "other");
}

static void go_elsewhere(void)
{
	if (chdir("/proc") != 0 || setsid() < 0)
		_exit(1);
}

static void what_a_forked_child_changes_is_seen(void **state)
{
	pid_t named = start(take_a_name);
	pid_t moved = start(go_elsewhere);
	struct snapshot *snap = sample(NULL);

	(void)state;
	assert_string_equal(find(snap, named)->facts->comm, "other");
	assert_string_equal(find(snap, moved)->facts->cwd, "/proc");
	assert_int_equal(find(snap, moved)->session, moved);
	snapshot_free(snap);
	end(named);
	end(moved);
}

static void run_another(void)
{
	static char mark[] = "CLADE_TEST_MARK=7";

	execle("/bin/sh", "sh", "-c", "read never <&7", "one two", (char *)NULL, (char *[]){mark, NULL});
	_exit(1);
}

/* An exec in a process that was known already: its start time is the same, its stack is another. */
static void an_exec_between_two_samples_is_noticed(void **state)
{
	struct snapshot *before;
	struct snapshot *after;
	int go[2];
	int keep[2];
	pid_t child;

	(void)state;
	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(keep), 0);
	child = fork();
	if (child == 0) {
		char byte;

		alarm(60);
		dup2(keep[0], 7);
		if (read(go[0], &byte, 1) == 1)
			run_another();
		_exit(1);
	}
	before = sample(NULL);
	assert_string_equal(find(before, child)->facts->comm, "test_walk");
	assert_int_equal(write(go[1], "", 1), 1);
	after = sample(before);
	for (int tries = 0; tries < 3000 && strcmp(find(after, child)->facts->comm, "sh") != 0; tries++) {
		snapshot_free(after);
		usleep(10000);
		after = sample(before);
	}
	assert_string_equal(facts_arg(find(after, child)->facts, 3), "one two");
	assert_string_equal(facts_marker(find(after, child)->facts, "CLADE_TEST_MARK"), "7");
	assert_int_equal(find(after, child)->start_ticks, find(before, child)->start_ticks);
	snapshot_free(before);
	snapshot_free(after);
	end(child);
	for (int i = 0; i < 2; i++) {
		close(go[i]);
		close(keep[i]);
	}
}

/* Without time to read, a process is counted all the same; later it is made up for. */
static void what_there_was_no_time_for_is_read_later(void **state)
{
	static struct walk walk;
	struct snapshot *first = NULL;
	struct snapshot *second;
	struct seen seen;

	(void)state;
	assert_int_equal(sampler_begin(&sampler, NULL), 0);
	assert_int_equal(sampler_reserve(&sampler, 100), 0);
	sampler.facts_ns = 0;
	assert_int_equal(walk_begin(&walk), 0);
	while (walk_next(&walk, &sampler, &seen) > 0)
		assert_int_equal(sampler_add(&sampler, &seen), 0);
	walk_done(&walk);
	assert_int_equal(sampler_seal(&sampler, &first), 0);
	assert_true(first->n_unread > 0);
	assert_string_equal(find(first, getpid())->facts->comm, "test_walk");
	assert_int_equal(find(first, getpid())->facts->uid, geteuid());
	assert_int_equal(find(first, getpid())->facts->env, ENV_UNREAD);
	assert_null(find(first, getpid())->facts->argv);

	second = sample(first);
	assert_int_equal(second->n_unread, 0);
	assert_int_equal(find(second, getpid())->facts->env, ENV_READ);
	assert_non_null(find(second, getpid())->facts->argv);
	snapshot_free(first);
	snapshot_free(second);
}

static void a_zombie_is_what_it_was(void **state)
{
	pid_t child = start(NULL);
	struct snapshot *before = sample(NULL);
	struct snapshot *after;

	(void)state;
	kill(child, SIGKILL);
	do {
		after = sample(before);
		if (find(after, child)->state == 'Z')
			break;
		snapshot_free(after);
	} while (true);
	assert_non_null(find(after, child)->facts->argv);
	assert_string_equal(find(after, child)->facts->exe, find(before, child)->facts->exe);
	snapshot_free(before);
	snapshot_free(after);
	waitpid(child, NULL, 0);
}

/* ---- What could not be seen ---- */

static bool is_noted(size_t denied, const char *words)
{
	struct snapshot *snap = lab_snapshot(0, " 1 0 /sbin/init init ; env:denied\n"
						" 5 1 /bin/sh sh\n"
						" 6 5 /usr/bin/ssh-agent ssh-agent ; env:denied comm:a\x1b\n");
	const struct host_limits limits = {.denied = denied, .has_events = true};
	bool is_found = false;

	assert_int_equal(host_add_notes(snap, &limits), 0);
	for (size_t i = 0; i < snap->n_notes; i++)
		is_found |= strstr(snap->notes[i], words) != NULL;
	snapshot_free(snap);
	return is_found;
}

static void one_environment_that_may_not_be_read_is_named(void **state)
{
	(void)state;
	assert_true(is_noted(1, "may not read the environment of a\\e (pid 6): its owner comes"));
	assert_true(is_noted(2, "may not read the environment of 2 processes: owners there come"));
	assert_false(is_noted(0, "environment"));
}

static void the_environment_of_init_is_not_missed(void **state)
{
	struct snapshot *snap = lab_snapshot(0, " 1 0 /sbin/init init ; env:denied\n"
						" 6 1 /usr/bin/ssh-agent ssh-agent ; env:denied\n"
						" 7 1 /bin/sh sh\n");

	(void)state;
	assert_false(host_misses_environment(&snap->procs[0]));
	assert_true(host_misses_environment(&snap->procs[1]));
	assert_false(host_misses_environment(&snap->procs[2]));
	snapshot_free(snap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(we_are_as_we_know_ourselves, open_sampler, close_sampler),
		cmocka_unit_test_setup_teardown(a_forked_child_shares_what_its_parent_is, open_sampler, close_sampler),
		cmocka_unit_test_setup_teardown(what_a_forked_child_changes_is_seen, open_sampler, close_sampler),
		cmocka_unit_test_setup_teardown(an_exec_between_two_samples_is_noticed, open_sampler, close_sampler),
		cmocka_unit_test_setup_teardown(what_there_was_no_time_for_is_read_later, open_sampler, close_sampler),
		cmocka_unit_test_setup_teardown(a_zombie_is_what_it_was, open_sampler, close_sampler),
		cmocka_unit_test(one_environment_that_may_not_be_read_is_named),
		cmocka_unit_test(the_environment_of_init_is_not_missed),
	};

	safe_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
