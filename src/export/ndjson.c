/*
 * One object a line, for what reads lines: jq, DuckDB, ClickHouse, Loki, and clade itself. Begins
 * with the type; clade-snapshot(5) has them all.
 */
#include "ndjson.h"

#include <math.h>
#include <string.h>

#include "narrow.h"
#include "objects.h"

enum { LINES_VERSION = 1, LINE_DEPTH = 1 };

struct lines {
	struct outlet outlet;
	struct jsonw json;
	const struct export_job *job;
	const struct model *before;        /* NULL: a full sample */
	const char *kept[RECORD_KEYS_MAX]; /* when not all columns are wanted */
};

static void begin_line(struct lines *lines, const char *type)
{
	jsonw_object(&lines->json);
	put_string(&lines->json, "type", type);
}

static void end_line(struct lines *lines)
{
	jsonw_keep(&lines->json, NULL, 0);
	jsonw_object_end(&lines->json);
	text_add_char(&lines->outlet.text, '\n');
	outlet_drain(&lines->outlet);
}

/* Keys that have changed; those by which a thing is known stand at their beginning. */
struct changes {
	const char *keys[RECORD_KEYS_MAX + 1]; /* ends with NULL */
	size_t n;
	size_t n_known;
};

static void begin_changes(struct changes *changes, const char *a, const char *b)
{
	*changes = (struct changes){.keys = {a, b}, .n = b ? 2 : 1, .n_known = b ? 2 : 1};
}

static void note(struct changes *changes, const char *key, bool has_changed)
{
	if (has_changed && changes->n < RECORD_KEYS_MAX)
		changes->keys[changes->n++] = key;
}

static bool has_changes(const struct changes *changes)
{
	return changes->n > changes->n_known;
}

static bool differ(const char *a, const char *b)
{
	return a != b && (!a || !b || strcmp(a, b) != 0);
}

static bool differ_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a != b && (!a || !b || a_len != b_len || memcmp(a, b, a_len) != 0);
}

/* Whether two figures are written alike with that many decimals. */
static bool differ_real(double a, double b, double scale)
{
	return isnan(a) != isnan(b) || (!isnan(a) && round(a * scale) != round(b * scale));
}

static bool differ_bounded(struct bounded a, struct bounded b)
{
	return a.used != b.used || a.max != b.max;
}

/* ---- The sample and its machine ---- */

static void put_sample(struct lines *lines)
{
	const struct snapshot *snap = lines->job->model->snap;
	const struct snapshot *before = lines->before ? lines->before->snap : NULL;
	struct jsonw *json = &lines->json;

	begin_line(lines, "sample");
	put_string(json, "format", "clade-samples");
	put_uint(json, "version", LINES_VERSION);
	put_bool(json, "full", !before);
	put_time(json, "taken", snap->taken_ms);
	put_uint(json, "mono_ms", snap->mono_ms);
	put_real(json, "interval_s", snap->interval_s, 3);
	if (!before)
		put_narrowed(json, lines->job);
	if (!before || before->host.boot_ms != snap->host.boot_ms) {
		jsonw_key(json, "host");
		jsonw_object(json);
		/* of a host that goes on only the clock is set */
		if (before)
			put_uint(json, "boot_ms", snap->host.boot_ms);
		else
			put_host_keys(json, snap);
		jsonw_object_end(json);
	}
	end_line(lines);
}

static bool have_notes_changed(const struct snapshot *snap, const struct snapshot *before)
{
	if (snap->n_notes != before->n_notes)
		return true;
	for (size_t i = 0; i < snap->n_notes; i++) {
		if (differ(snap->notes[i], before->notes[i]))
			return true;
	}
	return false;
}

static void put_notes(struct lines *lines)
{
	const struct snapshot *snap = lines->job->model->snap;

	if (lines->before && !have_notes_changed(snap, lines->before->snap))
		return;
	begin_line(lines, "notes");
	jsonw_key(&lines->json, "notes");
	jsonw_array(&lines->json);
	for (size_t i = 0; i < snap->n_notes; i++)
		jsonw_string(&lines->json, snap->notes[i]);
	jsonw_array_end(&lines->json);
	end_line(lines);
}

static void put_lives(struct lines *lines)
{
	const struct snapshot *snap = lines->job->model->snap;

	if (!snap->has_events)
		return;
	begin_line(lines, "lives");
	put_lives_keys(&lines->json, snap);
	end_line(lines);
}

static void put_machine(struct lines *lines)
{
	begin_line(lines, "machine");
	put_machine_keys(&lines->json, &lines->job->model->snap->machine);
	end_line(lines);
	put_notes(lines);
	put_lives(lines);
	begin_line(lines, "verdict");
	put_verdict_keys(&lines->json, lines->job->model);
	end_line(lines);
}

/* ---- Owners ---- */

static const char *id_of(const struct attribution *attr, int32_t owner)
{
	return owner != NO_OWNER ? attr->owners[owner].id : NULL;
}

static int32_t pid_of(const struct model *model, int32_t proc)
{
	return proc != NO_PROC ? model->snap->procs[proc].pid : 0;
}

/* Figures that follow from its processes are in full samples, but for the few that tell most. */
static void compare_owners(struct changes *changes, const struct model *now, size_t g,
			   const struct model *then, size_t h)
{
	const struct owner *a = &now->attr->owners[g];
	const struct owner *b = &then->attr->owners[h];
	const struct group *x = &now->groups[g];
	const struct group *y = &then->groups[h];
	bool has_root_changed = pid_of(now, a->root) != pid_of(then, b->root);

	begin_changes(changes, "type", "id");
	note(changes, "kind", a->kind != b->kind);
	note(changes, "product", differ(a->product, b->product));
	note(changes, "label", differ(a->label, b->label));
	note(changes, "key", differ(a->key, b->key));
	note(changes, "name", differ(a->name, b->name));
	note(changes, "parent", differ(id_of(now->attr, a->parent), id_of(then->attr, b->parent)));
	note(changes, "started_by", differ(a->started_by, b->started_by));
	note(changes, "root_pid", has_root_changed);
	note(changes, "roots", has_root_changed || a->instances != b->instances);
	note(changes, "instances", a->instances != b->instances);
	note(changes, "processes", x->own.procs != y->own.procs);
	note(changes, "zombies", x->own.zombies != y->own.zombies);
	note(changes, "orphans", x->own.orphans != y->own.orphans);
	note(changes, "blocked", x->own.blocked != y->own.blocked);
	note(changes, "since", a->since_ms != b->since_ms);
	note(changes, "restarts", a->restarts != b->restarts);
	note(changes, "ended", a->is_ended != b->is_ended);
	note(changes, "cwd", differ(a->cwd, b->cwd));
	note(changes, "file", differ(a->file, b->file));
	note(changes, "status", differ(a->status, b->status));
	note(changes, "badges", x->badges != y->badges);
	note(changes, "evidence", differ(a->evidence, b->evidence));
}

/* The owner of that id; mostly they stand where they stood. */
static int32_t find_owner(const struct attribution *attr, const char *id, size_t hint)
{
	if (hint < attr->n_owners && strcmp(attr->owners[hint].id, id) == 0)
		return (int32_t)hint;
	return attribution_find(attr, id);
}

static void put_owner_line(struct lines *lines, size_t g, const char *const *kept)
{
	jsonw_keep(&lines->json, kept, LINE_DEPTH);
	begin_line(lines, "owner");
	put_owner_keys(&lines->json, lines->job->model, (int32_t)g);
	end_line(lines);
}

static void put_owners(struct lines *lines)
{
	const struct model *model = lines->job->model;
	const char *const *kept = record_keys(lines->kept, lines->job->config);
	struct changes changes;

	for (size_t g = 0; g < model->attr->n_owners; g++) {
		int32_t then = lines->before ? find_owner(lines->before->attr,
							  model->attr->owners[g].id, g)
					     : NO_OWNER;

		if (!lines->job->selection->has_owner[g])
			continue;
		if (then == NO_OWNER) {
			put_owner_line(lines, g, kept);
			continue;
		}
		compare_owners(&changes, model, g, lines->before, (size_t)then);
		if (has_changes(&changes))
			put_owner_line(lines, g, changes.keys);
	}
}

/* ---- Control groups ---- */

static void put_cgroups(struct lines *lines)
{
	const struct snapshot *snap = lines->job->model->snap;
	struct changes changes;

	if (!export_has_column(lines->job->config, COLUMN_LIMIT))
		return;
	for (size_t i = 0; i < snap->n_cgroups; i++) {
		const struct cgroup_use *use = &snap->cgroups[i];
		const struct cgroup_use *then =
			lines->before ? snapshot_find_cgroup(lines->before->snap, use->cgroup)
				      : NULL;

		if (!lines->job->selection->has_cgroup[i])
			continue;
		if (then) {
			begin_changes(&changes, "type", "cgroups");
			note(&changes, "pids", differ_bounded(use->pids, then->pids));
			note(&changes, "memory", differ_bounded(use->memory, then->memory));
			note(&changes, "oom_kills", use->oom_kills != then->oom_kills);
			note(&changes, "oom_kills_new", use->oom_kills_new != then->oom_kills_new);
			if (!has_changes(&changes))
				continue;
			jsonw_keep(&lines->json, changes.keys, LINE_DEPTH);
		}
		begin_line(lines, "cgroup");
		put_cgroup_use_keys(&lines->json, use);
		end_line(lines);
	}
}

/* ---- Processes ---- */

static void compare_facts(struct changes *changes, const struct facts *a, const struct facts *b)
{
	bool has_cgroup_changed = differ(a->cgroup, b->cgroup);

	note(changes, "uid", a->uid != b->uid);
	note(changes, "user", a->uid != b->uid);
	note(changes, "comm", differ(a->comm, b->comm));
	note(changes, "argv", differ_bytes(a->argv, a->argv_len, b->argv, b->argv_len));
	note(changes, "exe", differ(a->exe, b->exe));
	note(changes, "exe_deleted", a->is_exe_deleted != b->is_exe_deleted);
	note(changes, "cwd", differ(a->cwd, b->cwd));
	note(changes, "cgroup", has_cgroup_changed);
	note(changes, "cgroups", has_cgroup_changed);
	note(changes, "markers",
	     differ_bytes(a->markers, a->markers_len, b->markers, b->markers_len));
	note(changes, "env", a->env != b->env);
	note(changes, "pid_ns", a->pid_ns != b->pid_ns);
	note(changes, "ns_foreign", a->is_ns_foreign != b->is_ns_foreign);
}

/* What seldom changes. */
static void compare_standing(struct changes *changes, const struct model *now, size_t i,
			     const struct model *then, size_t j)
{
	const struct process *a = &now->snap->procs[i];
	const struct process *b = &then->snap->procs[j];
	const struct assignment *x = &now->attr->procs[i];
	const struct assignment *y = &then->attr->procs[j];

	if (a->facts != b->facts)
		compare_facts(changes, a->facts, b->facts);
	note(changes, "ns_pid", a->ns_pid != b->ns_pid);
	note(changes, "ppid", a->ppid != b->ppid);
	note(changes, "pgrp", a->pgrp != b->pgrp);
	note(changes, "session", a->session != b->session);
	note(changes, "tty", a->tty != b->tty);
	note(changes, "nice", a->nice != b->nice);
	note(changes, "kernel", a->is_kernel != b->is_kernel);
	note(changes, "owner", differ(id_of(now->attr, x->owner), id_of(then->attr, y->owner)));
	note(changes, "orphan", x->is_orphan != y->is_orphan);
	note(changes, "root", x->is_root != y->is_root);
	note(changes, "title", differ(x->title, y->title));
	note(changes, "evidence", differ(x->evidence, y->evidence));
}

/* What moves all the time. */
static void compare_moving(struct changes *changes, const struct process *a,
			   const struct process *b)
{
	note(changes, "state", a->state != b->state);
	note(changes, "threads", a->threads != b->threads);
	note(changes, "rss_bytes", a->rss_bytes != b->rss_bytes);
	note(changes, "cpu_ticks", a->cpu_ticks != b->cpu_ticks);
	note(changes, "cpu_percent",
	     differ_real((double)a->cpu_percent, (double)b->cpu_percent, 10));
	note(changes, "io_read_bytes", a->io_read_bytes != b->io_read_bytes);
	note(changes, "io_write_bytes", a->io_write_bytes != b->io_write_bytes);
	note(changes, "io_read_per_s",
	     differ_real((double)a->io_read_rate, (double)b->io_read_rate, 1));
	note(changes, "io_write_per_s",
	     differ_real((double)a->io_write_rate, (double)b->io_write_rate, 1));
}

static void put_process_line(struct lines *lines, size_t i, const char *const *kept)
{
	jsonw_keep(&lines->json, kept, LINE_DEPTH);
	begin_line(lines, "process");
	put_process_keys(&lines->json, lines->job->model, i, lines->job->config->users);
	end_line(lines);
}

/* What moves, without looking at anything else: most lines of a recording are these. */
static void put_moved(struct lines *lines, const struct process *proc,
		      const struct changes *changes)
{
	struct jsonw *json = &lines->json;

	jsonw_keep(json, changes->keys, LINE_DEPTH);
	begin_line(lines, "process");
	put_identity_keys(json, proc);
	put_moving_keys(json, proc);
	end_line(lines);
}

static void put_changed(struct lines *lines, size_t i, size_t then)
{
	const struct model *model = lines->job->model;
	const struct model *before = lines->before;
	struct changes changes;
	size_t n_standing;

	begin_changes(&changes, "type", "pid");
	changes.keys[changes.n++] = "start_ticks";
	changes.n_known = changes.n;
	compare_standing(&changes, model, i, before, then);
	n_standing = changes.n - changes.n_known;
	compare_moving(&changes, &model->snap->procs[i], &before->snap->procs[then]);
	if (n_standing > 0)
		put_process_line(lines, i, changes.keys);
	else if (has_changes(&changes))
		put_moved(lines, &model->snap->procs[i], &changes);
}

/* Both samples are in the order of pids. */
static void put_processes(struct lines *lines)
{
	const struct snapshot *snap = lines->job->model->snap;
	const struct snapshot *before = lines->before ? lines->before->snap : NULL;
	const char *const *kept = record_keys(lines->kept, lines->job->config);
	size_t at = 0;

	for (size_t i = 0; i < snap->n_procs && lines->outlet.error == 0; i++) {
		const struct process *proc = &snap->procs[i];

		if (!lines->job->selection->has_proc[i])
			continue;
		while (before && at < before->n_procs && before->procs[at].pid < proc->pid)
			at++;
		if (before && at < before->n_procs && before->procs[at].pid == proc->pid &&
		    before->procs[at].start_ticks == proc->start_ticks)
			put_changed(lines, i, at);
		else
			put_process_line(lines, i, kept);
		outlet_count(&lines->outlet);
	}
}

/* ---- What has gone, and the end ---- */

static void put_gone_processes(struct lines *lines)
{
	const struct snapshot *snap = lines->job->model->snap;
	const struct snapshot *before = lines->before->snap;
	size_t at = 0;

	jsonw_key(&lines->json, "processes");
	jsonw_array(&lines->json);
	for (size_t i = 0; i < before->n_procs; i++) {
		while (at < snap->n_procs && snap->procs[at].pid < before->procs[i].pid)
			at++;
		if (at == snap->n_procs || snap->procs[at].pid != before->procs[i].pid)
			jsonw_int(&lines->json, before->procs[i].pid);
	}
	jsonw_array_end(&lines->json);
}

static void put_gone(struct lines *lines)
{
	const struct model *model = lines->job->model;
	const struct model *before = lines->before;
	struct jsonw *json = &lines->json;

	if (!before)
		return;
	begin_line(lines, "gone");
	put_gone_processes(lines);
	jsonw_key(json, "owners");
	jsonw_array(json);
	for (size_t h = 0; h < before->attr->n_owners; h++) {
		if (find_owner(model->attr, before->attr->owners[h].id, h) != NO_OWNER)
			continue;
		jsonw_object(json);
		put_bytes(json, "id", before->attr->owners[h].id);
		jsonw_object_end(json);
	}
	jsonw_array_end(json);
	jsonw_key(json, "cgroups");
	jsonw_array(json);
	for (size_t i = 0; i < before->snap->n_cgroups; i++) {
		if (snapshot_find_cgroup(model->snap, before->snap->cgroups[i].cgroup))
			continue;
		jsonw_object(json);
		put_bytes(json, "cgroups", before->snap->cgroups[i].cgroup);
		jsonw_object_end(json);
	}
	jsonw_array_end(json);
	end_line(lines);
}

static void put_end(struct lines *lines)
{
	begin_line(lines, "end");
	put_uint(&lines->json, "processes", lines->job->selection->n_procs);
	end_line(lines);
}

int ndjson_write(const struct export_job *job, const struct model *before)
{
	struct lines lines = {.outlet = outlet_of(job), .job = job, .before = before};

	jsonw_init(&lines.json, &lines.outlet.text, 0);
	put_sample(&lines);
	put_machine(&lines);
	put_owners(&lines);
	put_cgroups(&lines);
	put_gone(&lines);
	put_processes(&lines);
	put_end(&lines);
	return outlet_done(&lines.outlet);
}

int export_ndjson(const struct export_job *job)
{
	return ndjson_write(job, NULL);
}
