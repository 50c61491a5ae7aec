/*
 * What a confined thread must not be able to do, tried for real against things made for it. Each
 * act is such that it would be done, or fail otherwise than by EPERM, were it not forbidden: to
 * root at least.
 */
#ifndef CLADE_ACTION_TRIAL_H
#define CLADE_ACTION_TRIAL_H

#include <stdbool.h>
#include <sys/types.h>

struct trial {
	pid_t child;         /* sleeps; made before */
	int child_pidfd;     /* -1: this kernel has none */
	bool has_32;         /* trial_can_call_32() */
	int socket;          /* an open one of AF_UNIX */
	int file_fd;         /* OUTSIDE/file, open for writing from before */
	const char *outside; /* a directory with "file" and "empty", a directory, in it */
	const char *inside;  /* where the scribe may make files; has "file" in it */
	long *word;          /* of ours; the child has it at the same address */

	const char *who; /* "reader" or "scribe" */
	void (*line)(const char *text);
	int denied, allowed;
};

/* Whether this kernel has a way in for programs of another word size. Forks. */
bool trial_can_call_32(void);

/* All of them, in the calling thread. Counts in `trial`, tells each to `line`. */
void trial_run(struct trial *trial);

/* One act, of somebody else's: `result` is as of a system call, with errno. */
void trial_judge(struct trial *trial, const char *act, long result);

#endif
