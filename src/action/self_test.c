/* Three processes: the child that all is tried against, the one that confines itself and tries, and
 * this one, which looks whether anything has changed and takes it all away. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clade/confine.h"
#include "clade/io.h"
#include "clade/mem.h"
#include "privilege.h"
#include "scribe.h"
#include "trial.h"

static const char CONTENTS[] = "as it was\n";
static const char WRITTEN[] = "a snapshot\n";

enum { ANSWER_MS = 5000 };

struct self_test {
	const struct confine_config *config;
	void (*line)(const char *text);
	struct text base, outside, inside;
	struct trial trial;
	int child_end; /* closing it ends the child */
	int failed;    /* checks other than acts that were not denied */
};

static void tell(struct self_test *test, bool is_good, const char *good, const char *bad,
		 const char *what)
{
	struct text line = {0};

	if (!is_good)
		test->failed++;
	text_printf(&line, "%-8s %-7s %s", is_good ? good : bad,
		    test->trial.who ? test->trial.who : "-", what);
	test->line(text_str(&line));
	text_done(&line);
}

/* What is needed must still work, or nobody would be read-only. */
static void works(struct self_test *test, bool does, const char *what)
{
	tell(test, does, "works", "FAILS", what);
}

static void is_so(struct self_test *test, bool is, const char *what)
{
	tell(test, is, "true", "UNTRUE", what);
}

/* ---- What it is tried against -------------------------------------------------------------------
 */

static int make_file(const char *directory, const char *name)
{
	struct text path = {0};
	int rc;

	text_printf(&path, "%s/%s", directory, name);
	rc = io_write_file(text_str(&path), CONTENTS, strlen(CONTENTS), false);
	text_done(&path);
	return rc;
}

static int make_directory(struct text *path, const char *base, const char *name)
{
	text_printf(path, "%s/%s", base, name);
	return mkdir(text_str(path), 0755) != 0 ? -errno : 0;
}

/* BASE/outside and BASE/inside, each with "file" and an empty directory; inside is the caller's and
 * has a link that leads out. */
static int make_files(struct self_test *test)
{
	const char *temporary = getenv("TMPDIR");
	struct text empty = {0};
	struct text link = {0};
	struct caller caller;
	int rc = caller_find(&caller);

	text_printf(&test->base, "%s/clade-self-test-XXXXXX",
		    temporary && *temporary == '/' ? temporary : "/tmp");
	if (rc != 0)
		return rc;
	if (!mkdtemp(test->base.data)) {
		rc = -errno;
		text_clear(&test->base);
		return rc;
	}
	rc = chmod(text_str(&test->base), 0755) != 0 ? -errno : 0;
	if (rc == 0)
		rc = make_directory(&test->outside, text_str(&test->base), "outside");
	if (rc == 0)
		rc = make_directory(&test->inside, text_str(&test->base), "inside");
	if (rc == 0)
		rc = make_file(text_str(&test->outside), "file");
	if (rc == 0)
		rc = make_file(text_str(&test->inside), "file");
	if (rc == 0)
		rc = make_directory(&empty, text_str(&test->outside), "empty");
	text_clear(&empty);
	if (rc == 0)
		rc = make_directory(&empty, text_str(&test->inside), "empty");
	text_printf(&link, "%s/link", text_str(&test->inside));
	if (rc == 0 && symlink(text_str(&test->outside), text_str(&link)) != 0)
		rc = -errno;
	if (rc == 0 && caller.is_other &&
	    chown(text_str(&test->inside), caller.uid, caller.gid) != 0)
		rc = -errno;
	text_done(&link);
	text_done(&empty);
	return rc;
}

/* Answers until the other end is closed: by us, or because we are gone. */
static _Noreturn void be_the_child(int end)
{
	char byte;

	while (read(end, &byte, 1) == 1 && write(end, &byte, 1) == 1)
		;
	_exit(0);
}

/* Its own process group, so that a signal to that group reaches nobody else. */
static int make_child(struct self_test *test)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		close(ends[1]);
		be_the_child(ends[0]);
	}
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return -errno;
	}
	setpgid(pid, pid);
	test->child_end = ends[1];
	test->trial.child = pid;
	test->trial.child_pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	return 0;
}

static int make_descriptors(struct self_test *test)
{
	struct text path = {0};
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -errno;
	close(pair[1]);
	test->trial.socket = pair[0];
	text_printf(&path, "%s/file", text_str(&test->outside));
	test->trial.file_fd = open(text_str(&path), O_WRONLY | O_CLOEXEC);
	text_done(&path);
	return test->trial.file_fd < 0 ? -errno : 0;
}

static int prepare(struct self_test *test)
{
	int rc;

	test->trial.word = mem_new(1, sizeof(*test->trial.word));
	*test->trial.word = 1;
	test->trial.has_32 = trial_can_call_32();
	rc = make_files(test);
	if (rc == 0)
		rc = make_child(test);
	if (rc == 0)
		rc = make_descriptors(test);
	test->trial.outside = text_str(&test->outside);
	test->trial.inside = text_str(&test->inside);
	test->trial.line = test->line;
	return rc;
}

/* ---- The one that tries
 * -------------------------------------------------------------------------- */

static bool can_read(const struct self_test *test, const char *name)
{
	struct text path = {0};
	struct text bytes = {0};
	int rc;

	text_printf(&path, "/proc/%d/%s", (int)test->trial.child, name);
	if (strcmp(name, "exe") == 0)
		rc = io_read_link_at(AT_FDCWD, text_str(&path), &bytes);
	else
		rc = io_read_at(AT_FDCWD, text_str(&path), 1 << 20, &bytes);
	text_done(&bytes);
	text_done(&path);
	return rc == 0;
}

static void check_reading(struct self_test *test)
{
	works(test, can_read(test, "stat"), "reading a process's state");
	works(test, can_read(test, "environ"), "reading a process's environment");
	works(test, can_read(test, "exe"), "reading a process's program");
	works(test, can_read(test, "io"), "reading a process's I/O");
}

static int write_file(const struct confine *confine, const char *path, const char *bytes)
{
	struct io_file file;
	int rc = io_file_open_by(&file, confine_maker(confine), path);

	if (rc != 0)
		return rc;
	rc = io_file_write(&file, bytes, strlen(bytes));
	if (rc != 0) {
		io_file_drop(&file);
		return rc;
	}
	return io_file_commit(&file);
}

static void check_writing(struct self_test *test, const struct confine *confine)
{
	struct text path = {0};

	text_printf(&path, "%s/snapshot", text_str(&test->inside));
	works(test, write_file(confine, text_str(&path), WRITTEN) == 0,
	      "writing a new snapshot into the directory");
	is_so(test, write_file(confine, text_str(&path), "other") == -EEXIST,
	      "a snapshot is not written over");
	text_clear(&path);
	text_printf(&path, "%s/snapshot", text_str(&test->outside));
	is_so(test, write_file(confine, text_str(&path), WRITTEN) == -EACCES,
	      "a snapshot is not written elsewhere");
	text_done(&path);
}

static int run_trial(void *context)
{
	trial_run(context);
	return 0;
}

static int try_all(struct self_test *test)
{
	const struct confine_config config = {
		.level = test->config->level,
		.directory = text_str(&test->inside),
	};
	struct confine *confine = NULL;
	struct text words = {0};
	int rc = 0;

	if (config.level != READONLY_NO)
		rc = confine_enter(&config, &confine, &words);
	works(test, rc == 0 && confine, words.len > 0 ? text_str(&words) : "being read-only");
	text_done(&words);
	test->trial.who = confine ? "reader" : "anybody";
	trial_run(&test->trial);
	if (!confine)
		return -1;
	check_reading(test);
	test->trial.who = "scribe";
	if (confine_do(confine, run_trial, &test->trial) == 0)
		check_writing(test, confine);
	else
		works(test, false, confine_why(confine));
	confine_close(confine);
	return test->failed > 0 || test->trial.allowed > 0 ? -1 : 0;
}

static _Noreturn void be_the_one_that_tries(struct self_test *test)
{
	struct text line = {0};
	int rc = try_all(test);

	text_printf(&line, "%d acts denied, %d allowed", test->trial.denied, test->trial.allowed);
	test->line(text_str(&line));
	_exit(rc == 0 ? 0 : 1);
}

/* ---- What has come of it
 * ------------------------------------------------------------------------- */

/* Answers, and is as nice as before. */
static bool is_child_untouched(const struct self_test *test)
{
	pid_t child = test->trial.child;
	struct pollfd answer = {.fd = test->child_end, .events = POLLIN};
	char byte = 'x';

	return getpriority(PRIO_PROCESS, (id_t)child) == getpriority(PRIO_PROCESS, 0) &&
	       send(test->child_end, &byte, 1, MSG_NOSIGNAL) == 1 &&
	       poll(&answer, 1, ANSWER_MS) == 1 && read(test->child_end, &byte, 1) == 1;
}

static bool has_contents(const struct text *directory, const char *name, const char *contents)
{
	struct text path = {0};
	struct text bytes = {0};
	bool is_same;

	text_printf(&path, "%s/%s", text_str(directory), name);
	is_same = io_read_at(AT_FDCWD, text_str(&path), 1 << 20, &bytes) == 0 &&
		  strcmp(text_str(&bytes), contents) == 0;
	text_done(&bytes);
	text_done(&path);
	return is_same;
}

static int count_names(const struct text *directory)
{
	DIR *names = opendir(text_str(directory));
	int n = -2; /* . and .. */

	while (names && readdir(names))
		n++;
	if (names)
		closedir(names);
	return n;
}

static bool is_the_callers(const struct self_test *test)
{
	struct text path = {0};
	struct caller caller;
	struct stat st;
	bool is;

	text_printf(&path, "%s/snapshot", text_str(&test->inside));
	is = caller_find(&caller) == 0 && lstat(text_str(&path), &st) == 0 &&
	     st.st_uid == caller.uid && (st.st_mode & 07777) == 0600;
	text_done(&path);
	return is;
}

static void look(struct self_test *test)
{
	test->trial.who = "after";
	is_so(test, is_child_untouched(test), "the child runs as before");
	is_so(test, has_contents(&test->outside, "file", CONTENTS),
	      "the file outside is as it was");
	is_so(test, has_contents(&test->inside, "file", CONTENTS), "the file inside is as it was");
	is_so(test, count_names(&test->outside) == 2, "nothing was added or removed outside");
	is_so(test, count_names(&test->inside) == 4, "nothing but the snapshot was added inside");
	is_so(test, has_contents(&test->inside, "snapshot", WRITTEN), "the snapshot is whole");
	is_so(test, is_the_callers(test), "the snapshot is the caller's, and nobody else reads it");
}

static void remove_all(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *names = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	while (names && (entry = readdir(names)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, entry->d_name, 0) != 0 && errno == EISDIR)
			remove_all(fd, entry->d_name);
	}
	if (names)
		closedir(names);
	unlinkat(parent, name, AT_REMOVEDIR);
}

static void clear_away(struct self_test *test)
{
	if (test->child_end >= 0)
		close(test->child_end);
	if (test->trial.child > 0)
		waitpid(test->trial.child, NULL, 0);
	if (test->base.len > 0)
		remove_all(AT_FDCWD, text_str(&test->base));
	free(test->trial.word);
	text_done(&test->inside);
	text_done(&test->outside);
	text_done(&test->base);
}

int confine_self_test(const struct confine_config *config, void (*line)(const char *text),
		      struct text *words)
{
	struct self_test test = {
		.config = config,
		.line = line,
		.child_end = -1,
		.trial = {.child_pidfd = -1, .socket = -1, .file_fd = -1},
	};
	int status = 0;
	pid_t pid = -1;
	int rc = confine_check(config, words);

	if (rc != 0)
		return rc;
	rc = prepare(&test);
	if (rc == 0) {
		pid = fork();
		rc = pid < 0 ? -errno : 0;
	}
	if (pid == 0)
		be_the_one_that_tries(&test);
	if (rc != 0)
		text_printf(words, "the self-test cannot be prepared: %s", strerror(-rc));
	else if (waitpid(pid, &status, 0) != pid)
		rc = -errno;
	if (rc == 0)
		look(&test);
	close(test.trial.file_fd);
	close(test.trial.socket);
	close(test.trial.child_pidfd);
	clear_away(&test);
	if (rc != 0)
		return rc;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 && test.failed == 0 ? 0 : 1;
}
