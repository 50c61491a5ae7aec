#include "clade/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_FIRST = 4096 };

static int open_at(int dirfd, const char *path)
{
	int fd;

	do {
		fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	} while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

/* Files in /proc have no size: read until nothing comes. */
static int read_fd(int fd, size_t limit, struct text *out)
{
	size_t step = READ_FIRST;

	while (out->len < limit) {
		size_t want = limit - out->len < step ? limit - out->len : step;
		ssize_t n = read(fd, text_room(out, want), want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			text_clear(out);
			return -errno;
		}
		if (n == 0)
			break;
		text_added(out, (size_t)n);
		if ((size_t)n == want && step < (1u << 20))
			step *= 2;
	}
	return 0;
}

int io_read_at(int dirfd, const char *path, size_t limit, struct text *out)
{
	int fd = open_at(dirfd, path);
	int rc;

	text_clear(out);
	if (fd < 0)
		return fd;
	rc = read_fd(fd, limit, out);
	close(fd);
	return rc;
}

int io_read_tail(const char *path, size_t tail, struct text *out)
{
	int fd = open_at(AT_FDCWD, path);
	struct stat st;
	int rc = 0;

	text_clear(out);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) != 0)
		rc = -errno;
	else if (!S_ISREG(st.st_mode))
		rc = -EINVAL;
	else if (st.st_size > (off_t)tail && lseek(fd, st.st_size - (off_t)tail, SEEK_SET) < 0)
		rc = -errno;
	if (rc == 0)
		rc = read_fd(fd, tail, out);
	close(fd);
	return rc;
}

int io_read_link_at(int dirfd, const char *path, struct text *out)
{
	ssize_t n;

	text_clear(out);
	n = readlinkat(dirfd, path, text_room(out, PATH_MAX), PATH_MAX);
	if (n < 0)
		return -errno;
	text_added(out, (size_t)n);
	return 0;
}

int io_write_all(int fd, const void *bytes, size_t len)
{
	const char *from = bytes;

	while (len > 0) {
		ssize_t n = write(fd, from, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		from += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_and_name(int fd, const char *temporary, const char *path, const void *bytes,
			  size_t len, bool replace)
{
	int rc = io_write_all(fd, bytes, len);

	if (rc == 0 && fsync(fd) != 0)
		rc = -errno;
	if (close(fd) != 0 && rc == 0)
		rc = -errno;
	if (rc != 0)
		return rc;
	/* link(2) never replaces, rename(2) always does */
	if (replace)
		return rename(temporary, path) != 0 ? -errno : 0;
	if (link(temporary, path) != 0)
		return -errno;
	unlink(temporary);
	return 0;
}

/* A device or a pipe has no whole to keep: it takes what is written to it. */
static int write_special(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	int rc;

	if (fd < 0)
		return -errno;
	rc = io_write_all(fd, bytes, len);
	close(fd);
	return rc;
}

int io_write_file(const char *path, const void *bytes, size_t len, bool replace)
{
	struct text temporary = {0};
	struct stat st;
	bool exists = stat(path, &st) == 0;
	int fd;
	int rc;

	if (exists && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return write_special(path, bytes, len);
	if (exists && !replace)
		return -EEXIST;
	text_printf(&temporary, "%s.XXXXXX", path);
	fd = mkostemp(temporary.data, O_CLOEXEC);
	if (fd < 0) {
		rc = -errno;
	} else {
		rc = write_and_name(fd, text_str(&temporary), path, bytes, len, replace);
		if (rc != 0)
			unlink(text_str(&temporary));
	}
	text_done(&temporary);
	return rc;
}
