/*
 * Where snapshots come from: the live machine, a file, a test. A sample is taken in slices, so that
 * the caller can look at the keyboard in between:
 *
 *     source_begin(src, previous);
 *     while ((more = source_step(src)) > 0)
 *             poll the keyboard;
 *     if (more == 0)
 *             source_seal(src, &snapshot);
 */
#ifndef CLADE_SOURCE_H
#define CLADE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "clade/snapshot.h"

/*
 * Environment variables worth keeping: `keep` are kept only in an environment that has one of
 * `triggers` (NULL: always), so that a stranger's variable called "name" never gets into a
 * snapshot. Arrays end with NULL.
 */
struct marker_group {
	const char *const *triggers;
	const char *const *keep;
};

struct source_config {
	const struct marker_group *markers; /* borrowed for the source's life */
	size_t n_markers;
	bool wants_events; /* count what no sample sees, where the kernel tells of it */
	bool may_thread;   /* for files that may block (aside.h) */
};

struct source;

/* One kind of source. */
struct source_kind {
	const char *name;    /* "procps" */
	const char *summary; /* for `clade list` and --version */
	int (*open)(const struct source_config *config, struct source **source);
};

/* The first member of what every kind allocates. */
struct source {
	const struct source_kind *kind;
	int (*begin)(struct source *source, const struct snapshot *previous);
	int (*step)(struct source *source);
	int (*seal)(struct source *source, struct snapshot **snapshot);
	size_t (*progress)(const struct source *source);
	void (*idle)(struct source *source); /* NULL: nothing comes between samples */
	void (*close)(struct source *source);
};

/* The collector for the live machine. It stands in procps.c, outside of the core library, so that
 * tests need no libproc2. */
extern const struct source_kind source_procps;

/* The same through BPF; there is one only where HAVE_BPF is set in config.h. open() returns -ENOSYS
 * when /proc is not mounted, -ENOTSUP when this kernel lacks what is needed, -EXDEV when /proc is
 * of another namespace, or what the kernel has said. */
extern const struct source_kind source_bpf;

/* Starts a sample. `previous` (may be NULL) is the snapshot before: rates are differences to it,
 * and facts are taken over from it; it must live until source_seal(). Returns 0 or -errno. */
int source_begin(struct source *source, const struct snapshot *previous);

/* Reads a slice of at most a few milliseconds. Returns 1 when there is more to read, 0 when done,
 * or -errno: the sample is then dropped and the next source_begin() starts afresh. */
int source_step(struct source *source);

/* Hands the finished snapshot over to the caller, who frees it with snapshot_free(). Returns 0 or
 * -errno. */
int source_seal(struct source *source, struct snapshot **snapshot);

/* Between two samples, to be called at least every SOURCE_IDLE_MS: takes what has come meanwhile.
 */
enum { SOURCE_IDLE_MS = 500 };
void source_idle(struct source *source);

/* How many processes the sample that is being taken holds so far. */
size_t source_progress(const struct source *source);

/* Drops an unfinished sample and closes; NULL is fine. Snapshots that were handed over live on. */
void source_close(struct source *source);

/* begin, step until done, seal: for callers with nobody at the keyboard. */
int source_sample(struct source *source, const struct snapshot *previous,
		  struct snapshot **snapshot);

#endif
