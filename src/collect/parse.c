#include "parse.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- Values: as they were when the object does not say, unknown when it says null ---- */

static void set_uint(const json_t *object, const char *key, uint64_t *value)
{
	const json_t *said = json_object_get(object, key);

	if (said)
		*value = json_is_integer(said) && json_integer_value(said) >= 0
				 ? (uint64_t)json_integer_value(said)
				 : UNKNOWN;
}

/* The same for a number of 32 bits, with its own word for unknown. */
static void set_uint32(const json_t *object, const char *key, uint32_t unknown, uint32_t *value)
{
	uint64_t wide = UNKNOWN;

	if (!json_object_get(object, key))
		return;
	set_uint(object, key, &wide);
	*value = wide < UINT32_MAX ? (uint32_t)wide : unknown;
}

static void set_int32(const json_t *object, const char *key, int32_t *value)
{
	const json_t *said = json_object_get(object, key);
	json_int_t wide = json_integer_value(said);

	if (said)
		*value = wide >= INT32_MIN && wide <= INT32_MAX ? (int32_t)wide : 0;
}

static void set_real(const json_t *object, const char *key, double *value)
{
	const json_t *said = json_object_get(object, key);

	if (said)
		*value = json_is_number(said) ? json_number_value(said) : (double)NAN;
}

static void set_float(const json_t *object, const char *key, float *value)
{
	double wide = (double)*value;

	set_real(object, key, &wide);
	*value = (float)wide;
}

static void set_bool(const json_t *object, const char *key, bool *value)
{
	const json_t *said = json_object_get(object, key);

	if (said)
		*value = json_is_true(said);
}

const char *parse_get_string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

uint64_t parse_get_uint(const json_t *object, const char *key)
{
	uint64_t value = UNKNOWN;

	set_uint(object, key, &value);
	return value;
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

/* A string that may be no UTF-8: then its bytes stand under "<key>_base64". */
const char *parse_bytes(const json_t *object, const char *key, struct text *buffer)
{
	char base64_key[80];
	const char *base64;

	snprintf(base64_key, sizeof(base64_key), "%s_base64", key);
	base64 = parse_get_string(object, base64_key);
	if (base64 && decode_base64(base64, buffer) == 0)
		return text_str(buffer);
	return parse_get_string(object, key);
}

static void set_kept(const json_t *object, const char *key, struct strings *strings,
		     const char **value)
{
	struct text buffer = {0};

	if (json_object_get(object, key))
		*value = strings_keep(strings, parse_bytes(object, key, &buffer));
	text_done(&buffer);
}

uint64_t parse_time(const char *s)
{
	struct tm utc = {0};
	const char *rest = s ? strptime(s, "%Y-%m-%dT%H:%M:%S", &utc) : NULL;
	time_t seconds = rest ? timegm(&utc) : -1;
	double fraction = rest && *rest == '.' ? strtod(rest, NULL) : 0;

	if (seconds < 0 || !(fraction >= 0 && fraction < 1))
		return UNKNOWN;
	return (uint64_t)seconds * 1000 + (uint64_t)(fraction * 1000 + 0.5);
}

static void set_time(const json_t *object, const char *key, uint64_t *value)
{
	if (json_object_get(object, key))
		*value = parse_time(parse_get_string(object, key));
}

static void set_bounded(const json_t *object, const char *key, struct bounded *bounded)
{
	const json_t *said = json_object_get(object, key);

	set_uint(said, "used", &bounded->used);
	set_uint(said, "max", &bounded->max);
}

/* ---- A process ---- */

void parse_buffers_done(struct parse_buffers *buffers)
{
	text_done(&buffers->comm);
	text_done(&buffers->argv);
	text_done(&buffers->exe);
	text_done(&buffers->cwd);
	text_done(&buffers->cgroup);
	text_done(&buffers->markers);
	text_done(&buffers->owner);
}

/* The arguments, each ended by NUL. */
static void set_argv(const json_t *object, struct text *argv, struct facts *facts)
{
	const json_t *array = json_object_get(object, "argv");
	const char *base64 = parse_get_string(object, "argv_base64");
	const json_t *word;
	size_t i;

	if (!array && !base64)
		return;
	facts->argv = NULL;
	facts->argv_len = 0;
	if (!base64 || decode_base64(base64, argv) != 0) {
		text_clear(argv);
		if (!json_is_array(array))
			return;
		json_array_foreach (array, i, word) {
			const char *s = json_string_value(word);

			text_add(argv, s ? s : "");
			text_add_char(argv, '\0');
		}
	}
	/* each is ended, whatever a file says */
	if (argv->len > 0 && argv->data[argv->len - 1] != '\0')
		text_add_char(argv, '\0');
	facts->argv = text_str(argv);
	facts->argv_len = argv->len;
}

static void set_markers(const json_t *object, struct text *markers, struct facts *facts)
{
	json_t *all = json_object_get(object, "markers");
	struct text buffer = {0};
	const char *name;
	json_t *value;

	if (!all)
		return;
	text_clear(markers);
	json_object_foreach (all, name, value) {
		size_t len = strlen(name);

		if (!json_is_string(value) || (len > 7 && strcmp(name + len - 7, "_base64") == 0))
			continue;
		text_printf(markers, "%s=%s", name, parse_bytes(all, name, &buffer));
		text_add_char(markers, '\0');
	}
	text_done(&buffer);
	facts->markers = text_str(markers);
	facts->markers_len = markers->len;
}

static void set_env(const json_t *object, enum env_state *env)
{
	static const char *const names[] = {
		[ENV_UNREAD] = "unread",
		[ENV_READ] = "read",
		[ENV_DENIED] = "denied",
		[ENV_CLOBBERED] = "clobbered",
	};
	const char *name = parse_get_string(object, "env");

	if (!json_object_get(object, "env"))
		return;
	*env = ENV_UNREAD;
	for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			*env = (enum env_state)i;
	}
}

static void set_fact(const json_t *object, const char *key, struct text *buffer, const char **value)
{
	if (json_object_get(object, key))
		*value = parse_bytes(object, key, buffer);
}

static bool tells_facts(const json_t *object)
{
	static const char *const keys[] = {
		"comm",    "argv", "exe", "exe_deleted", "cwd",        "cgroups",
		"markers", "env",  "uid", "pid_ns",      "ns_foreign",
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (json_object_get(object, keys[i]))
			return true;
	}
	return false;
}

/* `older` may be NULL. */
static const struct facts *make_facts(const json_t *object, struct facts_store *store,
				      struct parse_buffers *buffers, const struct facts *older)
{
	static const struct facts none = {
		.comm = "", .markers = "", .uid = UINT32_MAX, .pid_ns = UNKNOWN};
	struct facts draft = older ? *older : none;

	set_fact(object, "comm", &buffers->comm, &draft.comm);
	if (!draft.comm)
		draft.comm = "";
	set_argv(object, &buffers->argv, &draft);
	set_fact(object, "exe", &buffers->exe, &draft.exe);
	set_fact(object, "cwd", &buffers->cwd, &draft.cwd);
	set_fact(object, "cgroups", &buffers->cgroup, &draft.cgroup);
	set_markers(object, &buffers->markers, &draft);
	set_env(object, &draft.env);
	set_uint32(object, "uid", UINT32_MAX, &draft.uid);
	set_uint(object, "pid_ns", &draft.pid_ns);
	set_bool(object, "exe_deleted", &draft.is_exe_deleted);
	set_bool(object, "ns_foreign", &draft.is_ns_foreign);
	return facts_intern(store, &draft);
}

struct process parse_no_process(void)
{
	return (struct process){
		.threads = 1,
		.start_ticks = UNKNOWN,
		.cpu_ticks = UNKNOWN,
		.rss_bytes = UNKNOWN,
		.io_read_bytes = UNKNOWN,
		.io_write_bytes = UNKNOWN,
		.cpu_percent = NAN,
		.io_read_rate = NAN,
		.io_write_rate = NAN,
		.state = '?',
	};
}

static int refuse(struct text *error, const char *what)
{
	text_add(error, what);
	return -EINVAL;
}

int parse_process(const json_t *object, struct facts_store *store, struct strings *strings,
		  struct parse_buffers *buffers, struct process *proc,
		  struct recorded_proc *recorded, struct text *error)
{
	json_int_t pid = json_integer_value(json_object_get(object, "pid"));
	uint64_t start_ticks = parse_get_uint(object, "start_ticks");
	const char *state = parse_get_string(object, "state");
	int32_t nice = proc->nice;
	const struct facts *older = proc->facts;

	if (pid <= 0 || pid > INT32_MAX)
		return refuse(error, "no pid");
	if (!is_known(start_ticks))
		return refuse(error, "no start_ticks");
	if (!older || tells_facts(object)) {
		const struct facts *facts = make_facts(object, store, buffers, older);

		if (!facts)
			return -ENOMEM;
		proc->facts = facts;
		facts_put(older);
	}
	proc->pid = (int32_t)pid;
	proc->start_ticks = start_ticks;
	set_uint32(object, "ns_pid", 0, &proc->ns_pid);
	set_int32(object, "ppid", &proc->ppid);
	set_int32(object, "pgrp", &proc->pgrp);
	set_int32(object, "session", &proc->session);
	set_int32(object, "tty", &proc->tty);
	set_int32(object, "nice", &nice);
	proc->nice = nice >= INT8_MIN && nice <= INT8_MAX ? (int8_t)nice : 0;
	set_uint32(object, "threads", 1, &proc->threads);
	set_uint(object, "cpu_ticks", &proc->cpu_ticks);
	set_uint(object, "rss_bytes", &proc->rss_bytes);
	set_uint(object, "io_read_bytes", &proc->io_read_bytes);
	set_uint(object, "io_write_bytes", &proc->io_write_bytes);
	set_float(object, "cpu_percent", &proc->cpu_percent);
	set_float(object, "io_read_per_s", &proc->io_read_rate);
	set_float(object, "io_write_per_s", &proc->io_write_rate);
	set_bool(object, "kernel", &proc->is_kernel);
	if (state && state[0])
		proc->state = state[0];
	set_kept(object, "owner", strings, &recorded->owner);
	set_kept(object, "evidence", strings, &recorded->evidence);
	set_kept(object, "title", strings, &recorded->title);
	set_bool(object, "orphan", &recorded->is_orphan);
	set_bool(object, "root", &recorded->is_root);
	return 0;
}

/* ---- Owners and control groups ---- */

void parse_owner(const json_t *object, struct strings *strings, struct recorded_owner *owner)
{
	const json_t *root = json_object_get(object, "root_pid");

	set_kept(object, "id", strings, &owner->id);
	set_kept(object, "kind", strings, &owner->kind);
	set_kept(object, "product", strings, &owner->product);
	set_kept(object, "label", strings, &owner->label);
	set_kept(object, "key", strings, &owner->key);
	set_kept(object, "name", strings, &owner->name);
	set_kept(object, "cwd", strings, &owner->cwd);
	set_kept(object, "file", strings, &owner->file);
	set_kept(object, "status", strings, &owner->status);
	set_kept(object, "evidence", strings, &owner->evidence);
	set_kept(object, "started_by", strings, &owner->started_by);
	set_kept(object, "parent", strings, &owner->parent);
	if (root)
		owner->root_pid = json_integer_value(root);
	set_uint(object, "instances", &owner->instances);
	set_time(object, "since", &owner->since_ms);
	set_uint(object, "restarts", &owner->restarts);
	set_bool(object, "ended", &owner->is_ended);
	if (!owner->name)
		owner->name = owner->id;
}

void parse_cgroup(const json_t *object, struct strings *strings, struct cgroup_use *use)
{
	set_kept(object, "cgroups", strings, &use->cgroup);
	set_bounded(object, "pids", &use->pids);
	set_bounded(object, "memory", &use->memory);
	set_uint(object, "oom_kills", &use->oom_kills);
	set_uint(object, "oom_kills_new", &use->oom_kills_new);
}

/* ---- The machine ---- */

static void set_pressure(const json_t *psi, const char *key, struct pressure *pressure)
{
	const json_t *object = json_object_get(psi, key);

	set_real(object, "some_avg10", &pressure->some_avg10);
	set_real(object, "full_avg10", &pressure->full_avg10);
}

static void set_cpu(const json_t *object, struct machine *machine)
{
	const json_t *ticks = json_object_get(object, "cpu_ticks");
	const json_t *split = json_object_get(object, "cpu_percent");

	set_uint(ticks, "user", &machine->cpu.user);
	set_uint(ticks, "nice", &machine->cpu.nice);
	set_uint(ticks, "system", &machine->cpu.system);
	set_uint(ticks, "idle", &machine->cpu.idle);
	set_uint(ticks, "iowait", &machine->cpu.iowait);
	set_uint(ticks, "irq", &machine->cpu.irq);
	set_uint(ticks, "softirq", &machine->cpu.softirq);
	set_uint(ticks, "steal", &machine->cpu.steal);
	set_real(split, "user", &machine->cpu_percent.user);
	set_real(split, "nice", &machine->cpu_percent.nice);
	set_real(split, "system", &machine->cpu_percent.system);
	set_real(split, "idle", &machine->cpu_percent.idle);
	set_real(split, "iowait", &machine->cpu_percent.iowait);
	set_real(split, "irq", &machine->cpu_percent.irq);
	set_real(split, "steal", &machine->cpu_percent.steal);
}

struct machine parse_no_machine(void)
{
	static const struct pressure no_pressure = {.some_avg10 = NAN, .full_avg10 = NAN};

	return (struct machine){
		.load = {NAN, NAN, NAN},
		.cpu = {UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN},
		.cpu_percent = {NAN, NAN, NAN, NAN, NAN, NAN, NAN},
		.mem_total_bytes = UNKNOWN,
		.mem_available_bytes = UNKNOWN,
		.mem_free_bytes = UNKNOWN,
		.mem_cached_bytes = UNKNOWN,
		.swap_total_bytes = UNKNOWN,
		.swap_free_bytes = UNKNOWN,
		.psi_cpu = no_pressure,
		.psi_memory = no_pressure,
		.psi_io = no_pressure,
		.tasks = UNKNOWN,
		.tasks_running = UNKNOWN,
		.pid_max = UNKNOWN,
		.threads_max = UNKNOWN,
		.user = {UNKNOWN, {UNKNOWN, UNKNOWN}},
		.forks = UNKNOWN,
		.forks_per_s = NAN,
		.oom_kills = UNKNOWN,
		.oom_kills_new = UNKNOWN,
		.uptime_s = NAN,
	};
}

void parse_machine(const json_t *object, struct machine *machine)
{
	const json_t *load = json_object_get(object, "load");
	const json_t *psi = json_object_get(object, "psi");

	for (size_t i = 0; i < 3 && load; i++) {
		const json_t *value = json_array_get(load, i);

		machine->load[i] = json_is_number(value) ? json_number_value(value) : (double)NAN;
	}
	set_cpu(object, machine);
	set_uint(object, "mem_total_bytes", &machine->mem_total_bytes);
	set_uint(object, "mem_available_bytes", &machine->mem_available_bytes);
	set_uint(object, "mem_free_bytes", &machine->mem_free_bytes);
	set_uint(object, "mem_cached_bytes", &machine->mem_cached_bytes);
	set_uint(object, "swap_total_bytes", &machine->swap_total_bytes);
	set_uint(object, "swap_free_bytes", &machine->swap_free_bytes);
	set_pressure(psi, "cpu", &machine->psi_cpu);
	set_pressure(psi, "memory", &machine->psi_memory);
	set_pressure(psi, "io", &machine->psi_io);
	set_uint(object, "tasks", &machine->tasks);
	set_uint(object, "tasks_running", &machine->tasks_running);
	set_uint(object, "pid_max", &machine->pid_max);
	set_uint(object, "threads_max", &machine->threads_max);
	set_uint(object, "user_uid", &machine->user.uid);
	set_uint(object, "user_tasks", &machine->user.tasks.used);
	set_uint(object, "user_tasks_max", &machine->user.tasks.max);
	set_uint(object, "forks", &machine->forks);
	set_real(object, "forks_per_s", &machine->forks_per_s);
	set_uint(object, "oom_kills", &machine->oom_kills);
	set_uint(object, "oom_kills_new", &machine->oom_kills_new);
	set_real(object, "uptime_s", &machine->uptime_s);
}

void parse_host(const json_t *object, struct strings *strings, struct host *host)
{
	set_kept(object, "name", strings, &host->name);
	set_kept(object, "kernel", strings, &host->kernel);
	set_kept(object, "boot_id", strings, &host->boot_id);
	set_uint32(object, "cpus", 1, &host->cpus);
	set_uint32(object, "ticks_per_s", 100, &host->ticks_per_s);
	set_uint(object, "boot_ms", &host->boot_ms);
	set_uint(object, "self_pid", &host->self_pid);
	set_uint(object, "pid_ns", &host->pid_ns);
	if (host->ticks_per_s == 0)
		host->ticks_per_s = 100;
}
