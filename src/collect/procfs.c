#include "procfs.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ENVIRON_NAME_MAX = 256 };

/* Reads a decimal number at *at and moves behind it. */
static bool take_number(const char **at, const char *end, uint64_t *number)
{
	uint64_t value = 0;
	const char *p = *at;

	if (p == end || !isdigit((unsigned char)*p))
		return false;
	for (; p < end && isdigit((unsigned char)*p); p++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return false;
	}
	*at = p;
	*number = value;
	return true;
}

/* 4211 (a) b) S 1 4211 4211 0 -1 4194560 … 684113 …: the name ends at the last parenthesis. */
int procfs_parse_stat(const char *bytes, size_t len, char comm[COMM_MAX], uint64_t *start_ticks)
{
	const char *open = memchr(bytes, '(', len);
	const char *close = memrchr(bytes, ')', len);
	const char *end = bytes + len;
	const char *at = close;
	size_t comm_len;

	if (!open || !close || close < open)
		return -EINVAL;
	/* the start time is field 22, the name was field 2: 20 blanks lie between */
	for (int blanks = 0; blanks < 20; blanks++) {
		at = memchr(at, ' ', (size_t)(end - at));
		if (!at)
			return -EINVAL;
		at++;
	}
	if (!take_number(&at, end, start_ticks))
		return -EINVAL;
	comm_len = (size_t)(close - open - 1);
	if (comm_len > COMM_MAX - 1)
		comm_len = COMM_MAX - 1;
	memcpy(comm, open + 1, comm_len);
	comm[comm_len] = '\0';
	return 0;
}

/* The line that begins with `name`; NULL when there is none. `*end` is its end. */
static const char *line_of(const char *bytes, size_t len, const char *name, const char **end)
{
	const char *stop = bytes + len;
	size_t name_len = strlen(name);

	while (bytes < stop) {
		const char *newline = memchr(bytes, '\n', (size_t)(stop - bytes));

		*end = newline ? newline : stop;
		if ((size_t)(*end - bytes) >= name_len && memcmp(bytes, name, name_len) == 0)
			return bytes + name_len;
		bytes = newline ? newline + 1 : stop;
	}
	return NULL;
}

static void skip_blanks(const char **at, const char *end)
{
	while (*at < end && isblank((unsigned char)**at))
		(*at)++;
}

/* Fields of /proc/N/stat behind the state, by their numbers in proc_pid_stat(5). */
enum {
	STAT_PPID = 4,
	STAT_PGRP,
	STAT_SESSION,
	STAT_TTY,
	STAT_FLAGS = 9,
	STAT_UTIME = 14,
	STAT_STIME,
	STAT_NICE = 19,
	STAT_THREADS,
	STAT_RSS = 24,
	STAT_STACK = 28,
	STAT_FIELDS
};

static bool take_signed(const char **at, const char *end, int64_t *value)
{
	bool is_negative = *at < end && **at == '-';
	uint64_t number;

	*at += is_negative;
	if (!take_number(at, end, &number))
		return false;
	*value = is_negative ? -(int64_t)number : (int64_t)number;
	return true;
}

/* 4242 (a) b) S 1 4242 4242 0 -1 4194560 … */
int procfs_parse_process(const char *bytes, size_t len, size_t page_bytes, struct process *proc,
			 char comm[COMM_MAX], uint64_t *stack, bool *is_forked)
{
	enum { FORKED = 0x40, KERNEL_THREAD = 0x200000 }; /* PF_FORKNOEXEC, PF_KTHREAD */
	int64_t fields[STAT_FIELDS] = {0};
	const char *end = bytes + len;
	const char *head = bytes;
	const char *at = memrchr(bytes, ')', len);
	char name[COMM_MAX];
	uint64_t start_ticks;
	uint64_t pid;
	char state;

	if (!at || end - at < 4 || procfs_parse_stat(bytes, len, name, &start_ticks) != 0 ||
	    !take_number(&head, end, &pid))
		return -EINVAL;
	state = at[2];
	at += 3;
	for (int field = STAT_PPID; field < STAT_FIELDS; field++) {
		skip_blanks(&at, end);
		if (!take_signed(&at, end, &fields[field]))
			return -EINVAL;
	}
	*proc = (struct process){
		.pid = (int32_t)pid,
		.ppid = (int32_t)fields[STAT_PPID],
		.pgrp = (int32_t)fields[STAT_PGRP],
		.session = (int32_t)fields[STAT_SESSION],
		.tty = (int32_t)fields[STAT_TTY],
		.threads = fields[STAT_THREADS] > 0 ? (uint32_t)fields[STAT_THREADS] : 1,
		.start_ticks = start_ticks,
		.cpu_ticks = (uint64_t)fields[STAT_UTIME] + (uint64_t)fields[STAT_STIME],
		.rss_bytes = (uint64_t)fields[STAT_RSS] * page_bytes,
		.nice = (int8_t)fields[STAT_NICE],
		.state = state,
		.is_kernel = ((uint64_t)fields[STAT_FLAGS] & KERNEL_THREAD) != 0,
	};
	memcpy(comm, name, sizeof(name));
	*stack = (uint64_t)fields[STAT_STACK];
	*is_forked = ((uint64_t)fields[STAT_FLAGS] & FORKED) != 0;
	return 0;
}

void procfs_parse_status(const char *bytes, size_t len, uint32_t *uid, uint32_t *ns_pid)
{
	const char *end;
	const char *at =
		line_of(bytes, len, "Uid:", &end); /* Uid:	1000	1000	1000	1000 */
	uint64_t number = 0;

	*uid = UINT32_MAX;
	*ns_pid = 0;
	for (int i = 0; at && i < 2; i++) {
		skip_blanks(&at, end);
		if (!take_number(&at, end, &number))
			break;
		if (i == 1 && number <= UINT32_MAX)
			*uid = (uint32_t)number;
	}
	at = line_of(bytes, len, "NSpid:", &end); /* NSpid:	1109651	1 */
	while (at) {
		skip_blanks(&at, end);
		if (!take_number(&at, end, &number))
			break;
		if (number <= UINT32_MAX)
			*ns_pid = (uint32_t)number;
	}
}

int procfs_parse_io(const char *bytes, size_t len, uint64_t *read_bytes, uint64_t *write_bytes)
{
	const char *end;
	const char *at = line_of(bytes, len, "read_bytes: ", &end);
	uint64_t reads;
	uint64_t writes;

	if (!at || !take_number(&at, end, &reads))
		return -EINVAL;
	at = line_of(bytes, len, "write_bytes: ", &end);
	if (!at || !take_number(&at, end, &writes))
		return -EINVAL;
	*read_bytes = reads;
	*write_bytes = writes;
	return 0;
}

size_t procfs_trim_cmdline(char *bytes, size_t len)
{
	size_t trimmed = len;

	if (len == 0)
		return 0;
	/* "node /srv/app.js\0\0\0\0": a title. But one empty last argument is an argument. */
	while (trimmed > 1 && bytes[trimmed - 1] == '\0' && bytes[trimmed - 2] == '\0')
		trimmed--;
	if (len - trimmed == 1 && memchr(bytes, '\0', trimmed - 1))
		trimmed = len;
	if (bytes[trimmed - 1] != '\0')
		bytes[trimmed++] = '\0';
	return trimmed == 1 ? 0 : trimmed;
}

static bool is_wanted(const struct marker_group *group, const char *name, size_t len)
{
	for (const char *const *keep = group->keep; *keep; keep++) {
		if (strncmp(*keep, name, len) == 0 && (*keep)[len] == '\0')
			return true;
	}
	return false;
}

/* The value of a variable in the environment, or NULL; `*len` is its length. */
static const char *find_variable(const char *bytes, size_t len, const char *name, size_t *value_len)
{
	size_t name_len = strlen(name);
	const char *end = bytes + len;

	while (bytes < end) {
		size_t n = strnlen(bytes, (size_t)(end - bytes));

		if (n > name_len && bytes[name_len] == '=' && memcmp(bytes, name, name_len) == 0) {
			*value_len = n - name_len - 1;
			return bytes + name_len + 1;
		}
		bytes += n + 1;
	}
	return NULL;
}

static bool is_triggered(const struct marker_group *group, const char *bytes, size_t len,
			 const json_t *pm2)
{
	size_t value_len;

	if (!group->triggers)
		return true;
	for (const char *const *trigger = group->triggers; *trigger; trigger++) {
		if (find_variable(bytes, len, *trigger, &value_len) ||
		    json_object_get(pm2, *trigger))
			return true;
	}
	return false;
}

/* NAME=, as a shell would have it. */
static size_t name_length(const char *entry, size_t len)
{
	size_t n = 0;

	if (len == 0 || isdigit((unsigned char)entry[0]))
		return 0;
	while (n < len && n < ENVIRON_NAME_MAX &&
	       (isalnum((unsigned char)entry[n]) || entry[n] == '_'))
		n++;
	return n < len && entry[n] == '=' ? n : 0;
}

static bool has_marker(const struct text *markers, const char *name, size_t len)
{
	const char *entry = text_str(markers);
	const char *end = entry + markers->len;

	for (; entry < end; entry += strlen(entry) + 1) {
		if (strncmp(entry, name, len) == 0 && entry[len] == '=')
			return true;
	}
	return false;
}

static void add_variables(const char *bytes, size_t len, const struct marker_group *group,
			  struct text *markers)
{
	const char *end = bytes + len;

	while (bytes < end) {
		size_t n = strnlen(bytes, (size_t)(end - bytes));
		size_t name = name_length(bytes, n);

		if (name > 0 && is_wanted(group, bytes, name) &&
		    !has_marker(markers, bytes, name)) {
			text_add_bytes(markers, bytes, n);
			text_add_char(markers, '\0');
		}
		bytes += n + 1;
	}
}

/* pm2_env={"name":"api","pm_id":0,…,"env":{…secrets…}}: single values only, and only those that are
 * wanted. */
static void add_pm2(const json_t *pm2, const struct marker_group *group, struct text *markers)
{
	for (const char *const *keep = group->keep; pm2 && *keep; keep++) {
		const json_t *value = json_object_get(pm2, *keep);

		if (!value || has_marker(markers, *keep, strlen(*keep)))
			continue;
		if (json_is_string(value))
			text_printf(markers, "%s=%s", *keep, json_string_value(value));
		else if (json_is_integer(value))
			text_printf(markers, "%s=%" JSON_INTEGER_FORMAT, *keep,
				    json_integer_value(value));
		else
			continue;
		text_add_char(markers, '\0');
	}
}

static json_t *pm2_object(const char *bytes, size_t len)
{
	size_t value_len;
	const char *value = find_variable(bytes, len, "pm2_env", &value_len);

	return value ? json_loadb(value, value_len, 0, NULL) : NULL;
}

/* Does an environment begin like this, or is it a title that was written over it? Names are what
 * their makers like: PM2 sets "my app={}". "postgres: writer process" is none. */
static bool is_variable(const char *entry, size_t len)
{
	const char *equals = memchr(entry, '=', len);
	size_t n = equals ? (size_t)(equals - entry) : 0;

	return n > 0 && !memchr(entry, ':', n);
}

enum env_state procfs_parse_environ(const char *bytes, size_t len,
				    const struct marker_group *groups, size_t n_groups,
				    struct text *markers)
{
	json_t *pm2;

	if (len == 0)
		return ENV_READ;
	/* what a short title has left of it is as true as before */
	pm2 = pm2_object(bytes, len);
	for (size_t i = 0; i < n_groups; i++) {
		if (!is_triggered(&groups[i], bytes, len, pm2))
			continue;
		add_variables(bytes, len, &groups[i], markers);
		add_pm2(pm2, &groups[i], markers);
	}
	json_decref(pm2);
	return is_variable(bytes, strnlen(bytes, len)) ? ENV_READ : ENV_CLOBBERED;
}

/* some avg10=0.12 avg60=0.05 avg300=0.01 total=12345 */
static bool parse_average(const char *bytes, size_t len, const char *kind, double *average)
{
	const char *end;
	const char *at = line_of(bytes, len, kind, &end);
	char number[16];
	size_t n;

	if (!at)
		return false;
	n = (size_t)(end - at) < sizeof(number) - 1 ? (size_t)(end - at) : sizeof(number) - 1;
	memcpy(number, at, n);
	number[n] = '\0';
	if (!isdigit((unsigned char)number[0]))
		return false;
	*average = strtod(number, NULL);
	return true;
}

int procfs_parse_pressure(const char *bytes, size_t len, struct pressure *pressure)
{
	double some;
	double full;

	if (!parse_average(bytes, len, "some avg10=", &some))
		return -EINVAL;
	pressure->some_avg10 = some;
	pressure->full_avg10 = parse_average(bytes, len, "full avg10=", &full) ? full : NAN;
	return 0;
}

int procfs_parse_loadavg(const char *bytes, size_t len, double load[3], uint64_t *running,
			 uint64_t *tasks)
{
	char line[128];
	double parsed[3];
	uint64_t now;
	uint64_t all;

	if (len >= sizeof(line))
		return -EINVAL;
	memcpy(line, bytes, len);
	line[len] = '\0';
	if (sscanf(line, "%lf %lf %lf %" SCNu64 "/%" SCNu64, &parsed[0], &parsed[1], &parsed[2],
		   &now, &all) != 5)
		return -EINVAL;
	memcpy(load, parsed, sizeof(parsed));
	*running = now;
	*tasks = all;
	return 0;
}

/* 25 30 0:23 / /proc rw,relatime shared:5 - proc proc rw,hidepid=invisible */
static int hidepid_of(const char *line)
{
	static const struct {
		const char *value;
		int level;
	} levels[] = {
		{"ptraceable", 4}, {"invisible", 2}, {"noaccess", 1}, {"off", 0},
		{"4", 4},          {"2", 2},         {"1", 1},        {"0", 0},
	};
	const char *value = strstr(line, "hidepid=");

	for (size_t i = 0; value && i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strncmp(value + strlen("hidepid="), levels[i].value, strlen(levels[i].value)) ==
		    0)
			return levels[i].level;
	}
	return 0;
}

int procfs_parse_hidepid(const char *bytes, size_t len)
{
	const char *end = bytes + len;
	int level = 0;

	while (bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t n = newline ? (size_t)(newline - bytes) : (size_t)(end - bytes);
		char line[1024];

		if (n < sizeof(line)) {
			memcpy(line, bytes, n);
			line[n] = '\0';
			/* mounts may lie over one another: the last one is seen */
			if (strstr(line, " /proc ") && strstr(line, " - proc "))
				level = hidepid_of(line);
		}
		bytes += n + (newline ? 1 : 0);
	}
	return level;
}

uint64_t procfs_parse_ns(const char *link)
{
	const char *open = strchr(link, '[');
	uint64_t inode;
	const char *at = open ? open + 1 : link;

	if (!open || !take_number(&at, link + strlen(link), &inode) || *at != ']')
		return UNKNOWN;
	return inode;
}

int procfs_parse_number(const char *bytes, size_t len, uint64_t *number)
{
	return take_number(&bytes, bytes + len, number) ? 0 : -EINVAL;
}
