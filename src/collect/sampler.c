#include "sampler.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clade/clock.h"
#include "clade/io.h"
#include "host.h"
#include "rates.h"

enum {
	PROCS_SLACK = 1024,    /* processes that may come while we read */
	IO_EACH_SAMPLE = 4096, /* /proc/N/io costs as much as all else: of more processes it is read
				  in turn */
	FACTS_TURN = 16, /* user and cgroup can change without an exec: looked at again every so
			    many samples */
	FACTS_YOUNG_MS =
		2000, /* between fork and exec a child shows its parent's arguments: read again */
	FILE_MAX = 1 << 20,
};

/* What is kept of a process for the next sample and is no business of a snapshot. */
struct side {
	uint64_t stack; /* start of its stack: another address means another exec; 0 when not ours
			   to see */
	uint64_t facts_ms; /* when its facts were read, by the clock of snapshots */
	uint64_t io_ms;
};

void sampler_drop(struct sampler *sampler)
{
	snapshot_free(sampler->snap);
	sampler->snap = NULL;
	free(sampler->sides);
	sampler->sides = NULL;
}

/* Room for so many processes; what is there moves along. */
static int reserve(struct sampler *sampler, size_t size)
{
	struct process *procs = arena_new(&sampler->snap->arena, size, sizeof(*procs));
	struct side *sides = reallocarray(sampler->sides, size, sizeof(*sides));

	if (sides)
		sampler->sides = sides;
	if (!procs || !sides)
		return -ENOMEM;
	if (sampler->snap->n_procs > 0)
		memcpy(procs, sampler->snap->procs, sampler->snap->n_procs * sizeof(*procs));
	sampler->snap->procs = procs;
	sampler->size = size;
	return 0;
}

int sampler_reserve(struct sampler *sampler, size_t count)
{
	return reserve(sampler, count + PROCS_SLACK);
}

int sampler_begin(struct sampler *sampler, const struct snapshot *previous)
{
	struct snapshot *snap;
	int rc;

	sampler_drop(sampler);
	snap = calloc(1, sizeof(*snap));
	if (!snap)
		return -ENOMEM;
	arena_init(&snap->arena);
	sampler->snap = snap;
	sampler->previous = previous;
	sampler->at = 0;
	sampler->denied = 0;
	sampler->started_ns = clock_ns(CLOCK_MONOTONIC);
	snap->taken_ms = clock_ms(CLOCK_REALTIME);
	snap->mono_ms = clock_ms(CLOCK_BOOTTIME);
	snap->interval_s = previous ? (double)(snap->mono_ms - previous->mono_ms) / 1000 : NAN;
	sampler->io_turns = previous ? previous->n_procs / IO_EACH_SAMPLE + 1 : 1;
	rc = host_read(snap, sampler->reader.own_pid_ns);
	if (rc != 0)
		sampler_drop(sampler);
	return rc;
}

/* The same process in the sample before, or NULL: both are in the order of pids. */
static const struct process *find_previous(struct sampler *sampler, const struct process *proc)
{
	const struct snapshot *previous = sampler->previous;

	if (!previous)
		return NULL;
	while (sampler->at < previous->n_procs && previous->procs[sampler->at].pid < proc->pid)
		sampler->at++;
	if (sampler->at == previous->n_procs || previous->procs[sampler->at].pid != proc->pid ||
	    previous->procs[sampler->at].start_ticks != proc->start_ticks)
		return NULL;
	return &previous->procs[sampler->at];
}

static const struct side *side_of(const struct sampler *sampler, const struct process *before)
{
	if (!before || !sampler->old_sides || sampler->previous->mono_ms != sampler->old_mono_ms)
		return NULL;
	return &sampler->old_sides[before - sampler->previous->procs];
}

static bool is_stale(const struct sampler *sampler, const struct process *proc,
		     const struct process *before, const struct side *side, const struct side *now,
		     const char *comm)
{
	uint64_t born_ms = proc->start_ticks * 1000 / sampler->snap->host.ticks_per_s;

	if (!side)
		return true;
	if (now->stack != side->stack || strncmp(comm, before->facts->comm, COMM_MAX - 1) != 0)
		return proc->state != 'Z'; /* a zombie has no stack left, and keeps its facts */
	if ((proc->state == 'Z') != (before->state == 'Z'))
		return true;
	if (side->facts_ms < born_ms + FACTS_YOUNG_MS)
		return true;
	return ((uint64_t)proc->pid + sampler->sample) % FACTS_TURN == 0;
}

static int take_facts(struct sampler *sampler, struct process *proc, const struct process *before,
		      const struct side *old_side, struct side *side, const char *comm)
{
	int rc;

	if (proc->is_kernel) {
		const struct facts plain = {
			.comm = comm,
			.markers = "",
			.uid = 0,
			.pid_ns = UNKNOWN,
			.cgroup = "0::/\n",
		};

		proc->facts =
			before ? facts_get(before->facts) : facts_intern(sampler->store, &plain);
		return proc->facts ? 0 : -ENOMEM;
	}
	if (before && old_side && !is_stale(sampler, proc, before, old_side, side, comm)) {
		proc->facts = facts_get(before->facts);
		proc->ns_pid = before->ns_pid;
		side->facts_ms = old_side->facts_ms;
		return 0;
	}
	rc = facts_read(&sampler->reader, process_key(proc), proc->state == 'Z',
			before ? before->facts : NULL, &proc->ns_pid, &proc->facts);
	side->facts_ms = sampler->snap->mono_ms;
	return rc;
}

static void read_io(struct process *proc)
{
	struct text bytes = {0};
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/io", proc->pid);
	if (io_read_at(AT_FDCWD, path, FILE_MAX, &bytes) == 0)
		procfs_parse_io(text_str(&bytes), bytes.len, &proc->io_read_bytes,
				&proc->io_write_bytes);
	text_done(&bytes);
}

static void take_io(struct sampler *sampler, struct process *proc, const struct process *before,
		    const struct side *old_side, struct side *side)
{
	proc->io_read_bytes = before ? before->io_read_bytes : UNKNOWN;
	proc->io_write_bytes = before ? before->io_write_bytes : UNKNOWN;
	proc->io_read_rate = before ? before->io_read_rate : NAN;
	proc->io_write_rate = before ? before->io_write_rate : NAN;
	side->io_ms = old_side ? old_side->io_ms : sampler->snap->mono_ms;
	if (proc->is_kernel || proc->state == 'Z' || proc->facts->env == ENV_DENIED ||
	    ((uint64_t)proc->pid + sampler->sample) % sampler->io_turns != 0)
		return;
	read_io(proc);
	if (before && old_side) {
		double seconds = (double)(sampler->snap->mono_ms - old_side->io_ms) / 1000;

		proc->io_read_rate =
			rates_bytes(proc->io_read_bytes, before->io_read_bytes, seconds);
		proc->io_write_rate =
			rates_bytes(proc->io_write_bytes, before->io_write_bytes, seconds);
	}
	side->io_ms = sampler->snap->mono_ms;
}

int sampler_add(struct sampler *sampler, const struct seen *seen)
{
	struct snapshot *snap = sampler->snap;
	const struct process *before;
	const struct side *old_side;
	struct process *proc;
	struct side *side;
	int rc = 0;

	assert(snap);
	if (snap->n_procs == sampler->size)
		rc = reserve(sampler, sampler->size * 2);
	if (rc != 0)
		return rc;
	proc = &snap->procs[snap->n_procs];
	side = &sampler->sides[snap->n_procs];
	*side = (struct side){.stack = seen->stack, .facts_ms = snap->mono_ms};
	*proc = seen->proc;
	before = find_previous(sampler, proc);
	old_side = side_of(sampler, before);
	rc = take_facts(sampler, proc, before, old_side, side, seen->comm);
	if (rc == -ESRCH)
		return 0;
	if (rc != 0)
		return rc;
	sampler->denied += proc->facts->env == ENV_DENIED;
	proc->cpu_percent = rates_cpu(snap, sampler->previous, proc, before);
	take_io(sampler, proc, before, old_side, side);
	snap->n_procs++;
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	const struct process *x = a;
	const struct process *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* /proc lists pids in ascending order. Should it ever not, sort; what is kept aside is then lost
 * for one sample. */
static void keep_order(struct sampler *sampler)
{
	struct snapshot *snap = sampler->snap;

	for (size_t i = 1; i < snap->n_procs; i++) {
		if (snap->procs[i - 1].pid < snap->procs[i].pid)
			continue;
		qsort(snap->procs, snap->n_procs, sizeof(*snap->procs), by_pid);
		free(sampler->sides);
		sampler->sides = NULL;
		return;
	}
}

int sampler_seal(struct sampler *sampler, struct snapshot **snapshot)
{
	int rc = host_add_notes(sampler->snap, sampler->denied);

	if (rc == 0)
		rc = cgroups_read(&sampler->cgroups, sampler->snap, sampler->previous);
	if (rc != 0) {
		sampler_drop(sampler);
		return rc;
	}
	keep_order(sampler);
	sampler->snap->cost_s = (double)(clock_ns(CLOCK_MONOTONIC) - sampler->started_ns) / 1e9;
	free(sampler->old_sides);
	sampler->old_sides = sampler->sides;
	sampler->sides = NULL;
	sampler->old_mono_ms = sampler->snap->mono_ms;
	sampler->sample++;
	*snapshot = sampler->snap;
	sampler->snap = NULL;
	sampler->previous = NULL;
	return 0;
}

size_t sampler_progress(const struct sampler *sampler)
{
	return sampler->snap ? sampler->snap->n_procs : 0;
}

int sampler_init(struct sampler *sampler, const struct source_config *config)
{
	struct text bytes = {0};

	*sampler = (struct sampler){.store = facts_store_new()};
	facts_reader_init(&sampler->reader, sampler->store, config);
	io_read_at(AT_FDCWD, "/proc/self/mountinfo", FILE_MAX, &bytes);
	cgroup_reader_init(&sampler->cgroups, text_str(&bytes));
	text_done(&bytes);
	return sampler->store ? 0 : -ENOMEM;
}

void sampler_done(struct sampler *sampler)
{
	sampler_drop(sampler);
	free(sampler->old_sides);
	cgroup_reader_done(&sampler->cgroups);
	facts_reader_done(&sampler->reader);
	facts_store_free(sampler->store);
}
