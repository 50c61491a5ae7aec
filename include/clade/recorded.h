/*
 * What a file says of the owners in it. They are read as they were recorded: names came from files
 * of that machine, and whose an orphan is may have been seen long before. Belongs to a snapshot and
 * lives in its arena.
 */
#ifndef CLADE_RECORDED_H
#define CLADE_RECORDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As struct owner of attribution.h; strings that are not known are NULL, but for `id` and `name`.
 */
struct recorded_owner {
	const char *id;
	const char *kind;
	const char *product;
	const char *label;
	const char *key;
	const char *name;
	const char *cwd;
	const char *file;
	const char *status;
	const char *evidence;
	const char *started_by; /* an id */
	const char *parent;     /* an id */
	int64_t root_pid;       /* 0: gone */
	uint64_t instances;
	uint64_t since_ms;
	uint64_t restarts;
	bool is_ended;
};

struct recorded_proc {
	const char *owner; /* an id, of one of the owners */
	const char *evidence;
	const char *title;
	bool is_orphan;
	bool is_root;
};

struct recorded {
	const struct recorded_owner *owners;
	size_t n_owners;
	const struct recorded_proc *procs; /* one for each process, by the same index */
};

#endif
