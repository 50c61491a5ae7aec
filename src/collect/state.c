#include "state.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "lives.h"
#include "parse.h"

enum { LINES_VERSION = 1 };

struct state_proc {
	int32_t pid; /* the key */
	struct process proc;
	struct recorded_proc recorded;
	UT_hash_handle hh;
};

struct state_owner {
	struct recorded_owner owner; /* the key is its id */
	UT_hash_handle hh;
};

struct state_cgroup {
	struct cgroup_use use; /* the key is its text */
	UT_hash_handle hh;
};

struct state {
	struct facts_store *store;
	struct users *users;    /* NULL, or where names go */
	struct strings strings; /* all but facts point into it; begun anew with each full sample */
	struct parse_buffers buffers;
	uint64_t taken_ms, mono_ms;
	double interval_s;
	struct host host;
	struct machine machine;
	struct state_proc *procs;
	struct state_owner *owners; /* in the order of the file */
	struct state_cgroup *cgroups;
	struct lives lives;
	const char **notes; /* the heap's */
	size_t n_notes;
	bool is_full;
	bool has_host;
	bool is_whole; /* the sample's end was seen */
};

struct state *state_new(void)
{
	struct state *state = calloc(1, sizeof(*state));

	if (!state)
		return NULL;
	state->store = facts_store_new();
	if (!state->store) {
		free(state);
		return NULL;
	}
	return state;
}

static void drop_proc(struct state *state, struct state_proc *proc)
{
	HASH_DEL(state->procs, proc);
	facts_put(proc->proc.facts);
	free(proc);
}

static void drop_all(struct state *state)
{
	struct state_proc *proc, *next_proc;
	struct state_owner *owner, *next_owner;
	struct state_cgroup *cgroup, *next_cgroup;

	HASH_ITER (hh, state->procs, proc, next_proc)
		drop_proc(state, proc);
	HASH_ITER (hh, state->owners, owner, next_owner) {
		HASH_DEL(state->owners, owner);
		free(owner);
	}
	HASH_ITER (hh, state->cgroups, cgroup, next_cgroup) {
		HASH_DEL(state->cgroups, cgroup);
		free(cgroup);
	}
	free(state->notes);
	state->notes = NULL;
	state->n_notes = 0;
	strings_done(&state->strings);
}

void state_free(struct state *state)
{
	if (!state)
		return;
	drop_all(state);
	lives_clear(&state->lives);
	parse_buffers_done(&state->buffers);
	facts_store_free(state->store);
	free(state);
}

void state_begin(struct state *state, bool is_full)
{
	state->is_full = is_full;
	state->is_whole = false;
	state->interval_s = NAN;
	lives_clear(&state->lives);
	if (!is_full)
		return;
	drop_all(state);
	state->has_host = false;
	state->machine = parse_no_machine();
	state->host = (struct host){
		.cpus = 1,
		.ticks_per_s = 100,
		.boot_ms = UNKNOWN,
		.self_pid = UNKNOWN,
		.pid_ns = UNKNOWN,
	};
}

void state_learn_users(struct state *state, struct users *users)
{
	state->users = users;
}

static int wrong(struct text *error, const char *what)
{
	text_add(error, what);
	return -EINVAL;
}

static int kept(const struct state *state)
{
	return state->strings.is_lost ? -ENOMEM : 0;
}

/* ---- What lines tell ---- */

static void learn_user(struct state *state, const json_t *object)
{
	const char *name = state->users ? parse_get_string(object, "user") : NULL;
	uint64_t uid = parse_get_uint(object, "uid");

	if (name && uid < UINT32_MAX)
		users_learn(state->users, (uint32_t)uid, name);
}

int state_take_process(struct state *state, const json_t *object, struct text *error)
{
	int32_t pid = (int32_t)json_integer_value(json_object_get(object, "pid"));
	struct state_proc *known;
	struct state_proc made = {.proc = parse_no_process()};
	int rc;

	learn_user(state, object);
	HASH_FIND_INT(state->procs, &pid, known);
	if (known && state->is_full) {
		text_printf(error, "pid %d is there twice", pid);
		return -EINVAL;
	}
	/* the number is another process's by now */
	if (known && known->proc.start_ticks != parse_get_uint(object, "start_ticks")) {
		drop_proc(state, known);
		known = NULL;
	}
	if (known) {
		rc = parse_process(object, state->store, &state->strings, &state->buffers,
				   &known->proc, &known->recorded, error);
		return rc == 0 ? kept(state) : rc;
	}
	rc = parse_process(object, state->store, &state->strings, &state->buffers, &made.proc,
			   &made.recorded, error);
	if (rc != 0)
		return rc;
	known = malloc(sizeof(*known));
	if (!known) {
		facts_put(made.proc.facts);
		return -ENOMEM;
	}
	*known = made;
	known->pid = made.proc.pid;
	HASH_ADD_INT(state->procs, pid, known);
	return kept(state);
}

int state_take_owner(struct state *state, const json_t *object, struct text *error)
{
	const char *id = parse_bytes(object, "id", &state->buffers.owner);
	struct state_owner *known;

	if (!id || !*id)
		return wrong(error, "an owner without id");
	HASH_FIND_STR(state->owners, id, known);
	if (!known) {
		id = strings_keep(&state->strings, id);
		known = id ? calloc(1, sizeof(*known)) : NULL;
		if (!known)
			return -ENOMEM;
		known->owner = (struct recorded_owner){
			.id = id, .name = id, .since_ms = UNKNOWN, .restarts = UNKNOWN};
		HASH_ADD_KEYPTR(hh, state->owners, id, strlen(id), known);
	}
	parse_owner(object, &state->strings, &known->owner);
	return kept(state);
}

int state_take_cgroup(struct state *state, const json_t *object, struct text *error)
{
	const char *text = parse_bytes(object, "cgroups", &state->buffers.cgroup);
	struct state_cgroup *known;

	if (!text)
		return wrong(error, "a cgroup without its text");
	HASH_FIND_STR(state->cgroups, text, known);
	if (!known) {
		text = strings_keep(&state->strings, text);
		known = text ? calloc(1, sizeof(*known)) : NULL;
		if (!known)
			return -ENOMEM;
		known->use = (struct cgroup_use){
			.cgroup = text,
			.pids = {UNKNOWN, UNKNOWN},
			.memory = {UNKNOWN, UNKNOWN},
			.oom_kills = UNKNOWN,
			.oom_kills_new = UNKNOWN,
		};
		HASH_ADD_KEYPTR(hh, state->cgroups, text, strlen(text), known);
	}
	parse_cgroup(object, &state->strings, &known->use);
	return kept(state);
}

int state_take_notes(struct state *state, const json_t *array)
{
	const char **notes = calloc(json_array_size(array) + 1, sizeof(*notes));

	if (!notes)
		return -ENOMEM;
	free(state->notes);
	state->notes = notes;
	state->n_notes = 0;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *note = json_string_value(json_array_get(array, i));

		if (note)
			notes[state->n_notes++] = strings_keep(&state->strings, note);
	}
	return kept(state);
}

static int take_gone(struct state *state, const json_t *line)
{
	const json_t *pids = json_object_get(line, "processes");
	const json_t *owners = json_object_get(line, "owners");
	const json_t *cgroups = json_object_get(line, "cgroups");
	struct state_proc *proc;
	struct state_owner *owner;
	struct state_cgroup *cgroup;
	const char *name;
	json_t *value;
	size_t i;

	json_array_foreach (pids, i, value) {
		int32_t pid = (int32_t)json_integer_value(value);

		HASH_FIND_INT(state->procs, &pid, proc);
		if (proc)
			drop_proc(state, proc);
	}
	json_array_foreach (owners, i, value) {
		name = parse_bytes(value, "id", &state->buffers.owner);
		owner = NULL;
		if (name)
			HASH_FIND_STR(state->owners, name, owner);
		if (owner)
			HASH_DEL(state->owners, owner);
		free(owner);
	}
	json_array_foreach (cgroups, i, value) {
		name = parse_bytes(value, "cgroups", &state->buffers.cgroup);
		cgroup = NULL;
		if (name)
			HASH_FIND_STR(state->cgroups, name, cgroup);
		if (cgroup)
			HASH_DEL(state->cgroups, cgroup);
		free(cgroup);
	}
	return 0;
}

static int take_time(struct state *state, const json_t *object, struct text *error)
{
	uint64_t mono_ms = parse_get_uint(object, "mono_ms");

	state->taken_ms = parse_time(parse_get_string(object, "taken"));
	if (!is_known(state->host.boot_ms))
		return wrong(error, "no host.boot_ms");
	if (!is_known(state->taken_ms))
		return wrong(error, "no time in \"taken\"");
	state->mono_ms = is_known(mono_ms) ? mono_ms
			 : state->taken_ms >= state->host.boot_ms
				 ? state->taken_ms - state->host.boot_ms
				 : state->taken_ms;
	return 0;
}

static int check_format(const json_t *object, const char *want, struct text *error)
{
	const char *format = parse_get_string(object, "format");
	uint64_t version = parse_get_uint(object, "version");

	if (!format || strcmp(format, want) != 0) {
		text_printf(error, "not a snapshot of clade: no \"format\": \"%s\"", want);
		return -EINVAL;
	}
	if (version != LINES_VERSION) {
		text_printf(error, "its format has version %lld, this clade reads version %d",
			    is_known(version) ? (long long)version : -1, LINES_VERSION);
		return -EINVAL;
	}
	return 0;
}

/* {"type":"sample","format":"clade-samples","version":1,"full":true,"taken":…,"host":{…}} */
static int take_sample(struct state *state, const json_t *line, struct text *error)
{
	const json_t *host = json_object_get(line, "host");
	const json_t *interval = json_object_get(line, "interval_s");
	int rc = check_format(line, "clade-samples", error);

	if (rc != 0)
		return rc;
	if (state->is_full && !host)
		return wrong(error, "a full sample without host");
	parse_host(host, &state->strings, &state->host);
	state->has_host = state->has_host || host;
	state->interval_s = json_is_number(interval) ? json_number_value(interval) : (double)NAN;
	return take_time(state, line, error);
}

static int take_end(struct state *state, const json_t *line, struct text *error)
{
	uint64_t want = parse_get_uint(line, "processes");
	uint64_t have = HASH_COUNT(state->procs);

	if (!state->has_host)
		return wrong(error, "the sample has no beginning");
	if (is_known(want) && want != have) {
		text_printf(error, "%llu processes were to be there, %llu are",
			    (unsigned long long)want, (unsigned long long)have);
		return -EINVAL;
	}
	state->is_whole = true;
	return 0;
}

int state_take(struct state *state, const json_t *line, struct text *error)
{
	const char *type = parse_get_string(line, "type");

	if (!type)
		return wrong(error, "a line without \"type\"");
	if (strcmp(type, "process") == 0)
		return state_take_process(state, line, error);
	if (strcmp(type, "owner") == 0)
		return state_take_owner(state, line, error);
	if (strcmp(type, "cgroup") == 0)
		return state_take_cgroup(state, line, error);
	if (strcmp(type, "gone") == 0)
		return take_gone(state, line);
	if (strcmp(type, "machine") == 0)
		parse_machine(line, &state->machine);
	if (strcmp(type, "notes") == 0)
		return state_take_notes(state, json_object_get(line, "notes"));
	if (strcmp(type, "lives") == 0)
		return lives_take(&state->lives, line);
	if (strcmp(type, "sample") == 0)
		return take_sample(state, line, error);
	if (strcmp(type, "end") == 0)
		return take_end(state, line, error);
	return 0; /* of a later clade */
}

int state_check_document(const json_t *document, struct text *error)
{
	return check_format(document, "clade-snapshot", error);
}

int state_take_document(struct state *state, const json_t *document, struct text *error)
{
	const json_t *host = json_object_get(document, "host");
	const json_t *interval = json_object_get(host, "interval_s");
	int rc = state_check_document(document, error);

	if (rc != 0)
		return rc;
	parse_host(host, &state->strings, &state->host);
	parse_machine(host, &state->machine);
	state->interval_s = json_is_number(interval) ? json_number_value(interval) : (double)NAN;
	rc = take_time(state, document, error);
	if (rc == 0 && is_known(parse_get_uint(host, "mono_ms")))
		state->mono_ms = parse_get_uint(host, "mono_ms");
	state->has_host = state->is_whole = rc == 0;
	if (rc == 0 && json_is_object(json_object_get(document, "lives")))
		rc = lives_take(&state->lives, json_object_get(document, "lives"));
	return rc;
}

/* ---- Snapshots ---- */

static int by_pid(const void *a, const void *b)
{
	const struct state_proc *const *x = a;
	const struct state_proc *const *y = b;

	return ((*x)->pid > (*y)->pid) - ((*x)->pid < (*y)->pid);
}

static int by_cgroup(const void *a, const void *b)
{
	return strcmp(((const struct cgroup_use *)a)->cgroup,
		      ((const struct cgroup_use *)b)->cgroup);
}

static const char *copy(struct state *state, struct snapshot *snap, const char *s)
{
	return strings_copy(&state->strings, s, &snap->arena);
}

/* Returns whether each process says who owns it. */
static bool copy_procs(struct state *state, struct snapshot *snap, struct state_proc **order,
		       struct recorded_proc *recorded)
{
	bool is_owned = true;
	size_t n = 0;

	for (struct state_proc *proc = state->procs; proc; proc = proc->hh.next)
		order[n++] = proc;
	qsort(order, n, sizeof(*order), by_pid);
	for (size_t i = 0; i < n; i++) {
		const struct recorded_proc *from = &order[i]->recorded;

		snap->procs[i] = order[i]->proc;
		facts_get(snap->procs[i].facts);
		is_owned = is_owned && from->owner;
		recorded[i] = (struct recorded_proc){
			.owner = copy(state, snap, from->owner),
			.evidence = copy(state, snap, from->evidence),
			.title = copy(state, snap, from->title),
			.is_orphan = from->is_orphan,
			.is_root = from->is_root,
		};
	}
	snap->n_procs = n;
	return is_owned;
}

static void copy_owners(struct state *state, struct snapshot *snap, struct recorded_owner *owners)
{
	size_t n = 0;

	for (const struct state_owner *known = state->owners; known; known = known->hh.next) {
		const struct recorded_owner *from = &known->owner;
		struct recorded_owner *to = &owners[n++];

		*to = *from;
		to->id = copy(state, snap, from->id);
		to->kind = copy(state, snap, from->kind);
		to->product = copy(state, snap, from->product);
		to->label = copy(state, snap, from->label);
		to->key = copy(state, snap, from->key);
		to->name = copy(state, snap, from->name);
		to->cwd = copy(state, snap, from->cwd);
		to->status = copy(state, snap, from->status);
		to->evidence = copy(state, snap, from->evidence);
		to->started_by = copy(state, snap, from->started_by);
		to->parent = copy(state, snap, from->parent);
	}
}

static void copy_cgroups(struct state *state, struct snapshot *snap)
{
	for (const struct state_cgroup *known = state->cgroups; known; known = known->hh.next) {
		snap->cgroups[snap->n_cgroups] = known->use;
		snap->cgroups[snap->n_cgroups].cgroup = copy(state, snap, known->use.cgroup);
		snap->n_cgroups += snap->cgroups[snap->n_cgroups].cgroup != NULL;
	}
	qsort(snap->cgroups, snap->n_cgroups, sizeof(*snap->cgroups), by_cgroup);
}

static int fill(struct state *state, struct snapshot *snap)
{
	size_t n_procs = HASH_COUNT(state->procs);
	size_t n_owners = HASH_COUNT(state->owners);
	struct state_proc **order = calloc(n_procs + 1, sizeof(struct state_proc *));
	struct recorded_proc *procs = arena_new(&snap->arena, n_procs + 1, sizeof(*procs));
	struct recorded_owner *owners = arena_new(&snap->arena, n_owners + 1, sizeof(*owners));
	struct recorded *recorded = arena_new(&snap->arena, 1, sizeof(*recorded));

	snap->procs = arena_new(&snap->arena, n_procs + 1, sizeof(*snap->procs));
	snap->cgroups =
		arena_new(&snap->arena, HASH_COUNT(state->cgroups) + 1, sizeof(*snap->cgroups));
	snap->notes = arena_new(&snap->arena, state->n_notes + 1, sizeof(*snap->notes));
	if (!order || !procs || !owners || !recorded || !snap->procs || !snap->cgroups ||
	    !snap->notes) {
		free(order);
		return -ENOMEM;
	}
	strings_turn(&state->strings);
	*recorded = (struct recorded){.owners = owners, .n_owners = n_owners, .procs = procs};
	if (copy_procs(state, snap, order, procs) && n_owners > 0)
		snap->recorded = recorded;
	free(order);
	copy_owners(state, snap, owners);
	copy_cgroups(state, snap);
	for (; snap->n_notes < state->n_notes; snap->n_notes++)
		snap->notes[snap->n_notes] = copy(state, snap, state->notes[snap->n_notes]);
	snap->taken_ms = state->taken_ms;
	snap->mono_ms = state->mono_ms;
	snap->interval_s = state->interval_s;
	snap->cost_s = NAN;
	snap->machine = state->machine;
	snap->host = state->host;
	snap->host.name = copy(state, snap, state->host.name);
	snap->host.kernel = copy(state, snap, state->host.kernel);
	snap->host.boot_id = copy(state, snap, state->host.boot_id);
	return lives_copy(&state->lives, snap) == 0 ? kept(state) : -ENOMEM;
}

int state_make(struct state *state, struct snapshot **snapshot)
{
	struct snapshot *snap;
	int rc;

	if (!state->is_whole)
		return -EINVAL;
	snap = calloc(1, sizeof(*snap));
	if (!snap)
		return -ENOMEM;
	arena_init(&snap->arena);
	rc = fill(state, snap);
	if (rc != 0) {
		snapshot_free(snap);
		return rc;
	}
	*snapshot = snap;
	return 0;
}
