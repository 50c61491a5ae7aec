/* Reading and writing whole files: short reads and EINTR dealt with, nothing half written left
 * behind. */
#ifndef CLADE_IO_H
#define CLADE_IO_H

#include <stdbool.h>
#include <stddef.h>

#include "clade/text.h"

/* Reads the file `path` (relative to `dirfd`, or AT_FDCWD) into `out`, replacing its contents; at
 * most `limit` bytes. Opens with O_CLOEXEC|O_NONBLOCK|O_NOCTTY, so that a FIFO cannot hang us.
 * Returns 0, or -errno with `out` empty. Sets errno to nothing of meaning. A file longer than
 * `limit` is cut there. */
int io_read_at(int dirfd, const char *path, size_t limit, struct text *out);

/* Reads the last `tail` bytes of a regular file (all of it when shorter). Returns 0 or -errno. */
int io_read_tail(const char *path, size_t tail, struct text *out);

/* The target of a symbolic link; `out` replaced. Returns 0 or -errno. */
int io_read_link_at(int dirfd, const char *path, struct text *out);

/* Writes all bytes to a descriptor. Returns 0 or -errno. */
int io_write_all(int fd, const void *bytes, size_t len);

/*
 * A new file that comes to be as a whole or not at all: what is written has no name until
 * io_file_commit(), and where the filesystem can (O_TMPFILE) it goes even when the program is
 * killed. Mode 0600. A device or a pipe is written into as it comes.
 */
struct io_file {
	int fd;
	const char *path;             /* the caller's, for the life of the file */
	char *temporary;              /* the name that it has meanwhile; NULL: none */
	const struct io_maker *maker; /* NULL: io_file_open() has made it */
	bool replaces;
	bool is_special;
};

/* Who makes files for a process that may not do so itself: new ones only, both calls as the
 * functions below; `publish` leaves the descriptor open. */
struct io_maker {
	int (*create)(void *context, const char *path, int *fd);
	int (*publish)(void *context, int fd, const char *path);
	void *context;
};

/* Returns 0; -EEXIST when the file is there and `replace` is false; or another -errno. */
int io_file_open(struct io_file *file, const char *path, bool replace);

/* The same for a new file, by somebody else; `maker` is borrowed for the life of the file. */
int io_file_open_by(struct io_file *file, const struct io_maker *maker, const char *path);

/* Returns 0 or -errno; the file is then to be dropped. */
int io_file_write(struct io_file *file, const void *bytes, size_t len);

/* Syncs the file and gives it its name. Returns 0 or -errno, and nothing is left behind then. */
int io_file_commit(struct io_file *file);
void io_file_drop(struct io_file *file);

/* Writes a new file as a whole: into a temporary file beside it, synced, then given its name.
 * Returns 0, -EEXIST when the file is there and `replace` is false, or another -errno; on failure
 * nothing is left behind. Mode 0600. A device or a FIFO is written into. */
int io_write_file(const char *path, const void *bytes, size_t len, bool replace);

#endif
