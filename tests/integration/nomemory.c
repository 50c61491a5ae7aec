/*
 * For tests: a C library (LD_PRELOAD) in which no memory is left from the time on at which clade has
 * stopped NOMEMORY_AFTER processes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static int stopped;
static int most;

int pidfd_send_signal(int fd, int number, siginfo_t *info, unsigned flags)
{
	static int (*real)(int, int, siginfo_t *, unsigned);

	if (!real) {
		real = (int (*)(int, int, siginfo_t *, unsigned))dlsym(RTLD_NEXT, "pidfd_send_signal");
		most = atoi(getenv("NOMEMORY_AFTER"));
	}
	stopped += number == SIGSTOP;
	return real(fd, number, info, flags);
}

static int is_out(void)
{
	return most > 0 && stopped >= most;
}

void *malloc(size_t size)
{
	return is_out() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return is_out() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return is_out() ? NULL : __libc_realloc(old, size);
}
