/*
 * Trees that are hard to end, for tests only. The first argument says which:
 *
 *     tree N         N children that sleep
 *     chain N        N below one another
 *     bomb           every process forks without end, as often as it is let
 *     escape         a bomb whose processes fork twice and take a session of their own: no parent, no session
 *     stubborn N     N children, and all ignore TERM, INT, QUIT and HUP
 *     breeder N      N children that, on TERM, start another and go on
 *     heir N         N children; each, itself too, on TERM leaves an heir of a session of its own and ends
 *     heir2 N        the same, and the heir executes the program anew
 *     heir3 N        the same, a while after TERM, and the heir executes it with other arguments and no environment
 *     twins          two that nobody but init has; each, on TERM, forks an orphan ten times a second, and goes on
 *     stopped N      N children, every second one stands still
 *     changed N      N children, every second one becomes nobody
 *     farm N         N zombies that it does not reap; on SIGCHLD sent by somebody it does
 *
 * It must be started in a pids cgroup with a cap, which bounds it; each process ends by itself after LIFE seconds.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef LIFE
#define LIFE 120
#endif

enum { NOBODY = 65534 };

static time_t end; /* of all, by the monotonic clock */
static char **words; /* that it was called with */
static const char *heirs; /* what they do */

static time_t now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec;
}

/* alarm() does not outlive fork: every process sets its own. */
static void live(void)
{
	time_t left = end - now();

	if (left <= 0)
		_exit(0);
	alarm((unsigned)left);
}

static pid_t branch(void)
{
	pid_t pid = fork();

	if (pid == 0)
		live();
	return pid;
}

static void rest(void)
{
	for (;;)
		pause();
}

static void bomb(void)
{
	for (;;)
		branch();
}

/* The middle one ends at once: what is left belongs to nobody that was ever seen. */
static void escape(void)
{
	for (;;) {
		pid_t middle = branch();

		if (middle == 0) {
			setsid();
			if (branch() != 0)
				_exit(0);
			continue;
		}
		if (middle > 0)
			waitpid(middle, NULL, 0);
	}
}

static void ignore(void)
{
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

static void breed(int number)
{
	(void)number;
	if (fork() == 0)
		alarm(5);
}

static void nap(void)
{
	const struct timespec time = {.tv_nsec = 100000000};

	nanosleep(&time, NULL);
}

/* Forks twice and takes a session in between; what is left ignores TERM. */
static void leave_heir(int number)
{
	(void)number;
	/* not while they are looked at, and not all at once */
	for (int i = 0; strcmp(heirs, "heir3") == 0 && i < 3 + getpid() % 8; i++)
		nap();
	if (fork() != 0)
		_exit(0);
	setsid();
	if (fork() != 0)
		_exit(0);
	signal(SIGTERM, SIG_IGN);
	live();
	if (strcmp(heirs, "heir2") == 0)
		execv("/proc/self/exe", words);
	if (strcmp(heirs, "heir3") == 0)
		execve("/proc/self/exe", (char *[]){"changed", "tree", "0", NULL}, (char *[]){NULL});
	for (;;)
		pause();
}

/* An heir that was executed ignores TERM already: it only stays. */
static void inherit(const char *what)
{
	heirs = what;
	if (signal(SIGTERM, leave_heir) != SIG_IGN)
		return;
	signal(SIGTERM, SIG_IGN);
	rest();
}

static void become_nobody(void)
{
	if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
		_exit(1);
}

static void reap(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	/* a person's SIGCHLD, not the kernel's */
	while (info->si_code == SI_USER && waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void leave_orphans(int number)
{
	signal(number, SIG_IGN);
	for (int i = 0; i < 100; i++) {
		pid_t middle = branch();

		if (middle == 0) {
			setsid();
			if (branch() == 0)
				rest();
			_exit(0);
		}
		waitpid(middle, NULL, 0);
		nap();
	}
}

static void twins(void)
{
	signal(SIGTERM, leave_orphans);
	if (branch() != 0)
		_exit(0);
	setsid();
	for (int i = 0; i < 2; i++) {
		if (branch() == 0) {
			setsid();
			rest();
		}
	}
	_exit(0);
}

static void child(const char *what, int i)
{
	if (strcmp(what, "farm") == 0)
		_exit(0);
	if (strcmp(what, "stopped") == 0 && i % 2 == 0)
		raise(SIGSTOP);
	if (strcmp(what, "changed") == 0 && i % 2 == 0)
		become_nobody();
	rest();
}

static void chain(int n)
{
	while (n-- > 0 && branch() == 0)
		;
	rest();
}

static void prepare(const char *what)
{
	if (strcmp(what, "stubborn") == 0)
		ignore();
	if (strcmp(what, "breeder") == 0)
		signal(SIGTERM, breed);
	if (strncmp(what, "heir", 4) == 0)
		inherit(what);
	if (strcmp(what, "farm") == 0) {
		struct sigaction action = {.sa_sigaction = reap, .sa_flags = SA_SIGINFO};

		sigaction(SIGCHLD, &action, NULL);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int n = argc > 2 ? atoi(argv[2]) : 0;

	words = argv;
	end = now() + LIFE;
	live();
	prepare(what);
	if (strcmp(what, "bomb") == 0)
		bomb();
	if (strcmp(what, "escape") == 0)
		escape();
	if (strcmp(what, "twins") == 0)
		twins();
	if (strcmp(what, "chain") == 0)
		chain(n);
	for (int i = 0; i < n; i++) {
		if (branch() == 0)
			child(what, i);
	}
	rest();
}
