/*
 * What the attributor remembers from one sample to the next, because it cannot be seen again: whose
 * a process was before its parent ended, and what files on disk said of an owner. Bounded by the
 * processes and owners of the last sample.
 */
#ifndef CLADE_MEMORY_H
#define CLADE_MEMORY_H

#include "clade/hash.h"
#include "names.h"
#include "rules.h"

/* How long an app or a container between two lives is still shown. */
enum { LINGER_MS = 30000 };

/* An owner as it was last seen. */
struct known_owner {
	char *id;
	const struct rule *rule;
	char *key;
	char *session;
	char *cwd;
	char *parent_id; /* NULL: none */
	struct identity identity;
	bool is_child;
	uint64_t since_ms;
	uint64_t looked_ms; /* when files were last asked, on the snapshots' clock; UNKNOWN never */
	struct proc_key root; /* its last one */
	uint32_t lives;       /* roots seen one after the other */
	uint64_t lived_ms;    /* when it last had a process; UNKNOWN never */
	uint64_t seen;        /* number of the last sample in which it was */
	UT_hash_handle hh;
};

/* A root process's entry in its program's registry. */
struct known_root {
	struct proc_key key;
	struct identity identity;
	uint64_t looked_ms;
	uint64_t seen;
	UT_hash_handle hh;
};

/* A process that belonged to an owner by more than its cgroup. */
struct known_proc {
	struct proc_key key;
	struct known_owner *owner;
};

struct memory {
	struct known_owner *owners;
	struct known_root *roots;
	struct known_proc *procs; /* by pid, as in the snapshot */
	size_t n_procs;
	uint64_t sample;
};

void memory_done(struct memory *memory);

/* The owner of that id, made when it is not known yet. */
struct known_owner *memory_owner(struct memory *memory, const char *id);
struct known_root *memory_root(struct memory *memory, struct proc_key key);

/* The owner that a process had in the last sample, or NULL. */
const struct known_owner *memory_find_proc(const struct memory *memory, struct proc_key key);

/* Ends a sample: `procs` (the heap's, handed over) replaces the processes, and owners and roots
 * that were not seen in it and that no process refers to are forgotten. */
void memory_turn(struct memory *memory, uint64_t now_ms, struct known_proc *procs, size_t n_procs);

#endif
