/*
 * A light look at /proc: who is there, and whose child. It reads one file a process and asks for no
 * memory once it is open, so that it can be repeated while processes are being stopped.
 */
#ifndef CLADE_LOOK_H
#define CLADE_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct look_entry {
	uint64_t start_ticks;
	uint64_t stack; /* where it begins, a random address: equal for all that were forked from
			   one program; 0 unknown */
	int32_t pid, ppid, pgrp, session;
	uint32_t threads;
	char state;
	bool is_forked;  /* and has not executed anything since */
	bool is_exiting; /* its first thread: what it had to show may be gone */
	char comm[16];
};

struct look;

/* Parses /proc/N/stat; returns 0 or -EINVAL. */
int look_parse_stat(const char *bytes, size_t len, struct look_entry *entry);

/* Dead, or reaped in a moment. A leader that has ended while its threads go on is not. */
bool look_is_dead(const struct look_entry *entry);

/* Opens /proc. Returns 0 and the look (look_close()), or -errno: -EXDEV when /proc shows another
 * pid namespace than the one that our signals go to. */
int look_open(struct look **look);
void look_close(struct look *look);

/* Begins at the first process again. */
void look_begin(struct look *look);

/* The next process, by pid; who vanishes meanwhile is skipped. Returns 1, 0 at the end, or -errno.
 */
int look_next(struct look *look, struct look_entry *entry);

/* One process. Returns 0, -ESRCH when there is none, or another -errno. */
int look_read(const struct look *look, int32_t pid, struct look_entry *entry);

/* Reads a file of a process, "environ" or "cgroup", cut at `size`. Returns its length or -errno. */
ssize_t look_read_file(const struct look *look, int32_t pid, const char *name, char *bytes,
		       size_t size);

/* The user that a process belongs to. Returns 0 or -errno. */
int look_read_user(const struct look *look, int32_t pid, uint32_t *uid);

/* The file that a process runs, and its user. Returns 0 or -errno. */
int look_read_exe(const struct look *look, int32_t pid, uint64_t *device, uint64_t *inode,
		  uint32_t *uid);

#endif
