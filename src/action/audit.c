#include "clade/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "clade/clock.h"
#include "clade/io.h"
#include "clade/jsonw.h"
#include "clade/mem.h"
#include "clade/safe.h"
#include "clade/units.h"

enum {
	FILE_MODE = 0600,
	DIR_MODE = 0700,
	COMMANDS_MAX = 20, /* named in a line */
	STEPS_MAX = 200,
	SMALL_FILE = 4096,
	SYSLOG_NOTICE = 4 << 3 | 5, /* LOG_AUTH, LOG_NOTICE */
	SYSLOG_MAX = 900,
};

struct audit {
	const struct users *users;
	char *path;  /* NULL: no place for it */
	char *why;   /* it is not written, NULL: it is */
	int fd;      /* -1: it is not */
	char id[40]; /* of the kill: its two lines have the same */
	char *words; /* what was chosen */
	int signal;
	bool is_nice; /* no signal: a change of priority */
	struct nice_change change;
};

/* ---- The file ---- */

static char *find_path(uid_t uid)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	struct text path = {0};

	if (uid == 0)
		text_add(&path, "/var/log/clade/audit.ndjson");
	else if (state && *state == '/')
		text_printf(&path, "%s/clade/audit.ndjson", state);
	else if (home && *home == '/')
		text_printf(&path, "%s/.local/state/clade/audit.ndjson", home);
	return path.len > 0 ? text_take(&path) : NULL;
}

/* Each directory above the file that is not there yet. */
static int make_dirs(const char *path)
{
	char *copy = mem_strdup(path);
	int rc = 0;

	for (char *at = strchr(copy + 1, '/'); at && rc == 0; at = strchr(at + 1, '/')) {
		*at = '\0';
		if (mkdir(copy, DIR_MODE) != 0 && errno != EEXIST)
			rc = -errno;
		*at = '/';
	}
	free(copy);
	return rc;
}

static void set_why(struct audit *audit, int error)
{
	struct text why = {0};

	if (!audit->path)
		text_add(&why, "no audit is written: neither XDG_STATE_HOME nor HOME is set");
	else
		text_printf(&why, "no audit is written: %s: %s", audit->path, strerror(error));
	free(audit->why);
	audit->why = text_take(&why);
}

static void open_file(struct audit *audit)
{
	int rc = audit->path ? make_dirs(audit->path) : -ENOENT;

	if (rc == 0) {
		audit->fd = open(audit->path,
				 O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC |
					 O_NONBLOCK | O_NOCTTY,
				 FILE_MODE);
		rc = audit->fd < 0 ? -errno : 0;
	}
	if (rc != 0)
		set_why(audit, -rc);
}

struct audit *audit_open(const struct users *users, const char *path)
{
	struct audit *audit = mem_new(1, sizeof(*audit));

	audit->users = users;
	audit->fd = -1;
	audit->path = path ? mem_strdup(path) : find_path(geteuid());
	open_file(audit);
	return audit;
}

void audit_close(struct audit *audit)
{
	if (!audit)
		return;
	if (audit->fd >= 0)
		close(audit->fd);
	free(audit->path);
	free(audit->why);
	free(audit->words);
	free(audit);
}

const char *audit_why(const struct audit *audit)
{
	return audit->why;
}

/* One write: lines of several clades do not mix. */
static int write_line(struct audit *audit, const struct text *line)
{
	int rc = -EBADF;

	if (audit->fd >= 0)
		rc = io_write_all(audit->fd, text_str(line), line->len);
	if (rc != 0 && audit->fd >= 0)
		set_why(audit, -rc);
	return rc;
}

/* ---- The system log ---- */

static int connect_log(int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* What cannot be taken at once is lost: syslog(3) would wait for it. */
static void tell_system(const struct text *words)
{
	time_t now = time(NULL);
	struct text line = {0};
	struct tm tm;
	char stamp[32];
	int fd = connect_log(SOCK_DGRAM);

	if (fd < 0)
		fd = connect_log(SOCK_STREAM);
	if (fd < 0)
		return;
	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S", &tm);
	text_printf(&line, "<%d>%s clade[%d]: %.*s", SYSLOG_NOTICE, stamp, getpid(), SYSLOG_MAX,
		    text_str(words));
	(void)send(fd, text_str(&line), line.len + 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	text_done(&line);
	close(fd);
}

/* ---- Who ---- */

/* The user that logged in, who stays the same through su and sudo: 4294967295 is none. */
static uint64_t login_uid(void)
{
	struct text bytes = {0};
	uint64_t uid = UNKNOWN;

	if (io_read_at(AT_FDCWD, "/proc/self/loginuid", SMALL_FILE, &bytes) == 0 && bytes.len > 0)
		uid = strtoull(text_str(&bytes), NULL, 10);
	text_done(&bytes);
	return uid == UINT32_MAX ? UNKNOWN : uid;
}

static void put_user(struct jsonw *json, const struct users *users, const char *key, uint64_t uid)
{
	jsonw_key(json, key);
	jsonw_string(json, is_known(uid) ? users_find_name(users, (uint32_t)uid) : NULL);
}

static void put_bytes(struct jsonw *json, const char *key, const char *bytes)
{
	jsonw_key(json, key);
	if (bytes)
		jsonw_bytes(json, bytes, strlen(bytes));
	else
		jsonw_null(json);
}

static void put_number(struct jsonw *json, const char *key, uint64_t number)
{
	jsonw_key(json, key);
	jsonw_uint(json, number);
}

static void put_time(struct jsonw *json)
{
	char when[UNITS_LEN];

	jsonw_key(json, "time");
	jsonw_string(json, units_time(when, clock_ms(CLOCK_REALTIME)));
}

static void put_who(struct jsonw *json, const struct audit *audit)
{
	struct utsname host;
	const char *tty = ttyname(STDIN_FILENO);

	put_number(json, "uid", geteuid());
	put_user(json, audit->users, "user", geteuid());
	put_number(json, "real_uid", getuid());
	put_number(json, "login_uid", login_uid());
	put_user(json, audit->users, "login", login_uid());
	put_bytes(json, "sudo_user", getenv("SUDO_USER"));
	put_bytes(json, "tty", tty);
	put_bytes(json, "host", uname(&host) == 0 ? host.nodename : NULL);
	put_number(json, "pid", (uint64_t)getpid());
}

/* ---- What ---- */

static void put_commands(struct jsonw *json, const struct plan *plan)
{
	jsonw_key(json, "commands");
	jsonw_array(json);
	for (size_t i = 0; i < plan->n_commands && i < COMMANDS_MAX; i++) {
		jsonw_object(json);
		put_bytes(json, "command", plan->commands[i].name);
		put_bytes(json, "example", plan->commands[i].example);
		put_number(json, "processes", plan->commands[i].n);
		jsonw_object_end(json);
	}
	jsonw_array_end(json);
}

static void put_owners(struct jsonw *json, const struct plan *plan)
{
	jsonw_key(json, "owners");
	jsonw_array(json);
	for (size_t i = 0; i < plan->n_owners && i < COMMANDS_MAX; i++) {
		jsonw_object(json);
		put_bytes(json, "id", plan->owners[i].name);
		put_number(json, "processes", plan->owners[i].n);
		jsonw_object_end(json);
	}
	jsonw_array_end(json);
}

/* The first ones, each as [pid, start time]: enough to find a person's mistake. */
static void put_steps(struct jsonw *json, const struct plan *plan)
{
	jsonw_key(json, "pids");
	jsonw_array(json);
	for (size_t i = 0; i < plan->n_steps && i < STEPS_MAX; i++) {
		jsonw_array(json);
		jsonw_int(json, plan->steps[i].key.pid);
		jsonw_uint(json, plan->steps[i].key.start_ticks);
		jsonw_array_end(json);
	}
	jsonw_array_end(json);
}

static void put_change(struct jsonw *json, const struct audit *audit)
{
	struct text words = {0};

	if (!audit->is_nice)
		return;
	nice_add_change(&words, &audit->change);
	put_bytes(json, "change", text_str(&words));
	text_done(&words);
}

static void begin_line(struct jsonw *json, struct text *line, const struct audit *audit,
		       const char *event)
{
	jsonw_init(json, line, 0);
	jsonw_object(json);
	put_time(json);
	jsonw_key(json, "event");
	jsonw_string(json, event);
	jsonw_key(json, "id");
	jsonw_string(json, audit->id);
	put_who(json, audit);
	jsonw_key(json, "signal");
	jsonw_string(json, audit->is_nice ? NULL : signal_get(audit->signal)->name);
	put_change(json, audit);
	put_bytes(json, "chosen", audit->words);
}

static int end_line(struct jsonw *json, struct text *line, struct audit *audit)
{
	int rc;

	jsonw_object_end(json);
	if (line->len == 0 || line->data[line->len - 1] != '\n')
		text_add_char(line, '\n');
	rc = write_line(audit, line);
	text_done(line);
	return rc;
}

static void tell_begin(const struct audit *audit, const struct plan *plan)
{
	const char *name = users_find_name(audit->users, geteuid());
	struct text words = {0};

	text_printf(&words, "kill %s begins: user %s uid %u sends %s to %zu processes: ", audit->id,
		    name ? name : "-", geteuid(), signal_get(plan->signal)->name, plan->n_steps);
	safe_add(&words, plan->words, strlen(plan->words));
	tell_system(&words);
	text_done(&words);
}

static void take_plan(struct audit *audit, const struct plan *plan)
{
	snprintf(audit->id, sizeof(audit->id), "%llx-%x",
		 (unsigned long long)clock_ns(CLOCK_REALTIME), (unsigned)getpid());
	free(audit->words);
	audit->words = mem_strdup(plan->words);
	audit->signal = plan->signal;
}

static void put_plan(struct jsonw *json, const struct plan *plan)
{
	put_number(json, "processes", plan->n_steps);
	put_number(json, "left_out", plan->n_kept);
	put_commands(json, plan);
	put_owners(json, plan);
	put_steps(json, plan);
}

int audit_begin(struct audit *audit, const struct plan *plan, double grace_s)
{
	struct text line = {0};
	struct jsonw json;

	take_plan(audit, plan);
	audit->is_nice = false;
	begin_line(&json, &line, audit, "begin");
	jsonw_key(&json, "grace_s");
	jsonw_real(&json, grace_s, 1);
	put_plan(&json, plan);
	tell_begin(audit, plan);
	return end_line(&json, &line, audit);
}

int audit_told(struct audit *audit, const struct supervisor *supervisor, int result,
	       const char *words)
{
	struct text line = {0};
	struct text said = {0};
	struct jsonw json;

	begin_line(&json, &line, audit, "supervisor");
	put_bytes(&json, "supervisor", supervisor_kind_name(supervisor->kind));
	if (supervisor->key.pid > 0)
		put_number(&json, "supervisor_pid", (uint64_t)supervisor->key.pid);
	put_bytes(&json, "name", supervisor->name);
	put_bytes(&json, "unit", supervisor->id);
	put_bytes(&json, "said", words);
	put_bytes(&json, "error", result < 0 ? strerror(-result) : NULL);
	text_printf(&said, "kill %s tells %s: %s", audit->id,
		    supervisor_kind_name(supervisor->kind), words);
	tell_system(&said);
	text_done(&said);
	return end_line(&json, &line, audit);
}

static void put_survivors(struct jsonw *json, const struct execute_progress *progress)
{
	jsonw_key(json, "survivors");
	jsonw_array(json);
	for (size_t i = 0; i < progress->n_survivors; i++) {
		const struct survivor *survivor = &progress->survivors[i];
		const char state[2] = {survivor->state, '\0'};

		jsonw_object(json);
		jsonw_key(json, "pid");
		jsonw_int(json, survivor->key.pid);
		put_number(json, "start_ticks", survivor->key.start_ticks);
		put_bytes(json, "command", survivor->comm);
		put_bytes(json, "state", state);
		put_bytes(json, "error", survivor->error != 0 ? strerror(survivor->error) : NULL);
		jsonw_object_end(json);
	}
	jsonw_array_end(json);
}

int audit_end(struct audit *audit, const struct execute_progress *progress)
{
	struct text line = {0};
	struct text words = {0};
	struct jsonw json;

	begin_line(&json, &line, audit, "end");
	jsonw_key(&json, "result");
	jsonw_string(&json, execute_outcome_name(progress->outcome));
	put_bytes(&json, "error", progress->error != 0 ? strerror(-progress->error) : NULL);
	put_number(&json, "processes", progress->planned);
	put_number(&json, "found_later", progress->newcomers);
	put_number(&json, "signalled", progress->signalled);
	put_number(&json, "killed", progress->killed);
	put_number(&json, "gone", progress->gone);
	put_number(&json, "left", progress->left);
	put_number(&json, "strays", progress->strays);
	put_number(&json, "spared", progress->spared);
	put_number(&json, "looks", progress->looks);
	put_bytes(&json, "cgroup", progress->cgroup);
	jsonw_key(&json, "seconds");
	jsonw_real(&json, progress->elapsed_s, 3);
	put_survivors(&json, progress);
	text_printf(&words, "kill %s ends: ", audit->id);
	execute_add_result(&words, progress);
	tell_system(&words);
	text_done(&words);
	return end_line(&json, &line, audit);
}

/* ---- Priorities ---- */

static void tell_begin_nice(const struct audit *audit, const struct plan *plan)
{
	const char *name = users_find_name(audit->users, geteuid());
	struct text words = {0};

	text_printf(&words, "priority %s begins: user %s uid %u gives ", audit->id,
		    name ? name : "-", geteuid());
	nice_add_change(&words, &audit->change);
	text_printf(&words, " to %zu processes: ", plan->n_steps);
	safe_add(&words, plan->words, strlen(plan->words));
	tell_system(&words);
	text_done(&words);
}

int audit_begin_nice(struct audit *audit, const struct plan *plan, const struct nice_change *change)
{
	struct text line = {0};
	struct jsonw json;

	take_plan(audit, plan);
	audit->is_nice = true;
	audit->change = *change;
	begin_line(&json, &line, audit, "begin");
	put_plan(&json, plan);
	tell_begin_nice(audit, plan);
	return end_line(&json, &line, audit);
}

static void put_errors(struct jsonw *json, const struct nice_progress *progress)
{
	jsonw_key(json, "errors");
	jsonw_array(json);
	for (size_t i = 0; i < NICE_ERRORS && progress->errors[i].n > 0; i++) {
		jsonw_object(json);
		put_bytes(json, "error", strerror(progress->errors[i].error));
		put_number(json, "processes", progress->errors[i].n);
		jsonw_object_end(json);
	}
	jsonw_array_end(json);
}

int audit_end_nice(struct audit *audit, const struct plan *plan,
		   const struct nice_progress *progress)
{
	struct text line = {0};
	struct text words = {0};
	struct jsonw json;

	begin_line(&json, &line, audit, "end");
	jsonw_key(&json, "result");
	jsonw_string(&json, progress->error != 0   ? "failed"
			    : progress->is_stopped ? "cancelled"
						   : "changed");
	put_bytes(&json, "error", progress->error != 0 ? strerror(-progress->error) : NULL);
	put_number(&json, "processes", progress->planned);
	put_number(&json, "found_later", progress->newcomers);
	put_number(&json, "changed", progress->changed);
	put_number(&json, "same", progress->same);
	put_number(&json, "gone", progress->gone);
	put_number(&json, "mistaken", progress->mistaken);
	put_number(&json, "refused", progress->refused);
	put_errors(&json, progress);
	text_printf(&words, "priority %s ends: ", audit->id);
	nice_add_result(&words, &audit->change, plan, progress);
	tell_system(&words);
	text_done(&words);
	return end_line(&json, &line, audit);
}
