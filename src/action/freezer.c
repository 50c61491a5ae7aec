#include "freezer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clade/cgroup.h"
#include "clade/io.h"
#include "clade/mem.h"

enum {
	MOUNTINFO_MAX = 1 << 20,
	PIDS_CHUNK = 4096,
	DEPTH_MAX = 16,
	WORD_MAX = 256,
};

struct freezer {
	char *dir;
	int fd; /* of it */
	bool is_v2;
	bool can_kill;
	bool was_frozen; /* before we came: docker pause */
	bool is_frozen;  /* by us */
};

/* ---- Files of the group ---- */

static int write_word(const struct freezer *freezer, const char *name, const char *word)
{
	int fd = openat(freezer->fd, name, O_WRONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return -errno;
	rc = io_write_all(fd, word, strlen(word));
	close(fd);
	return rc;
}

static void read_word(const struct freezer *freezer, const char *name, char word[WORD_MAX])
{
	int fd = openat(freezer->fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, word, WORD_MAX - 1) : 0;

	word[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

bool freezer_is_frozen(struct freezer *freezer)
{
	char word[WORD_MAX];

	if (freezer->is_v2) {
		read_word(freezer, "cgroup.events", word);
		return strstr(word, "frozen 1") != NULL;
	}
	read_word(freezer, "freezer.state", word);
	/* v1 does not try again by itself */
	if (strncmp(word, "FREEZING", 8) == 0)
		write_word(freezer, "freezer.state", "FROZEN");
	return strncmp(word, "FROZEN", 6) == 0;
}

int freezer_freeze(struct freezer *freezer)
{
	int rc = freezer->is_v2 ? write_word(freezer, "cgroup.freeze", "1")
				: write_word(freezer, "freezer.state", "FROZEN");

	if (rc == 0)
		freezer->is_frozen = true;
	return rc;
}

int freezer_force_thaw(struct freezer *freezer)
{
	int rc = freezer->is_v2 ? write_word(freezer, "cgroup.freeze", "0")
				: write_word(freezer, "freezer.state", "THAWED");

	/* a group that is gone has nobody left in it */
	if (rc == 0 || rc == -ENOENT || rc == -ENODEV) {
		freezer->is_frozen = false;
		return 0;
	}
	return rc;
}

int freezer_thaw(struct freezer *freezer)
{
	return freezer->is_frozen && !freezer->was_frozen ? freezer_force_thaw(freezer) : 0;
}

int freezer_kill(struct freezer *freezer)
{
	return write_word(freezer, "cgroup.kill", "1");
}

const char *freezer_dir(const struct freezer *freezer)
{
	return freezer->dir;
}

bool freezer_can_kill(const struct freezer *freezer)
{
	return freezer->can_kill;
}

/* ---- Who is in it ---- */

/* One pid a line. A file of v1 and v2 alike. */
static int each_of_file(int dir, int (*visit)(void *context, int32_t pid), void *context)
{
	int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char bytes[PIDS_CHUNK];
	int64_t pid = 0;
	int rc = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	while (rc == 0) {
		ssize_t n = read(fd, bytes, sizeof(bytes));

		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n && rc == 0; i++) {
			if (bytes[i] != '\n') {
				pid = pid * 10 + (bytes[i] - '0');
				continue;
			}
			rc = visit(context, (int32_t)pid);
			pid = 0;
		}
	}
	close(fd);
	return rc;
}

static int each_below(int dir, int depth, int (*visit)(void *context, int32_t pid), void *context)
{
	int rc = each_of_file(dir, visit, context);
	DIR *list = rc == 0 ? fdopendir(dup(dir)) : NULL;
	const struct dirent *item;

	if (!list)
		return rc;
	rewinddir(list);
	for (item = readdir(list); item && rc == 0; item = readdir(list)) {
		int below;

		if (item->d_type != DT_DIR || item->d_name[0] == '.' || depth >= DEPTH_MAX)
			continue;
		below = openat(dir, item->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (below < 0)
			continue;
		rc = each_below(below, depth + 1, visit, context);
		close(below);
	}
	closedir(list);
	return rc;
}

int freezer_each(const struct freezer *freezer, int (*visit)(void *context, int32_t pid),
		 void *context)
{
	return each_below(freezer->fd, 0, visit, context);
}

/* ---- Opening ---- */

static bool is_there(const struct freezer *freezer, const char *name)
{
	return faccessat(freezer->fd, name, W_OK, AT_EACCESS) == 0;
}

/* Takes the directory over. */
static struct freezer *open_dir(char *dir, bool is_v2)
{
	struct freezer *freezer = mem_new(1, sizeof(*freezer));

	freezer->dir = dir;
	freezer->is_v2 = is_v2;
	freezer->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (freezer->fd < 0 || !is_there(freezer, is_v2 ? "cgroup.freeze" : "freezer.state")) {
		freezer_close(freezer);
		return NULL;
	}
	freezer->can_kill = is_v2 && is_there(freezer, "cgroup.kill");
	freezer->was_frozen = freezer_is_frozen(freezer);
	return freezer;
}

static struct freezer *open_cgroup(const struct cgroup_reader *reader,
				   const struct plan_cgroup *cgroup)
{
	struct text line = {0};
	bool is_v2;
	size_t top;
	char *dir;

	text_printf(&line, "0:%s:%s\n", cgroup->controllers, cgroup->path);
	dir = cgroup_dir(reader, text_str(&line), *cgroup->controllers ? "freezer" : "", &is_v2,
			 &top);
	text_done(&line);
	if (dir && strlen(dir) > top)
		return open_dir(dir, is_v2);
	free(dir);
	return NULL;
}

/* v2's first: it can kill. */
struct freezer *freezer_open(const struct plan *plan)
{
	struct cgroup_reader reader;
	struct text mountinfo = {0};
	struct freezer *freezer = NULL;

	if (plan->n_cgroups == 0 ||
	    io_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &mountinfo) != 0) {
		text_done(&mountinfo);
		return NULL;
	}
	cgroup_reader_init(&reader, text_str(&mountinfo));
	for (size_t i = 0; i < plan->n_cgroups && !freezer; i++) {
		if (!*plan->cgroups[i].controllers)
			freezer = open_cgroup(&reader, &plan->cgroups[i]);
	}
	for (size_t i = 0; i < plan->n_cgroups && !freezer; i++) {
		if (strcmp(plan->cgroups[i].controllers, "freezer") == 0)
			freezer = open_cgroup(&reader, &plan->cgroups[i]);
	}
	cgroup_reader_done(&reader);
	text_done(&mountinfo);
	return freezer;
}

void freezer_close(struct freezer *freezer)
{
	if (!freezer)
		return;
	if (freezer->fd >= 0) {
		freezer_thaw(freezer);
		close(freezer->fd);
	}
	free(freezer->dir);
	free(freezer);
}
