#include "clade/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "clade/io.h"
#include "clade/mem.h"
#include "procfs.h"

enum {
	FILE_MAX = 64 << 10,
	DEPTH_MAX = 32,
};

/* v1 says "no limit" with the greatest multiple of a page. */
static const uint64_t NO_LIMIT_V1 = UINT64_C(1) << 60;

/* ---- Mounts ---- */

/* Takes the word up to the next blank; NULL at the end. */
static char *take_word(char **rest)
{
	char *word = strsep(rest, " ");

	while (word && !*word)
		word = strsep(rest, " ");
	return word;
}

static bool has_option(const char *options, const char *want)
{
	size_t len = strlen(want);

	for (const char *at = options; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, want, len) == 0 && (at[len] == ',' || at[len] == '\0'))
			return true;
	}
	return false;
}

static void set_mount(struct cgroup_mount *mount, const char *point, const char *root)
{
	if (mount->point)
		return;
	mount->point = mem_strdup(point);
	mount->root = mem_strdup(root);
}

/* 32 31 0:29 / /sys/fs/cgroup/pids rw,relatime shared:9 - cgroup cgroup rw,pids */
static void take_mount(struct cgroup_reader *reader, char *line)
{
	char *tail = strstr(line, " - ");
	char *words[5] = {NULL};
	char *type, *options;

	if (!tail)
		return;
	*tail = '\0';
	tail += 3;
	for (size_t i = 0; i < 5; i++)
		words[i] = take_word(&line);
	type = take_word(&tail);
	take_word(&tail);
	options = take_word(&tail);
	if (!words[4] || !type || !options)
		return;
	if (strcmp(type, "cgroup2") == 0) {
		set_mount(&reader->unified, words[4], words[3]);
	} else if (strcmp(type, "cgroup") == 0) {
		if (has_option(options, "pids"))
			set_mount(&reader->pids, words[4], words[3]);
		if (has_option(options, "memory"))
			set_mount(&reader->memory, words[4], words[3]);
		if (has_option(options, "freezer"))
			set_mount(&reader->freezer, words[4], words[3]);
	}
}

void cgroup_reader_init(struct cgroup_reader *reader, const char *mountinfo)
{
	char *copy = mem_strdup(mountinfo);
	char *rest = copy;
	char *line;

	*reader = (struct cgroup_reader){0};
	for (line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
		take_mount(reader, line);
	free(copy);
}

static void mount_done(struct cgroup_mount *mount)
{
	free(mount->point);
	free(mount->root);
}

void cgroup_reader_done(struct cgroup_reader *reader)
{
	mount_done(&reader->unified);
	mount_done(&reader->pids);
	mount_done(&reader->memory);
	mount_done(&reader->freezer);
}

/* ---- Paths ---- */

/* The path in the line "N:controllers:path" that has the controller, "" for v2's; not ended by NUL.
 */
static const char *find_path(const char *cgroup, const char *controller, size_t *len)
{
	while (*cgroup) {
		const char *end = cgroup + strcspn(cgroup, "\n");
		const char *names = memchr(cgroup, ':', (size_t)(end - cgroup));
		const char *path = names ? memchr(names + 1, ':', (size_t)(end - names - 1)) : NULL;
		char list[256];

		if (path && (size_t)(path - names) < sizeof(list)) {
			memcpy(list, names + 1, (size_t)(path - names - 1));
			list[path - names - 1] = '\0';
			if (*controller ? has_option(list, controller) : !*list) {
				*len = (size_t)(end - path - 1);
				return path + 1;
			}
		}
		cgroup = *end ? end + 1 : end;
	}
	return NULL;
}

/* Where a group is below a mount; NULL when it is not below what is mounted. */
static char *locate(const struct cgroup_mount *mount, const char *path, size_t len)
{
	size_t root = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);
	struct text dir = {0};

	if (len < root || strncmp(path, mount->root, root) != 0 || strncmp(path, "/..", 3) == 0)
		return NULL;
	if (len > root && path[root] != '/')
		return NULL;
	text_add(&dir, mount->point);
	text_add_bytes(&dir, path + root, len - root);
	while (dir.len > 0 && dir.data[dir.len - 1] == '/')
		dir.data[--dir.len] = '\0';
	return text_take(&dir);
}

/* The v1 hierarchy of a controller, or v2's. */
static const struct cgroup_mount *find_mount(const struct cgroup_reader *reader,
					     const char *controller)
{
	if (strcmp(controller, "pids") == 0)
		return &reader->pids;
	if (strcmp(controller, "memory") == 0)
		return &reader->memory;
	return strcmp(controller, "freezer") == 0 ? &reader->freezer : &reader->unified;
}

char *cgroup_dir(const struct cgroup_reader *reader, const char *cgroup, const char *controller,
		 bool *is_v2, size_t *top)
{
	const struct cgroup_mount *mount = find_mount(reader, controller);
	const char *path;
	size_t len;

	*is_v2 = !*controller || !mount->point;
	if (*is_v2)
		mount = &reader->unified;
	path = mount->point ? find_path(cgroup, *is_v2 ? "" : controller, &len) : NULL;
	if (!path)
		return NULL;
	*top = strlen(mount->point);
	return locate(mount, path, len);
}

/* ---- Figures ---- */

static uint64_t read_figure(const char *dir, const char *file)
{
	struct text path = {0};
	struct text bytes = {0};
	uint64_t number = UNKNOWN;

	text_printf(&path, "%s/%s", dir, file);
	if (io_read_at(AT_FDCWD, text_str(&path), FILE_MAX, &bytes) != 0 ||
	    procfs_parse_number(text_str(&bytes), bytes.len, &number) != 0)
		number = UNKNOWN; /* also "max" */
	text_done(&path);
	text_done(&bytes);
	return number;
}

/* The figure in the line "name figure" of a file. */
static uint64_t read_entry(const char *dir, const char *file, const char *name)
{
	struct text path = {0};
	struct text bytes = {0};
	size_t len = strlen(name);
	uint64_t number = UNKNOWN;

	text_printf(&path, "%s/%s", dir, file);
	io_read_at(AT_FDCWD, text_str(&path), FILE_MAX, &bytes);
	for (const char *line = text_str(&bytes); *line;) {
		size_t end = strcspn(line, "\n");

		if (strncmp(line, name, len) == 0 && line[len] == ' ' &&
		    procfs_parse_number(line + len + 1, end - len - 1, &number) == 0)
			break;
		line += end + (line[end] == '\n');
	}
	text_done(&path);
	text_done(&bytes);
	return number;
}

static double fullness(uint64_t used, uint64_t max)
{
	return is_known(used) && is_known(max) && max > 0 ? (double)used / (double)max : -1;
}

/* Memory that cannot simply be dropped: what is used without the page cache that nobody has touched
 * for long, as kubelet counts a working set. */
static uint64_t working_set(const char *dir, uint64_t used, bool is_v2)
{
	uint64_t inactive =
		read_entry(dir, "memory.stat", is_v2 ? "inactive_file" : "total_inactive_file");

	return is_known(used) && is_known(inactive) && inactive < used ? used - inactive : used;
}

static struct bounded read_pids(const char *dir, bool is_v2)
{
	struct bounded pids = {.used = UNKNOWN, .max = read_figure(dir, "pids.max")};

	(void)is_v2;
	if (is_known(pids.max))
		pids.used = read_figure(dir, "pids.current");
	return pids;
}

static struct bounded read_memory(const char *dir, bool is_v2)
{
	struct bounded memory = {
		.used = UNKNOWN,
		.max = read_figure(dir, is_v2 ? "memory.max" : "memory.limit_in_bytes"),
	};

	if (!is_v2 && is_known(memory.max) && memory.max >= NO_LIMIT_V1)
		memory.max = UNKNOWN;
	if (is_known(memory.max))
		memory.used = working_set(
			dir, read_figure(dir, is_v2 ? "memory.current" : "memory.usage_in_bytes"),
			is_v2);
	return memory;
}

/* A limit of an ancestor binds too: the one nearest to being reached counts. */
static struct bounded read_tightest(char *dir, size_t top, bool is_v2,
				    struct bounded (*read)(const char *dir, bool is_v2))
{
	struct bounded tightest = {.used = UNKNOWN, .max = UNKNOWN};
	char *slash;

	for (int depth = 0; depth < DEPTH_MAX && strlen(dir) > top; depth++) {
		struct bounded here = read(dir, is_v2);

		if (fullness(here.used, here.max) > fullness(tightest.used, tightest.max))
			tightest = here;
		slash = strrchr(dir, '/');
		if (!slash)
			break;
		*slash = '\0';
	}
	return tightest;
}

static void read_use(const struct cgroup_reader *reader, struct cgroup_use *use)
{
	bool is_v2;
	size_t top;
	char *dir = cgroup_dir(reader, use->cgroup, "pids", &is_v2, &top);

	if (dir)
		use->pids = read_tightest(dir, top, is_v2, read_pids);
	free(dir);
	dir = cgroup_dir(reader, use->cgroup, "memory", &is_v2, &top);
	if (dir && strlen(dir) > top)
		use->oom_kills =
			read_entry(dir, is_v2 ? "memory.events" : "memory.oom_control", "oom_kill");
	if (dir)
		use->memory = read_tightest(dir, top, is_v2, read_memory);
	free(dir);
}

/* A group that is made anew counts from 0 again. */
static uint64_t new_kills(const struct cgroup_use *use, const struct snapshot *previous)
{
	const struct cgroup_use *before =
		previous ? snapshot_find_cgroup(previous, use->cgroup) : NULL;

	if (!previous || !is_known(use->oom_kills))
		return UNKNOWN;
	if (!before || !is_known(before->oom_kills) || before->oom_kills > use->oom_kills)
		return use->oom_kills;
	return use->oom_kills - before->oom_kills;
}

/* ---- All of a snapshot ---- */

struct seen {
	const char *cgroup;
	UT_hash_handle hh;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct cgroup_use *)a)->cgroup,
		      ((const struct cgroup_use *)b)->cgroup);
}

/* The different texts of /proc/N/cgroup. */
static struct seen *find_cgroups(const struct snapshot *snap)
{
	struct seen *all = NULL;
	struct seen *entry;
	const char *last = NULL;

	for (size_t i = 0; i < snap->n_procs; i++) {
		const char *cgroup = snap->procs[i].facts->cgroup;

		/* processes often share their facts */
		if (!cgroup || cgroup == last)
			continue;
		last = cgroup;
		HASH_FIND_STR(all, cgroup, entry);
		if (entry)
			continue;
		entry = mem_new(1, sizeof(*entry));
		entry->cgroup = cgroup;
		HASH_ADD_KEYPTR(hh, all, entry->cgroup, strlen(entry->cgroup), entry);
	}
	return all;
}

int cgroups_read(const struct cgroup_reader *reader, struct snapshot *snap,
		 const struct snapshot *previous)
{
	struct seen *all = find_cgroups(snap);
	struct seen *entry, *next;
	int rc = 0;

	snap->cgroups = arena_new(&snap->arena, HASH_COUNT(all) + 1, sizeof(*snap->cgroups));
	if (!snap->cgroups)
		rc = -ENOMEM;
	HASH_ITER (hh, all, entry, next) {
		if (rc == 0) {
			struct cgroup_use *use = &snap->cgroups[snap->n_cgroups++];

			*use = (struct cgroup_use){
				.cgroup = entry->cgroup,
				.pids = {UNKNOWN, UNKNOWN},
				.memory = {UNKNOWN, UNKNOWN},
				.oom_kills = UNKNOWN,
			};
			read_use(reader, use);
			use->oom_kills_new = new_kills(use, previous);
		}
		HASH_DEL(all, entry);
		free(entry);
	}
	if (rc == 0)
		qsort(snap->cgroups, snap->n_cgroups, sizeof(*snap->cgroups), by_text);
	return rc;
}
