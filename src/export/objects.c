#include "objects.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clade/units.h"

void put_string(struct jsonw *json, const char *key, const char *value)
{
	jsonw_key(json, key);
	jsonw_string(json, value);
}

void put_uint(struct jsonw *json, const char *key, uint64_t value)
{
	jsonw_key(json, key);
	jsonw_uint(json, value);
}

void put_int(struct jsonw *json, const char *key, int64_t value)
{
	jsonw_key(json, key);
	jsonw_int(json, value);
}

void put_real(struct jsonw *json, const char *key, double value, int decimals)
{
	jsonw_key(json, key);
	jsonw_real(json, value, decimals);
}

void put_bool(struct jsonw *json, const char *key, bool value)
{
	jsonw_key(json, key);
	jsonw_bool(json, value);
}

/* RFC 3339 with milliseconds, UTC. */
void put_time(struct jsonw *json, const char *key, uint64_t epoch_ms)
{
	time_t seconds = (time_t)(epoch_ms / 1000);
	char date[32];
	char full[48];
	struct tm utc;

	jsonw_key(json, key);
	if (!is_known(epoch_ms) || !gmtime_r(&seconds, &utc)) {
		jsonw_null(json);
		return;
	}
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(full, sizeof(full), "%s.%03uZ", date, (unsigned)(epoch_ms % 1000));
	jsonw_string(json, full);
}

/* Any bytes under `key`; when they are no UTF-8, once more as they are in base64. */
void put_bytes(struct jsonw *json, const char *key, const char *value)
{
	char base64_key[80];

	jsonw_key(json, key);
	if (!value) {
		jsonw_null(json);
		return;
	}
	if (jsonw_bytes(json, value, strlen(value)))
		return;
	snprintf(base64_key, sizeof(base64_key), "%s_base64", key);
	jsonw_key(json, base64_key);
	jsonw_base64(json, value, strlen(value));
}

static void put_argv(struct jsonw *json, const struct facts *facts)
{
	bool is_whole = true;

	jsonw_key(json, "argv");
	if (!facts->argv) {
		jsonw_null(json);
		return;
	}
	jsonw_array(json);
	for (size_t i = 0; i < facts->argv_len;) {
		size_t len = strlen(facts->argv + i);

		is_whole = jsonw_bytes(json, facts->argv + i, len) && is_whole;
		i += len + 1;
	}
	jsonw_array_end(json);
	if (is_whole)
		return;
	jsonw_key(json, "argv_base64");
	jsonw_base64(json, facts->argv, facts->argv_len);
}

/* The path of a hierarchy: "" is the unified one; NULL when it has no line, or its line says "/".
 */
static const char *cgroup_path(const char *cgroup, const char *controllers, size_t *len)
{
	size_t want = strlen(controllers);

	while (cgroup && *cgroup) {
		const char *end = cgroup + strcspn(cgroup, "\n");
		const char *name = memchr(cgroup, ':', (size_t)(end - cgroup));
		const char *path = name ? memchr(name + 1, ':', (size_t)(end - name - 1)) : NULL;

		if (path && (size_t)(path - name - 1) == want &&
		    strncmp(name + 1, controllers, want) == 0 && end - path > 2) {
			*len = (size_t)(end - path - 1);
			return path + 1;
		}
		cgroup = *end ? end + 1 : end;
	}
	return NULL;
}

static void put_cgroup(struct jsonw *json, const char *cgroup)
{
	static const char *const believed[] = {"", "name=systemd", "memory", "pids"};
	const char *path = NULL;
	size_t len = 0;

	for (size_t i = 0; i < sizeof(believed) / sizeof(believed[0]) && !path; i++)
		path = cgroup_path(cgroup, believed[i], &len);
	jsonw_key(json, "cgroup");
	if (!cgroup)
		jsonw_null(json);
	else if (path)
		jsonw_bytes(json, path, len);
	else
		jsonw_string(json, "/");
	put_bytes(json, "cgroups", cgroup);
}

static void put_markers(struct jsonw *json, const struct facts *facts)
{
	const char *end = facts->markers + facts->markers_len;

	jsonw_key(json, "markers");
	jsonw_object(json);
	for (const char *entry = facts->markers; entry < end; entry += strlen(entry) + 1) {
		size_t len = strcspn(entry, "=");
		char name[64];

		/* names are those of the rules: short and plain */
		if (len >= sizeof(name) || entry[len] != '=')
			continue;
		memcpy(name, entry, len);
		name[len] = '\0';
		put_bytes(json, name, entry + len + 1);
	}
	jsonw_object_end(json);
}

static void put_pressure(struct jsonw *json, const char *key, const struct pressure *pressure)
{
	jsonw_key(json, key);
	jsonw_object(json);
	put_real(json, "some_avg10", pressure->some_avg10, 2);
	put_real(json, "full_avg10", pressure->full_avg10, 2);
	jsonw_object_end(json);
}

static void put_cpu(struct jsonw *json, const struct machine *machine)
{
	const struct cpu_ticks *ticks = &machine->cpu;
	const struct cpu_split *split = &machine->cpu_percent;

	jsonw_key(json, "cpu_ticks");
	jsonw_object(json);
	put_uint(json, "user", ticks->user);
	put_uint(json, "nice", ticks->nice);
	put_uint(json, "system", ticks->system);
	put_uint(json, "idle", ticks->idle);
	put_uint(json, "iowait", ticks->iowait);
	put_uint(json, "irq", ticks->irq);
	put_uint(json, "softirq", ticks->softirq);
	put_uint(json, "steal", ticks->steal);
	jsonw_object_end(json);
	jsonw_key(json, "cpu_percent");
	jsonw_object(json);
	put_real(json, "user", split->user, 1);
	put_real(json, "nice", split->nice, 1);
	put_real(json, "system", split->system, 1);
	put_real(json, "idle", split->idle, 1);
	put_real(json, "iowait", split->iowait, 1);
	put_real(json, "irq", split->irq, 1);
	put_real(json, "steal", split->steal, 1);
	jsonw_object_end(json);
}

void put_machine_keys(struct jsonw *json, const struct machine *machine)
{
	jsonw_key(json, "load");
	jsonw_array(json);
	for (int i = 0; i < 3; i++)
		jsonw_real(json, machine->load[i], 2);
	jsonw_array_end(json);
	put_cpu(json, machine);
	put_uint(json, "mem_total_bytes", machine->mem_total_bytes);
	put_uint(json, "mem_available_bytes", machine->mem_available_bytes);
	put_uint(json, "mem_free_bytes", machine->mem_free_bytes);
	put_uint(json, "mem_cached_bytes", machine->mem_cached_bytes);
	put_uint(json, "swap_total_bytes", machine->swap_total_bytes);
	put_uint(json, "swap_free_bytes", machine->swap_free_bytes);
	jsonw_key(json, "psi");
	jsonw_object(json);
	put_pressure(json, "cpu", &machine->psi_cpu);
	put_pressure(json, "memory", &machine->psi_memory);
	put_pressure(json, "io", &machine->psi_io);
	jsonw_object_end(json);
	put_uint(json, "tasks", machine->tasks);
	put_uint(json, "tasks_running", machine->tasks_running);
	put_uint(json, "pid_max", machine->pid_max);
	put_uint(json, "threads_max", machine->threads_max);
	put_uint(json, "user_uid", machine->user.uid);
	put_uint(json, "user_tasks", machine->user.tasks.used);
	put_uint(json, "user_tasks_max", machine->user.tasks.max);
	put_uint(json, "forks", machine->forks);
	put_real(json, "forks_per_s", machine->forks_per_s, 1);
	put_uint(json, "oom_kills", machine->oom_kills);
	put_uint(json, "oom_kills_new", machine->oom_kills_new);
	put_real(json, "uptime_s", machine->uptime_s, 1);
}

void put_host_keys(struct jsonw *json, const struct snapshot *snap)
{
	put_bytes(json, "name", snap->host.name);
	put_string(json, "kernel", snap->host.kernel);
	put_string(json, "boot_id", snap->host.boot_id);
	put_uint(json, "cpus", snap->host.cpus);
	put_uint(json, "ticks_per_s", snap->host.ticks_per_s);
	put_uint(json, "boot_ms", snap->host.boot_ms);
	put_uint(json, "self_pid", snap->host.self_pid);
	put_uint(json, "pid_ns", snap->host.pid_ns);
}

void put_host(struct jsonw *json, const struct model *model)
{
	const struct snapshot *snap = model->snap;

	jsonw_key(json, "host");
	jsonw_object(json);
	put_host_keys(json, snap);
	put_uint(json, "mono_ms", snap->mono_ms);
	put_real(json, "interval_s", snap->interval_s, 3);
	put_machine_keys(json, &snap->machine);
	put_uint(json, "unseen_births", model->unseen_births);
	jsonw_object_end(json);
}

void put_lives_keys(struct jsonw *json, const struct snapshot *snap)
{
	put_bool(json, "at_least", snap->is_at_least);
	put_uint(json, "brief_lives", snap->brief_lives);
	jsonw_key(json, "briefs");
	jsonw_array(json);
	for (size_t i = 0; i < snap->n_briefs; i++) {
		jsonw_object(json);
		put_int(json, "pid", snap->briefs[i].parent.pid);
		put_uint(json, "start_ticks", snap->briefs[i].parent.start_ticks);
		put_uint(json, "lives", snap->briefs[i].lives);
		jsonw_object_end(json);
	}
	jsonw_array_end(json);
	jsonw_key(json, "origins");
	jsonw_array(json);
	for (size_t i = 0; i < snap->n_origins; i++) {
		jsonw_object(json);
		put_int(json, "pid", snap->origins[i].child.pid);
		put_uint(json, "start_ticks", snap->origins[i].child.start_ticks);
		put_int(json, "parent_pid", snap->origins[i].parent.pid);
		put_uint(json, "parent_start_ticks", snap->origins[i].parent.start_ticks);
		jsonw_object_end(json);
	}
	jsonw_array_end(json);
}

void put_verdict_keys(struct jsonw *json, const struct model *model)
{
	const struct verdict *verdict = &model->verdict;

	put_string(json, "word", verdict->word);
	put_string(json, "text", verdict->line);
	put_bytes(json, "owner",
		  verdict->owner != NO_OWNER ? model->attr->owners[verdict->owner].id : NULL);
	put_real(json, "eta_s", verdict->eta_s, 0);
}

void put_verdict(struct jsonw *json, const struct model *model)
{
	jsonw_key(json, "verdict");
	jsonw_object(json);
	put_verdict_keys(json, model);
	jsonw_object_end(json);
}

static void put_roots(struct jsonw *json, const struct model *model, int32_t at)
{
	const struct group *group = &model->groups[at];

	jsonw_key(json, "roots");
	jsonw_array(json);
	for (uint32_t n = 0; n < group->own.procs; n++) {
		int32_t i = model->by_owner[group->first_proc + n];

		if (model->attr->procs[i].is_root)
			jsonw_int(json, model->snap->procs[i].pid);
	}
	jsonw_array_end(json);
}

static void put_nested(struct jsonw *json, const struct totals *totals)
{
	jsonw_key(json, "nested");
	jsonw_object(json);
	put_uint(json, "processes", totals->procs);
	put_uint(json, "threads", totals->threads);
	put_uint(json, "zombies", totals->zombies);
	put_uint(json, "orphans", totals->orphans);
	put_uint(json, "rss_bytes", totals->rss_bytes);
	put_real(json, "cpu_percent", totals->cpu_percent, 1);
	jsonw_object_end(json);
}

static void put_bounded(struct jsonw *json, const char *key, struct bounded bounded)
{
	jsonw_key(json, key);
	jsonw_object(json);
	put_uint(json, "used", bounded.used);
	put_uint(json, "max", bounded.max);
	jsonw_object_end(json);
}

void put_cgroup_use_keys(struct jsonw *json, const struct cgroup_use *use)
{
	put_bytes(json, "cgroups", use->cgroup);
	put_bounded(json, "pids", use->pids);
	put_bounded(json, "memory", use->memory);
	put_uint(json, "oom_kills", use->oom_kills);
	put_uint(json, "oom_kills_new", use->oom_kills_new);
}

void put_cgroup_use(struct jsonw *json, const struct cgroup_use *use)
{
	jsonw_object(json);
	put_cgroup_use_keys(json, use);
	jsonw_object_end(json);
}

void put_owner_keys(struct jsonw *json, const struct model *model, int32_t at)
{
	const struct owner *owner = &model->attr->owners[at];
	const struct group *group = &model->groups[at];
	const struct totals *own = &group->own;
	struct text badges = {0};

	badges_add(&badges, model, at);
	put_bytes(json, "id", owner->id);
	put_string(json, "kind", owner_kind_name(owner->kind));
	put_string(json, "product", owner->product);
	put_string(json, "label", owner->label);
	put_bytes(json, "key", owner->key);
	put_bytes(json, "name", owner->name);
	put_bytes(json, "parent",
		  owner->parent != NO_OWNER ? model->attr->owners[owner->parent].id : NULL);
	put_bytes(json, "started_by", owner->started_by);
	jsonw_key(json, "root_pid");
	if (owner->root != NO_PROC)
		jsonw_int(json, model->snap->procs[owner->root].pid);
	else
		jsonw_null(json);
	put_roots(json, model, at);
	put_uint(json, "instances", owner->instances);
	put_uint(json, "processes", own->procs);
	put_uint(json, "threads", own->threads);
	put_uint(json, "zombies", own->zombies);
	put_uint(json, "orphans", own->orphans);
	put_uint(json, "blocked", own->blocked);
	put_uint(json, "rss_bytes", own->rss_bytes);
	put_real(json, "cpu_percent", own->cpu_percent, 1);
	put_real(json, "births_per_s", group->own_growth.births_per_s, 2);
	put_real(json, "deaths_per_s", group->own_growth.deaths_per_s, 2);
	put_real(json, "growth_per_min", group->own_growth.procs_60s_per_s * 60, 1);
	put_nested(json, &group->nested);
	put_bounded(json, "pids", group->pids);
	put_bounded(json, "memory", group->memory);
	put_uint(json, "oom_kills", group->oom_kills);
	put_time(json, "since", owner->since_ms);
	put_uint(json, "restarts", owner->restarts);
	put_bool(json, "ended", owner->is_ended);
	put_bytes(json, "cwd", owner->cwd);
	put_bytes(json, "file", owner->file);
	put_bytes(json, "status", owner->status);
	put_string(json, "badges", text_str(&badges));
	put_bytes(json, "evidence", owner->evidence);
	text_done(&badges);
}

void put_owner(struct jsonw *json, const struct model *model, int32_t at)
{
	jsonw_object(json);
	put_owner_keys(json, model, at);
	jsonw_object_end(json);
}

static const char *env_name(enum env_state env)
{
	static const char *const names[] = {
		[ENV_UNREAD] = "unread",
		[ENV_READ] = "read",
		[ENV_DENIED] = "denied",
		[ENV_CLOBBERED] = "clobbered",
	};

	return names[env];
}

void put_identity_keys(struct jsonw *json, const struct process *proc)
{
	put_int(json, "pid", proc->pid);
	put_uint(json, "start_ticks", proc->start_ticks);
}

void put_moving_keys(struct jsonw *json, const struct process *proc)
{
	const char state[2] = {proc->state, '\0'};

	put_string(json, "state", state);
	put_uint(json, "threads", proc->threads);
	put_uint(json, "rss_bytes", proc->rss_bytes);
	put_uint(json, "cpu_ticks", proc->cpu_ticks);
	put_real(json, "cpu_percent", (double)proc->cpu_percent, 1);
	put_uint(json, "io_read_bytes", proc->io_read_bytes);
	put_uint(json, "io_write_bytes", proc->io_write_bytes);
	put_real(json, "io_read_per_s", (double)proc->io_read_rate, 0);
	put_real(json, "io_write_per_s", (double)proc->io_write_rate, 0);
}

void put_process_keys(struct jsonw *json, const struct model *model, size_t i,
		      const struct users *users)
{
	const struct process *proc = &model->snap->procs[i];
	const struct facts *facts = proc->facts;
	const struct assignment *assignment = &model->attr->procs[i];

	put_identity_keys(json, proc);
	put_int(json, "ppid", proc->ppid);
	put_bytes(json, "owner", model->attr->owners[assignment->owner].id);
	put_bool(json, "orphan", assignment->is_orphan);
	put_bool(json, "root", assignment->is_root);
	put_uint(json, "uid", facts->uid != UINT32_MAX ? facts->uid : UNKNOWN);
	put_string(json, "user",
		   users && facts->uid != UINT32_MAX ? users_find_name(users, facts->uid) : NULL);
	put_bytes(json, "comm", facts->comm);
	put_argv(json, facts);
	put_bytes(json, "exe", facts->exe);
	put_bool(json, "exe_deleted", facts->is_exe_deleted);
	put_bytes(json, "cwd", facts->cwd);
	put_cgroup(json, facts->cgroup);
	put_markers(json, facts);
	put_string(json, "env", env_name(facts->env));
	put_int(json, "pgrp", proc->pgrp);
	put_int(json, "session", proc->session);
	put_int(json, "tty", proc->tty);
	put_int(json, "nice", proc->nice);
	put_moving_keys(json, proc);
	put_real(json, "age_s", snapshot_age_s(model->snap, proc), 1);
	put_uint(json, "pid_ns", facts->pid_ns);
	put_uint(json, "ns_pid", proc->ns_pid > 0 ? proc->ns_pid : UNKNOWN);
	put_bool(json, "ns_foreign", facts->is_ns_foreign);
	put_bool(json, "kernel", proc->is_kernel);
	put_bytes(json, "title", assignment->title);
	put_bytes(json, "evidence", assignment->evidence);
}

void put_process(struct jsonw *json, const struct model *model, size_t i, const struct users *users)
{
	jsonw_object(json);
	put_process_keys(json, model, i, users);
	jsonw_object_end(json);
}
