/* The process tree: links and subtree totals. Pure and linear. */
#ifndef CLADE_TREE_H
#define CLADE_TREE_H

#include "clade/model.h"

/* Adds what one process is to a sum. */
void totals_add_proc(struct totals *totals, const struct process *proc,
		     const struct assignment *assignment);

/* Adds a sum to a sum. */
void totals_add(struct totals *totals, const struct totals *part);

/* An empty sum: nothing known yet. */
struct totals totals_none(void);

/*
 * Links model->nodes and sets first_root, and writes the indexes of all processes, parents before
 * children, into `order` (n_procs long). A parent is never younger than its child; a cycle, which
 * only a file can hold, is cut.
 */
int tree_link(struct model *model, int32_t *order);

enum { BRANCH_WANTED = NO_BRANCH - 1 };

/* Makes branches of the nodes that have children, and of those whose `branch` is BRANCH_WANTED.
 * Returns 0 or -ENOMEM. */
int tree_branch(struct model *model);

/* Sums every subtree; deaths that a node's own are stand in its branch already. */
void tree_sum(struct model *model, const int32_t *order);

/* The next process of a walk that begins with first_root, parents before children; NO_PROC: that
 * was all. */
int32_t tree_walk_on(const struct model *model, int32_t at);

/*
 * Whether a process stays for its parent when that one is chosen by what it is, its state or its
 * user: no farther than their owner goes, for all of a machine hangs below processes of root.
 */
bool tree_stays_for_parent(const struct model *model, int32_t proc);

#endif
