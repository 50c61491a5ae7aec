/*
 * What a moment means: the tree with its totals, the owners with theirs, and how fast both grow. A
 * model belongs to one snapshot and its attribution (borrowed: they must outlive it), is made once,
 * and never changes. Everything in it is made in time linear in the number of processes.
 */
#ifndef CLADE_MODEL_H
#define CLADE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/arena.h"
#include "clade/attribution.h"
#include "clade/snapshot.h"
#include "clade/text.h"
#include "clade/thresholds.h"

/* Sums over a set of processes. */
struct totals {
	uint32_t procs;
	uint32_t zombies;
	uint32_t orphans;
	uint32_t blocked; /* state D */
	uint64_t threads;
	uint64_t rss_bytes;
	uint64_t births; /* since the sample before, as far as seen */
	uint64_t deaths;
	double cpu_percent;  /* NAN without a sample before */
	double io_read_rate; /* bytes per second; NAN when known of none of them */
	double io_write_rate;
};

/* How fast a set of processes changes. All NAN until there are two samples; a window longer than
 * what was watched is the rate over what was watched. */
struct growth {
	double births_per_s; /* over the last 10 s */
	double deaths_per_s;
	double procs_10s_per_s; /* net, processes per second over the last 10 s */
	double procs_60s_per_s;
	double rss_10s_per_s; /* net, bytes per second */
	double rss_60s_per_s;
};

/* A process in the tree: same index as in the snapshot. Links are indexes, NO_PROC ends a list. */
struct node {
	int32_t parent;      /* NO_PROC: ppid 0, or a parent that is not in the snapshot */
	int32_t first_child; /* children by start time */
	int32_t next_sibling;
	int32_t depth;
	int32_t branch; /* index into model.branches; NO_BRANCH: a leaf, with nothing below */
	bool is_new;    /* was not in the sample before, and there was one */
	bool is_parent_unseen; /* its ppid is not 0, but no such process is visible (hidepid, a
				  namespace) */
};

enum { NO_BRANCH = -1 };

/* What a process has that has, or lately had, something below it. Most processes are leaves: theirs
 * is worked out when it is asked for. */
struct branch {
	uint32_t zombie_children; /* that this process fails to reap */
	struct totals subtree;    /* itself and all below */
	struct growth growth;     /* of the subtree */
};

enum badge {
	BADGE_EXPLODING = 1 << 0, /* growing so fast that a limit is minutes away */
	BADGE_GROWING = 1 << 1,
	BADGE_LOOP = 1 << 2, /* starts short lives again and again */
	BADGE_ZOMBIES = 1 << 3,
	BADGE_ORPHANS = 1 << 4,
	BADGE_BLOCKED = 1 << 5, /* many in state D */
	BADGE_ENDED = 1 << 6,   /* its root is gone */
	BADGE_LIMIT = 1 << 7,   /* a limit of its control group is near */
	BADGE_OOM = 1 << 8,     /* the kernel killed in it for lack of memory */
	BADGE_MEMORY = 1 << 9,  /* its memory grows so that a limit is minutes away */
};

/* An owner's figures: same index as in the attribution. */
struct group {
	struct totals own;    /* its own processes */
	struct totals nested; /* and those of the owners in it */
	struct growth own_growth;
	struct growth growth;   /* of nested */
	double loop_per_min;    /* lives of its root that began and ended in the last minute; NAN
				   unknown */
	struct bounded pids;    /* tasks in its control group and the limit that binds first */
	struct bounded memory;  /* likewise, bytes */
	double memory_per_s;    /* how fast that fills, by the slower of 10 and 60 s; NAN unknown */
	uint64_t oom_kills;     /* in its control groups since these were made; UNKNOWN */
	uint64_t oom_kills_new; /* since the sample before; UNKNOWN */
	double oom_per_min;     /* in the last minute; NAN unknown */
	uint64_t ended_ms;      /* when its root was seen to go, since the epoch; UNKNOWN */
	uint32_t badges;        /* of enum badge */
	uint32_t badges_before; /* in the sample before */
	const uint32_t *trend;  /* processes (nested) every 10 s of the last 10 min, oldest first */
	const uint32_t *trend_kib; /* their memory at the same times */
	uint32_t n_trend;
	double heat;         /* what "hottest first" sorts by */
	int32_t first_child; /* owners in it, NO_OWNER ends */
	int32_t next_sibling;
	uint32_t first_proc; /* its own processes: model.by_owner[first_proc .. first_proc +
				own.procs) */
};

enum verdict_kind {
	VERDICT_QUIET,
	VERDICT_EXPLODING,
	VERDICT_GROWING,
	VERDICT_TABLE, /* the process table is nearly full */
	VERDICT_LIMIT, /* another limit is near */
	VERDICT_OOM,
	VERDICT_MEMORY, /* memory of the machine runs out */
	VERDICT_LOOP,
	VERDICT_IO, /* the machine waits for I/O */
	VERDICT_ZOMBIES,
	VERDICT_BLOCKED,
	VERDICT_ORPHANS,
	VERDICT_KINDS
};

/* "GROWING"; "OK" when quiet. Both limits have one word. */
const char *verdict_word(enum verdict_kind kind);

/* The worst thing now, in a word and a line. */
struct verdict {
	enum verdict_kind kind;
	int32_t owner; /* who does it, or NO_OWNER */
	double eta_s;  /* until the limit is hit; NAN when none is in sight */
	const char *word;
	const char *line; /* without the word, harmless UTF-8: "claude api-refactor (pid 4211)
			     58,083 sh  +894/s  …" */
};

struct model {
	struct arena arena;
	const struct snapshot *snap;
	const struct attribution *attr;
	const struct thresholds *thresholds; /* the history's */
	struct node *nodes;                  /* snap->n_procs */
	struct branch *branches;
	size_t n_branches;
	int32_t first_root;   /* the processes without parent, by next_sibling */
	struct group *groups; /* attr->n_owners */
	int32_t *by_owner;    /* process indexes, grouped by owner, by pid within */
	struct totals all;
	struct growth growth;   /* of the machine */
	uint64_t unseen_births; /* since the sample before: forks that the kernel has counted, but
				   that no sample showed and no event told of; threads are among
				   them; UNKNOWN */
	double ten_s; /* how long the windows of 10 and of 60 s are so far; NAN: no sample before */
	double sixty_s;
	uint64_t ten_ms; /* when they began, on the snapshot's clock */
	uint64_t sixty_ms;
	double memory_per_s;              /* how fast memory of the machine fills, likewise */
	double oom_per_min;               /* of the machine, in the last minute; NAN unknown */
	enum verdict_kind verdict_before; /* of the sample before, and whom it was about */
	int32_t verdict_owner_before;
	struct verdict verdict;
};

/* Of a process with all below it. */
struct totals node_subtree(const struct model *model, int32_t proc);
struct growth node_growth(const struct model *model, int32_t proc);

/* Zombies among its children, which it fails to reap. */
uint32_t node_zombies(const struct model *model, int32_t proc);

/* What the samples before this one were: sizes of owners and subtrees for the last minute. Bounded.
 */
struct history;

enum { TREND_MAX = 60, TREND_APART_S = 10 };

/* How full, in percent; NAN when either is not known. */
double bounded_percent(struct bounded bounded);

/* What is left of the process table before the nearer of its limits, from 0 to 1; NAN unknown. */
double model_headroom(const struct model *model);

/* `thresholds` are copied; NULL: the default ones. */
struct history *history_new(const struct thresholds *thresholds);
void history_set_thresholds(struct history *history, const struct thresholds *thresholds);
void history_free(struct history *history);

/* Makes the model of a snapshot and adds the snapshot to the history, in steps of some
 * milliseconds. Returns 0 and what makes it, or -ENOMEM. */
struct model_maker;
int model_begin(struct history *history, const struct snapshot *snap,
		const struct attribution *attr, struct model_maker **maker);

/* Returns 1 when there is more to do, 0 when done, or -ENOMEM. */
int model_step(struct model_maker *maker);

/* Hands the model over when it is done (model_free). */
struct model *model_end(struct model_maker *maker);

/* Ends one that is not to be done; NULL is fine. */
void model_drop(struct model_maker *maker);

/* All steps at once. Returns 0 and hands the model over, or -ENOMEM; the history is then as before.
 */
int model_make(struct history *history, const struct snapshot *snap, const struct attribution *attr,
	       struct model **model);
void model_free(struct model *model);

/* Adds the badges of an owner in words, worst first: "GROWING +894/s ZOMBIES 312". */
void badges_add(struct text *out, const struct model *model, int32_t owner);

#endif
