/*
 * A crowd of processes to measure with, in a pids cgroup of its own that caps it:
 *
 *     scene [OPTION]... flat N | fan PARENTS CHILDREN | deep N
 *
 *     --exec            every process has its own arguments (sh -c 'curl …/17'); else it is forked
 * only, as a fork bomb's
 *     --zombies PERCENT so many of them have ended and are never reaped
 *     --births RATE     so many more a second begin below the top, and live a tenth of a second
 *     --life SECONDS    ends by itself after that (default 240)
 *     --stdin           ends too when standard input does
 *
 * Its top is a process called "claude" and what it starts carries the marks of that session, so
 * everyone's owner is known: when the crowd stands, a line "ready PID N OWNER" is written. It ends
 * on SIGTERM, SIGINT and SIGHUP. Then all that is in its cgroup is ended by pid, and
 * kernel.pid_max, which it raises as far as it needs, is put back. Should it be killed itself,
 * every process of the crowd still ends by its own alarm. Needs root.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	PID_SLACK = 4096,   /* pids beyond the crowd that the machine keeps for itself */
	CGROUP_SLACK = 256, /* the makers, and what lives a tenth of a second */
	BIRTH_LIFE_US = 100000,
	BYTES_EACH = 100 << 10, /* what the kernel needs for one small process, rounded up */
	BYTES_LEFT = 1 << 30,   /* that must stay free */
	END_TRIES = 500,
	READY_FD = 3, /* where the top says that the crowd stands */
};

static const char session[] = "01a20b03-5e6e-7000-8000-00000be7c400";

enum shape { FLAT, FAN, DEEP };

struct crowd {
	enum shape shape;
	long parents;
	long count; /* children of each parent */
	long zombie_percent;
	long births;
	long life_s;
	bool is_exec;
	bool until_stdin;
};

struct pen {
	char dir[256];   /* the cgroup */
	char home[64];   /* where the copies named "claude" and "sh" are */
	long pid_max;    /* what was there before */
	long pid_raised; /* what we wrote; 0 none */
};

static volatile sig_atomic_t is_ending;

static void note_ending(int number)
{
	(void)number;
	is_ending = 1;
}

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("scene: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static void nap_us(long us)
{
	struct timespec nap = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};

	nanosleep(&nap, NULL);
}

/* ---- The crowd: runs in the cgroup ---- */

static long standing(const struct crowd *crowd)
{
	return crowd->shape == FAN ? crowd->parents * (crowd->count + 1) : crowd->count;
}

static void stand(const struct crowd *crowd)
{
	prctl(PR_SET_NAME, "sh");
	alarm((unsigned)crowd->life_s);
	for (;;)
		pause();
}

/* One process of the crowd; `number` makes its arguments its own. */
static bool start_one(const struct crowd *crowd, long number)
{
	bool is_zombie = crowd->zombie_percent > 0 &&
			 number * crowd->zombie_percent % 100 < crowd->zombie_percent;
	char command[64];
	char life[16];
	pid_t pid;

	snprintf(command, sizeof(command), "curl -s http://127.0.0.1:8080/%ld", number);
	snprintf(life, sizeof(life), "%ld", crowd->life_s);
	pid = crowd->is_exec && !is_zombie ? vfork() : fork();
	if (pid != 0)
		return pid > 0;
	if (is_zombie)
		_exit(0);
	if (crowd->is_exec) {
		execl("/proc/self/exe", "sh", "-c", command, "--life", life, (char *)NULL);
		_exit(1);
	}
	stand(crowd);
	return true;
}

static bool start_row(const struct crowd *crowd, long first)
{
	for (long i = 0; i < crowd->count; i++) {
		if (!start_one(crowd, first + i))
			return false;
	}
	return true;
}

/* Each parent makes its children; the first word in the pipe tells the top that all stand. */
static bool start_fan(const struct crowd *crowd)
{
	int done[2];
	char byte;

	if (pipe(done) != 0)
		return false;
	for (long p = 0; p < crowd->parents; p++) {
		pid_t pid = fork();

		if (pid < 0)
			return false;
		if (pid == 0) {
			if (!start_row(crowd, p * crowd->count) || write(done[1], "", 1) != 1)
				_exit(1);
			stand(crowd);
		}
		if (read(done[0], &byte, 1) != 1)
			return false;
	}
	close(done[0]);
	close(done[1]);
	return true;
}

/* Each process is the parent of the next. */
static bool start_chain(const struct crowd *crowd)
{
	int done[2];
	char byte;

	if (pipe(done) != 0)
		return false;
	for (long i = 0; i < crowd->count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			_exit(1);
		if (pid > 0 && i > 0)
			stand(crowd);
		if (pid > 0) {
			close(done[1]);
			return read(done[0], &byte, 1) == 1;
		}
	}
	if (write(done[1], "", 1) != 1)
		_exit(1);
	stand(crowd);
	return true;
}

/* In the top's place for as long as it lives: what is born here is gone soon. */
static void keep_bearing(const struct crowd *crowd)
{
	struct timespec next;
	struct timespec now;

	signal(SIGCHLD, SIG_IGN);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (;;) {
		pid_t pid = fork();

		if (pid == 0) {
			prctl(PR_SET_NAME, "sh");
			nap_us(BIRTH_LIFE_US);
			_exit(0);
		}
		next.tv_nsec += 1000000000 / crowd->births;
		if (next.tv_nsec >= 1000000000) {
			next.tv_nsec -= 1000000000;
			next.tv_sec++;
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec < next.tv_sec ||
		    (now.tv_sec == next.tv_sec && now.tv_nsec < next.tv_nsec))
			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
}

/* What the agent started: its environment carries the marks. */
static void make_crowd(const struct crowd *crowd)
{
	static bool (*const starts[])(const struct crowd *crowd) = {
		[FAN] = start_fan,
		[DEEP] = start_chain,
	};
	bool ok = crowd->shape == FLAT ? start_row(crowd, 0) : starts[crowd->shape](crowd);

	if (!ok || dprintf(READY_FD, "%ld", standing(crowd)) < 0)
		_exit(1);
	close(READY_FD);
	alarm((unsigned)crowd->life_s);
	if (crowd->births > 0 && fork() == 0) {
		alarm((unsigned)crowd->life_s);
		keep_bearing(crowd);
	}
	prctl(PR_SET_NAME, "sh");
	for (;;)
		pause();
}

/* The agent: starts the maker with its marks, as a tool call, and lives on. */
static void be_agent(char **argv, long life_s)
{
	char shell[96] = "";
	char *name;
	pid_t pid;

	if (readlink("/proc/self/exe", shell, sizeof(shell) - 1) < 0)
		_exit(1);
	name = strrchr(shell, '/');
	strcpy(name + 1, "sh");
	alarm((unsigned)life_s);
	setenv("CLAUDECODE", "1", 1);
	setenv("CLAUDE_CODE_SESSION_ID", session, 1);
	pid = fork();
	if (pid == 0) {
		strcpy(argv[0], "sh"); /* shorter than what was there */
		strcpy(argv[1], "--maker");
		execv(shell, argv);
		_exit(1);
	}
	close(READY_FD);
	for (;;)
		pause();
}

/* ---- The pen: stays outside ---- */

static long read_number(const char *path)
{
	FILE *file = fopen(path, "r");
	long number = -1;

	if (file && fscanf(file, "%ld", &number) != 1)
		number = -1;
	if (file)
		fclose(file);
	return number;
}

static bool write_number(const char *path, long number)
{
	FILE *file = fopen(path, "w");
	bool ok = file && fprintf(file, "%ld\n", number) > 0;

	return file && fclose(file) == 0 && ok;
}

static void pen_path(const struct pen *pen, const char *name, char path[320])
{
	snprintf(path, 320, "%s/%s", pen->dir, name);
}

static void check_memory(const struct crowd *crowd)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	long long kb = -1;

	while (file && kb < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "MemAvailable: %lld", &kb);
	if (file)
		fclose(file);
	if (kb * 1024 < (long long)standing(crowd) * BYTES_EACH + BYTES_LEFT)
		die("%ld processes do not fit into %lld MB of memory", standing(crowd), kb / 1024);
}

static void pen_open(struct pen *pen, const struct crowd *crowd)
{
	bool is_v1 = access("/sys/fs/cgroup/pids", F_OK) == 0;
	char path[320];
	char command[512];
	long need = standing(crowd) + crowd->births + CGROUP_SLACK;

	snprintf(pen->dir, sizeof(pen->dir), "/sys/fs/cgroup%s/clade-bench-%d",
		 is_v1 ? "/pids" : "", getpid());
	snprintf(pen->home, sizeof(pen->home), "/tmp/clade-bench-%d", getpid());
	if (mkdir(pen->dir, 0755) != 0)
		die("%s: %s", pen->dir, strerror(errno));
	pen_path(pen, "pids.max", path);
	if (!write_number(path, need)) {
		rmdir(pen->dir);
		die("%s: %s: without a cap there is no crowd", path, strerror(errno));
	}
	snprintf(command, sizeof(command),
		 "mkdir %s && cp /proc/%d/exe %s/claude && ln %s/claude %s/sh", pen->home, getpid(),
		 pen->home, pen->home, pen->home);
	if (system(command) != 0)
		die("%s: cannot be written", pen->home);
	pen->pid_max = read_number("/proc/sys/kernel/pid_max");
	if (pen->pid_max < need + PID_SLACK &&
	    write_number("/proc/sys/kernel/pid_max", need + 4 * PID_SLACK))
		pen->pid_raised = need + 4 * PID_SLACK;
}

static void reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* Ends what is in the cgroup, each by a descriptor that no later process of that number can be
 * behind. */
static size_t end_listed(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t n = 0;
	int pid;

	while (file && fscanf(file, "%d", &pid) == 1) {
		int fd = pidfd_open(pid, 0);

		n++;
		if (fd < 0)
			continue;
		pidfd_send_signal(fd, SIGKILL, NULL, 0);
		close(fd);
	}
	if (file)
		fclose(file);
	return n;
}

static void pen_close(struct pen *pen)
{
	char path[320];

	/* nobody in there can be born any more */
	pen_path(pen, "pids.max", path);
	write_number(path, 0);
	pen_path(pen, "cgroup.procs", path);
	for (int i = 0; i < END_TRIES && end_listed(path) > 0; i++) {
		reap();
		nap_us(20000);
	}
	reap();
	for (int i = 0; i < END_TRIES && rmdir(pen->dir) != 0; i++) {
		reap();
		nap_us(20000);
	}
	if (pen->pid_raised > 0 && read_number("/proc/sys/kernel/pid_max") == pen->pid_raised)
		write_number("/proc/sys/kernel/pid_max", pen->pid_max);
	snprintf(path, sizeof(path), "%s/claude", pen->home);
	unlink(path);
	snprintf(path, sizeof(path), "%s/sh", pen->home);
	unlink(path);
	rmdir(pen->home);
}

static void enter_and_run(const struct pen *pen, char **argv, int ready)
{
	char path[320];

	pen_path(pen, "cgroup.procs", path);
	if (!write_number(path, getpid()))
		_exit(1);
	dup2(ready, READY_FD);
	/* nothing of whoever started us: they may belong to an agent themselves */
	clearenv();
	setenv("PATH", "/usr/bin:/bin", 1);
	if (setsid() < 0 || chdir("/") != 0)
		_exit(1);
	snprintf(path, sizeof(path), "%s/claude", pen->home);
	execv(path, argv);
	_exit(1);
}

static void wait_for_end(const struct crowd *crowd)
{
	struct timespec now;
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += crowd->life_s;
	do {
		struct pollfd input = {.fd = crowd->until_stdin ? STDIN_FILENO : -1,
				       .events = POLLIN};
		char byte;

		if (poll(&input, 1, 200) > 0 && read(STDIN_FILENO, &byte, 1) <= 0)
			return;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (!is_ending && now.tv_sec < end.tv_sec);
}

static int keep_pen(const struct crowd *crowd, int argc, char **argv)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	struct sigaction action = {.sa_handler = note_ending};
	static char name[] = "claude";
	static char role[] = "--agent";
	char **words = calloc((size_t)argc + 2, sizeof(*words));
	struct pen pen = {0};
	char count[24] = "";
	int ready[2];
	ssize_t n;
	pid_t pid;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	check_memory(crowd);
	if (!words || pipe2(ready, O_CLOEXEC) != 0)
		die("%s", strerror(errno));
	pen_open(&pen, crowd);
	words[0] = name;
	words[1] = role;
	memcpy(words + 2, argv + 1, (size_t)argc * sizeof(*words));
	pid = fork();
	if (pid == 0)
		enter_and_run(&pen, words, ready[1]);
	free(words);
	close(ready[1]);
	n = read(ready[0], count, sizeof(count) - 1);
	if (n > 0) {
		printf("ready %d %s claude-code:%s\n", pid, count, session);
		fflush(stdout);
		wait_for_end(crowd);
	} else {
		fputs("scene: the crowd could not be made\n", stderr);
	}
	pen_close(&pen);
	return n > 0 ? 0 : 1;
}

/* ---- Arguments ---- */

static long number_of(const char *text, long least, long most)
{
	char *end;
	long number = text ? strtol(text, &end, 10) : -1;

	if (!text || *end || end == text || number < least || number > most)
		die("'%s' is no number from %ld to %ld", text ? text : "", least, most);
	return number;
}

static void parse(int argc, char **argv, struct crowd *crowd)
{
	static const struct option options[] = {
		{"exec", no_argument, NULL, 'e'},         {"zombies", required_argument, NULL, 'z'},
		{"births", required_argument, NULL, 'b'}, {"life", required_argument, NULL, 'l'},
		{"stdin", no_argument, NULL, 'i'},        {0},
	};
	static const char *const shapes[] = {[FLAT] = "flat", [FAN] = "fan", [DEEP] = "deep"};
	int option;

	*crowd = (struct crowd){.life_s = 240, .parents = 1};
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'e':
			crowd->is_exec = true;
			break;
		case 'z':
			crowd->zombie_percent = number_of(optarg, 0, 100);
			break;
		case 'b':
			crowd->births = number_of(optarg, 0, 20000);
			break;
		case 'l':
			crowd->life_s = number_of(optarg, 1, 3600);
			break;
		case 'i':
			crowd->until_stdin = true;
			break;
		default:
			exit(2);
		}
	}
	for (int i = FLAT; i <= DEEP; i++) {
		if (optind < argc && strcmp(argv[optind], shapes[i]) == 0) {
			crowd->shape = (enum shape)i;
			if (crowd->shape == FAN)
				crowd->parents = number_of(argv[++optind], 1, 10000);
			crowd->count = number_of(argv[optind + 1], 1, 200000);
			return;
		}
	}
	die("usage: scene [OPTION]... flat N | fan PARENTS CHILDREN | deep N");
}

int main(int argc, char **argv)
{
	struct crowd crowd;

	/* sh -c COMMAND --life SECONDS */
	if (argc == 5 && strcmp(argv[1], "-c") == 0) {
		crowd = (struct crowd){.life_s = number_of(argv[4], 1, 3600)};
		stand(&crowd);
	}
	if (argc > 1 && (strcmp(argv[1], "--agent") == 0 || strcmp(argv[1], "--maker") == 0)) {
		parse(argc - 1, argv + 1, &crowd);
		if (strcmp(argv[1], "--agent") == 0)
			be_agent(argv, crowd.life_s);
		make_crowd(&crowd);
	}
	parse(argc, argv, &crowd);
	return keep_pen(&crowd, argc, argv);
}
