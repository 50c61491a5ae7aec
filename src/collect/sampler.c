#include "sampler.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "clade/clock.h"
#include "clade/io.h"
#include "host.h"
#include "rates.h"
#include "user_limit.h"

enum {
	PROCS_SLACK = 1024,    /* processes that may come while we read */
	IO_EACH_SAMPLE = 4096, /* /proc/N/io costs as much as all else: of more processes it is read
				  in turn */
	FILE_MAX = 1 << 20,
	FIRST_SPARE_NS = 60000000,  /* of a sample without one before, for looking again */
	SPARE_NS = 10000000,        /* of any other, at the least */
	SPARE_PART = 8,             /* and this part of what the sample before took */
	FIRST_FACTS_NS = 600000000, /* for what is new in a sample without one before: then rows */
	LOST_MS =
		60000, /* rates are of the last minute: so long it is said that they are too low */
	BIRTHS_MOST = 1 << 18, /* between two samples: 10 MB of them */
};

static const uint64_t FACTS_NS = 2000000000; /* in any other */

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

static uint64_t spare_of(const struct snapshot *previous)
{
	uint64_t part = previous ? (uint64_t)(previous->cost_s * 1e9) / SPARE_PART : FIRST_SPARE_NS;

	return part > SPARE_NS ? part : SPARE_NS;
}

static void count_event(void *context, const struct event *event)
{
	struct tally *tally = context;

	if (event->kind == EVENT_LOST)
		tally_lose(tally);
	else if (event->kind == EVENT_FORK)
		tally_fork(tally, event->parent, event->pid);
	else if (event->kind == EVENT_EXEC)
		tally_exec(tally, event->pid);
	else if (event->kind == EVENT_EXIT)
		tally_exit(tally, event->pid);
}

void sampler_drain(struct sampler *sampler)
{
	if (sampler->events)
		(void)events_drain(sampler->events, count_event, sampler->tally);
}

/* Events count since the last sample that was sealed: against another they mean nothing. */
static int close_tally(struct sampler *sampler)
{
	const struct snapshot *previous = sampler->previous;
	int rc;

	if (!sampler->events)
		return 0;
	sampler_drain(sampler);
	if (previous && previous->mono_ms != sampler->old_mono_ms)
		previous = NULL;
	rc = tally_close(sampler->tally, sampler->snap, previous);
	if (sampler->snap->is_at_least)
		sampler->lost_ms = sampler->snap->mono_ms;
	return rc;
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
	sampler->is_disordered = false;
	for (size_t i = 0; i < IMAGES; i++)
		sampler->images[i] = NO_PROC;
	sampler->spare_ns = spare_of(previous);
	sampler->facts_ns = previous ? FACTS_NS : FIRST_FACTS_NS;
	sampler->started_ns = clock_ns(CLOCK_MONOTONIC);
	snap->taken_ms = clock_ms(CLOCK_REALTIME);
	snap->mono_ms = clock_ms(CLOCK_BOOTTIME);
	snap->interval_s = previous ? (double)(snap->mono_ms - previous->mono_ms) / 1000 : NAN;
	sampler->io_turns = previous ? previous->n_procs / IO_EACH_SAMPLE + 1 : 1;
	sampler_drain(sampler);
	rc = host_read(snap, sampler->reader.own_pid_ns);
	if (rc != 0)
		sampler_drop(sampler);
	return rc;
}

/* The process of that pid in the sample before, or NULL: both are in the order of pids. */
static const struct process *find_pid(struct sampler *sampler, int32_t pid)
{
	const struct snapshot *previous = sampler->previous;

	if (!previous)
		return NULL;
	while (sampler->at < previous->n_procs && previous->procs[sampler->at].pid < pid)
		sampler->at++;
	if (sampler->at == previous->n_procs || previous->procs[sampler->at].pid != pid)
		return NULL;
	return &previous->procs[sampler->at];
}

/* The same process, not only the same pid. */
static const struct process *find_previous(struct sampler *sampler, const struct process *proc)
{
	const struct process *before = find_pid(sampler, proc->pid);

	return before && before->start_ticks == proc->start_ticks ? before : NULL;
}

static const struct side *side_of(const struct sampler *sampler, const struct process *before)
{
	if (!before || !sampler->old_sides || sampler->previous->mono_ms != sampler->old_mono_ms)
		return NULL;
	return &sampler->old_sides[before - sampler->previous->procs];
}

bool sampler_is_turn(const struct sampler *sampler, int32_t pid, unsigned int turn)
{
	return ((uint64_t)pid + sampler->sample) % turn == 0;
}

bool sampler_knows(struct sampler *sampler, int32_t pid)
{
	const struct process *before = find_pid(sampler, pid);
	const struct side *side = side_of(sampler, before);

	return side && !side->is_unread;
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
	/* without 10 ms of CPU there is next to no I/O: it is counted when there are, or in turn */
	if (before && old_side && proc->cpu_ticks == before->cpu_ticks &&
	    is_known(before->io_read_bytes) && !sampler_is_turn(sampler, proc->pid, LOOK_TURN)) {
		proc->io_read_rate = proc->io_write_rate = 0;
		return;
	}
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

/* I/O that the collector has seen itself. */
static void rate_io(const struct sampler *sampler, struct process *proc,
		    const struct process *before)
{
	double seconds = before ? sampler->snap->interval_s : NAN;

	proc->io_read_rate =
		before ? rates_bytes(proc->io_read_bytes, before->io_read_bytes, seconds) : NAN;
	proc->io_write_rate =
		before ? rates_bytes(proc->io_write_bytes, before->io_write_bytes, seconds) : NAN;
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
	*side = (struct side){.stack = seen->stack,
			      .facts_ms = snap->mono_ms,
			      .looked_ticks = seen->proc.cpu_ticks};
	*proc = seen->proc;
	before = find_previous(sampler, proc);
	old_side = side_of(sampler, before);
	rc = choice_make(sampler, seen, proc, before, old_side, side);
	if (rc == -ESRCH)
		return 0;
	if (rc != 0)
		return rc;
	sampler->denied += host_misses_environment(proc);
	proc->cpu_percent = rates_cpu(snap, sampler->previous, proc, before);
	if (seen->is_deep)
		rate_io(sampler, proc, before);
	else
		take_io(sampler, proc, before, old_side, side);
	if (seen->stack != 0)
		choice_keep_image(sampler, seen->stack);
	if (snap->n_procs > 0 && proc[-1].pid >= proc->pid)
		sampler->is_disordered = true;
	snap->n_procs++;
	return 0;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return is_known(b) && b > a ? b : a;
}

void sampler_set_use(struct sampler *sampler, int32_t pid, const struct seen_use *use)
{
	struct snapshot *snap = sampler->snap;
	int32_t i = snapshot_find_pid(snap, pid);
	int32_t b = NO_PROC;
	const struct process *before;
	struct process *proc;

	if (i == NO_PROC)
		return;
	proc = &snap->procs[i];
	if (sampler->previous)
		b = snapshot_find(sampler->previous, process_key(proc));
	before = b != NO_PROC ? &sampler->previous->procs[b] : NULL;
	/* a thread that ended while the others were read is counted the next time */
	proc->cpu_ticks = larger(use->cpu_ticks, before ? before->cpu_ticks : 0);
	if (is_known(proc->io_read_bytes)) {
		proc->io_read_bytes =
			larger(use->io_read_bytes, before ? before->io_read_bytes : 0);
		proc->io_write_bytes =
			larger(use->io_write_bytes, before ? before->io_write_bytes : 0);
	}
	proc->cpu_percent = rates_cpu(snap, sampler->previous, proc, before);
	rate_io(sampler, proc, before);
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

	if (!sampler->is_disordered)
		return;
	qsort(snap->procs, snap->n_procs, sizeof(*snap->procs), by_pid);
	free(sampler->sides);
	sampler->sides = NULL;
}

int sampler_seal(struct sampler *sampler, struct snapshot **snapshot)
{
	struct host_limits told;
	int rc;

	keep_order(sampler);
	rc = close_tally(sampler);
	told = (struct host_limits){
		.denied = sampler->denied,
		.has_events = sampler->events != NULL,
		.has_lost = sampler->lost_ms != 0 &&
			    sampler->snap->mono_ms - sampler->lost_ms < LOST_MS,
	};
	if (rc == 0)
		rc = host_add_notes(sampler->snap, &told);
	if (rc == 0)
		rc = cgroups_read(&sampler->cgroups, sampler->snap, sampler->previous);
	if (rc != 0) {
		sampler_drop(sampler);
		return rc;
	}
	sampler->snap->machine.user = user_limit_nearest(sampler->snap);
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
	if (!sampler->store)
		return -ENOMEM;
	if (config->wants_events && events_open(&sampler->events) == 0) {
		sampler->tally = tally_new(BIRTHS_MOST);
		return sampler->tally ? 0 : -ENOMEM;
	}
	return 0;
}

void sampler_done(struct sampler *sampler)
{
	sampler_drop(sampler);
	free(sampler->old_sides);
	events_close(sampler->events);
	tally_free(sampler->tally);
	cgroup_reader_done(&sampler->cgroups);
	facts_reader_done(&sampler->reader);
	facts_store_free(sampler->store);
}
