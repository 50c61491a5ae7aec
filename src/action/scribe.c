#include "scribe.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clade/mem.h"
#include "filter.h"
#include "landlock.h"
#include "privilege.h"

enum { FILE_MODE = 0600, STACK_BYTES = 512 << 10 };

enum state { STATE_IDLE, STATE_ASKED, STATE_ENDING };

struct scribe {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum state state;
	int (*act)(void *context);
	void *context;
	int result;         /* of the last act; of getting ready, the first time */
	const char *failed; /* getting ready: what did */
	struct caller caller;
	const char *path;
	int directory;
};

/* In the order that each step needs: who one is, the directory with that one's rights, then no
 * more. */
static int get_ready(void *context)
{
	struct scribe *scribe = context;
	int rc;

	scribe->failed = "becoming the user who called";
	rc = caller_become(&scribe->caller);
	if (rc != 0)
		return rc;
	scribe->failed = scribe->path;
	scribe->directory = open(scribe->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (scribe->directory < 0)
		return -errno;
	scribe->failed = "no_new_privs";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	scribe->failed = "dropping capabilities";
	rc = capabilities_drop(0);
	if (rc != 0)
		return rc;
	scribe->failed = "Landlock";
	rc = landlock_enter(scribe->directory);
	if (rc != 0)
		return rc;
	scribe->failed = "the seccomp filter";
	return filter_enter(&(struct filter_config){.role = FILTER_SCRIBE});
}

static void *work(void *context)
{
	struct scribe *scribe = context;

	pthread_mutex_lock(&scribe->lock);
	while (scribe->state != STATE_ENDING) {
		if (scribe->state == STATE_ASKED) {
			scribe->result = scribe->act(scribe->context);
			scribe->state = STATE_IDLE;
			pthread_cond_broadcast(&scribe->changed);
		}
		if (scribe->state == STATE_IDLE)
			pthread_cond_wait(&scribe->changed, &scribe->lock);
	}
	pthread_mutex_unlock(&scribe->lock);
	return NULL;
}

/* Signals are the first thread's: the scribe is made with all of them blocked. */
static int start(struct scribe *scribe)
{
	pthread_attr_t attributes;
	sigset_t all;
	sigset_t before;
	int rc;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	rc = -pthread_create(&scribe->thread, &attributes, work, scribe);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return rc;
}

static void drop(struct scribe *scribe)
{
	pthread_cond_destroy(&scribe->changed);
	pthread_mutex_destroy(&scribe->lock);
	if (scribe->directory >= 0)
		close(scribe->directory);
	free(scribe);
}

int scribe_open(const char *directory, struct scribe **scribe, struct text *words)
{
	struct scribe *opened = mem_new(1, sizeof(*opened));
	int rc;

	pthread_mutex_init(&opened->lock, NULL);
	pthread_cond_init(&opened->changed, NULL);
	opened->path = directory;
	opened->directory = -1;
	opened->failed = "SUDO_UID and SUDO_GID";
	rc = caller_find(&opened->caller);
	if (rc == 0) {
		opened->failed = "the thread that writes";
		rc = start(opened);
	}
	if (rc != 0) {
		text_printf(words, "%s: %s", opened->failed, strerror(-rc));
		drop(opened);
		return rc;
	}
	rc = scribe_do(opened, get_ready, opened);
	opened->path = NULL;
	if (rc != 0) {
		text_printf(words, "%s: %s", opened->failed, strerror(-rc));
		scribe_close(opened);
		return rc;
	}
	*scribe = opened;
	return 0;
}

void scribe_close(struct scribe *scribe)
{
	if (!scribe)
		return;
	pthread_mutex_lock(&scribe->lock);
	scribe->state = STATE_ENDING;
	pthread_cond_broadcast(&scribe->changed);
	pthread_mutex_unlock(&scribe->lock);
	pthread_join(scribe->thread, NULL);
	drop(scribe);
}

int scribe_do(struct scribe *scribe, int (*act)(void *context), void *context)
{
	int result;

	pthread_mutex_lock(&scribe->lock);
	scribe->act = act;
	scribe->context = context;
	scribe->state = STATE_ASKED;
	pthread_cond_broadcast(&scribe->changed);
	while (scribe->state == STATE_ASKED)
		pthread_cond_wait(&scribe->changed, &scribe->lock);
	result = scribe->result;
	pthread_mutex_unlock(&scribe->lock);
	return result;
}

struct making {
	int directory;
	const char *name;
	int fd;
};

/* Only O_TMPFILE leaves nothing behind when the disk fills up halfway, and needs nobody who may
 * rename or remove. NFS and FAT do not have it. */
static int create(void *context)
{
	struct making *making = context;

	making->fd = openat(making->directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, FILE_MODE);
	if (making->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		making->fd =
			openat(making->directory, making->name,
			       O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, FILE_MODE);
	return making->fd < 0 ? -errno : 0;
}

int scribe_create(struct scribe *scribe, const char *name, int *fd)
{
	struct making making = {.directory = scribe->directory, .name = name};
	int rc = scribe_do(scribe, create, &making);

	if (rc == 0)
		*fd = making.fd;
	return rc;
}

/* linkat(2) by descriptor alone needs CAP_DAC_READ_SEARCH up to Linux 6.9, by /proc it does not. */
static int give_name(void *context)
{
	const struct making *making = context;
	char unnamed[sizeof("/proc/self/fd/-2147483648")];

	snprintf(unnamed, sizeof(unnamed), "/proc/self/fd/%d", making->fd);
	return linkat(AT_FDCWD, unnamed, making->directory, making->name, AT_SYMLINK_FOLLOW) != 0
		       ? -errno
		       : 0;
}

int scribe_name(struct scribe *scribe, int fd, const char *name)
{
	struct making making = {.directory = scribe->directory, .name = name, .fd = fd};

	return scribe_do(scribe, give_name, &making);
}
