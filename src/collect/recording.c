#include "clade/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clade/io.h"
#include "facts.h"

enum {
	FORMAT_VERSION = 1,
	DOCUMENT_MAX = 1 << 30,
};

/* ---- Values: unknown where the document has null or nothing ---- */

static uint64_t get_uint(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) && json_integer_value(value) >= 0
		       ? (uint64_t)json_integer_value(value)
		       : UNKNOWN;
}

static int64_t get_int(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : 0;
}

static double get_real(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static const char *get_string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int base64_value(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* RFC 4648, section 4. Replaces `out`; returns 0 or -EINVAL. */
static int decode_base64(const char *s, struct text *out)
{
	unsigned bits = 0;
	int n = 0;

	text_clear(out);
	for (; *s && *s != '='; s++) {
		int value = base64_value(*s);

		if (value < 0)
			return -EINVAL;
		bits = bits << 6 | (unsigned)value;
		n += 6;
		if (n >= 8) {
			n -= 8;
			text_add_char(out, (char)(bits >> n & 0xff));
		}
	}
	return 0;
}

/* A string that may be no UTF-8: then its bytes stand under "<key>_base64". `buffer` holds them. */
static const char *get_bytes(const json_t *object, const char *key, struct text *buffer)
{
	char base64_key[80];
	const char *base64;

	snprintf(base64_key, sizeof(base64_key), "%s_base64", key);
	base64 = get_string(object, base64_key);
	if (base64 && decode_base64(base64, buffer) == 0)
		return text_str(buffer);
	return get_string(object, key);
}

/* ---- A process ---- */

/* What facts are made of while they are read. */
struct buffers {
	struct text comm, argv, exe, cwd, cgroup, markers;
};

static void buffers_done(struct buffers *buffers)
{
	text_done(&buffers->comm);
	text_done(&buffers->argv);
	text_done(&buffers->exe);
	text_done(&buffers->cwd);
	text_done(&buffers->cgroup);
	text_done(&buffers->markers);
}

/* The arguments, each ended by NUL; false when they are not known. */
static bool get_argv(const json_t *object, struct text *argv)
{
	const json_t *array = json_object_get(object, "argv");
	const char *base64 = get_string(object, "argv_base64");
	const json_t *word;
	size_t i;

	if (base64 && decode_base64(base64, argv) == 0)
		return true;
	text_clear(argv);
	if (!json_is_array(array))
		return false;
	json_array_foreach (array, i, word) {
		const char *s = json_string_value(word);

		text_add(argv, s ? s : "");
		text_add_char(argv, '\0');
	}
	return true;
}

static void get_markers(const json_t *object, struct text *markers)
{
	json_t *all = json_object_get(object, "markers");
	struct text buffer = {0};
	const char *name;
	json_t *value;

	text_clear(markers);
	json_object_foreach (all, name, value) {
		size_t len = strlen(name);

		if (!json_is_string(value) || (len > 7 && strcmp(name + len - 7, "_base64") == 0))
			continue;
		text_printf(markers, "%s=%s", name, get_bytes(all, name, &buffer));
		text_add_char(markers, '\0');
	}
	text_done(&buffer);
}

static enum env_state get_env(const json_t *object)
{
	static const char *const names[] = {
		[ENV_UNREAD] = "unread",
		[ENV_READ] = "read",
		[ENV_DENIED] = "denied",
		[ENV_CLOBBERED] = "clobbered",
	};
	const char *name = get_string(object, "env");

	for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return (enum env_state)i;
	}
	return ENV_UNREAD;
}

static const struct facts *get_facts(const json_t *object, struct facts_store *store,
				     struct buffers *buffers)
{
	const char *comm = get_bytes(object, "comm", &buffers->comm);
	bool has_argv = get_argv(object, &buffers->argv);
	uint64_t uid = get_uint(object, "uid");

	get_markers(object, &buffers->markers);
	return facts_intern(
		store,
		&(struct facts){
			.comm = comm ? comm : "",
			.argv = has_argv ? text_str(&buffers->argv) : NULL,
			.argv_len = buffers->argv.len,
			.exe = get_bytes(object, "exe", &buffers->exe),
			.cwd = get_bytes(object, "cwd", &buffers->cwd),
			.cgroup = get_bytes(object, "cgroups", &buffers->cgroup),
			.markers = text_str(&buffers->markers),
			.markers_len = buffers->markers.len,
			.env = get_env(object),
			.uid = uid < UINT32_MAX ? (uint32_t)uid : UINT32_MAX,
			.pid_ns = get_uint(object, "pid_ns"),
			.is_exe_deleted = json_is_true(json_object_get(object, "exe_deleted")),
			.is_ns_foreign = json_is_true(json_object_get(object, "ns_foreign")),
		});
}

/* What is said of the `i`th process is wrong. */
static int refuse(struct text *error, size_t i, const char *what)
{
	text_printf(error, "processes[%zu]: %s", i, what);
	return -EINVAL;
}

static int read_process(const json_t *object, size_t i, struct facts_store *store,
			struct buffers *buffers, struct process *proc, struct text *error)
{
	int64_t pid = get_int(object, "pid");
	const char *state = get_string(object, "state");
	uint64_t threads = get_uint(object, "threads");
	uint64_t ns_pid = get_uint(object, "ns_pid");
	const struct facts *facts;

	if (pid <= 0 || pid > INT32_MAX)
		return refuse(error, i, "no pid");
	if (!is_known(get_uint(object, "start_ticks")))
		return refuse(error, i, "no start_ticks");
	facts = get_facts(object, store, buffers);
	if (!facts)
		return -ENOMEM;
	*proc = (struct process){
		.pid = (int32_t)pid,
		.ns_pid = ns_pid < UINT32_MAX ? (uint32_t)ns_pid : 0,
		.ppid = (int32_t)get_int(object, "ppid"),
		.pgrp = (int32_t)get_int(object, "pgrp"),
		.session = (int32_t)get_int(object, "session"),
		.tty = (int32_t)get_int(object, "tty"),
		.threads = threads < UINT32_MAX ? (uint32_t)threads : 1,
		.start_ticks = get_uint(object, "start_ticks"),
		.cpu_ticks = get_uint(object, "cpu_ticks"),
		.rss_bytes = get_uint(object, "rss_bytes"),
		.io_read_bytes = get_uint(object, "io_read_bytes"),
		.io_write_bytes = get_uint(object, "io_write_bytes"),
		.cpu_percent = (float)get_real(object, "cpu_percent"),
		.io_read_rate = (float)get_real(object, "io_read_per_s"),
		.io_write_rate = (float)get_real(object, "io_write_per_s"),
		.nice = (int8_t)get_int(object, "nice"),
		.state = state && state[0] ? state[0] : '?',
		.is_kernel = json_is_true(json_object_get(object, "kernel")),
		.facts = facts,
	};
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	const struct process *x = a;
	const struct process *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int read_processes(const json_t *document, struct snapshot *snap, struct text *error)
{
	const json_t *array = json_object_get(document, "processes");
	struct facts_store *store;
	struct buffers buffers = {0};
	const json_t *object;
	size_t i;
	int rc = 0;

	if (!json_is_array(array)) {
		text_add(error, "no processes");
		return -EINVAL;
	}
	store = facts_store_new();
	snap->procs = arena_new(&snap->arena, json_array_size(array) + 1, sizeof(*snap->procs));
	if (!store || !snap->procs)
		rc = -ENOMEM;
	for (i = 0; rc == 0 && i < json_array_size(array); i++) {
		object = json_array_get(array, i);
		rc = read_process(object, i, store, &buffers, &snap->procs[snap->n_procs], error);
		snap->n_procs += rc == 0;
	}
	buffers_done(&buffers);
	facts_store_free(store);
	if (rc != 0)
		return rc;
	qsort(snap->procs, snap->n_procs, sizeof(*snap->procs), by_pid);
	for (i = 1; i < snap->n_procs; i++) {
		if (snap->procs[i].pid == snap->procs[i - 1].pid) {
			text_printf(error, "pid %d is there twice", snap->procs[i].pid);
			return -EINVAL;
		}
	}
	return 0;
}

/* ---- The machine ---- */

/* "2026-11-24T12:17:17.560Z" (RFC 3339) in ms since the epoch; UNKNOWN when it is no time. */
static uint64_t parse_time(const char *s)
{
	struct tm utc = {0};
	const char *rest = s ? strptime(s, "%Y-%m-%dT%H:%M:%S", &utc) : NULL;
	time_t seconds = rest ? timegm(&utc) : -1;

	if (seconds < 0)
		return UNKNOWN;
	return (uint64_t)seconds * 1000 +
	       (*rest == '.' ? (uint64_t)(strtod(rest, NULL) * 1000 + 0.5) : 0);
}

static struct pressure get_pressure(const json_t *psi, const char *key)
{
	const json_t *object = json_object_get(psi, key);

	return (struct pressure){
		.some_avg10 = get_real(object, "some_avg10"),
		.full_avg10 = get_real(object, "full_avg10"),
	};
}

static struct machine read_machine(const json_t *host)
{
	const json_t *ticks = json_object_get(host, "cpu_ticks");
	const json_t *split = json_object_get(host, "cpu_percent");
	const json_t *psi = json_object_get(host, "psi");
	const json_t *load = json_object_get(host, "load");
	struct machine machine = {
		.cpu =
			{
				.user = get_uint(ticks, "user"),
				.nice = get_uint(ticks, "nice"),
				.system = get_uint(ticks, "system"),
				.idle = get_uint(ticks, "idle"),
				.iowait = get_uint(ticks, "iowait"),
				.irq = get_uint(ticks, "irq"),
				.softirq = get_uint(ticks, "softirq"),
				.steal = get_uint(ticks, "steal"),
			},
		.cpu_percent =
			{
				.user = get_real(split, "user"),
				.nice = get_real(split, "nice"),
				.system = get_real(split, "system"),
				.idle = get_real(split, "idle"),
				.iowait = get_real(split, "iowait"),
				.irq = get_real(split, "irq"),
				.steal = get_real(split, "steal"),
			},
		.mem_total_bytes = get_uint(host, "mem_total_bytes"),
		.mem_available_bytes = get_uint(host, "mem_available_bytes"),
		.mem_free_bytes = get_uint(host, "mem_free_bytes"),
		.mem_cached_bytes = get_uint(host, "mem_cached_bytes"),
		.swap_total_bytes = get_uint(host, "swap_total_bytes"),
		.swap_free_bytes = get_uint(host, "swap_free_bytes"),
		.psi_cpu = get_pressure(psi, "cpu"),
		.psi_memory = get_pressure(psi, "memory"),
		.psi_io = get_pressure(psi, "io"),
		.tasks = get_uint(host, "tasks"),
		.tasks_running = get_uint(host, "tasks_running"),
		.pid_max = get_uint(host, "pid_max"),
		.threads_max = get_uint(host, "threads_max"),
		.forks = get_uint(host, "forks"),
		.forks_per_s = get_real(host, "forks_per_s"),
		.oom_kills = get_uint(host, "oom_kills"),
		.oom_kills_new = get_uint(host, "oom_kills_new"),
		.uptime_s = get_real(host, "uptime_s"),
	};

	for (size_t i = 0; i < 3; i++) {
		const json_t *value = json_array_get(load, i);

		machine.load[i] = json_is_number(value) ? json_number_value(value) : (double)NAN;
	}
	return machine;
}

static int read_host(const json_t *document, struct snapshot *snap, struct text *error)
{
	const json_t *host = json_object_get(document, "host");
	uint64_t boot_ms = get_uint(host, "boot_ms");
	uint64_t ticks_per_s = get_uint(host, "ticks_per_s");
	uint64_t cpus = get_uint(host, "cpus");
	struct text name = {0};

	snap->taken_ms = parse_time(get_string(document, "taken"));
	if (!is_known(snap->taken_ms) || !is_known(boot_ms)) {
		text_add(error, !is_known(boot_ms) ? "no host.boot_ms" : "no time in \"taken\"");
		return -EINVAL;
	}
	snap->mono_ms = snap->taken_ms;
	snap->interval_s = get_real(host, "interval_s");
	snap->cost_s = NAN;
	snap->host = (struct host){
		.name = arena_strdup(&snap->arena, get_bytes(host, "name", &name)),
		.kernel = arena_strdup(&snap->arena, get_string(host, "kernel")),
		.boot_id = arena_strdup(&snap->arena, get_string(host, "boot_id")),
		.cpus = cpus < UINT32_MAX ? (uint32_t)cpus : 1,
		.ticks_per_s =
			ticks_per_s > 0 && ticks_per_s < UINT32_MAX ? (uint32_t)ticks_per_s : 100,
		.boot_ms = boot_ms,
		.self_pid = UNKNOWN,
		.pid_ns = get_uint(host, "pid_ns"),
	};
	text_done(&name);
	snap->machine = read_machine(host);
	return 0;
}

static int read_notes(const json_t *document, struct snapshot *snap)
{
	const json_t *notes = json_object_get(document, "notes");

	snap->notes = arena_new(&snap->arena, json_array_size(notes) + 1, sizeof(*snap->notes));
	if (!snap->notes)
		return -ENOMEM;
	for (size_t i = 0; i < json_array_size(notes); i++) {
		const char *note = json_string_value(json_array_get(notes, i));

		if (note)
			snap->notes[snap->n_notes++] = arena_strdup(&snap->arena, note);
	}
	return 0;
}

static struct bounded get_bounded(const json_t *object, const char *key)
{
	const json_t *bounded = json_object_get(object, key);

	return (struct bounded){.used = get_uint(bounded, "used"), .max = get_uint(bounded, "max")};
}

static int by_cgroup(const void *a, const void *b)
{
	return strcmp(((const struct cgroup_use *)a)->cgroup,
		      ((const struct cgroup_use *)b)->cgroup);
}

static int read_cgroups(const json_t *document, struct snapshot *snap)
{
	const json_t *array = json_object_get(document, "cgroups");
	struct text buffer = {0};
	int rc = 0;

	snap->cgroups = arena_new(&snap->arena, json_array_size(array) + 1, sizeof(*snap->cgroups));
	if (!snap->cgroups)
		return -ENOMEM;
	for (size_t i = 0; i < json_array_size(array) && rc == 0; i++) {
		const json_t *object = json_array_get(array, i);
		const char *cgroup = get_bytes(object, "cgroups", &buffer);
		struct cgroup_use *use = &snap->cgroups[snap->n_cgroups];

		if (!cgroup)
			continue;
		*use = (struct cgroup_use){
			.cgroup = arena_strdup(&snap->arena, cgroup),
			.pids = get_bounded(object, "pids"),
			.memory = get_bounded(object, "memory"),
			.oom_kills = get_uint(object, "oom_kills"),
			.oom_kills_new = get_uint(object, "oom_kills_new"),
		};
		rc = use->cgroup ? 0 : -ENOMEM;
		snap->n_cgroups += rc == 0;
	}
	text_done(&buffer);
	qsort(snap->cgroups, snap->n_cgroups, sizeof(*snap->cgroups), by_cgroup);
	return rc;
}

static int check_format(const json_t *document, struct text *error)
{
	const char *format = get_string(document, "format");

	if (!format || strcmp(format, "clade-snapshot") != 0) {
		text_add(error, "not a snapshot of clade: no \"format\": \"clade-snapshot\"");
		return -EINVAL;
	}
	if (get_int(document, "version") != FORMAT_VERSION) {
		text_printf(error, "its format has version %lld, this clade reads version %d",
			    (long long)get_int(document, "version"), FORMAT_VERSION);
		return -EINVAL;
	}
	return 0;
}

static int read_document(const json_t *document, struct snapshot *snap, struct text *error)
{
	int rc = check_format(document, error);

	if (rc == 0)
		rc = read_host(document, snap, error);
	if (rc == 0)
		rc = read_notes(document, snap);
	if (rc == 0)
		rc = read_cgroups(document, snap);
	if (rc == 0)
		rc = read_processes(document, snap, error);
	return rc;
}

int recording_parse(const char *json, size_t len, struct snapshot **snapshot, struct text *error)
{
	json_error_t wrong;
	json_t *document = json_loadb(json, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &wrong);
	struct snapshot *snap;
	int rc;

	if (!document) {
		text_printf(error, "line %d: %s", wrong.line, wrong.text);
		return -EINVAL;
	}
	snap = calloc(1, sizeof(*snap));
	rc = snap ? 0 : -ENOMEM;
	if (snap) {
		arena_init(&snap->arena);
		rc = read_document(document, snap, error);
	}
	json_decref(document);
	if (rc != 0) {
		snapshot_free(snap);
		return rc;
	}
	*snapshot = snap;
	return 0;
}

/* ---- The source ---- */

struct recording {
	struct source source; /* first */
	struct text json;
};

static int begin(struct source *source, const struct snapshot *previous)
{
	(void)source;
	(void)previous;
	return 0;
}

static int step(struct source *source)
{
	(void)source;
	return 0;
}

static size_t progress(const struct source *source)
{
	(void)source;
	return 0;
}

static int seal(struct source *source, struct snapshot **snapshot)
{
	const struct recording *recording = (const struct recording *)source;
	struct text error = {0};
	int rc = recording_parse(text_str(&recording->json), recording->json.len, snapshot, &error);

	text_done(&error);
	return rc;
}

static void close_recording(struct source *source)
{
	struct recording *recording = (struct recording *)source;

	text_done(&recording->json);
	free(recording);
}

int recording_open(const char *path, struct source **source, struct text *error)
{
	static const struct source_kind kind = {.name = "file",
						.summary = "a snapshot that was written before"};
	struct recording *recording = calloc(1, sizeof(*recording));
	struct snapshot *snap = NULL;
	int rc;

	if (!recording)
		return -ENOMEM;
	recording->source = (struct source){
		.kind = &kind,
		.begin = begin,
		.step = step,
		.seal = seal,
		.progress = progress,
		.close = close_recording,
	};
	rc = io_read_at(AT_FDCWD, path, DOCUMENT_MAX, &recording->json);
	/* what is wrong with the file is said now, not at the first sample */
	if (rc == 0)
		rc = recording_parse(text_str(&recording->json), recording->json.len, &snap, error);
	snapshot_free(snap);
	if (rc != 0) {
		close_recording(&recording->source);
		return rc;
	}
	*source = &recording->source;
	return 0;
}
