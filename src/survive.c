#include "survive.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "clade/io.h"
#include "clade/mem.h"

enum {
	NICE = -10,
	/* large blocks, which are those that come and go with each sample, are given back at once
	 */
	MMAP_LEAST = 128 << 10,
	TRIM_LEAST = 1 << 20,
};

static const char oom_score[] = "-900"; /* of -1000, which could never be killed at all */

/* Memory that is locked counts against a limit. Once everything new is locked too, a limit would
 * make allocations fail: without a way to lift it, nothing is locked. */
static bool lift_lock_limit(void)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

	return setrlimit(RLIMIT_MEMLOCK, &limit) == 0 ||
	       (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY);
}

/* Whether limits on locked memory do not count for us. */
static bool may_lock(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	return syscall(SYS_capget, &header, data) == 0 &&
	       (data[0].effective & (1u << CAP_IPC_LOCK)) != 0;
}

static void lock_memory(bool keeps_privileges)
{
	if (!lift_lock_limit() && !(keeps_privileges && may_lock()))
		return;
	/* the program and its libraries come in now; what is allocated later when it is used */
	if (mlockall(MCL_CURRENT) == 0)
		mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}

static void be_killed_last(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	io_write_all(fd, oom_score, sizeof(oom_score) - 1);
	close(fd);
}

/* The words that we were started with, in `bytes`; false when they do not fit. */
static bool get_words(char *bytes, size_t size, char **words, size_t n_most)
{
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? read(fd, bytes, size) : -1;
	size_t n = 0;

	if (fd >= 0)
		close(fd);
	if (len <= 0 || (size_t)len == size || bytes[len - 1])
		return false;
	for (char *at = bytes; at < bytes + len && n + 1 < n_most; at += strlen(at) + 1)
		words[n++] = at;
	words[n] = NULL;
	return n + 1 < n_most;
}

/* An exec gives all memory back, and what is written stays; a crash could not do more. */
static void begin_anew(void *context)
{
	static const struct timespec pause = {.tv_sec = 1};
	char bytes[8192];
	char *words[128];

	(void)context;
	if (!get_words(bytes, sizeof(bytes), words, sizeof(words) / sizeof(words[0])))
		return;
	nanosleep(&pause, NULL);
	execv("/proc/self/exe", words);
}

void begin_anew_when_exhausted(void)
{
	mem_set_last_resort(begin_anew, NULL);
}

void survive(bool keeps_privileges)
{
	mallopt(M_MMAP_THRESHOLD, MMAP_LEAST);
	mallopt(M_TRIM_THRESHOLD, TRIM_LEAST);
	if (getpriority(PRIO_PROCESS, 0) > NICE)
		setpriority(PRIO_PROCESS, 0, NICE);
	be_killed_last();
	lock_memory(keeps_privileges);
}
