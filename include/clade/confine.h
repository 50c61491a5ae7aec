/*
 * Read-only, kept by the kernel. confine_enter() gives up for the rest of the process's life what
 * could change the machine: signals, ptrace, exec, fork, new sockets, and every path to write to.
 * The one thing that can still be made is a new file in one directory, by the scribe: a thread that
 * is Landlocked into it and, below sudo, runs as the user who called. See ARCHITECTURE.md,
 * "Read-only".
 */
#ifndef CLADE_CONFINE_H
#define CLADE_CONFINE_H

#include <stdbool.h>

#include "clade/io.h"
#include "clade/text.h"

/* The stricter one is the larger. */
enum readonly {
	READONLY_NO,
	READONLY_BEST_EFFORT, /* what this kernel cannot keep is told and done without */
	READONLY_STRICT,      /* all of it or nothing */
};

struct confine_config {
	enum readonly level;
	const char *directory; /* where new files may be made; NULL: nowhere */
	bool keeps_bpf;        /* a collector goes on reading what it has loaded before */
};

struct confine;

/* What confine_enter() would say of this kernel, without doing anything. */
int confine_check(const struct confine_config *config, struct text *words);

/* Confines the process. Call it once, with everything open that is needed: the collector, the
 * rules. Returns 0, or -errno with a sentence for the user in `words`: -ENOSYS when the kernel
 * lacks a protection and the level is strict. At best effort `words` is what is missing, empty when
 * nothing is. */
int confine_enter(const struct confine_config *config, struct confine **confine,
		  struct text *words);

/* Lets the scribe go; the process stays confined. NULL is fine. */
void confine_close(struct confine *confine);

/* Why no file can be made, in words; NULL when files can be made. Valid until confine_close(). */
const char *confine_why(const struct confine *confine);

/* Who makes files from now on (io_file_open_by()): new ones in the directory, without a name until
 * they are whole. -EACCES for a path outside of it and where the caller may not write, -EEXIST, or
 * what confine_why() says. */
const struct io_maker *confine_maker(const struct confine *confine);

/* Tries everything that is forbidden against a child and files made for it, confined as the config
 * says (READONLY_NO: not at all), and tells the result to `line`, one at a time. Forks, so it comes
 * before confine_enter(). Returns 0 when all was denied and nothing was changed, 1 when not, or
 * -errno with a sentence in `words`. */
int confine_self_test(const struct confine_config *config, void (*line)(const char *text),
		      struct text *words);

#endif
