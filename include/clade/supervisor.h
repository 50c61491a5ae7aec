/*
 * Who brings processes back when they end: PM2, a container engine, systemd, runit, supervisord,
 * the kubelet. Which ones is found from a model and from what they keep on disk; a supervisor can
 * then be told to end the thing itself, over its socket, in steps, so that the caller can look at
 * the keyboard in between:
 *
 *     supervisors_find(model, procs, n, "", &supervisors);
 *     for each: supervisor_stop_begin(&supervisors->items[i], &config, &stop);
 *     while (supervisor_stop_step(stop) > 0)
 *             poll the keyboard and supervisor_stop_wait();
 *     supervisor_stop_words(stop);
 *     supervisor_stop_free(stop);
 *
 * Nothing forks. Where there is no socket, `command` is what a person would type.
 */
#ifndef CLADE_SUPERVISOR_H
#define CLADE_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/arena.h"
#include "clade/model.h"

enum supervisor_kind {
	SUPERVISOR_PM2,
	SUPERVISOR_DOCKER,
	SUPERVISOR_PODMAN,
	SUPERVISOR_KUBERNETES,
	SUPERVISOR_CONTAINERD,
	SUPERVISOR_SYSTEMD,
	SUPERVISOR_RUNIT, /* and its like: daemontools, s6 */
	SUPERVISOR_SUPERVISORD,
	SUPERVISOR_KINDS
};

/* "PM2", "Docker", … */
const char *supervisor_kind_name(enum supervisor_kind kind);

enum { SUPERVISOR_SOCKETS_MAX = 8 };

/* One thing that comes back, with who brings it. Strings are harmless but for those of the last
 * part, and live in the arena of the whole. */
struct supervisor {
	enum supervisor_kind kind;
	int32_t owner;        /* what comes back, an index into the model's owners; NO_OWNER */
	struct proc_key key;  /* the supervisor's own process; pid 0: not seen */
	bool is_certain;      /* false: it may be told not to, which could not be read */
	bool can_stop;        /* supervisor_stop_begin() has a way */
	const char *name;     /* "api" */
	const char *sentence; /* "PM2 (pid 812) starts api again when it ends" */
	const char *command;  /* what to type: "pm2 stop api" */

	const char *id;                              /* container, unit */
	const char *sockets[SUPERVISOR_SOCKETS_MAX]; /* to try in this order; NULL ends */
	const char **targets;                        /* PM2's ids */
	size_t n_targets;
};

struct supervisors {
	struct arena arena;
	struct supervisor *items;
	size_t n;
};

/* Finds who would bring back what of the processes `procs[0..n)`, indexes into the model; those
 * that are brought back by one of themselves are not. Paths on disk are taken below `root`, "" for
 * the machine's own. Returns 0 and hands the result over (supervisors_free), or -ENOMEM. */
int supervisors_find(const struct model *model, const int32_t *procs, size_t n, const char *root,
		     struct supervisors **supervisors);
void supervisors_free(struct supervisors *supervisors);

struct supervisor_stop;

struct supervisor_stop_config {
	double grace_s; /* between the signal and SIGKILL, where the supervisor can be told */
};

/* Begins to tell it. Returns 0, or -ENOTSUP when there is no way but the command. The supervisor is
 * borrowed until supervisor_stop_free(). */
int supervisor_stop_begin(const struct supervisor *supervisor,
			  const struct supervisor_stop_config *config,
			  struct supervisor_stop **stop);

/* Never blocks. Returns 1 when there is more, 0 when the supervisor has said that it is stopped, or
 * -errno; supervisor_stop_words() then says what happened, in a sentence. */
int supervisor_stop_step(struct supervisor_stop *stop);
const char *supervisor_stop_words(const struct supervisor_stop *stop);

/* Waits until there is something to do, at most so long. */
void supervisor_stop_wait(const struct supervisor_stop *stop, int timeout_ms);

/* Lets go of it, at whatever point; what the supervisor was told it goes on doing. NULL is fine. */
void supervisor_stop_free(struct supervisor_stop *stop);

#endif
