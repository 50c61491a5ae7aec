/* Container engines that run: where they keep a container and where they listen. */
#ifndef CLADE_ACTION_ENGINE_H
#define CLADE_ACTION_ENGINE_H

#include "clade/model.h"
#include "restart.h"

enum { ENGINE_SOCKETS_MAX = 8 };

struct engine {
	int32_t proc; /* its process, or NO_PROC */
	enum restart restart;
	const char *policy;                      /* "always", or NULL */
	const char *sockets[ENGINE_SOCKETS_MAX]; /* NULL ends */
};

/* The engine of Docker that has this container; strings are the arena's or a constant's. */
void engine_find_docker(const struct snapshot *snap, const char *id, const char *root,
			struct arena *arena, struct engine *engine);

/* Podman's service, which may be of the user `uid`. It keeps no policy where it can be read. */
void engine_find_podman(const struct snapshot *snap, uint32_t uid, const char *root,
			struct arena *arena, struct engine *engine);

/* The value of an option on a shim's command line, which has one dash; NULL: it is not there. */
const char *engine_shim_option(const struct process *shim, const char *name);

#endif
