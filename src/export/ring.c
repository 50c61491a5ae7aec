#include "clade/ring.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "clade/clock.h"
#include "clade/frame.h"
#include "clade/mem.h"
#include "clade/units.h"

enum {
	PARTS = 16, /* files that a full ring has: one of them is what dropping the oldest costs */
	DISK_PARTS = 8,
	NUMBER_LEAST = 6, /* digits of FILE.000001 */
	NUMBER_MOST = 12,
	PART_LEAST_MS = 60000,
	PART_MOST_MS = 3600000,
	TELL_EACH_MS = 60000,
};

static const uint64_t PART_LEAST_BYTES = 16 << 10;
static const uint64_t KEEP_LEAST_BYTES = 64 << 10;

/* An older file. */
struct part {
	uint64_t number;
	uint64_t bytes;
	uint64_t last_ms; /* when its last sample was taken, or the file was written last */
};

struct ring {
	char *path;
	char *dir;  /* with its slash, or "./" */
	char *base; /* the name in it */
	struct ring_keep keep;
	ring_tell *tell;
	void *context;
	struct part *parts; /* oldest first */
	size_t n_parts;
	uint64_t next_number;
	int fd;
	uint64_t size; /* of the newest file, all of it whole samples */
	uint64_t first_ms, last_ms;
	int told;         /* the failure that the user knows of */
	uint64_t told_ms; /* when it was last said that something was dropped */
	uint64_t dropped; /* since, and how many bytes that were */
	uint64_t dropped_bytes;
};

/* ---- How much ---- */

/* "24h": sets the limit of its kind. */
static int parse_limit(const char *s, size_t len, struct ring_keep *keep)
{
	/* clang-format off */
	static const struct { char unit; double factor; bool is_time; } units[] = {
		{'s', 1e3, true}, {'m', 6e4, true}, {'h', 3.6e6, true}, {'d', 8.64e7, true}, {'w', 6.048e8, true},
		{'K', 1024.0, false}, {'M', 1048576.0, false}, {'G', 1073741824.0, false}, {'T', 1099511627776.0, false},
	};
	/* clang-format on */
	char *end;
	double value = strtod(s, &end);

	if (end == s || (size_t)(end - s) + 1 != len || !(value > 0 && value < 1e9))
		return -EINVAL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (units[i].unit != *end)
			continue;
		if (units[i].is_time)
			keep->ms = (uint64_t)(value * units[i].factor);
		else
			keep->bytes = (uint64_t)(value * units[i].factor);
		return 0;
	}
	return -EINVAL;
}

int ring_parse_keep(const char *s, struct ring_keep *keep, struct text *error)
{
	struct ring_keep parsed = {.ms = UNKNOWN, .bytes = UNKNOWN};
	const char *at = s;
	int rc = 0;

	while (rc == 0) {
		size_t len = strcspn(at, ",");

		rc = parse_limit(at, len, &parsed);
		if (!at[len])
			break;
		at += len + 1;
	}
	if (rc != 0)
		text_printf(error, "it is a time such as 24h or a size such as 500M, not '%.40s'",
			    s);
	else if (parsed.bytes < KEEP_LEAST_BYTES || parsed.ms < PART_LEAST_MS) {
		text_add(error, "less than 64K or 60s is not worth keeping");
		rc = -EINVAL;
	}
	if (rc == 0)
		*keep = parsed;
	return rc;
}

/* ---- What is there ---- */

static char *name_of(const struct ring *ring, uint64_t number)
{
	struct text name = {0};

	text_printf(&name, "%s.%06llu", ring->path, (unsigned long long)number);
	return text_take(&name);
}

static void say(const struct ring *ring, const char *message)
{
	ring->tell(ring->context, message);
}

static uint64_t number_of(const struct ring *ring, const char *name)
{
	size_t len = strlen(ring->base);
	size_t n;

	if (strncmp(name, ring->base, len) != 0 || name[len] != '.')
		return 0;
	n = strspn(name + len + 1, "0123456789");
	return n >= NUMBER_LEAST && n <= NUMBER_MOST && !name[len + 1 + n]
		       ? strtoull(name + len + 1, NULL, 10)
		       : 0;
}

static int by_number(const void *a, const void *b)
{
	const struct part *x = a;
	const struct part *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

/* Goes from head to head through a file. Returns where its whole samples end. */
static uint64_t walk(int fd, uint64_t size, uint64_t *first_ms, uint64_t *last_ms)
{
	uint64_t at = 0;

	*first_ms = *last_ms = 0;
	while (at < size) {
		unsigned char head[FRAME_HEAD_LEN];
		struct recording_sample sample;
		uint64_t len;

		if (pread(fd, head, sizeof(head), (off_t)at) != FRAME_HEAD_LEN ||
		    !frame_parse_head(head, sizeof(head), &sample, &len) ||
		    len > size - at - FRAME_HEAD_LEN)
			break;
		if (at == 0)
			*first_ms = sample.taken_ms;
		*last_ms = sample.taken_ms;
		at += FRAME_HEAD_LEN + len;
	}
	return at;
}

static void add_part(struct ring *ring, struct part part)
{
	ring->parts = mem_grow(ring->parts, ring->n_parts + 1, sizeof(*ring->parts));
	ring->parts[ring->n_parts++] = part;
	if (part.number >= ring->next_number)
		ring->next_number = part.number + 1;
}

static void look_at_part(struct ring *ring, uint64_t number)
{
	struct part part = {.number = number};
	char *name = name_of(ring, number);
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat stat;
	uint64_t first_ms;

	if (fd >= 0 && fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode)) {
		part.bytes = (uint64_t)stat.st_size;
		walk(fd, part.bytes, &first_ms, &part.last_ms);
		if (part.last_ms == 0)
			part.last_ms = (uint64_t)stat.st_mtim.tv_sec * 1000;
		add_part(ring, part);
	}
	if (fd >= 0)
		close(fd);
	free(name);
}

static void find_parts(struct ring *ring)
{
	DIR *dir = opendir(ring->dir);
	const struct dirent *entry;

	for (entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
		uint64_t number = number_of(ring, entry->d_name);

		if (number > 0)
			look_at_part(ring, number);
	}
	if (dir)
		closedir(dir);
	if (ring->n_parts > 0)
		qsort(ring->parts, ring->n_parts, sizeof(*ring->parts), by_number);
}

uint64_t ring_size(const struct ring *ring)
{
	uint64_t size = ring->size;

	for (size_t i = 0; i < ring->n_parts; i++)
		size += ring->parts[i].bytes;
	return size;
}

/* ---- Files ---- */

static void sync_dir(const struct ring *ring)
{
	int fd = open(ring->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* Opens the newest file, or makes it. It is locked as long as it is written. */
static int open_newest(struct ring *ring, struct text *error)
{
	struct stat stat;
	int fd = open(ring->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode)) {
		text_add(error, "it is no regular file");
		close(fd);
		return -EINVAL;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		text_add(error, "another clade is recording into it");
		close(fd);
		return -EINVAL;
	}
	ring->size = walk(fd, (uint64_t)stat.st_size, &ring->first_ms, &ring->last_ms);
	if (ring->size == 0 && stat.st_size >= FRAME_HEAD_LEN) {
		text_add(error, "it is there already and is no recording; choose another name");
		close(fd);
		return -EINVAL;
	}
	/* what a crash has left half written */
	if (ring->size < (uint64_t)stat.st_size && ftruncate(fd, (off_t)ring->size) != 0) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	ring->fd = fd;
	return 0;
}

int ring_open(const char *path, const struct ring_keep *keep, ring_tell *tell, void *context,
	      struct ring **ring, struct text *error)
{
	struct ring *opened = mem_new(1, sizeof(*opened));
	const char *slash = strrchr(path, '/');
	int rc;

	*opened = (struct ring){
		.path = mem_strdup(path),
		.dir = slash ? mem_strndup(path, (size_t)(slash - path) + 1) : mem_strdup("./"),
		.base = mem_strdup(slash ? slash + 1 : path),
		.keep = *keep,
		.tell = tell,
		.context = context,
		.next_number = 1,
		.fd = -1,
	};
	rc = open_newest(opened, error);
	if (rc != 0) {
		ring_close(opened);
		return rc;
	}
	find_parts(opened);
	sync_dir(opened);
	*ring = opened;
	return 0;
}

void ring_close(struct ring *ring)
{
	if (!ring)
		return;
	if (ring->fd >= 0)
		close(ring->fd);
	free(ring->path);
	free(ring->dir);
	free(ring->base);
	free(ring->parts);
	free(ring);
}

/* ---- Dropping and turning ---- */

/* Once a minute is often enough on a disk that stays full. */
static void tell_dropped(struct ring *ring, uint64_t now_ms)
{
	struct text message = {0};
	char size[UNITS_LEN];

	if (ring->told_ms != 0 && now_ms < ring->told_ms + TELL_EACH_MS)
		return;
	text_printf(&message, "%s: the disk is full: dropped the oldest, %llu file%s with %s",
		    ring->path, (unsigned long long)ring->dropped, ring->dropped == 1 ? "" : "s",
		    units_bytes(size, ring->dropped_bytes));
	say(ring, text_str(&message));
	text_done(&message);
	ring->told_ms = now_ms;
	ring->dropped = 0;
	ring->dropped_bytes = 0;
}

/* One that cannot be dropped is said and left to the administrator. */
static void unlink_part(const struct ring *ring, const struct part *part)
{
	char *name = name_of(ring, part->number);
	struct text message = {0};

	if (unlink(name) != 0 && errno != ENOENT) {
		text_printf(&message, "%s: cannot be dropped: %s", name, strerror(errno));
		say(ring, text_str(&message));
	}
	text_done(&message);
	free(name);
}

/* Returns whether there was something to drop. */
static bool drop_oldest(struct ring *ring)
{
	if (ring->n_parts == 0)
		return false;
	unlink_part(ring, &ring->parts[0]);
	ring->n_parts--;
	memmove(ring->parts, ring->parts + 1, ring->n_parts * sizeof(*ring->parts));
	return true;
}

/* For room on a full disk: that is said. */
static bool drop_for_room(struct ring *ring)
{
	uint64_t bytes = ring->n_parts > 0 ? ring->parts[0].bytes : 0;

	if (!drop_oldest(ring))
		return false;
	ring->dropped++;
	ring->dropped_bytes += bytes;
	tell_dropped(ring, clock_ms(CLOCK_MONOTONIC));
	return true;
}

/* What the disk has for us. */
static uint64_t room_bytes(const struct ring *ring)
{
	struct statvfs disk;

	return ring->fd >= 0 && fstatvfs(ring->fd, &disk) == 0
		       ? (uint64_t)disk.f_bavail * disk.f_frsize
		       : UNKNOWN;
}

/* How large a file may become: a part of what is kept, and of what the disk has for us. */
static uint64_t part_bytes(const struct ring *ring)
{
	uint64_t most = ring->keep.bytes != UNKNOWN ? ring->keep.bytes / PARTS : UNKNOWN;
	uint64_t room = room_bytes(ring);

	if (is_known(room) && (room + ring_size(ring)) / DISK_PARTS < most)
		most = (room + ring_size(ring)) / DISK_PARTS;
	return most < PART_LEAST_BYTES ? PART_LEAST_BYTES : most;
}

static uint64_t part_ms(const struct ring *ring)
{
	uint64_t most = ring->keep.ms != UNKNOWN ? ring->keep.ms / PARTS : PART_MOST_MS;

	return most < PART_LEAST_MS ? PART_LEAST_MS : most > PART_MOST_MS ? PART_MOST_MS : most;
}

bool ring_wants_full(const struct ring *ring, uint64_t taken_ms)
{
	return ring->size == 0 || ring->told == -EFBIG || ring->size >= part_bytes(ring) ||
	       taken_ms < ring->last_ms || taken_ms - ring->first_ms >= part_ms(ring);
}

/* The newest file becomes an older one, and another is begun. */
static int turn(struct ring *ring)
{
	struct part part = {
		.number = ring->next_number, .bytes = ring->size, .last_ms = ring->last_ms};
	char *name = name_of(ring, part.number);
	int rc = rename(ring->path, name) == 0 ? 0 : -errno;
	int fd;

	free(name);
	if (rc != 0)
		return rc;
	add_part(ring, part);
	fd = open(ring->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	/* a directory that has no room for another name */
	while (fd < 0 && errno == ENOSPC && drop_for_room(ring))
		fd = open(ring->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	rc = fd < 0 ? -errno : 0;
	if (ring->fd >= 0)
		close(ring->fd);
	ring->fd = fd;
	ring->size = 0;
	if (fd >= 0)
		flock(fd, LOCK_EX | LOCK_NB);
	sync_dir(ring);
	return rc;
}

/* What is too old, and what is too much with so many bytes more. */
static void drop_surplus(struct ring *ring, size_t len, uint64_t taken_ms)
{
	while (ring->n_parts > 0 && ring->keep.ms != UNKNOWN &&
	       ring->parts[0].last_ms + ring->keep.ms < taken_ms)
		drop_oldest(ring);
	while (ring->keep.bytes != UNKNOWN && ring_size(ring) + len > ring->keep.bytes &&
	       drop_oldest(ring))
		;
}

/* ---- Writing ---- */

static int write_at(int fd, const char *bytes, size_t len, uint64_t at)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, bytes, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		bytes += n;
		len -= (size_t)n;
		at += (uint64_t)n;
	}
	return 0;
}

/* On the disk, or not there. */
static int write_sample(struct ring *ring, const void *bytes, size_t len)
{
	int rc = ring->fd >= 0 ? write_at(ring->fd, bytes, len, ring->size) : -EBADF;

	if (rc == 0 && fdatasync(ring->fd) != 0)
		rc = -errno;
	if (rc != 0 && ring->fd >= 0 && ftruncate(ring->fd, (off_t)ring->size) != 0 && rc == 0)
		rc = -errno;
	return rc;
}

static bool is_full_disk(int rc)
{
	return rc == -ENOSPC || rc == -EDQUOT;
}

/* Once for each kind of failure, not every two seconds. */
static void tell_failure(struct ring *ring, int rc)
{
	struct text message = {0};

	if (rc == ring->told)
		return;
	if (rc == 0)
		text_printf(&message, "%s: goes on", ring->path);
	else if (is_full_disk(rc))
		text_printf(&message,
			    "%s: the disk is full and what could be dropped makes no room; samples "
			    "are lost until there is some",
			    ring->path);
	else
		text_printf(&message, "%s: %s; samples are lost until it can be written",
			    ring->path, strerror(-rc));
	ring->told = rc;
	say(ring, text_str(&message));
	text_done(&message);
}

/* Whether it would fit if all that is older were dropped; without that it is not worth the past. */
static bool could_fit(const struct ring *ring, size_t len)
{
	uint64_t room = room_bytes(ring);

	return ring_size(ring) - ring->size + (is_known(room) ? room : 0) >= len;
}

/* Drops what the sample takes and no more: who fills the disk may be quicker than we are, and what
 * he gets of one sample's room is not to be all of the past. */
static int write_with_room(struct ring *ring, const void *bytes, size_t len)
{
	int rc = write_sample(ring, bytes, len);
	uint64_t before = ring_size(ring);

	while (is_full_disk(rc) && before - ring_size(ring) < len && could_fit(ring, len) &&
	       drop_for_room(ring))
		rc = write_sample(ring, bytes, len);
	return rc;
}

int ring_add(struct ring *ring, const void *bytes, size_t len, uint64_t taken_ms, bool is_full)
{
	struct text ignored = {0};
	int rc = 0;

	if (ring->fd < 0)
		rc = open_newest(ring, &ignored);
	else if (is_full && ring->size > 0 && ring_wants_full(ring, taken_ms))
		rc = turn(ring);
	text_done(&ignored);
	if (rc == 0) {
		drop_surplus(ring, len, taken_ms);
		rc = write_with_room(ring, bytes, len);
	}
	tell_failure(ring, rc);
	if (rc != 0)
		return rc;
	if (ring->size == 0)
		ring->first_ms = taken_ms;
	ring->last_ms = taken_ms;
	ring->size += len;
	return 0;
}
