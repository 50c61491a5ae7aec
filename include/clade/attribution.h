/*
 * Who owns each process, and why. An attribution belongs to one snapshot and is made once, by the
 * owner rules (attributor.h). Immutable; it owns its bytes through its arena, but for those of the
 * facts and rules it speaks of.
 */
#ifndef CLADE_ATTRIBUTION_H
#define CLADE_ATTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/arena.h"
#include "clade/snapshot.h"

enum owner_kind {
	OWNER_AGENT,     /* a coding-agent session */
	OWNER_PM2,       /* a PM2 daemon, or one of its apps */
	OWNER_CONTAINER, /* a container, or a Kubernetes pod */
	OWNER_SERVICE,   /* a systemd unit, or cron and its jobs */
	OWNER_LOGIN,     /* ssh, console, tmux, screen */
	OWNER_KERNEL,
	OWNER_NONE,
	OWNER_KINDS
};

/* "agent", "pm2", …, in the order above. */
const char *owner_kind_name(enum owner_kind kind);

/* Sets `*kind`; returns 0, or -EINVAL for an unknown name. */
int owner_kind_parse(const char *name, enum owner_kind *kind);

enum { NO_OWNER = -1 };

struct owner {
	const char *id; /* unique in the snapshot and the same in the next: "claude-code:5e6e…",
			   "pm2:/root/.pm2/api" */
	const char *product;    /* "claude-code", "docker", "systemd", … */
	const char *label;      /* the product for people: "Claude Code" */
	const char *key;        /* session id, container id, app, unit, pid of the root */
	const char *name;       /* what a person recognises; never NULL */
	const char *cwd;        /* where the session works; NULL unknown */
	const char *file;       /* the file that told its session; NULL unknown */
	const char *status;     /* what its own files say of it: "busy", "idle"; NULL unknown */
	const char *evidence;   /* how we know that there is such an owner, one sentence */
	const char *started_by; /* id of the owner whose markers its root carries; need not be in
				   the snapshot; NULL */
	enum owner_kind kind;
	int32_t parent;     /* the owner it lives in, an index, or NO_OWNER */
	int32_t root;       /* its root process, an index into the snapshot, or NO_PROC when gone */
	uint32_t instances; /* living roots: a PM2 app has one an instance */
	uint64_t since_ms;  /* since the epoch; UNKNOWN */
	uint64_t restarts;  /* as its supervisor counts them; UNKNOWN */
	bool is_ended;      /* it had a root, and that is gone: what remains are orphans */
};

struct assignment {
	int32_t owner;  /* never NO_OWNER */
	bool is_orphan; /* no longer below its owner's root */
	bool is_root;   /* a root of its owner */
	const char
		*evidence; /* why this owner, one sentence; shared by all for which it is equal */
	const char *title; /* what an agent's shell really runs, unwrapped; NULL: the command line
			      says it */
};

struct attribution {
	struct arena arena;
	struct owner *owners; /* parents before children */
	size_t n_owners;
	struct assignment *procs; /* one for each process of the snapshot, by the same index */
	size_t n_procs;
};

/* NULL is fine. */
void attribution_free(struct attribution *attribution);

/* Index of the owner with that id, or NO_OWNER. */
int32_t attribution_find(const struct attribution *attribution, const char *id);

#endif
