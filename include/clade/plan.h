/*
 * What ending some trees would do, before anything is done: which processes a signal goes to and
 * why, which are left out and why, and what the user should know first. Pure: a model and a
 * selection in, a plan out, in time linear in the processes of the machine. A plan owns all that it
 * points to, so that it outlives the model; execute.h carries it out.
 *
 * Nothing that is only hidden from view is left out: closed, folded and filtered descendants are in
 * the plan. Never in it: pid 1, kernel threads, clade, every ancestor of clade, the terminals that
 * show it, and what the user may not signal.
 */
#ifndef CLADE_PLAN_H
#define CLADE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/arena.h"
#include "clade/model.h"
#include "clade/text.h"
#include "clade/users.h"

enum plan_target_type {
	TARGET_TREE,         /* a process and all below it */
	TARGET_ALIKE,        /* and all that run the same as it, with all below them */
	TARGET_PROC,         /* it alone */
	TARGET_OWNER,        /* an owner's own processes */
	TARGET_OWNER_NESTED, /* and those of the owners that lie in it */
};

struct plan_target {
	enum plan_target_type type;
	int32_t index; /* of a process or an owner of the model */
};

/* What the user asks for, and who that is. */
struct plan_request {
	const struct plan_target *targets;
	size_t n_targets;
	int signal;
	uint32_t uid;   /* who would signal */
	bool is_mighty; /* may signal anybody's (CAP_KILL) */
	/* Asked for other users' processes, of which some can be signalled all the same: what a
	 * set-user-ID program runs. NULL: none can. */
	bool (*may_signal)(struct proc_key key);
	const char *words; /* what was chosen, in words, for the audit; may be NULL */
};

/* Why a process is in the plan. */
enum plan_why {
	PLAN_CHOSEN,    /* selected itself */
	PLAN_BELOW,     /* below one that is */
	PLAN_OWNED,     /* of the selected owner */
	PLAN_NESTED,    /* of an owner that lies in the selected one */
	PLAN_CHILD,     /* found later: a child of one in the plan */
	PLAN_FORKED,    /* found later: forked by one in the plan, as the kernel told */
	PLAN_SESSION,   /* found later: of a session that is wholly in the plan */
	PLAN_GROUP,     /* found later: of such a process group */
	PLAN_CGROUP,    /* found later: of such a control group */
	PLAN_MARKER,    /* found later: carries the owner's markers */
	PLAN_LOOKALIKE, /* found later: an orphan with program, arguments and environment of one in
			   the plan */
	PLAN_WHYS,
};

/* Why a selected process is left out. */
enum plan_kept {
	KEPT_INIT,
	KEPT_KERNEL,
	KEPT_SELF,
	KEPT_ANCESTOR, /* of clade */
	KEPT_TERMINAL, /* shows the terminal that clade runs in: a client of tmux or screen, and
			  what that runs in */
	KEPT_DENIED,   /* another user's */
	KEPT_ZOMBIE,   /* dead already: only its parent can make it go */
	KEPT_WHYS,
};

/* One process that the signal goes to. Parents come before their children. */
struct plan_step {
	struct proc_key key;
	int32_t ppid, pgrp, session;
	uint32_t uid;
	enum plan_why why;
	char state;       /* as in the snapshot */
	const char *comm; /* raw bytes */
};

struct plan_exclusion {
	struct proc_key key;
	int32_t ppid;
	uint32_t uid;
	enum plan_kept why;
	const char *comm;
};

/* How many of the plan have something in common. */
struct plan_count {
	const char *name; /* raw bytes; a command's example: its command line, made harmless */
	const char *example;
	uint32_t uid;
	size_t n;
};

/* A control group that holds processes of the plan and no other. */
struct plan_cgroup {
	const char *controllers; /* as in /proc/N/cgroup: "" is v2's */
	const char *path;        /* never "/" */
};

/* Variables that only an owner's processes carry, all of them. */
struct plan_markers {
	const char *block; /* "NAME=value" each ended by NUL */
	size_t len;
};

/* A parent that does not reap its zombies. */
struct plan_reaper {
	struct proc_key key;
	const char *comm;
	uint32_t zombies;
	bool is_planned; /* it is in the plan itself: the zombies go with it */
};

struct plan {
	struct arena arena;
	int signal;
	const char *words; /* what was chosen */
	struct plan_step *steps;
	size_t n_steps;
	struct plan_exclusion *kept;
	size_t n_kept;
	struct plan_count *commands; /* of the steps, most first */
	size_t n_commands;
	struct plan_count *users; /* likewise; name NULL */
	size_t n_users;
	struct plan_count *owners; /* likewise; name is the id, example "kind name" harmless */
	size_t n_owners;
	size_t oldest, youngest; /* steps; of no meaning without any */
	double oldest_s, youngest_s;
	struct plan_reaper *reapers;
	size_t n_reapers;
	const char **warnings; /* sentences, harmless */
	size_t n_warnings;
	bool has_alike; /* one process was chosen, and orphans run the same: TARGET_ALIKE is there
			 */

	/* for recognising who belongs to it later */
	struct proc_key *others; /* all other processes of the snapshot */
	size_t n_others;
	int32_t *sessions, *groups; /* wholly in the plan, ascending */
	size_t n_sessions, n_groups;
	struct plan_cgroup *cgroups;
	size_t n_cgroups;
	struct plan_markers *markers;
	size_t n_markers;
	int32_t *reaping; /* pids that orphans of the plan may fall to: pid 1 and the ancestors */
	size_t n_reaping;
};

/* Makes the plan. Returns 0 and hands it over (plan_free), or -ENOMEM. A plan without steps is one
 * too: `kept` says why. */
int plan_make(const struct model *model, const struct plan_request *request, struct plan **plan);
void plan_free(struct plan *plan);

/* A sentence's end: "is below one that was chosen", "runs clade". */
const char *plan_why_text(enum plan_why why);
const char *plan_kept_text(enum plan_kept why);

/* Whether so many processes need their number to be typed. */
bool plan_needs_count(const struct plan *plan);

/* Adds the plan as lines of text, as --dry-run and the dialogue show it. With `all`, each process
 * is listed. */
void plan_add_text(struct text *out, const struct plan *plan, const struct users *users, bool all);

/*
 * Finds what a word of the command line means: PID, pid:PID, alike:PID, owner:ID, or KIND:NAME.
 * Returns 0 and the target; -ENOENT when there is no such thing, -EINVAL when the word is no target
 * at all, or -EEXIST when it could be several. `error` then has a sentence; for -EEXIST and where
 * something is like it, lines with the candidates follow.
 */
int plan_find_target(const struct model *model, const char *word, struct plan_target *target,
		     struct text *error);

/* A signal by name or number, with or without SIG. */
struct signal_row {
	const char *name; /* "TERM" */
	int number;
	bool is_ending; /* what survives it is killed after the grace */
	const char *help;
};

extern const struct signal_row signal_rows[]; /* ends with a NULL name */

/* The row of a name ("TERM", "SIGTERM", "15"), or NULL. */
const struct signal_row *signal_find(const char *name);

/* The row of a number; never NULL for one that signal_find() gave. */
const struct signal_row *signal_get(int number);

#endif
