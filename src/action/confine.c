#include "clade/confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clade/io.h"
#include "clade/mem.h"
#include "filter.h"
#include "landlock.h"
#include "privilege.h"
#include "scribe.h"

/* To see what belongs to others: their environment, and directories closed to all but their owner.
 */
static const unsigned long KEPT = 1UL << CAP_SYS_PTRACE | 1UL << CAP_DAC_READ_SEARCH;

struct confine {
	struct io_maker maker;
	struct scribe *scribe; /* NULL: no file can be made */
	int rc;                /* why, -errno */
	struct text why;       /* the same in words */
	dev_t device;          /* the directory's */
	ino_t inode;
};

/* Which protections this kernel cannot give, as a sentence; empty when it gives all. */
static void name_missing(struct text *words)
{
	bool has_seccomp = filter_is_supported();
	bool has_landlock = landlock_abi() > 0;

	if (!has_seccomp)
		text_add(words, "this kernel has no seccomp filters, so signals, exec and writes "
				"would not be denied");
	if (!has_landlock)
		text_printf(words, "%s no Landlock, so no snapshot can be written safely",
			    has_seccomp ? "this kernel has" : ", and");
}

/* Finds the name in a path that lies in the directory, however that is written. */
static int name_within(const struct confine *confine, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	const char *last = slash ? slash + 1 : path;
	char *directory = slash ? mem_strndup(path, slash == path ? 1 : (size_t)(slash - path))
				: mem_strdup(".");
	struct stat st;
	bool is_here = stat(directory, &st) == 0 && st.st_dev == confine->device &&
		       st.st_ino == confine->inode;

	free(directory);
	if (!is_here || !*last || strcmp(last, ".") == 0 || strcmp(last, "..") == 0)
		return -EACCES;
	*name = last;
	return 0;
}

static int create(void *context, const char *path, int *fd)
{
	const struct confine *confine = context;
	struct stat st;
	const char *name;
	int rc;

	if (!confine->scribe)
		return confine->rc;
	rc = name_within(confine, path, &name);
	if (rc != 0)
		return rc;
	if (lstat(path, &st) == 0)
		return -EEXIST;
	return scribe_create(confine->scribe, name, fd);
}

static int publish(void *context, int fd, const char *path)
{
	const struct confine *confine = context;
	struct stat st;
	const char *name;
	int rc = name_within(confine, path, &name);

	if (rc != 0)
		return rc;
	if (fsync(fd) != 0 || fstat(fd, &st) != 0)
		return -errno;
	return st.st_nlink == 0 ? scribe_name(confine->scribe, fd, name) : 0;
}

static struct confine *confine_new(void)
{
	struct confine *confine = mem_new(1, sizeof(*confine));

	confine->maker = (struct io_maker){create, publish, confine};
	confine->rc = -EACCES;
	return confine;
}

static int confine_reader(const struct confine_config *config, struct text *words)
{
	const struct filter_config filter = {
		.role = FILTER_READER,
		.keeps_bpf = config->keeps_bpf,
	};
	int rc = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ? -errno : 0;

	if (rc != 0) {
		text_printf(words, "no_new_privs: %s", strerror(-rc));
		return rc;
	}
	rc = capabilities_drop(KEPT);
	if (rc != 0) {
		text_printf(words, "dropping capabilities: %s", strerror(-rc));
		return rc;
	}
	rc = filter_is_supported() ? filter_enter(&filter) : 0;
	if (rc != 0)
		text_printf(words, "the seccomp filter: %s", strerror(-rc));
	return rc;
}

/* Nobody needs the scribe before a file is to be made: what keeps it from working is told then. */
static void start_scribe(struct confine *confine, const char *directory)
{
	struct stat st;

	confine->rc = -ENOSYS;
	name_missing(&confine->why);
	if (confine->why.len > 0)
		return;
	if (stat(directory, &st) != 0) {
		confine->rc = -errno;
		text_printf(&confine->why, "%s: %s", directory, strerror(errno));
		return;
	}
	confine->device = st.st_dev;
	confine->inode = st.st_ino;
	confine->rc = scribe_open(directory, &confine->scribe, &confine->why);
}

int confine_check(const struct confine_config *config, struct text *words)
{
	if (config->level != READONLY_NO)
		name_missing(words);
	if (words->len == 0 || config->level != READONLY_STRICT)
		return 0;
	text_add(words, "; --readonly=best-effort goes on with what there is");
	return -ENOSYS;
}

int confine_enter(const struct confine_config *config, struct confine **confine, struct text *words)
{
	struct confine *made;
	int rc = confine_check(config, words);

	if (rc != 0)
		return rc;
	made = confine_new();
	if (config->directory)
		start_scribe(made, config->directory);
	else
		text_add(&made->why, "no directory was chosen for files");
	rc = confine_reader(config, words);
	if (rc != 0) {
		confine_close(made);
		return rc;
	}
	*confine = made;
	return 0;
}

void confine_close(struct confine *confine)
{
	if (!confine)
		return;
	scribe_close(confine->scribe);
	text_done(&confine->why);
	free(confine);
}

const char *confine_why(const struct confine *confine)
{
	return confine->scribe ? NULL : text_str(&confine->why);
}

int confine_do(struct confine *confine, int (*act)(void *context), void *context)
{
	return confine->scribe ? scribe_do(confine->scribe, act, context) : confine->rc;
}

const struct io_maker *confine_maker(const struct confine *confine)
{
	return &confine->maker;
}
