/*
 * What every collector of the live machine does with what it reads: a snapshot grows process by
 * process, what has not changed since the sample before is taken over from there, and rates are
 * differences to it. A collector says what a process looks like now; the sampler knows the rest.
 *
 *     sampler_begin(sampler, previous);
 *     sampler_reserve(sampler, about as many as there will be);
 *     for each process: sampler_add(sampler, &seen);
 *     sampler_seal(sampler, &snapshot);
 */
#ifndef CLADE_SAMPLER_H
#define CLADE_SAMPLER_H

#include "clade/cgroup.h"
#include "clade/events.h"
#include "clade/source.h"
#include "facts.h"
#include "procfs.h"
#include "tally.h"

/* A process as a collector sees it. */
struct seen {
	struct process proc; /* all that moves; facts, rates and I/O are the sampler's to set */
	uint64_t stack;      /* start of its stack: another address means another exec; 0 when not
				ours to see */
	char comm[COMM_MAX];
	uint32_t uid;   /* effective; UINT32_MAX: not looked at */
	bool is_forked; /* has not executed anything since it was forked */
	int dir; /* its directory in /proc, open since before it was looked at; 0: not open */

	/* from a collector that looks into the kernel */
	bool is_deep;       /* the rest is valid, as is I/O in `proc` */
	const char *cgroup; /* as in struct facts_known; valid until the sample is sealed */
	uint64_t pid_ns;
	bool is_ns_foreign;
};

/* What the threads of a process have used together. */
struct seen_use {
	uint64_t cpu_ticks;
	uint64_t io_read_bytes;
	uint64_t io_write_bytes;
};

struct side;

enum {
	IMAGES = 1024,
	LOOK_TURN = 16, /* samples until what changes without a sign is looked at again */
	IDLE_TURN = 64, /* and what only its own work could have changed, where it has not run */
};

struct sampler {
	struct facts_store *store;
	struct facts_reader reader;
	struct cgroup_reader cgroups;
	struct events *events; /* NULL: the kernel does not tell us */
	struct tally *tally;   /* with it */
	uint64_t lost_ms;      /* when some were lost, on the clock of snapshots; 0 never */

	/* the sample that is being taken */
	struct snapshot *snap;
	struct side *sides; /* of each process, what the next sample needs to know */
	size_t size;        /* of procs and sides */
	bool is_disordered; /* pids did not come in ascending order */
	const struct snapshot *previous;
	size_t at;              /* how far in `previous` */
	size_t denied;          /* processes whose environment may not be read */
	int32_t images[IMAGES]; /* a process that runs what these run, by its stack; or NO_PROC */
	uint64_t spare_ns;      /* left for looking again at what is most likely as it was */
	uint64_t facts_ns;      /* left for reading facts of processes that are new to us */
	uint64_t started_ns;

	/* the one before */
	struct side *old_sides;
	uint64_t old_mono_ms;
	uint64_t sample;
	size_t io_turns;
};

/* Returns 0 or -ENOMEM; sampler_done() is due in any case. */
int sampler_init(struct sampler *sampler, const struct source_config *config);
void sampler_done(struct sampler *sampler);

/* Starts a sample, over one that was not finished. Returns 0 or -ENOMEM. */
int sampler_begin(struct sampler *sampler, const struct snapshot *previous);

/* Room for `count` processes, in addition to what may come while they are read. Returns 0 or
 * -ENOMEM. */
int sampler_reserve(struct sampler *sampler, size_t count);

/* Whether the sample before has a process of that pid, which is not below those already added, and
 * knows its facts. */
bool sampler_knows(struct sampler *sampler, int32_t pid);

/* Takes the events that have come: once a slice, and between samples. */
void sampler_drain(struct sampler *sampler);

/* Whether it is the turn of that pid to be looked at again, for what changes without a sign. */
bool sampler_is_turn(const struct sampler *sampler, int32_t pid, unsigned int turn);

/* Adds a process; pids ascend. Returns 0, also when it is gone by now, or -ENOMEM. */
int sampler_add(struct sampler *sampler, const struct seen *seen);

/* Sets what all threads of a process of this sample have used. */
void sampler_set_use(struct sampler *sampler, int32_t pid, const struct seen_use *use);

/* Hands the snapshot over. Returns 0, or -ENOMEM with the sample dropped. */
int sampler_seal(struct sampler *sampler, struct snapshot **snapshot);

/* Drops an unfinished sample. */
void sampler_drop(struct sampler *sampler);

/* How many processes it holds so far. */
size_t sampler_progress(const struct sampler *sampler);

#endif
