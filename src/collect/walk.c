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
	STAT_MAX = 2048, /* a line is some 300 bytes */
};

static void close_process(struct walk *walk)
{
	if (walk->process > 0)
		close(walk->process);
	walk->process = 0;
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
	close_process(walk);
	if (walk->dir > 0)
		close(walk->dir);
	walk->dir = 0;
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

static ssize_t read_stat(int dir, const char *path, char *bytes)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, bytes, STAT_MAX);
	close(fd);
	return n < 0 ? -errno : n;
}

/* Of a process that is new, everything is read through its directory: no later process of that
 * number can be in its place. */
static ssize_t look_in(struct walk *walk, const char *name, char *bytes, struct stat *st)
{
	close_process(walk);
	walk->process = openat(walk->dir, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (walk->process < 0 || fstat(walk->process, st) != 0)
		return -errno;
	return read_stat(walk->process, "stat", bytes);
}

static ssize_t look_at(const struct walk *walk, const char *name, char *bytes)
{
	char path[32];
	size_t len = strnlen(name, sizeof(path) - sizeof("/stat"));

	memcpy(path, name, len);
	memcpy(path + len, "/stat", sizeof("/stat"));
	return read_stat(walk->dir, path, bytes);
}

int walk_next(struct walk *walk, struct sampler *sampler, struct seen *seen)
{
	char bytes[STAT_MAX];
	const char *name;
	int rc = 0;

	for (name = next_name(walk, &rc); name; name = next_name(walk, &rc)) {
		int32_t pid = (int32_t)strtol(name, NULL, 10);
		bool is_known = sampler_knows(sampler, pid);
		struct stat st = {0};
		ssize_t n = is_known ? look_at(walk, name, bytes) : look_in(walk, name, bytes, &st);

		/* no descriptor left is no process gone */
		if (n == -EMFILE || n == -ENFILE || n == -ENOMEM)
			return (int)n;
		if (is_known && (!sampler_is_turn(sampler, pid, LOOK_TURN) ||
				 fstatat(walk->dir, name, &st, 0) != 0))
			st.st_uid = UINT32_MAX;
		*seen = (struct seen){.uid = st.st_uid, .dir = is_known ? 0 : walk->process};
		if (n <= 0 || procfs_parse_process(bytes, (size_t)n, walk->page_bytes, &seen->proc,
						   seen->comm, &seen->stack, &seen->is_forked) != 0)
			continue;
		return 1;
	}
	return rc;
}
