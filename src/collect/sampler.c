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
#include "user_limit.h"

enum {
	PROCS_SLACK = 1024,    /* processes that may come while we read */
	IO_EACH_SAMPLE = 4096, /* /proc/N/io costs as much as all else: of more processes it is read
				  in turn */
	FACTS_TURN = 16, /* user and cgroup can change without an exec: looked at again every so
			    many samples */
	FACTS_YOUNG_MS =
		2000, /* between fork and exec a child shows its parent's arguments: read again */
	FILE_MAX = 1 << 20,
	FIRST_SPARE_NS = 60000000,  /* of a sample without one before, for looking again */
	SPARE_NS = 10000000,        /* of any other, at the least */
	SPARE_PART = 8,             /* and this part of what the sample before took */
	FIRST_FACTS_NS = 600000000, /* for what is new in a sample without one before: then rows */
	LOST_MS =
		60000, /* rates are of the last minute: so long it is said that they are too low */
	BIRTHS_MOST = 1 << 18, /* between two samples: 10 MB of them */
};

/* Where 64-bit programs have their stack when addresses are not random: in the last 16 MB. */
static const uint64_t FIXED_STACKS = 0x7ffffe000000;
static const uint64_t FACTS_NS = 2000000000; /* in any other */

/* What is kept of a process for the next sample and is no business of a snapshot. */
struct side {
	uint64_t stack; /* start of its stack: another address means another exec; 0 when not ours
			   to see */
	uint64_t facts_ms; /* when its facts were read, by the clock of snapshots */
	uint64_t io_ms;
	bool is_assumed; /* its arguments are thought to be its parent's */
	bool is_unread;  /* nothing but its name is known: there was no time */
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

static uint64_t spare_of(const struct snapshot *previous)
{
	uint64_t part = previous ? (uint64_t)(previous->cost_s * 1e9) / SPARE_PART : FIRST_SPARE_NS;

	return part > SPARE_NS ? part : SPARE_NS;
}

void sampler_drain(struct sampler *sampler)
{
	if (sampler->events)
		events_drain(sampler->events, sampler->tally);
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

bool sampler_is_turn(const struct sampler *sampler, int32_t pid)
{
	return ((uint64_t)pid + sampler->sample) % FACTS_TURN == 0;
}

bool sampler_knows(struct sampler *sampler, int32_t pid)
{
	const struct process *before = find_pid(sampler, pid);
	const struct side *side = side_of(sampler, before);

	return side && !side->is_unread;
}

/* Whether facts are no longer those of the process: it has executed something, become another
 * user's or a zombie. */
static bool is_stale(const struct sampler *sampler, const struct seen *seen,
		     const struct process *before, const struct side *side)
{
	uint64_t born_ms = seen->proc.start_ticks * 1000 / sampler->snap->host.ticks_per_s;

	if (!side)
		return true;
	if (seen->stack != side->stack ||
	    strncmp(seen->comm, before->facts->comm, COMM_MAX - 1) != 0)
		return seen->proc.state !=
		       'Z'; /* a zombie has no stack left, and keeps its facts */
	if ((seen->proc.state == 'Z') != (before->state == 'Z') ||
	    (seen->uid != UINT32_MAX && seen->uid != before->facts->uid))
		return true;
	/* where no stack is seen, nothing tells of an exec that keeps the name */
	return seen->stack == 0 && seen->proc.state != 'Z' &&
	       side->facts_ms < born_ms + FACTS_YOUNG_MS;
}

static int take_kernel(struct sampler *sampler, const struct seen *seen, struct process *proc,
		       const struct process *before)
{
	char comm[COMM_MAX];
	const struct facts plain = {
		.comm = comm,
		.markers = "",
		.uid = 0,
		.pid_ns = UNKNOWN,
		.cgroup = "0::/\n",
	};

	if (before) {
		proc->facts = facts_get(before->facts);
		return 0;
	}
	memcpy(comm, seen->comm, sizeof(comm));
	if (seen->is_deep)
		facts_read_comm(&sampler->reader, proc->pid, comm);
	proc->facts = facts_intern(sampler->store, &plain);
	return proc->facts ? 0 : -ENOMEM;
}

static int32_t *image_of(struct sampler *sampler, uint64_t stack)
{
	return &sampler->images[(stack >> 4) % IMAGES];
}

/* The process that is being added stands for those that run what it runs. The first one stays: it
 * is the one that the others were forked from, and least of all has moved away from it. */
static void keep_image(struct sampler *sampler, uint64_t stack)
{
	int32_t *image = image_of(sampler, stack);

	if (*image == NO_PROC || sampler->sides[*image].stack != stack ||
	    sampler->sides[*image].is_unread)
		*image = (int32_t)sampler->snap->n_procs;
}

/* The facts of a process of this sample that runs what `proc` runs, for one of them was forked from
 * the other or both from a third; or NULL. Stacks begin at a random address: that two are equal for
 * another reason needs a system without that, where they are of one session at least. */
static const struct facts *find_twin(struct sampler *sampler, const struct seen *seen)
{
	int32_t i = seen->stack != 0 ? *image_of(sampler, seen->stack) : NO_PROC;
	const struct process *twin = i != NO_PROC ? &sampler->snap->procs[i] : NULL;

	if (!seen->is_forked || !twin || sampler->sides[i].stack != seen->stack ||
	    sampler->sides[i].is_unread ||
	    (seen->stack >= FIXED_STACKS && twin->session != seen->proc.session) ||
	    strcmp(twin->facts->comm, seen->comm) != 0)
		return NULL;
	return twin->facts;
}

/*
 * A program may write over its arguments, and a forked one may do so without executing anything
 * ("sshd: root@pts/0"). Nothing tells, so it is looked at again while there is time for that in
 * this sample: at what was never looked at first, in turn at the rest.
 */
static int look_again(struct sampler *sampler, struct process *proc,
		      const struct facts_known *known, struct side *side)
{
	const struct facts *older = proc->facts;
	uint64_t began_ns;
	uint64_t took_ns;
	int rc = 0;

	/* who forks holds the lock that its arguments are read under, and in a crowd of such does
	 * not run for seconds */
	if (proc->state == 'Z' || proc->state == 'R' || proc->state == 'D' ||
	    sampler->spare_ns == 0 || !(side->is_assumed || sampler_is_turn(sampler, proc->pid)))
		return 0;
	began_ns = clock_ns(CLOCK_MONOTONIC);
	if (!facts_hold(&sampler->reader, proc->pid, older)) {
		rc = facts_read(&sampler->reader, process_key(proc), false, older, known,
				&proc->ns_pid, &proc->facts);
		if (rc == 0)
			facts_put(older);
		else if (rc == -ESRCH)
			rc = 0; /* gone meanwhile: it stays as it was seen */
		side->facts_ms = sampler->snap->mono_ms;
	}
	side->is_assumed = false;
	took_ns = clock_ns(CLOCK_MONOTONIC) - began_ns;
	sampler->spare_ns -= took_ns < sampler->spare_ns ? took_ns : sampler->spare_ns;
	return rc;
}

/* Reads what the kernel has not said, while there is time for that in this sample. */
static int read_deep(struct sampler *sampler, const struct facts_known *known, struct process *proc,
		     const struct process *before, struct side *side)
{
	const struct facts guess = {
		.comm = known->comm,
		.markers = "",
		.uid = known->uid,
		.cgroup = known->cgroup,
		.pid_ns = known->pid_ns,
		.is_ns_foreign = known->is_ns_foreign,
	};
	bool is_zombie = proc->state == 'Z';
	uint64_t began_ns = clock_ns(CLOCK_MONOTONIC);
	uint64_t took_ns;
	int rc;

	if (!is_zombie && sampler->facts_ns == 0) {
		side->is_unread = true;
		sampler->snap->n_unread++;
		proc->facts = facts_intern(sampler->store, &guess);
		return proc->facts ? 0 : -ENOMEM;
	}
	rc = facts_read(&sampler->reader, process_key(proc), is_zombie,
			before ? before->facts : NULL, known, &proc->ns_pid, &proc->facts);
	took_ns = clock_ns(CLOCK_MONOTONIC) - began_ns;
	sampler->facts_ns -= took_ns < sampler->facts_ns ? took_ns : sampler->facts_ns;
	return rc;
}

/* Facts where the kernel says what has changed: nothing is read of a process that is as it was, or
 * as its parent is. */
static int take_deep(struct sampler *sampler, const struct seen *seen, struct process *proc,
		     const struct process *before, const struct side *old_side, struct side *side)
{
	const struct facts_known known = {
		.comm = seen->comm,
		.cgroup = seen->cgroup,
		.pid_ns = seen->pid_ns,
		.uid = seen->uid,
		.is_ns_foreign = seen->is_ns_foreign,
	};
	const struct facts *same = NULL;
	bool is_zombie = proc->state == 'Z';

	if (before && old_side && !old_side->is_unread && !is_zombie &&
	    old_side->stack == seen->stack && strcmp(before->facts->comm, seen->comm) == 0) {
		same = before->facts;
		side->facts_ms = old_side->facts_ms;
		side->is_assumed = old_side->is_assumed;
	} else if (before && is_zombie && before->state == 'Z' &&
		   facts_agree(before->facts, &known)) {
		proc->facts = facts_get(before->facts);
		return 0;
	} else if (!before && !is_zombie) {
		same = find_twin(sampler, seen);
		side->is_assumed = same != NULL;
	}
	if (!same)
		return read_deep(sampler, &known, proc, before, side);
	proc->facts = facts_inherit(&sampler->reader, same, &known);
	return proc->facts ? look_again(sampler, proc, &known, side) : -ENOMEM;
}

/* Reads facts while there is time for that in this sample. Returns 0 or what facts_read() does, and
 * -EAGAIN when the time is over. */
static int read_facts(struct sampler *sampler, const struct seen *seen, struct process *proc,
		      const struct process *before, struct side *side)
{
	const struct facts_place place = {
		.dir = seen->dir,
		.pid = proc->pid,
		.uid = seen->uid,
		.comm = seen->comm,
		.is_zombie = proc->state == 'Z',
	};
	const struct facts *older = before ? before->facts : NULL;
	uint64_t began_ns = clock_ns(CLOCK_MONOTONIC);
	uint64_t took_ns;
	int rc;

	if (sampler->facts_ns == 0)
		return -EAGAIN;
	rc = seen->dir > 0
		     ? facts_read_in(&sampler->reader, &place, older, &proc->ns_pid, &proc->facts)
		     : facts_read(&sampler->reader, process_key(proc), place.is_zombie, older, NULL,
				  &proc->ns_pid, &proc->facts);
	side->facts_ms = sampler->snap->mono_ms;
	took_ns = clock_ns(CLOCK_MONOTONIC) - began_ns;
	sampler->facts_ns -= took_ns < sampler->facts_ns ? took_ns : sampler->facts_ns;
	return rc;
}

/* The facts of its parent, as far as that was seen before it; or NULL. */
static const struct facts *parent_facts(const struct sampler *sampler, const struct process *proc)
{
	int32_t parent = snapshot_find_pid(sampler->snap, proc->ppid);

	return parent != NO_PROC ? sampler->snap->procs[parent].facts : NULL;
}

/* Only its name and user are known; a control group and namespaces are most often the parent's. */
static int guess_facts(struct sampler *sampler, const struct seen *seen, struct process *proc,
		       struct side *side)
{
	const struct facts *parent = parent_facts(sampler, proc);
	const struct facts guess = {
		.comm = seen->comm,
		.markers = "",
		.uid = seen->uid,
		.cgroup = parent ? parent->cgroup : NULL,
		.pid_ns = parent ? parent->pid_ns : UNKNOWN,
		.is_ns_foreign = parent && parent->is_ns_foreign,
	};

	side->is_unread = true;
	sampler->snap->n_unread++;
	proc->facts = facts_intern(sampler->store, &guess);
	return proc->facts ? 0 : -ENOMEM;
}

/* A process that was forked and has executed nothing has the environment, the executable and, until
 * it is looked at, the arguments and the control group of what it was forked from. */
static int inherit_facts(struct sampler *sampler, const struct seen *seen, struct process *proc,
			 const struct facts *twin, struct side *side)
{
	const struct facts_known known = {
		.comm = seen->comm,
		.cgroup = twin->cgroup,
		.pid_ns = twin->pid_ns,
		.uid = seen->uid,
		.is_ns_foreign = twin->is_ns_foreign,
	};

	proc->facts = facts_inherit(&sampler->reader, twin, &known);
	if (twin->pid_ns == sampler->reader.own_pid_ns)
		proc->ns_pid = (uint32_t)proc->pid;
	side->is_assumed = true;
	side->facts_ms = sampler->snap->mono_ms;
	return proc->facts ? 0 : -ENOMEM;
}

/* What may have changed without an exec, and what was assumed, while there is time. */
static int look_again_plain(struct sampler *sampler, struct process *proc, struct side *side)
{
	const struct facts *older = proc->facts;
	uint64_t began_ns;
	uint64_t took_ns;
	int rc = 0;

	/* who forks holds the lock that its arguments are read under, and in a crowd of such does
	 * not run for seconds */
	if (proc->state == 'Z' || proc->state == 'R' || proc->state == 'D' ||
	    sampler->spare_ns == 0 || !(side->is_assumed || sampler_is_turn(sampler, proc->pid)))
		return 0;
	began_ns = clock_ns(CLOCK_MONOTONIC);
	if (!facts_hold(&sampler->reader, proc->pid, older) ||
	    !facts_hold_cgroup(&sampler->reader, proc->pid, older->cgroup)) {
		rc = facts_read(&sampler->reader, process_key(proc), false, older, NULL,
				&proc->ns_pid, &proc->facts);
		if (rc == 0)
			facts_put(older);
		else if (rc == -ESRCH)
			rc = 0; /* gone meanwhile: it stays as it was seen */
	}
	side->is_assumed = false;
	side->facts_ms = sampler->snap->mono_ms;
	took_ns = clock_ns(CLOCK_MONOTONIC) - began_ns;
	sampler->spare_ns -= took_ns < sampler->spare_ns ? took_ns : sampler->spare_ns;
	return rc;
}

/* Facts of a process of which only /proc/N/stat was read. */
static int take_plain(struct sampler *sampler, const struct seen *seen, struct process *proc,
		      const struct process *before, const struct side *old_side, struct side *side)
{
	const struct facts *twin = NULL;
	int rc;

	if (before && !is_stale(sampler, seen, before, old_side) && !old_side->is_unread) {
		proc->facts = facts_get(before->facts);
		proc->ns_pid = before->ns_pid;
		side->facts_ms = old_side->facts_ms;
		side->is_assumed = old_side->is_assumed;
		return look_again_plain(sampler, proc, side);
	}
	/* a child may have been forked into a namespace of its own */
	if (proc->state != 'Z' && seen->dir > 0)
		twin = find_twin(sampler, seen);
	if (twin && facts_hold_place(&sampler->reader, seen->dir, twin))
		rc = inherit_facts(sampler, seen, proc, twin, side);
	else
		rc = read_facts(sampler, seen, proc, before, side);
	if (rc == -EAGAIN)
		return guess_facts(sampler, seen, proc, side);
	return rc == 0 && side->is_assumed ? look_again_plain(sampler, proc, side) : rc;
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
	    is_known(before->io_read_bytes) && !sampler_is_turn(sampler, proc->pid)) {
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
	*side = (struct side){.stack = seen->stack, .facts_ms = snap->mono_ms};
	*proc = seen->proc;
	before = find_previous(sampler, proc);
	old_side = side_of(sampler, before);
	if (proc->is_kernel)
		rc = take_kernel(sampler, seen, proc, before);
	else if (seen->is_deep)
		rc = take_deep(sampler, seen, proc, before, old_side, side);
	else
		rc = take_plain(sampler, seen, proc, before, old_side, side);
	if (rc == -ESRCH)
		return 0;
	if (rc != 0)
		return rc;
	sampler->denied += proc->facts->env == ENV_DENIED;
	proc->cpu_percent = rates_cpu(snap, sampler->previous, proc, before);
	if (seen->is_deep)
		rate_io(sampler, proc, before);
	else
		take_io(sampler, proc, before, old_side, side);
	if (seen->stack != 0)
		keep_image(sampler, seen->stack);
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
	if (config->wants_events && host_is_initial(sampler->reader.own_pid_ns) &&
	    events_open(&sampler->events) == 0) {
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
