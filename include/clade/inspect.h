/*
 * A closer look at one living process, for its details: what would be too dear to read of all of
 * them. It is read when somebody asks, straight from /proc, and only of the process that was meant:
 * its start time is compared before and after.
 */
#ifndef CLADE_INSPECT_H
#define CLADE_INSPECT_H

#include <stddef.h>
#include <stdint.h>

#include "clade/snapshot.h"
#include "clade/text.h"

enum fd_kind {
	FD_FILE,
	FD_DELETED, /* a file that has no name any more, and still takes room */
	FD_SOCKET,
	FD_PIPE,
	FD_DEVICE,
	FD_OTHER, /* eventfd, inotify, memfd, … */
	FD_KINDS
};

/* "files", "deleted files", …, in the order above. */
const char *fd_kind_name(enum fd_kind kind);

/* A line of /proc/N/limits; UINT64_MAX - 1 is unlimited. */
#define LIMIT_NONE (UNKNOWN - 1)
enum { LIMITS_MAX = 20, LIMIT_NAME_MAX = 28 };

struct resource_limit {
	char name[LIMIT_NAME_MAX]; /* "Max processes" */
	char unit[16];             /* "bytes", "" */
	uint64_t soft, hard;
};

struct inspection {
	uint64_t fds[FD_KINDS];
	uint64_t n_fds; /* of all kinds; UNKNOWN: not ours to see */
	struct resource_limit limits[LIMITS_MAX];
	size_t n_limits;
};

/* Returns 0, -ESRCH when that process is gone, or another -errno. */
int inspect_process(struct proc_key key, struct inspection *inspection);

/* Its limits alone; 0 when they cannot be read. */
size_t inspect_limits(struct proc_key key, struct resource_limit limits[LIMITS_MAX]);

/* Its whole environment, "NAME=value" each ended by NUL, as it was at its last exec; `out`
 * replaced. Returns 0, -ESRCH as above, -EACCES for another user's, or another -errno. */
int inspect_environment(struct proc_key key, struct text *out);

/* When a file was last written, in ms since the epoch; UNKNOWN. No server is asked: what is known
 * here is enough. */
uint64_t inspect_written_ms(const char *path);

/* Parses /proc/N/limits; pure. Returns how many lines were understood. */
size_t inspect_parse_limits(const char *bytes, size_t len,
			    struct resource_limit limits[LIMITS_MAX]);

/* What the target of a link in /proc/N/fd is; pure. */
enum fd_kind inspect_fd_kind(const char *target);

#endif
