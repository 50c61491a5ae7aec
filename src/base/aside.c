#include "clade/aside.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clade/io.h"
#include "clade/mem.h"

enum {
	HANDS_MAX = 16,
	STACK_BYTES = 256 << 10,
	NAME_ROOM = 32,
};

enum state { STATE_FREE, STATE_ASKED, STATE_DONE };

/* A thread that reads. */
struct hand {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum state state;
	bool is_left;   /* nobody waits for what it reads any more */
	bool is_ending; /* it frees itself then */
	int dirfd;      /* its own */
	ino_t inode;    /* of that */
	char path[NAME_ROOM];
	size_t limit;
	struct text bytes;
	int result;
};

struct aside {
	struct hand *hands[HANDS_MAX];
	size_t n;
	bool is_denied; /* no thread could be made */
};

/* ---- The thread ---- */

static void hand_free(struct hand *hand)
{
	text_done(&hand->bytes);
	pthread_cond_destroy(&hand->changed);
	pthread_mutex_destroy(&hand->lock);
	free(hand);
}

/* Its lock is held, but not while it reads. */
static void read_asked(struct hand *hand)
{
	int result;

	pthread_mutex_unlock(&hand->lock);
	result = io_read_at(hand->dirfd, hand->path, hand->limit, &hand->bytes);
	close(hand->dirfd);
	pthread_mutex_lock(&hand->lock);
	hand->result = result;
	hand->state = hand->is_left ? STATE_FREE : STATE_DONE;
	hand->is_left = false;
	pthread_cond_broadcast(&hand->changed);
}

static void *work(void *context)
{
	struct hand *hand = context;

	pthread_mutex_lock(&hand->lock);
	while (!hand->is_ending) {
		if (hand->state == STATE_ASKED)
			read_asked(hand);
		else
			pthread_cond_wait(&hand->changed, &hand->lock);
	}
	pthread_mutex_unlock(&hand->lock);
	hand_free(hand);
	return NULL;
}

/* Signals are the first thread's. Time is the monotonic clock's. */
static struct hand *hand_new(void)
{
	struct hand *hand = mem_new(1, sizeof(*hand));
	pthread_condattr_t clock;
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t all;
	sigset_t before;
	int rc;

	pthread_mutex_init(&hand->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&hand->changed, &clock);
	pthread_condattr_destroy(&clock);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	rc = pthread_create(&thread, &attributes, work, hand);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (rc == 0)
		return hand;
	hand_free(hand);
	return NULL;
}

/* ---- Asking it ---- */

/* Returns 0, or -EAGAIN when the time is over first. */
static int hand_read(struct hand *hand, const struct timespec *until, struct text *out)
{
	int rc = 0;

	while (hand->state == STATE_ASKED && rc == 0)
		rc = pthread_cond_timedwait(&hand->changed, &hand->lock, until);
	if (hand->state == STATE_ASKED) {
		hand->is_left = true;
		return -EAGAIN;
	}
	hand->state = STATE_FREE;
	if (hand->result == 0)
		text_add_bytes(out, text_str(&hand->bytes), hand->bytes.len);
	return hand->result;
}

static struct timespec time_after(int ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

/* One that waits for nothing, its lock held. Returns 0; -EAGAIN when all wait, or one does for that
 * directory; or -EBUSY when there is none. */
static int find_free(struct aside *aside, ino_t inode, struct hand **free_hand)
{
	struct hand *found = NULL;

	for (size_t i = 0; i < aside->n; i++) {
		struct hand *hand = aside->hands[i];
		bool is_asked;

		pthread_mutex_lock(&hand->lock);
		is_asked = hand->state == STATE_ASKED;
		pthread_mutex_unlock(&hand->lock);
		if (is_asked && hand->inode == inode)
			return -EAGAIN;
		if (!is_asked)
			found = hand;
	}
	if (!found && aside->n < HANDS_MAX && !aside->is_denied) {
		found = hand_new();
		aside->is_denied = !found;
		if (found)
			aside->hands[aside->n++] = found;
	}
	if (!found)
		return aside->n > 0 ? -EAGAIN : -EBUSY;
	pthread_mutex_lock(&found->lock);
	*free_hand = found;
	return 0;
}

int aside_read_at(struct aside *aside, int dirfd, const char *path, size_t limit, int patience_ms,
		  struct text *out)
{
	struct timespec until = time_after(patience_ms);
	struct hand *hand;
	struct stat st;
	int rc;

	text_clear(out);
	if (fstat(dirfd, &st) != 0)
		return -errno;
	rc = find_free(aside, st.st_ino, &hand);
	if (rc != 0)
		return rc;
	hand->inode = st.st_ino;
	hand->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	rc = hand->dirfd < 0 ? -errno : 0;
	if (rc == 0) {
		strncpy(hand->path, path, sizeof(hand->path) - 1);
		hand->limit = limit;
		hand->state = STATE_ASKED;
		pthread_cond_broadcast(&hand->changed);
		rc = hand_read(hand, &until, out);
	}
	pthread_mutex_unlock(&hand->lock);
	return rc;
}

/* ---- Making ---- */

struct aside *aside_new(void)
{
	return mem_new(1, sizeof(struct aside));
}

void aside_free(struct aside *aside)
{
	if (!aside)
		return;
	for (size_t i = 0; i < aside->n; i++) {
		struct hand *hand = aside->hands[i];

		pthread_mutex_lock(&hand->lock);
		hand->is_ending = true;
		pthread_cond_broadcast(&hand->changed);
		pthread_mutex_unlock(&hand->lock);
	}
	free(aside);
}
