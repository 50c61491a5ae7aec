/* A machine and a plan for it, and what is said of them. */
#ifndef CLADE_TEST_SCENE_H
#define CLADE_TEST_SCENE_H

#include "cast.h"
#include "clade/plan.h"
#include "lab.h"

enum { ME = 1000 }; /* who asks */

/* Two sessions of an agent, one with an orphan; clade runs as pid 60 in tmux, which ssh shows. */
extern const char machine[];

struct scene {
	struct lab *lab;
	struct plan *plan;
	struct text said;
};

struct scene scene_of(const char *table, int self);

void scene_done(struct scene *scene);

void plan_for(struct scene *scene, bool is_mighty, size_t n, const struct plan_target *targets);

struct plan_target tree_of(const struct scene *scene, int pid);

void plan_tree(struct scene *scene, int pid);

void plan_word(struct scene *scene, const char *word);

/* "10 11 12", in the plan's order. */
const char *steps(struct scene *scene);

/* "15 zombie", … : pid and why. */
const char *kept(struct scene *scene);

const char *words_of(struct scene *scene, bool all);

const char *error_of(struct scene *scene, const char *word, int expected);

#endif
