#include "clade/inspect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clade/io.h"
#include "procfs.h"

enum { LIMITS_BYTES = 4096, ENVIRON_BYTES = 1 << 20, STAT_BYTES = 4096 };

const char *fd_kind_name(enum fd_kind kind)
{
	static const char *const names[] = {
		[FD_FILE] = "files", [FD_DELETED] = "deleted files", [FD_SOCKET] = "sockets",
		[FD_PIPE] = "pipes", [FD_DEVICE] = "devices",        [FD_OTHER] = "others",
	};

	return names[kind];
}

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static bool ends(const char *s, const char *with)
{
	size_t len = strlen(s);

	return len >= strlen(with) && strcmp(s + len - strlen(with), with) == 0;
}

/* "socket:[123]", "pipe:[124]", "anon_inode:[eventfd]", "/dev/null", "/tmp/x (deleted)" */
enum fd_kind inspect_fd_kind(const char *target)
{
	if (begins(target, "socket:"))
		return FD_SOCKET;
	if (begins(target, "pipe:"))
		return FD_PIPE;
	if (*target != '/' || begins(target, "/memfd:"))
		return FD_OTHER;
	if (begins(target, "/dev/") && !begins(target, "/dev/shm/"))
		return FD_DEVICE;
	return ends(target, " (deleted)") ? FD_DELETED : FD_FILE;
}

/* "unlimited" or a number. */
static bool take_limit(const char **at, const char *end, uint64_t *limit)
{
	size_t len;
	uint64_t parsed = 0;

	while (*at < end && **at == ' ')
		++*at;
	len = (size_t)(end - *at);
	if (len >= 9 && strncmp(*at, "unlimited", 9) == 0) {
		*at += 9;
		*limit = LIMIT_NONE;
		return true;
	}
	if (*at == end || **at < '0' || **at > '9')
		return false;
	for (; *at < end && **at >= '0' && **at <= '9'; ++*at)
		parsed = parsed * 10 + (uint64_t)(**at - '0');
	*limit = parsed;
	return true;
}

/* "Max processes             95880                95880                processes " */
static bool parse_line(const char *line, const char *end, struct resource_limit *limit)
{
	struct resource_limit parsed = {{0}, {0}, 0, 0};
	const char *at = line;
	size_t len;

	if (!begins(line, "Max "))
		return false;
	while (at + 1 < end && !(at[0] == ' ' && at[1] == ' '))
		at++;
	len = (size_t)(at - line);
	if (len >= sizeof(parsed.name))
		return false;
	memcpy(parsed.name, line, len);
	if (!take_limit(&at, end, &parsed.soft) || !take_limit(&at, end, &parsed.hard))
		return false;
	while (at < end && *at == ' ')
		at++;
	while (end > at && end[-1] == ' ')
		end--;
	len = (size_t)(end - at);
	memcpy(parsed.unit, at, len < sizeof(parsed.unit) ? len : sizeof(parsed.unit) - 1);
	*limit = parsed;
	return true;
}

size_t inspect_parse_limits(const char *bytes, size_t len, struct resource_limit limits[LIMITS_MAX])
{
	const char *end = bytes + len;
	size_t n = 0;

	while (bytes < end && n < LIMITS_MAX) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		const char *stop = newline ? newline : end;

		if (stop - bytes > 4 && parse_line(bytes, stop, &limits[n]))
			n++;
		bytes = newline ? newline + 1 : end;
	}
	return n;
}

/* Opens /proc/N of exactly that process. Returns a descriptor or -errno. */
static int open_process(struct proc_key key)
{
	struct text stat = {0};
	char path[32];
	char comm[COMM_MAX];
	uint64_t start_ticks;
	int fd;
	int rc;

	snprintf(path, sizeof(path), "/proc/%d", (int)key.pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	/* the descriptor stays on the process: one that takes its pid over is not behind it */
	rc = io_read_at(fd, "stat", STAT_BYTES, &stat);
	if (rc == 0 && (procfs_parse_stat(text_str(&stat), stat.len, comm, &start_ticks) != 0 ||
			start_ticks != key.start_ticks))
		rc = -ESRCH;
	text_done(&stat);
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

static void count_fds(int process, struct inspection *inspection)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct text target = {0};

	inspection->n_fds = UNKNOWN;
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	inspection->n_fds = 0;
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		if (entry->d_name[0] == '.' ||
		    io_read_link_at(dirfd(dir), entry->d_name, &target) != 0)
			continue;
		inspection->fds[inspect_fd_kind(text_str(&target))]++;
		inspection->n_fds++;
	}
	text_done(&target);
	closedir(dir);
}

static size_t read_limits(int process, struct resource_limit limits[LIMITS_MAX])
{
	struct text bytes = {0};
	size_t n = 0;

	if (io_read_at(process, "limits", LIMITS_BYTES, &bytes) == 0)
		n = inspect_parse_limits(text_str(&bytes), bytes.len, limits);
	text_done(&bytes);
	return n;
}

int inspect_process(struct proc_key key, struct inspection *inspection)
{
	int fd = open_process(key);

	if (fd < 0)
		return fd;
	*inspection = (struct inspection){.n_fds = UNKNOWN};
	count_fds(fd, inspection);
	inspection->n_limits = read_limits(fd, inspection->limits);
	close(fd);
	return 0;
}

size_t inspect_limits(struct proc_key key, struct resource_limit limits[LIMITS_MAX])
{
	int fd = open_process(key);
	size_t n;

	if (fd < 0)
		return 0;
	n = read_limits(fd, limits);
	close(fd);
	return n;
}

int inspect_environment(struct proc_key key, struct text *out)
{
	int fd = open_process(key);
	int rc;

	if (fd < 0)
		return fd;
	rc = io_read_at(fd, "environ", ENVIRON_BYTES, out);
	close(fd);
	return rc;
}

uint64_t inspect_written_ms(const char *path)
{
	struct statx status;

	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_MTIME, &status) != 0 ||
	    !(status.stx_mask & STATX_MTIME) || status.stx_mtime.tv_sec < 0)
		return UNKNOWN;
	return (uint64_t)status.stx_mtime.tv_sec * 1000 + status.stx_mtime.tv_nsec / 1000000;
}
