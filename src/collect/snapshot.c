#include "clade/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "clade/safe.h"
#include "facts.h"

const char *facts_marker(const struct facts *facts, const char *name)
{
	size_t len = strlen(name);
	const char *end = facts->markers + facts->markers_len;

	for (const char *entry = facts->markers; entry < end; entry += strlen(entry) + 1) {
		if (strncmp(entry, name, len) == 0 && entry[len] == '=')
			return entry + len + 1;
	}
	return NULL;
}

const char *facts_arg(const struct facts *facts, size_t i)
{
	const char *end = facts->argv + facts->argv_len;

	for (const char *arg = facts->argv; arg && arg < end; arg += strlen(arg) + 1) {
		if (i-- == 0)
			return arg;
	}
	return NULL;
}

size_t facts_argc(const struct facts *facts)
{
	size_t argc = 0;

	for (size_t i = 0; facts->argv && i < facts->argv_len; i++)
		argc += facts->argv[i] == '\0';
	return argc;
}

void snapshot_free(struct snapshot *snap)
{
	if (!snap)
		return;
	for (size_t i = 0; i < snap->n_procs; i++)
		facts_put(snap->procs[i].facts);
	arena_done(&snap->arena);
	free(snap);
}

int32_t snapshot_find_pid(const struct snapshot *snap, int64_t pid)
{
	size_t low = 0;
	size_t high = snap->n_procs;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (snap->procs[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < snap->n_procs && snap->procs[low].pid == pid ? (int32_t)low : NO_PROC;
}

int32_t snapshot_find(const struct snapshot *snap, struct proc_key key)
{
	int32_t i = snapshot_find_pid(snap, key.pid);

	return i >= 0 && snap->procs[i].start_ticks == key.start_ticks ? i : NO_PROC;
}

static int compare_origins(const void *key, const void *origin)
{
	int64_t pid = ((const struct proc_key *)key)->pid;
	int64_t child = ((const struct origin *)origin)->child.pid;

	return (pid > child) - (pid < child);
}

const struct origin *snapshot_find_origin(const struct snapshot *snap, struct proc_key child)
{
	const struct origin *origin;

	if (snap->n_origins == 0)
		return NULL;
	origin = bsearch(&child, snap->origins, snap->n_origins, sizeof(*snap->origins),
			 compare_origins);
	return origin && origin->child.start_ticks == child.start_ticks ? origin : NULL;
}

static int compare_cgroups(const void *key, const void *use)
{
	return strcmp(key, ((const struct cgroup_use *)use)->cgroup);
}

const struct cgroup_use *snapshot_find_cgroup(const struct snapshot *snap, const char *cgroup)
{
	if (!cgroup || snap->n_cgroups == 0)
		return NULL;
	return bsearch(cgroup, snap->cgroups, snap->n_cgroups, sizeof(*snap->cgroups),
		       compare_cgroups);
}

uint64_t snapshot_start_ms(const struct snapshot *snap, const struct process *proc)
{
	uint32_t ticks = snap->host.ticks_per_s > 0 ? snap->host.ticks_per_s : 100;

	return snap->host.boot_ms + proc->start_ticks * 1000 / ticks;
}

double snapshot_age_s(const struct snapshot *snap, const struct process *proc)
{
	uint64_t start_ms = snapshot_start_ms(snap, proc);

	return snap->taken_ms > start_ms ? (double)(snap->taken_ms - start_ms) / 1000 : 0;
}

void process_add_command(const struct process *proc, struct text *out)
{
	if (proc->facts->argv && proc->facts->argv_len > 0) {
		safe_add_argv(out, proc->facts->argv, proc->facts->argv_len);
		return;
	}
	text_add_char(out, '[');
	safe_add(out, proc->facts->comm, strlen(proc->facts->comm));
	text_add_char(out, ']');
}
