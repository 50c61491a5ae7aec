/*
 * Machines for tests, each a table with one process a line, so that what is asserted can be seen at once:
 *
 *     "  1    0 /sbin/init   init"
 *     "100    1 /opt/claude  claude                ; sid:100"
 *     "101  100 /bin/bash    bash -c \"sleep 9\"     ; CLAUDECODE=1 state:S"
 *
 * PID PPID EXE ARGUMENTS ; OPTIONS. EXE `-` is unknown. A word NAME=VALUE is an owner marker; the other options are
 * sid:N pgrp:N tty:N uid:N start:TICKS state:C threads:N rss:BYTES cpu:PERCENT comm:NAME cwd:PATH kernel
 * cgroup:PATH (or a whole line, cgroup:4:memory:/x) ns:INODE.PID foreign env:denied env:clobbered env:unread, and of
 * its control group pids:USED/MAX memory:USED/MAX oom:KILLS+NEW.
 * Left out: a session of the parent's, start times in the order of the lines, comm the base name of EXE.
 */
#ifndef CLADE_LAB_H
#define CLADE_LAB_H

#include "clade/moment.h"
#include "clade/text.h"
#include "clade/users.h"

/* Six processes: a shell with children in several states, and another command. */
extern const char lab_small[];

struct lab {
	struct ruleset *rules;
	struct users *users;
	struct attributor *attributor;
	struct history *history;
	struct moment before, now;
	const struct snapshot *snap; /* of the last sample, as are the next two */
	const struct attribution *attr;
	const struct model *model;
	struct text said; /* what the last lab_* function returned */
};

/* A laboratory with the built-in rules. `passwd` is read for homes and names; NULL: no user is known and no file is read. */
struct lab *lab_new(const char *passwd);
void lab_free(struct lab *lab);

/* Takes a sample of the machine in the table, `seconds` after the one before. */
void lab_sample(struct lab *lab, double seconds, const char *table);

/* Takes one, two seconds later, of a claude (10) with that many shells below it, numbered on from `first`. */
void lab_crowd(struct lab *lab, int first, int n);

/* Takes a snapshot, which is handed over. */
void lab_take(struct lab *lab, struct snapshot *snap);

/* A snapshot of the table, taken at that many seconds after an arbitrary time. */
struct snapshot *lab_snapshot(double at_s, const char *table);

/* One line a process: "101 claude-code:5e6e orphan\n", in the order of pids. */
const char *lab_owners(struct lab *lab);

/* The same of a machine that is seen once, compared. */
void expect_owners(const char *table, const char *owners);

/* The evidence of one process, or of an owner. */
const char *lab_why(struct lab *lab, int pid);

const struct owner *lab_owner(const struct lab *lab, const char *id);
const struct group *lab_group(const struct lab *lab, const char *id);
const struct node *lab_node(const struct lab *lab, int pid);
struct totals lab_subtree(const struct lab *lab, int pid);
struct growth lab_growth(const struct lab *lab, int pid);
uint32_t lab_zombies(const struct lab *lab, int pid);

/* A sink that adds to a text. */
int take_bytes(void *context, const char *bytes, size_t len);

#endif
