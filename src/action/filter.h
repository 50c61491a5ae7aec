/*
 * The seccomp filters: lists of what is allowed, so that a system call which nobody has thought of
 * is denied. Everything else fails with EPERM. filter.c is the one file that knows libseccomp.
 */
#ifndef CLADE_ACTION_FILTER_H
#define CLADE_ACTION_FILTER_H

#include <stdbool.h>

/* What a thread has to do. */
enum filter_role {
	FILTER_READER, /* read files, write to what is open, talk to the terminal */
	FILTER_SCRIBE, /* make new files, nothing else */
};

struct filter_config {
	enum filter_role role;
	bool keeps_bpf; /* FILTER_READER: read from BPF programs and maps that are loaded */
};

/* Whether the kernel has seccomp filters. */
bool filter_is_supported(void);

/* Whether the calling thread has one. */
bool filter_is_on(void);

/* Confines the calling thread, which has no_new_privs, for good. Returns 0 or -errno. */
int filter_enter(const struct filter_config *config);

/* Writes the filter as struct sock_filter to `fd`, for the machine `arch` ("x86_64", "aarch64"):
 * what the tests look into. Returns 0 or -errno. */
int filter_export(const struct filter_config *config, const char *arch, int fd);

#endif
