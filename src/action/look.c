#include "look.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	STAT_MAX = 1024,
	NAME_MAX_PROC = 64,
	FORKED = 0x40,     /* PF_FORKNOEXEC in the flags */
	EXITING = 0x4,     /* PF_EXITING */
	STACK_LEAST = 4096 /* less is no address: it may not be seen */
};

struct look {
	DIR *dir;
};

/* ---- Parsing ---- */

/* 4211 (sh) S 4200 4211 4200 34816 4211 4194304 97 0 0 0 0 0 0 0 20 0 1 0 684113 2531328 … */
int look_parse_stat(const char *bytes, size_t len, struct look_entry *entry)
{
	const char *open = memchr(bytes, '(', len);
	const char *close = memrchr(bytes, ')', len);
	struct look_entry parsed = {0};
	char rest[STAT_MAX];
	size_t comm_len;
	unsigned flags;
	int pid, threads;

	if (!open || !close || close < open || len - (size_t)(close - bytes) >= sizeof(rest))
		return -EINVAL;
	memcpy(rest, close + 1, len - (size_t)(close + 1 - bytes));
	rest[len - (size_t)(close + 1 - bytes)] = '\0';
	if (sscanf(bytes, "%d", &pid) != 1 ||
	    sscanf(rest,
		   " %c %d %d %d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d %*d %lu "
		   "%*u %*d %*u %*u %*u %lu",
		   &parsed.state, &parsed.ppid, &parsed.pgrp, &parsed.session, &flags, &threads,
		   &parsed.start_ticks, &parsed.stack) < 7)
		return -EINVAL;
	if (parsed.stack < STACK_LEAST)
		parsed.stack = 0;
	parsed.is_forked = (flags & FORKED) != 0;
	parsed.is_exiting = (flags & EXITING) != 0;
	parsed.pid = pid;
	parsed.threads = threads > 0 ? (uint32_t)threads : 0;
	comm_len = (size_t)(close - open - 1);
	if (comm_len >= sizeof(parsed.comm))
		comm_len = sizeof(parsed.comm) - 1;
	memcpy(parsed.comm, open + 1, comm_len);
	*entry = parsed;
	return 0;
}

bool look_is_dead(const struct look_entry *entry)
{
	return (entry->state == 'Z' && entry->threads <= 1) || entry->state == 'X' ||
	       entry->state == 'x';
}

/* ---- Reading ---- */

int look_open(struct look **opened)
{
	struct look *look = calloc(1, sizeof(*look));
	char self[NAME_MAX_PROC];
	ssize_t len;

	if (!look)
		return -ENOMEM;
	look->dir = opendir("/proc");
	if (!look->dir) {
		int rc = -errno;

		free(look);
		return rc;
	}
	len = readlinkat(dirfd(look->dir), "self", self, sizeof(self) - 1);
	self[len > 0 ? len : 0] = '\0';
	if (atoi(self) != getpid()) {
		look_close(look);
		return -EXDEV;
	}
	*opened = look;
	return 0;
}

void look_close(struct look *look)
{
	if (!look)
		return;
	closedir(look->dir);
	free(look);
}

ssize_t look_read_file(const struct look *look, int32_t pid, const char *name, char *bytes,
		       size_t size)
{
	char path[NAME_MAX_PROC];
	size_t len = 0;
	int fd;

	snprintf(path, sizeof(path), "%d/%s", pid, name);
	fd = openat(dirfd(look->dir), path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	while (len < size) {
		ssize_t n = read(fd, bytes + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int rc = -errno;

			close(fd);
			return rc;
		}
		if (n == 0)
			break;
		len += (size_t)n;
	}
	close(fd);
	return (ssize_t)len;
}

/* One read is enough: the kernel writes the line at once. */
int look_read(const struct look *look, int32_t pid, struct look_entry *entry)
{
	char path[NAME_MAX_PROC];
	char bytes[STAT_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%d/stat", pid);
	fd = openat(dirfd(look->dir), path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	do {
		n = read(fd, bytes, sizeof(bytes) - 1);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		n = -errno;
		close(fd);
		return (int)n;
	}
	close(fd);
	bytes[n] = '\0';
	return look_parse_stat(bytes, (size_t)n, entry);
}

void look_begin(struct look *look)
{
	rewinddir(look->dir);
}

int look_next(struct look *look, struct look_entry *entry)
{
	for (;;) {
		const struct dirent *item;
		int rc;

		errno = 0;
		item = readdir(look->dir);
		if (!item)
			return -errno;
		if (!isdigit((unsigned char)item->d_name[0]))
			continue;
		rc = look_read(look, atoi(item->d_name), entry);
		if (rc == 0)
			return 1;
		if (rc != -ESRCH)
			return rc;
	}
}

int look_read_user(const struct look *look, int32_t pid, uint32_t *uid)
{
	char path[NAME_MAX_PROC];
	struct stat dir;

	snprintf(path, sizeof(path), "%d", pid);
	if (fstatat(dirfd(look->dir), path, &dir, 0) != 0)
		return -errno;
	*uid = dir.st_uid;
	return 0;
}

int look_read_exe(const struct look *look, int32_t pid, uint64_t *device, uint64_t *inode,
		  uint32_t *uid)
{
	char path[NAME_MAX_PROC];
	struct stat exe;

	snprintf(path, sizeof(path), "%d/exe", pid);
	if (fstatat(dirfd(look->dir), path, &exe, 0) != 0)
		return -errno;
	*device = exe.st_dev;
	*inode = exe.st_ino;
	return look_read_user(look, pid, uid);
}
