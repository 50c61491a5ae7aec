/*
 * One sample on its way to an attribution. The parts of the pass are apart by idea, in the order in
 * which they run: anchor.c finds the roots and their sessions, frame_owner.c the containers and
 * units, decide.c settles ancestry against environment (target.c: whom a mark names, child.c: apps,
 * panes and jobs), repair.c looks after what is left, label.c gives names, owner.c puts it
 * together.
 */
#ifndef CLADE_PASS_H
#define CLADE_PASS_H

#include "clade/attributor.h"
#include "memory.h"
#include "profile.h"
#include "roster.h"

struct evidence_entry;

/* What is found out about one process. */
struct finding {
	const struct profile *profile;
	const struct rule *root; /* the rule whose root it is; NULL */
	int32_t parent;          /* index, NO_PROC when there is none that could be it */
	int32_t anchor;          /* the owner whose root it is, with merged wrappers; NO_OWNER */
	int32_t inner;           /* the owner that ancestry or environment give it; NO_OWNER */
	int32_t frame; /* the innermost container, unit or login its cgroup gives it; NO_OWNER */
	int32_t box;   /* the innermost container; NO_OWNER */
	const struct claim *claim; /* the mark that names `inner`, NULL: something else does */
	bool is_attached;          /* below its owner's root */
	const char *evidence;
};

struct pass {
	const struct ruleset *rules;
	const struct users *users;
	struct memory *memory;
	bool use_files;
	const struct snapshot *snap;
	struct attribution *out;
	struct arena *arena;  /* the result's */
	struct arena scratch; /* this pass's */
	struct profiles *profiles;
	struct roster roster;
	struct finding *found; /* one a process */
	int32_t *order;        /* process indexes, parents before children */
	struct evidence_entry *evidence;
	size_t part; /* which part of the pass is next, and how many processes it has done */
	size_t done;
	int error; /* -ENOMEM once something did not fit */
};

static inline struct draft *pass_draft(const struct pass *pass, int32_t draft)
{
	return pass->roster.drafts[draft];
}

static inline const struct process *pass_process(const struct pass *pass, int32_t i)
{
	return &pass->snap->procs[i];
}

/* The sentence, kept once however many processes it is said of; NULL when there is no memory
 * (pass->error is set). */
const char *pass_say(struct pass *pass, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The draft of a rule's owner with that key, made with kind and label when new; NO_OWNER and
 * pass->error on failure. */
int32_t pass_owner(struct pass *pass, const struct rule *rule, const char *key);

/* anchor.c: makes an owner of every root process, and learns the agents' sessions. */
void anchors_find(struct pass *pass);

/* frame_owner.c: the container, unit or login of process `i`, whose parent is done already. */
void frame_settle(struct pass *pass, int32_t i);

/* Whether a process's parent tells nothing about its owner: a container or a service begins here.
 */
bool frame_parts(const struct pass *pass, int32_t i);

/* target.c: whether the process `carrier` (NO_PROC: nobody) has the claim in its environment too.
 */
bool claim_is_carried(const struct pass *pass, int32_t carrier, const struct claim *claim);

/* The owner that a claim of process `i` names, if it is in the roster: NO_OWNER otherwise. */
int32_t claim_target(const struct pass *pass, const struct claim *claim, int32_t i);

/* The living root of the claim's rule whose pid it names, and nothing but the pid; NO_OWNER. */
int32_t claim_root_by_pid(const struct pass *pass, const struct claim *claim, int32_t i);

/* The daemon that an app's or pane's claim belongs to, if it lives: NO_OWNER otherwise. */
int32_t claim_daemon(const struct pass *pass, const struct claim *claim, int32_t i);

/* As claim_target(), made when it is not there. */
int32_t claim_owner(struct pass *pass, const struct claim *claim, int32_t i, int32_t parent);

/* What was known of the process before its parent ended and took the evidence with it; NO_OWNER. */
int32_t owner_remembered(struct pass *pass, int32_t i);

/* The id of the owner that a claim says has started something; `target` is its claim_target(). */
const char *pass_say_starter(struct pass *pass, const struct claim *claim, int32_t target);

/* What a mark proves, once all roots are known. */
const char *pass_say_claim(struct pass *pass, const struct claim *claim, int32_t owner);

/* child.c: the owner of its own that a child of a daemon, a multiplexer or cron is; NO_OWNER when
 * it is none. */
int32_t child_settle(struct pass *pass, int32_t i);

/* decide.c: the owner of process `i` by ancestry and environment, whose parent is done already. */
void inner_settle(struct pass *pass, int32_t i);

/* The owner as it was last seen, for one that nothing in this sample names any more; NO_OWNER and
 * pass->error on failure. */
int32_t pass_revive(struct pass *pass, const struct known_owner *known);

/* repair.c: processes whose own evidence is gone, by what is around them. */
void repair_orphans(struct pass *pass);

/* label.c: names, directories and ages of all owners. */
void owners_label(struct pass *pass);

#endif
