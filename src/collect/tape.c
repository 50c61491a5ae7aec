#include "tape.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clade/io.h"
#include "clade/mem.h"
#include "clade/units.h"
#include "clade/zst.h"
#include "parse.h"

enum {
	FILES_MAX = 512,  /* of a ring; each stays open */
	NUMBER_LEAST = 6, /* digits of FILE.000001 */
	NUMBER_MOST = 12,
	CHUNK = 64 << 10,
};

static const uint64_t SPOOL_MAX = UINT64_C(4) << 30; /* what is copied, at most */

/* ---- What a file is ---- */

/* A file that has no name and ends with us; in memory where there is no other place. */
static int open_spool(void)
{
	const char *dir = getenv("TMPDIR");
	int fd = open(dir && *dir == '/' ? dir : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		fd = memfd_create("clade", MFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Unpacks zstd that was not made by us into a file of its own. What is torn ends there. */
static int unpack_into(int fd, int plain)
{
	struct zst_unpacker *unpacker = zst_unpacker_new();
	struct text packed = {0};
	struct text out = {0};
	uint64_t at = 0;
	uint64_t written = 0;
	int rc = unpacker ? 0 : -ENOMEM;

	while (rc == 0 && written < SPOOL_MAX) {
		ssize_t n = pread(fd, text_room(&packed, CHUNK), CHUNK, (off_t)at);
		size_t used = 0;

		if (n < 0)
			rc = -errno;
		text_clear(&out);
		if (n <= 0 || zst_unpack(unpacker, packed.data, (size_t)n, &used, &out) < 0)
			break;
		at += used;
		written += out.len;
		rc = io_write_all(plain, text_str(&out), out.len);
	}
	zst_unpacker_free(unpacker);
	text_done(&packed);
	text_done(&out);
	return rc;
}

/* Whether the beginning of a file is a line of ours rather than of a document. */
static bool begins_with_line(const char *bytes, size_t len)
{
	static const char torn[] = "{\"type\":\"sample\"";
	const char *end = memchr(bytes, '\n', len);
	size_t least = len < sizeof(torn) - 1 ? len : sizeof(torn) - 1;
	json_t *object = json_loadb(bytes, end ? (size_t)(end - bytes) : len, 0, NULL);
	bool is_line = parse_get_string(object, "type") != NULL;

	json_decref(object);
	return is_line || (!end && least > 1 && memcmp(bytes, torn, least) == 0);
}

static bool has_magic(const unsigned char *bytes, size_t len, uint32_t magic)
{
	for (size_t i = 0; i < ZST_MAGIC_LEN && i < len; i++) {
		if (bytes[i] != (unsigned char)(magic >> (8 * i)))
			return false;
	}
	return true;
}

/* What bytes[0..len), the beginning of a file, are; `*is_packed` when they are zstd without heads.
 * Returns 0, or -EINVAL for what is nothing of ours. */
static int tell_kind(const char *bytes, size_t len, enum tape_kind *kind, bool *is_packed)
{
	const unsigned char *raw = (const unsigned char *)bytes;
	size_t blank = 0;

	*kind = TAPE_EMPTY;
	*is_packed = false;
	while (blank < len && strchr(" \t\r\n", bytes[blank]) && bytes[blank])
		blank++;
	if (blank == len)
		return 0;
	if (has_magic(raw, len, ZST_MAGIC_SKIP)) {
		*kind = TAPE_FRAMES;
		return 0;
	}
	*is_packed = has_magic(raw, len, ZST_MAGIC);
	if (*is_packed)
		return 0;
	*kind = begins_with_line(bytes + blank, len - blank) ? TAPE_LINES : TAPE_DOCUMENT;
	return bytes[blank] == '{' || bytes[blank] == '[' ? 0 : -EINVAL;
}

static int identify(struct tape_file *file, bool may_unpack, struct text *error)
{
	struct text start = {0};
	ssize_t n = pread(file->fd, text_room(&start, CHUNK), CHUNK, 0);
	bool is_packed = false;
	int rc = n < 0 ? -errno : tell_kind(start.data, (size_t)n, &file->kind, &is_packed);

	text_done(&start);
	if (rc == -EINVAL)
		text_add(error, "not a snapshot of clade: neither JSON nor zstd");
	if (rc == 0 && is_packed && may_unpack) {
		int plain = open_spool();

		rc = plain < 0 ? plain : unpack_into(file->fd, plain);
		if (plain >= 0) {
			close(file->fd);
			file->fd = plain;
		}
		if (rc == 0)
			rc = identify(file, false, error);
	} else if (rc == 0 && is_packed) {
		text_add(error, "packed twice");
		rc = -EINVAL;
	}
	return rc;
}

/* ---- Files ---- */

static struct tape_file *add_file(struct tape *tape, const char *name, int fd, ino_t inode)
{
	struct tape_file *file;

	tape->files = mem_grow(tape->files, tape->n_files + 1, sizeof(*tape->files));
	file = &tape->files[tape->n_files++];
	*file = (struct tape_file){.name = mem_strdup(name), .fd = fd, .inode = inode};
	return file;
}

static bool is_known_inode(const struct tape *tape, ino_t inode)
{
	for (size_t i = 0; i < tape->n_files; i++) {
		if (tape->files[i].inode == inode)
			return true;
	}
	return false;
}

/* Opens one file and looks through it; one that is open already is left as it is. */
static int open_file(struct tape *tape, const char *path, struct text *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat stat;
	int rc;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode)) {
		text_add(error, S_ISDIR(stat.st_mode)
					? "it is a directory"
					: "it is no regular file; give it as standard input");
		close(fd);
		return -EINVAL;
	}
	if (is_known_inode(tape, stat.st_ino)) {
		close(fd);
		return 0;
	}
	rc = identify(add_file(tape, path, fd, stat.st_ino), true, error);
	if (rc == 0)
		tape_scan(tape, tape->n_files - 1);
	return rc;
}

/* The number behind "FILE.", or 0. */
static uint64_t number_of(const char *name, const char *base)
{
	size_t len = strlen(base);
	const char *digits = name + len + 1;
	size_t n;

	if (strncmp(name, base, len) != 0 || name[len] != '.')
		return 0;
	n = strspn(digits, "0123456789");
	return n >= NUMBER_LEAST && n <= NUMBER_MOST && !digits[n] ? strtoull(digits, NULL, 10) : 0;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The numbers of a ring's older files, ascending; the heap's. */
static uint64_t *list_numbers(const char *path, size_t *n)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	char *folder = slash ? mem_strndup(path, (size_t)(slash - path) + 1) : mem_strdup(".");
	DIR *dir = opendir(folder);
	uint64_t *numbers = NULL;
	const struct dirent *entry;

	*n = 0;
	for (entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
		uint64_t number = number_of(entry->d_name, base);

		if (number == 0)
			continue;
		numbers = mem_grow(numbers, *n + 1, sizeof(*numbers));
		numbers[(*n)++] = number;
	}
	if (dir)
		closedir(dir);
	free(folder);
	if (*n > 0)
		qsort(numbers, *n, sizeof(*numbers), by_number);
	return numbers;
}

/* A part that cannot be opened is missing; the others are shown. */
static void add_older(struct tape *tape, const char *path)
{
	size_t n;
	uint64_t *numbers = list_numbers(path, &n);

	for (size_t i = n > FILES_MAX ? n - FILES_MAX : 0; i < n; i++) {
		struct text part = {0};
		struct text error = {0};
		int rc;

		text_printf(&part, "%s.%06llu", path, (unsigned long long)numbers[i]);
		rc = open_file(tape, text_str(&part), &error);
		if (rc != 0)
			text_printf(&tape->gaps, "%s: %s\n", text_str(&part),
				    error.len > 0 ? text_str(&error) : strerror(-rc));
		if (i > 0 && numbers[i] != numbers[i - 1] + 1)
			text_printf(&tape->gaps, "before %s something is missing\n",
				    text_str(&part));
		text_done(&part);
		text_done(&error);
	}
	if (n > FILES_MAX)
		text_printf(&tape->gaps, "%zu older files are left out\n", n - FILES_MAX);
	free(numbers);
}

static int open_ring(struct tape *tape, const char *path, struct text *error)
{
	int rc;

	add_older(tape, path);
	rc = open_file(tape, path, error);
	/* between two files the newest is missing for a moment */
	return rc == -ENOENT && tape->n_files > 0 ? 0 : rc;
}

/* The files that have come since, and those that have gone. */
static void follow_ring(struct tape *tape)
{
	struct text error = {0};
	struct stat stat_now;

	for (size_t i = 0; i < tape->n_files; i++) {
		struct tape_file *file = &tape->files[i];

		/* what was dropped from a ring is given back to the disk */
		if (file->fd >= 0 && file->inode != 0 && fstat(file->fd, &stat_now) == 0 &&
		    stat_now.st_nlink == 0) {
			close(file->fd);
			file->fd = -1;
		}
	}
	if (stat(tape->path, &stat_now) == 0 && !is_known_inode(tape, stat_now.st_ino))
		open_ring(tape, tape->path, &error);
	text_done(&error);
}

/* ---- Standard input ---- */

/* Copies what is there. Returns false when there is nothing for now, or never again. */
static bool copy_pipe(struct tape *tape, bool may_wait)
{
	struct pollfd ready = {.fd = tape->pipe, .events = POLLIN};
	char buffer[CHUNK];
	ssize_t n;

	if (tape->pipe < 0 || (!may_wait && poll(&ready, 1, 0) <= 0))
		return false;
	do {
		n = read(tape->pipe, buffer, sizeof(buffer));
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return may_wait && poll(&ready, 1, -1) > 0;
	if (n <= 0 || tape->piped >= SPOOL_MAX ||
	    io_write_all(tape->files[0].fd, buffer, (size_t)n) != 0) {
		close(tape->pipe);
		tape->pipe = -1;
		return false;
	}
	tape->piped += (uint64_t)n;
	return true;
}

/* Waits for the first sample; what is no row of samples is waited for to its end. */
static int open_pipe(struct tape *tape, struct text *error)
{
	int spool = open_spool();
	struct tape_file *file;
	struct text ignored = {0};
	bool is_more = true;

	if (spool < 0)
		return spool;
	tape->pipe = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (tape->pipe < 0) {
		close(spool);
		return -errno;
	}
	file = add_file(tape, "standard input", spool, 0);
	while (is_more && tape->n == 0) {
		is_more = copy_pipe(tape, true);
		if (is_more && identify(file, false, &ignored) == 0)
			tape_scan(tape, 0);
	}
	text_done(&ignored);
	if (tape->n > 0)
		return 0;
	if (identify(file, true, error) != 0)
		return -EINVAL;
	tape_scan(tape, 0);
	return 0;
}

/* ---- The tape ---- */

int tape_open(struct tape *tape, const char *path, struct text *error)
{
	*tape = (struct tape){.pipe = -1};
	if (strcmp(path, "-") == 0)
		return open_pipe(tape, error);
	tape->path = mem_strdup(path);
	return open_ring(tape, path, error);
}

int tape_open_bytes(struct tape *tape, const void *bytes, size_t len, struct text *error)
{
	int fd = open_spool();
	int rc;

	*tape = (struct tape){.pipe = -1};
	if (fd < 0)
		return fd;
	rc = io_write_all(fd, bytes, len);
	if (rc == 0)
		rc = identify(add_file(tape, "memory", fd, 0), true, error);
	else
		close(fd);
	if (rc == 0)
		tape_scan(tape, 0);
	return rc;
}

void tape_close(struct tape *tape)
{
	for (size_t i = 0; i < tape->n_files; i++) {
		if (tape->files[i].fd >= 0)
			close(tape->files[i].fd);
		free(tape->files[i].name);
	}
	if (tape->pipe >= 0)
		close(tape->pipe);
	free(tape->files);
	free(tape->entries);
	free(tape->path);
	text_done(&tape->gaps);
	*tape = (struct tape){.pipe = -1};
}

size_t tape_poll(struct tape *tape)
{
	struct text ignored = {0};

	/* some megabytes at a time: the keyboard is waiting */
	for (int i = 0; i < 64 && copy_pipe(tape, false); i++)
		;
	if (tape->path)
		follow_ring(tape);
	for (size_t i = 0; i < tape->n_files; i++) {
		struct tape_file *file = &tape->files[i];

		if (file->fd >= 0 && file->kind == TAPE_EMPTY)
			identify(file, true, &ignored);
		if (file->fd >= 0)
			tape_scan(tape, i);
	}
	text_done(&ignored);
	return tape->n;
}

void tape_wait(struct tape *tape)
{
	while (copy_pipe(tape, true))
		;
	tape_poll(tape);
}

void tape_add_missing(const struct tape *tape, struct text *out)
{
	char number[UNITS_LEN];

	text_add(out, text_str(&tape->gaps));
	for (size_t i = 0; i < tape->n_files; i++) {
		const struct tape_file *file = &tape->files[i];

		if (file->lost > 0)
			text_printf(out, "%s: %s bytes are no whole samples and are left out\n",
				    file->name, units_count(number, file->lost));
		if (file->tail > 0 && tape->pipe < 0)
			text_printf(out, "%s: its last sample is torn, %s bytes are left out\n",
				    file->name, units_count(number, file->tail));
		if (file->fd < 0)
			text_printf(out, "%s was dropped from the ring meanwhile\n", file->name);
	}
}
