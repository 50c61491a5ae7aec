#include "lab.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attribute/match.h"
#include "cast.h"
#include "clade/mem.h"
#include "collect/facts.h"
#include "suite.h"

enum {
	BOOT_S = 1790000000, /* since the epoch: any moment would do */
	UPTIME_S = 100000,
};

static const uint64_t BOOT_MS = BOOT_S * 1000ull;
static const uint64_t OWN_PID_NS = 4026531836;

const char lab_small[] = " 1  0 /sbin/init init   ; rss:1000 cpu:1\n"
			    "10  1 /bin/sh    sh     ; rss:2000 cpu:2 threads:3\n"
			    "11 10 /bin/cat   cat    ; rss:4000 cpu:4\n"
			    "12 10 -                 ; state:Z env:unread comm:cat rss:0\n"
			    "13 10 /bin/dd    dd     ; rss:8000 state:D\n"
			    "20  1 /bin/ls    ls     ; rss:16000\n";

struct lab *lab_new(const char *passwd)
{
	struct lab *lab = mem_new(1, sizeof(*lab));

	lab->rules = rules_new();
	lab->users = users_new(passwd ? passwd : "/dev/null");
	lab->attributor = attributor_new(&(struct attributor_config){
		.rules = lab->rules,
		.users = lab->users,
		.use_files = passwd != NULL,
	});
	lab->history = history_new(NULL);
	return lab;
}

void lab_free(struct lab *lab)
{
	moment_done(&lab->before);
	moment_done(&lab->now);
	history_free(lab->history);
	attributor_free(lab->attributor);
	users_free(lab->users);
	rules_free(lab->rules);
	text_done(&lab->said);
	free(lab);
}

/* A process as its line says it. */
struct line_of_table {
	struct process proc;
	struct facts facts;
	struct text argv, cgroup, markers;
	struct cgroup_use use;
	bool has_use;
};

static _Noreturn void refuse(const char *line, const char *word)
{
	fprintf(stderr, "lab: '%s' in '%s' is nothing\n", word, line);
	abort();
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const char *value_of(const char *word, const char *name)
{
	size_t len = strlen(name);

	return strncmp(word, name, len) == 0 && word[len] == ':' ? word + len + 1 : NULL;
}

static bool set_number(const char *word, const char *name, int32_t *number)
{
	const char *value = value_of(word, name);

	if (value)
		*number = (int32_t)strtol(value, NULL, 10);
	return value != NULL;
}

static bool set_env(const char *word, struct facts *facts)
{
	const char *value = value_of(word, "env");

	if (!value)
		return false;
	facts->env = strcmp(value, "denied") == 0 ? ENV_DENIED : strcmp(value, "clobbered") == 0 ? ENV_CLOBBERED : ENV_UNREAD;
	return true;
}

/* "62/64", "3+1" */
static bool set_pair(const char *word, const char *name, uint64_t *first, uint64_t *second)
{
	const char *value = value_of(word, name);
	char *end;

	if (!value)
		return false;
	*first = strtoull(value, &end, 10);
	*second = strtoull(end + 1, NULL, 10);
	return true;
}

static bool set_use(struct line_of_table *line, const char *word)
{
	struct cgroup_use *use = &line->use;
	bool is_use = set_pair(word, "pids", &use->pids.used, &use->pids.max) ||
		      set_pair(word, "memory", &use->memory.used, &use->memory.max) ||
		      set_pair(word, "oom", &use->oom_kills, &use->oom_kills_new);

	line->has_use = line->has_use || is_use;
	return is_use;
}

static void apply(struct line_of_table *line, const char *whole, const char *word)
{
	struct process *proc = &line->proc;
	struct facts *facts = &line->facts;
	const char *equals = strchr(word, '=');
	const char *colon = strchr(word, ':');
	const char *value;

	if (equals && (!colon || equals < colon)) {
		text_add(&line->markers, word);
		text_add_char(&line->markers, '\0');
	} else if ((value = value_of(word, "cgroup"))) {
		text_printf(&line->cgroup, "%s%s\n", *value == '/' ? "0::" : "", value);
	} else if ((value = value_of(word, "state"))) {
		proc->state = *value;
	} else if ((value = value_of(word, "comm"))) {
		facts->comm = value;
	} else if ((value = value_of(word, "cwd"))) {
		facts->cwd = value;
	} else if ((value = value_of(word, "uid"))) {
		facts->uid = (uint32_t)strtoul(value, NULL, 10);
	} else if ((value = value_of(word, "start"))) {
		proc->start_ticks = strtoull(value, NULL, 10);
	} else if ((value = value_of(word, "rss"))) {
		proc->rss_bytes = strtoull(value, NULL, 10);
	} else if ((value = value_of(word, "cpu"))) {
		proc->cpu_percent = strtof(value, NULL);
	} else if ((value = value_of(word, "threads"))) {
		proc->threads = (uint32_t)strtoul(value, NULL, 10);
	} else if ((value = value_of(word, "ns"))) {
		facts->pid_ns = strtoull(value, NULL, 10);
		proc->ns_pid = (uint32_t)strtoul(strchr(value, '.') + 1, NULL, 10);
	} else if (strcmp(word, "foreign") == 0) {
		facts->is_ns_foreign = true;
	} else if (strcmp(word, "kernel") == 0) {
		proc->is_kernel = true;
		facts->argv = NULL;
	} else if (!set_number(word, "sid", &proc->session) && !set_number(word, "pgrp", &proc->pgrp) &&
		   !set_number(word, "tty", &proc->tty) && !set_env(word, facts) && !set_use(line, word)) {
		refuse(whole, word);
	}
}

/* What its line does not say, a process has of its parent, or as most have it. */
static void set_defaults(struct line_of_table *line, const struct snapshot *snap, char **words)
{
	int32_t pid = (int32_t)strtol(words[0], NULL, 10);
	int32_t ppid = (int32_t)strtol(words[1], NULL, 10);
	int32_t session = pid;

	for (size_t i = snap->n_procs; i-- > 0;) {
		if (snap->procs[i].pid == ppid) {
			session = snap->procs[i].session;
			break;
		}
	}
	line->proc = (struct process){
		.pid = pid,
		.ns_pid = (uint32_t)pid,
		.ppid = ppid,
		.pgrp = pid,
		.session = session,
		.threads = 1,
		.state = 'S',
		.start_ticks = 1000 + 10 * snap->n_procs,
		.cpu_ticks = 1,
		.rss_bytes = 1 << 20,
		.io_read_bytes = UNKNOWN,
		.io_write_bytes = UNKNOWN,
		.cpu_percent = 0,
		.io_read_rate = NAN,
		.io_write_rate = NAN,
	};
	line->facts = (struct facts){
		.comm = base_name(words[2]),
		.exe = strcmp(words[2], "-") == 0 ? NULL : words[2],
		.env = ENV_READ,
		.pid_ns = OWN_PID_NS,
	};
	line->use = (struct cgroup_use){
		.pids = {UNKNOWN, UNKNOWN},
		.memory = {UNKNOWN, UNKNOWN},
		.oom_kills = UNKNOWN,
		.oom_kills_new = UNKNOWN,
	};
}

static void add_process(struct snapshot *snap, struct facts_store *store, const char *whole, char **words, size_t n)
{
	struct line_of_table line = {0};
	size_t i = 3;

	if (n < 3)
		refuse(whole, "a line of fewer than three words");
	set_defaults(&line, snap, words);
	for (; i < n && strcmp(words[i], ";") != 0; i++) {
		text_add(&line.argv, words[i]);
		text_add_char(&line.argv, '\0');
	}
	line.facts.argv = text_str(&line.argv);
	line.facts.argv_len = line.argv.len;
	if (line.facts.argv_len > 0 && !line.facts.exe)
		line.facts.comm = base_name(line.facts.argv);
	for (i++; i < n; i++)
		apply(&line, whole, words[i]);
	if (line.cgroup.len > 0)
		line.facts.cgroup = text_str(&line.cgroup);
	line.facts.markers = text_str(&line.markers);
	line.facts.markers_len = line.markers.len;
	line.proc.facts = facts_intern(store, &line.facts);
	snap->procs[snap->n_procs++] = line.proc;
	if (line.has_use) {
		snap->cgroups[snap->n_cgroups] = line.use;
		snap->cgroups[snap->n_cgroups++].cgroup = line.proc.facts->cgroup;
	}
	text_done(&line.argv);
	text_done(&line.cgroup);
	text_done(&line.markers);
}

static int by_pid(const void *a, const void *b)
{
	return ((const struct process *)a)->pid - ((const struct process *)b)->pid;
}

static int by_cgroup(const void *a, const void *b)
{
	return strcmp(((const struct cgroup_use *)a)->cgroup, ((const struct cgroup_use *)b)->cgroup);
}

static size_t count_lines(const char *table)
{
	size_t n = 1;

	for (; *table; table++)
		n += *table == '\n';
	return n;
}

struct snapshot *lab_snapshot(double at_s, const char *table)
{
	struct snapshot *snap = mem_new(1, sizeof(*snap));
	struct facts_store *store = facts_store_new();

	arena_init(&snap->arena);
	snap->taken_ms = BOOT_MS + (uint64_t)((UPTIME_S + at_s) * 1000);
	snap->mono_ms = (uint64_t)((UPTIME_S + at_s) * 1000);
	snap->interval_s = NAN;
	snap->cost_s = 0.01;
	snap->host = (struct host){
		.name = "shop1",
		.kernel = "6.1.0-clade",
		.boot_id = "5e6e0000-0000-4000-8000-000000000000",
		.cpus = 2,
		.ticks_per_s = 100,
		.boot_ms = BOOT_MS,
		.self_pid = UNKNOWN,
		.pid_ns = OWN_PID_NS,
	};
	snap->machine = (struct machine){
		.load = {117, 90.5, 40.25},
		.cpu_percent = {12, 0, 10, 70, 8, 0, 0},
		.mem_total_bytes = 8ull << 30,
		.mem_available_bytes = 2ull << 30,
		.mem_free_bytes = 1ull << 30,
		.mem_cached_bytes = 1ull << 30,
		.swap_total_bytes = 0,
		.swap_free_bytes = 0,
		.psi_cpu = {40, NAN},
		.psi_memory = {10.5, 3},
		.psi_io = {12, 2.5},
		.tasks = 0,
		.tasks_running = 3,
		.pid_max = 32768,
		.threads_max = 63000,
		.user = {UNKNOWN, {UNKNOWN, UNKNOWN}},
		.forks = 1000,
		.forks_per_s = NAN,
		.oom_kills = 0,
		.oom_kills_new = 0,
		.uptime_s = UPTIME_S + at_s,
	};
	snap->procs = arena_new(&snap->arena, count_lines(table), sizeof(*snap->procs));
	snap->cgroups = arena_new(&snap->arena, count_lines(table), sizeof(*snap->cgroups));
	while (*table) {
		size_t len = strcspn(table, "\n");
		char *line = mem_strndup(table, len);
		size_t n;
		char **words = words_split(line, &n);

		if (n > 0)
			add_process(snap, store, line, words, n);
		words_free(words, n);
		free(line);
		table += len + (table[len] == '\n');
	}
	facts_store_free(store);
	for (size_t i = 0; i < snap->n_procs; i++)
		snap->machine.tasks += snap->procs[i].threads;
	qsort(snap->procs, snap->n_procs, sizeof(*snap->procs), by_pid);
	qsort(snap->cgroups, snap->n_cgroups, sizeof(*snap->cgroups), by_cgroup);
	return snap;
}

void lab_take(struct lab *lab, struct snapshot *snap)
{
	moment_done(&lab->before);
	lab->before = lab->now;
	if (lab->before.snap)
		snap->interval_s = (double)(snap->mono_ms - lab->before.snap->mono_ms) / 1000;
	if (moment_make(lab->attributor, lab->history, snap, &lab->now) != 0)
		abort();
	lab->snap = lab->now.snap;
	lab->attr = lab->now.attr;
	lab->model = lab->now.model;
}

void lab_sample(struct lab *lab, double seconds, const char *table)
{
	double at_s = lab->snap ? (double)lab->snap->mono_ms / 1000 - UPTIME_S + seconds : 0;

	lab_take(lab, lab_snapshot(at_s, table));
}

const char *lab_owners(struct lab *lab)
{
	text_clear(&lab->said);
	for (size_t i = 0; i < lab->snap->n_procs; i++) {
		const struct assignment *assignment = &lab->attr->procs[i];

		text_printf(&lab->said, "%d %s%s\n", lab->snap->procs[i].pid, lab->attr->owners[assignment->owner].id,
			    assignment->is_orphan ? " orphan" : "");
	}
	return text_str(&lab->said);
}

void expect_owners(const char *table, const char *owners)
{
	struct lab *lab = lab_new(NULL);

	lab_sample(lab, 0, table);
	assert_string_equal(lab_owners(lab), owners);
	lab_free(lab);
}

static int32_t index_of(const struct lab *lab, int pid)
{
	int32_t i = snapshot_find_pid(lab->snap, pid);

	if (i == NO_PROC) {
		fprintf(stderr, "lab: no process %d\n", pid);
		abort();
	}
	return i;
}

const char *lab_why(struct lab *lab, int pid)
{
	return lab->attr->procs[index_of(lab, pid)].evidence;
}

void lab_crowd(struct lab *lab, int first, int n)
{
	struct text table = {0};

	text_add(&table, "1 0 /sbin/init init ; start:1\n10 1 " CLAUDE " claude ; start:2\n");
	for (int i = 0; i < n; i++)
		text_printf(&table,
			    "%d 10 /bin/sh sh -c x ; start:%d CLAUDECODE=1 CLAUDE_PID=10 "
			    "CLAUDE_CODE_SESSION_ID=11111111-1111-4111-8111-111111111111\n",
			    first + i, first + i);
	lab_sample(lab, 2, text_str(&table));
	text_done(&table);
}

static int32_t owner_index(const struct lab *lab, const char *id)
{
	int32_t i = attribution_find(lab->attr, id);

	if (i == NO_OWNER) {
		fprintf(stderr, "lab: no owner %s\n", id);
		abort();
	}
	return i;
}

const struct owner *lab_owner(const struct lab *lab, const char *id)
{
	return &lab->attr->owners[owner_index(lab, id)];
}

const struct group *lab_group(const struct lab *lab, const char *id)
{
	return &lab->model->groups[owner_index(lab, id)];
}

const struct node *lab_node(const struct lab *lab, int pid)
{
	return &lab->model->nodes[index_of(lab, pid)];
}

struct totals lab_subtree(const struct lab *lab, int pid)
{
	return node_subtree(lab->model, index_of(lab, pid));
}

struct growth lab_growth(const struct lab *lab, int pid)
{
	return node_growth(lab->model, index_of(lab, pid));
}

uint32_t lab_zombies(const struct lab *lab, int pid)
{
	return node_zombies(lab->model, index_of(lab, pid));
}

int take_bytes(void *context, const char *bytes, size_t len)
{
	text_add_bytes(context, bytes, len);
	return 0;
}
