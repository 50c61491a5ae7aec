#include "walk.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	STAT_MAX = 2048,          /* a line is some 300 bytes */
	KERNEL_THREAD = 0x200000, /* PF_KTHREAD in flags */
};

/* Fields behind the name, by their place in proc_pid_stat(5): the state is 3. */
enum field {
	PPID = 4,
	PGRP = 5,
	SESSION = 6,
	TTY = 7,
	FLAGS = 9,
	USER_TICKS = 14,
	SYSTEM_TICKS = 15,
	NICE = 19,
	THREADS = 20,
	BEGAN = 22,
	RSS = 24,
	STACK = 28,
	FIELDS
};

/* A number, with its sign taken along in two's complement. */
static const char *take(const char *at, const char *end, uint64_t *number)
{
	bool is_negative = at < end && *at == '-';
	uint64_t value = 0;

	at += is_negative;
	if (at == end || !isdigit((unsigned char)*at))
		return NULL;
	for (; at < end && isdigit((unsigned char)*at); at++)
		value = value * 10 + (uint64_t)(*at - '0');
	*number = is_negative ? -value : value;
	return at;
}

/* 4211 (a) b) S 1 4211 4211 0 -1 4194560 … 684113 …: the name ends at the last parenthesis. */
int walk_parse(const char *bytes, size_t len, uint64_t page_bytes, struct seen *seen)
{
	const char *end = bytes + len;
	const char *open = memchr(bytes, '(', len);
	const char *close = memrchr(bytes, ')', len);
	uint64_t fields[FIELDS];
	uint64_t pid;
	const char *at;
	size_t comm_len;

	if (!open || !close || close < open || end - close < 4 || !take(bytes, open, &pid))
		return -EINVAL;
	at = close + 3;
	for (size_t f = PPID; f < FIELDS; f++) {
		if (at == end || *at != ' ')
			return -EINVAL;
		at = take(at + 1, end, &fields[f]);
		if (!at)
			return -EINVAL;
	}
	*seen = (struct seen){
		.proc =
			{
				.pid = (int32_t)pid,
				.ppid = (int32_t)fields[PPID],
				.pgrp = (int32_t)fields[PGRP],
				.session = (int32_t)fields[SESSION],
				.tty = (int32_t)fields[TTY],
				.threads = fields[THREADS] > 0 ? (uint32_t)fields[THREADS] : 1,
				.start_ticks = fields[BEGAN],
				.cpu_ticks = fields[USER_TICKS] + fields[SYSTEM_TICKS],
				.rss_bytes = fields[RSS] * page_bytes,
				.nice = (int8_t)fields[NICE],
				.state = close[2],
				.is_kernel = (fields[FLAGS] & KERNEL_THREAD) != 0,
			},
		.stack = fields[STACK],
	};
	comm_len = (size_t)(close - open - 1);
	if (comm_len > COMM_MAX - 1)
		comm_len = COMM_MAX - 1;
	memcpy(seen->comm, open + 1, comm_len);
	seen->comm[comm_len] = '\0';
	return 0;
}

int walk_begin(struct walk *walk)
{
	walk_done(walk);
	walk->at = 0;
	walk->len = 0;
	walk->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	walk->dir = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return walk->dir < 0 ? -errno : 0;
}

void walk_done(struct walk *walk)
{
	if (walk->dir >= 0)
		close(walk->dir);
	walk->dir = -1;
}

/* The next name in /proc that is a number; NULL at the end, with `*rc` 0 or -errno. */
static const char *next_name(struct walk *walk, int *rc)
{
	for (;;) {
		const struct dirent64 *entry;
		ssize_t n;

		if (walk->at == walk->len) {
			n = getdents64(walk->dir, walk->entries, sizeof(walk->entries));
			*rc = n < 0 ? -errno : 0;
			if (n <= 0)
				return NULL;
			walk->at = 0;
			walk->len = (size_t)n;
		}
		entry = (const struct dirent64 *)(const void *)(walk->entries + walk->at);
		walk->at += entry->d_reclen;
		if (isdigit((unsigned char)entry->d_name[0]))
			return entry->d_name;
	}
}

/* Returns the length, or -errno. */
static ssize_t read_stat(const struct walk *walk, const char *name, char *bytes)
{
	char path[32];
	size_t len = strnlen(name, sizeof(path) - sizeof("/stat"));
	ssize_t n;
	int fd;

	memcpy(path, name, len);
	memcpy(path + len, "/stat", sizeof("/stat"));
	fd = openat(walk->dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, bytes, STAT_MAX);
	close(fd);
	return n;
}

int walk_next(struct walk *walk, struct seen *seen)
{
	char bytes[STAT_MAX];
	const char *name;
	int rc = 0;

	for (name = next_name(walk, &rc); name; name = next_name(walk, &rc)) {
		ssize_t n = read_stat(walk, name, bytes);

		/* no descriptor left is no process gone */
		if (n == -EMFILE || n == -ENFILE || n == -ENOMEM)
			return (int)n;
		if (n > 0 && walk_parse(bytes, (size_t)n, walk->page_bytes, seen) == 0)
			return 1;
	}
	return rc;
}
