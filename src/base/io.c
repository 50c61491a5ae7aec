#include "clade/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clade/mem.h"

enum {
	READ_FIRST = 4096,
	NAMES_TRIED = 100,
};

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

/* The directory that a path lies in. */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return mem_strdup(".");
	return mem_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static int open_special(struct io_file *file)
{
	file->is_special = true;
	file->fd = open(file->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return file->fd < 0 ? -errno : 0;
}

/* A name beside the file that nobody has. */
static int make_temporary(struct io_file *file)
{
	struct text name = {0};
	int fd;

	text_printf(&name, "%s.XXXXXX", file->path);
	fd = mkostemp(name.data, O_CLOEXEC);
	if (fd < 0) {
		text_done(&name);
		return -errno;
	}
	file->temporary = text_take(&name);
	return fd;
}

static int open_nameless(const char *path)
{
	char *directory = directory_of(path);
	int fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	free(directory);
	return fd < 0 ? -errno : fd;
}

int io_file_open(struct io_file *file, const char *path, bool replace)
{
	struct stat st;
	bool exists = stat(path, &st) == 0;
	int fd;

	*file = (struct io_file){.fd = -1, .path = path, .replaces = replace};
	if (exists && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return open_special(file);
	if (exists && S_ISDIR(st.st_mode))
		return -EISDIR;
	if (exists && !replace)
		return -EEXIST;
	fd = open_nameless(path);
	/* not every filesystem knows nameless files (NFS, older overlays) */
	if (fd == -EOPNOTSUPP || fd == -EISDIR || fd == -EINVAL)
		fd = make_temporary(file);
	if (fd < 0)
		return fd;
	file->fd = fd;
	return 0;
}

int io_file_open_by(struct io_file *file, const struct io_maker *maker, const char *path)
{
	*file = (struct io_file){.fd = -1, .path = path, .maker = maker};
	return maker->create(maker->context, path, &file->fd);
}

int io_file_write(struct io_file *file, const void *bytes, size_t len)
{
	return io_write_all(file->fd, bytes, len);
}

/* linkat(2) never replaces; to replace, the file needs a name that can be renamed. */
static int link_nameless(struct io_file *file)
{
	struct text name = {0};
	char self[64];
	int rc = -EEXIST;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", file->fd);
	if (!file->replaces)
		return linkat(AT_FDCWD, self, AT_FDCWD, file->path, AT_SYMLINK_FOLLOW) != 0 ? -errno
											    : 0;
	for (unsigned i = 0; rc == -EEXIST && i < NAMES_TRIED; i++) {
		text_clear(&name);
		text_printf(&name, "%s.%d.%u", file->path, (int)getpid(), i);
		rc = linkat(AT_FDCWD, self, AT_FDCWD, text_str(&name), AT_SYMLINK_FOLLOW) != 0
			     ? -errno
			     : 0;
	}
	if (rc == 0)
		file->temporary = text_take(&name);
	text_done(&name);
	return rc;
}

static int name_it(struct io_file *file)
{
	if (!file->temporary) {
		int rc = link_nameless(file);

		if (rc != 0 || !file->replaces)
			return rc;
	}
	/* rename(2) always replaces, link(2) never */
	if (file->replaces)
		return rename(file->temporary, file->path) != 0 ? -errno : 0;
	if (link(file->temporary, file->path) != 0)
		return -errno;
	unlink(file->temporary);
	return 0;
}

/* So that the name, too, outlives a power cut; not every filesystem can. */
static void sync_directory(const char *path)
{
	char *directory = directory_of(path);
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	free(directory);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

int io_file_commit(struct io_file *file)
{
	int rc = 0;

	if (file->maker) {
		rc = file->maker->publish(file->maker->context, file->fd, file->path);
	} else if (!file->is_special) {
		rc = fsync(file->fd) != 0 ? -errno : name_it(file);
		if (rc == 0) {
			free(file->temporary);
			file->temporary = NULL;
			sync_directory(file->path);
		}
	}
	if (close(file->fd) != 0 && rc == 0 && file->is_special)
		rc = -errno;
	file->fd = -1;
	if (rc != 0)
		io_file_drop(file);
	return rc;
}

void io_file_drop(struct io_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	if (file->temporary)
		unlink(file->temporary);
	free(file->temporary);
	file->temporary = NULL;
}

int io_write_file(const char *path, const void *bytes, size_t len, bool replace)
{
	struct io_file file;
	int rc = io_file_open(&file, path, replace);

	if (rc != 0)
		return rc;
	rc = io_file_write(&file, bytes, len);
	if (rc != 0) {
		io_file_drop(&file);
		return rc;
	}
	return io_file_commit(&file);
}
