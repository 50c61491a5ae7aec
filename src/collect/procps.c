/*
 * The live machine through libproc2: every user can use it, every kernel has what it reads. This
 * and machine.c are the files that know libproc2; they keep the library's peculiarities to
 * themselves:
 *  - it reads /proc and nothing else, and ends the program when that is not mounted: looked at
 * beforehand;
 *  - it cannot say "denied" and rewrites names and arguments: those are read in facts.c;
 *  - PIDS_VAL takes four arguments up to 4.0.4 and three from 4.0.5: results are taken by their
 * place.
 */
#include <assert.h>
#include <errno.h>
#include <libproc2/pids.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clade/clock.h"
#include "clade/source.h"
#include "machine.h"
#include "sampler.h"
#include "walk.h"

enum {
	SLICE_NS = 4000000,       /* the keyboard is looked at this often while reading */
	LIBRARY_MOST = 1024,      /* tasks that the library reads in ten milliseconds or so */
	FORKED = 0x40,            /* PF_FORKNOEXEC in stat's flags */
	KERNEL_THREAD = 0x200000, /* PF_KTHREAD in stat's flags */
};

/* What of stat is asked for, in this order. */
enum item {
	PID,
	UID,
	PPID,
	PGRP,
	SESSION,
	TTY,
	STATE,
	THREADS,
	NICE,
	FLAGS,
	BEGAN,
	TICS,
	RSS,
	STACK,
	CMD,
	ITEMS
};

static enum pids_item items[ITEMS] = {
	[PID] = PIDS_ID_PID,
	[UID] = PIDS_ID_EUID,
	[PPID] = PIDS_ID_PPID,
	[PGRP] = PIDS_ID_PGRP,
	[SESSION] = PIDS_ID_SESSION,
	[TTY] = PIDS_TTY,
	[STATE] = PIDS_STATE,
	[THREADS] = PIDS_NLWP,
	[NICE] = PIDS_NICE,
	[FLAGS] = PIDS_FLAGS,
	[BEGAN] = PIDS_TICS_BEGAN,
	[TICS] = PIDS_TICS_ALL,
	[RSS] = PIDS_RSS,
	[STACK] = PIDS_ADDR_STACK_START,
	[CMD] = PIDS_CMD,
};

struct procps {
	struct source base;
	struct sampler sampler;
	struct machine_reader machine;
	struct pids_info *pids;
	const struct pids_fetch *fetched; /* all of this sample, NULL: they are walked through */
	int at;
	struct walk walk;
};

static struct procps *procps_of(struct source *source)
{
	return (struct procps *)source;
}

/*
 * The library reads /proc/uptime again for each process that it hands out by itself, and all in one
 * go otherwise: with many tasks either is too slow. Those are walked through.
 */
static int begin_reading(struct procps *procps)
{
	uint64_t tasks = procps->sampler.snap->machine.tasks;

	procps->at = 0;
	procps->fetched = NULL;
	if (!is_known(tasks) || tasks > LIBRARY_MOST)
		return walk_begin(&procps->walk);
	procps->fetched = procps_pids_reap(procps->pids, PIDS_FETCH_TASKS_ONLY);
	return procps->fetched ? 0 : walk_begin(&procps->walk);
}

static int procps_begin(struct source *source, const struct snapshot *previous)
{
	struct procps *procps = procps_of(source);
	struct snapshot *snap;
	int rc = sampler_begin(&procps->sampler, previous);

	if (rc != 0)
		return rc;
	snap = procps->sampler.snap;
	machine_read(&procps->machine, snap, previous);
	rc = begin_reading(procps);
	if (rc == 0)
		rc = sampler_reserve(&procps->sampler, is_known(snap->machine.tasks)
							       ? (size_t)snap->machine.tasks
							       : 0);
	if (rc != 0)
		sampler_drop(&procps->sampler);
	return rc;
}

static void copy_comm(char comm[COMM_MAX], const char *from)
{
	size_t len = from ? strnlen(from, COMM_MAX - 1) : 0;

	if (len > 0)
		memcpy(comm, from, len);
	comm[len] = '\0';
}

static int take_process(struct procps *procps, const struct pids_stack *stack)
{
	const struct pids_result *head = stack->head;
	struct seen seen = {
		.proc =
			{
				.pid = head[PID].result.s_int,
				.ppid = head[PPID].result.s_int,
				.pgrp = head[PGRP].result.s_int,
				.session = head[SESSION].result.s_int,
				.tty = head[TTY].result.s_int,
				.state = (char)head[STATE].result.s_ch,
				.threads = head[THREADS].result.s_int > 0
						   ? (uint32_t)head[THREADS].result.s_int
						   : 1,
				.nice = (int8_t)head[NICE].result.s_int,
				.is_kernel = (head[FLAGS].result.ul_int & KERNEL_THREAD) != 0,
				.start_ticks = head[BEGAN].result.ull_int,
				.cpu_ticks = head[TICS].result.ull_int,
				.rss_bytes = (uint64_t)head[RSS].result.ul_int *
					     (uint64_t)sysconf(_SC_PAGESIZE),
			},
		.stack = head[STACK].result.ul_int,
		.uid = head[UID].result.u_int,
		.is_forked = (head[FLAGS].result.ul_int & FORKED) != 0,
	};

	copy_comm(seen.comm, head[CMD].result.str);
	return sampler_add(&procps->sampler, &seen);
}

/* Adds the next process. Returns 1, 0 when there is none left, or -errno. */
static int take_next(struct procps *procps)
{
	struct seen seen;
	int rc;

	if (procps->fetched && procps->at == procps->fetched->counts->total)
		return 0;
	if (procps->fetched) {
		rc = take_process(procps, procps->fetched->stacks[procps->at++]);
		return rc == 0 ? 1 : rc;
	}
	rc = walk_next(&procps->walk, &procps->sampler, &seen);
	if (rc <= 0)
		return rc;
	rc = sampler_add(&procps->sampler, &seen);
	return rc == 0 ? 1 : rc;
}

static int procps_step(struct source *source)
{
	struct procps *procps = procps_of(source);
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + SLICE_NS;

	assert(procps->sampler.snap);
	sampler_drain(&procps->sampler);
	do {
		int rc = take_next(procps);

		if (rc < 0)
			sampler_drop(&procps->sampler);
		if (rc <= 0)
			return rc;
	} while (clock_ns(CLOCK_MONOTONIC) < until);
	return 1;
}

static int procps_seal(struct source *source, struct snapshot **snapshot)
{
	return sampler_seal(&procps_of(source)->sampler, snapshot);
}

static size_t procps_progress(const struct source *source)
{
	return sampler_progress(&((const struct procps *)source)->sampler);
}

static void procps_idle(struct source *source)
{
	sampler_drain(&procps_of(source)->sampler);
}

static void procps_close(struct source *source)
{
	struct procps *procps = procps_of(source);

	if (procps->pids)
		procps_pids_unref(&procps->pids);
	walk_done(&procps->walk);
	machine_done(&procps->machine);
	sampler_done(&procps->sampler);
	free(procps);
}

static int procps_open(const struct source_config *config, struct source **source)
{
	struct procps *procps = calloc(1, sizeof(*procps));
	int rc;

	if (!procps)
		return -ENOMEM;
	procps->base = (struct source){
		.kind = &source_procps,
		.begin = procps_begin,
		.step = procps_step,
		.seal = procps_seal,
		.progress = procps_progress,
		.idle = procps_idle,
		.close = procps_close,
	};
	rc = sampler_init(&procps->sampler, config);
	if (rc == 0)
		rc = machine_init(&procps->machine);
	if (rc == 0)
		rc = procps_pids_new(&procps->pids, items, ITEMS);
	if (rc < 0) {
		procps_close(&procps->base);
		return rc;
	}
	*source = &procps->base;
	return 0;
}

const struct source_kind source_procps = {
	.name = "procps",
	.summary = "libproc2: any user, any kernel",
	.open = procps_open,
};
