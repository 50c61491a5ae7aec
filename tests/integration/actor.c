/*
 * A process that does as it is told. The tests copy it to the names of real agents, so that exe, comm and arguments
 * match, and drive it through the FIFO that it makes: $ACTOR_DIR/PID. A message is a row of strings, each ended by NUL:
 *
 *     REPLY spawn FLAGS EXE COUNT ENV... ARG...   start a program with COUNT variables
 *     REPLY comm NAME                             prctl(PR_SET_NAME)
 *     REPLY reaper                                prctl(PR_SET_CHILD_SUBREAPER)
 *     REPLY zombie                                make a child that is never waited for
 *
 * The pid goes into the FIFO called REPLY, which is closed by exec: who reads to its end knows that the program runs.
 * FLAGS: s new session, d double fork, u become nobody. Without ACTOR_DIR it just waits.
 * It ends after LIFE seconds, as does what it starts: alarm() outlives exec.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MESSAGE_MAX = 4096, WORDS_MAX = 256, NOBODY = 65534 };

struct message {
	char bytes[MESSAGE_MAX + 1];
	char *words[WORDS_MAX + 1];
	int n;
};

static int reply_open(const struct message *message)
{
	return open(message->words[0], O_WRONLY | O_CLOEXEC);
}

static void reply(const struct message *message)
{
	int fd = reply_open(message);

	dprintf(fd, "%d", getpid());
	close(fd);
}

static void become_nobody(void)
{
	if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
		_exit(1);
}

/* In the new process: words are REPLY spawn FLAGS EXE COUNT ENV... ARG... */
static void run(struct message *message)
{
	const char *flags = message->words[2];
	int n_env = atoi(message->words[4]);
	char *env[WORDS_MAX + 1] = {0};
	int fd = reply_open(message);

	memcpy(env, &message->words[5], (size_t)n_env * sizeof(*env));
	if (strchr(flags, 's'))
		setsid();
	if (strchr(flags, 'u'))
		become_nobody();
	signal(SIGCHLD, SIG_DFL);
	alarm(LIFE);
	dprintf(fd, "%d", getpid());
	execve(message->words[3], &message->words[5 + n_env], env);
	dprintf(fd, " %s: %s", message->words[3], strerror(errno));
	_exit(127);
}

static void spawn(struct message *message)
{
	pid_t middle = fork();

	if (middle != 0)
		return;
	if (strchr(message->words[2], 'd')) {
		pid_t parent = getpid();

		if (fork() != 0)
			_exit(0);
		while (getppid() == parent)
			usleep(1000);
	}
	run(message);
}

static void zombie(void)
{
	signal(SIGCHLD, SIG_DFL);
	if (fork() == 0)
		_exit(0);
}

static void obey(struct message *message)
{
	const char *verb = message->words[1];

	if (strcmp(verb, "spawn") == 0) {
		spawn(message);
		return;
	}
	if (strcmp(verb, "comm") == 0)
		prctl(PR_SET_NAME, message->words[2]);
	else if (strcmp(verb, "reaper") == 0)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	else if (strcmp(verb, "zombie") == 0)
		zombie();
	reply(message);
}

static void message_parse(struct message *message, ssize_t len)
{
	message->n = 0;
	message->bytes[len] = '\0';
	for (char *at = message->bytes; at < message->bytes + len && message->n < WORDS_MAX; at += strlen(at) + 1)
		message->words[message->n++] = at;
	message->words[message->n] = NULL;
}

int main(void)
{
	const char *dir = getenv("ACTOR_DIR");
	struct message message;
	char path[256];
	int fd;

	alarm(LIFE);
	signal(SIGCHLD, SIG_IGN);
	if (!dir) {
		for (;;)
			pause();
	}
	snprintf(path, sizeof(path), "%s/%d", dir, getpid());
	mkfifo(path, 0666);
	fd = open(path, O_RDWR | O_CLOEXEC);
	for (;;) {
		ssize_t len = read(fd, message.bytes, MESSAGE_MAX);

		if (len <= 0)
			return 1;
		message_parse(&message, len);
		if (message.n >= 2)
			obey(&message);
	}
}
