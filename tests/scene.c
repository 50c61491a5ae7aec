#include "scene.h"

#include <signal.h>

#include "suite.h"

const char machine[] = "  1   0 /sbin/init  init                     ; sid:1\n"
			      "  2   0 -           -                        ; kernel comm:kthreadd sid:0\n"
			      " 10   1 " CLAUDE "  claude                   ; sid:10 pgrp:10 uid:1000\n"
			      " 11  10 /bin/bash   bash -c \"make test\"    ; sid:11 pgrp:11 uid:1000 " TOOL(10, S1) "\n"
			      " 12  11 /bin/make   make test                ; sid:11 pgrp:11 uid:1000 " TOOL(10, S1) "\n"
			      " 13  12 /bin/cc     cc a.c                   ; sid:11 pgrp:11 uid:1000 " TOOL(10, S1) "\n"
			      " 14   1 /bin/sh     sh -c \"sleep 9\"        ; sid:14 pgrp:14 uid:1000 " TOOL(10, S1) "\n"
			      " 15  12 -           -                        ; sid:11 pgrp:11 uid:1000 state:Z env:unread comm:cc\n"
			      " 20   1 " CLAUDE "  claude                   ; sid:20 uid:1000\n"
			      " 21  20 /bin/bash   bash -c id               ; sid:21 uid:1000 " TOOL(20, S2) "\n"
			      " 22  21 /bin/su     su                       ; sid:21 uid:0 " TOOL(20, S2) "\n"
			      " 40   1 /usr/bin/sshd sshd                   ; sid:40 comm:sshd\n"
			      " 41  40 /bin/bash   -bash                    ; sid:41 uid:1000\n"
			      " 42  41 /usr/bin/tmux tmux attach            ; sid:41 uid:1000 comm:\"tmux: client\"\n"
			      " 50   1 /usr/bin/tmux tmux                   ; sid:50 uid:1000 comm:\"tmux: server\"\n"
			      " 51  50 /bin/bash   -bash                    ; sid:51 uid:1000\n"
			      " 52  50 /bin/bash   -bash                    ; sid:52 uid:1000\n"
			      " 60  51 /usr/bin/clade clade                 ; sid:51 uid:1000\n";

struct scene scene_of(const char *table, int self)
{
	struct scene scene = {.lab = lab_new(NULL)};
	struct snapshot *snap = lab_snapshot(0, table);

	snap->host.self_pid = (uint64_t)self;
	lab_take(scene.lab, snap);
	return scene;
}

void scene_done(struct scene *scene)
{
	plan_free(scene->plan);
	lab_free(scene->lab);
	text_done(&scene->said);
}

void plan_for(struct scene *scene, bool is_mighty, size_t n, const struct plan_target *targets)
{
	plan_free(scene->plan);
	scene->plan = NULL;
	assert_int_equal(plan_make(scene->lab->model,
				   &(struct plan_request){
					   .targets = targets,
					   .n_targets = n,
					   .signal = SIGTERM,
					   .uid = ME,
					   .is_mighty = is_mighty,
				   },
				   &scene->plan),
			 0);
}

struct plan_target tree_of(const struct scene *scene, int pid)
{
	return (struct plan_target){.type = TARGET_TREE, .index = snapshot_find_pid(scene->lab->snap, pid)};
}

void plan_tree(struct scene *scene, int pid)
{
	struct plan_target target = tree_of(scene, pid);

	plan_for(scene, false, 1, &target);
}

void plan_word(struct scene *scene, const char *word)
{
	struct plan_target target;
	struct text error = {0};

	if (plan_find_target(scene->lab->model, word, &target, &error) != 0)
		fail_msg("%s", text_str(&error));
	plan_for(scene, false, 1, &target);
	text_done(&error);
}

const char *steps(struct scene *scene)
{
	text_clear(&scene->said);
	for (size_t i = 0; i < scene->plan->n_steps; i++)
		text_printf(&scene->said, "%s%lld", i > 0 ? " " : "", (long long)scene->plan->steps[i].key.pid);
	return text_str(&scene->said);
}

const char *kept(struct scene *scene)
{
	static const char *const words[] = {"init", "kernel", "self", "ancestor", "terminal", "denied", "zombie"};

	text_clear(&scene->said);
	for (size_t i = 0; i < scene->plan->n_kept; i++)
		text_printf(&scene->said, "%s%lld %s", i > 0 ? ", " : "", (long long)scene->plan->kept[i].key.pid,
			    words[scene->plan->kept[i].why]);
	return text_str(&scene->said);
}

const char *words_of(struct scene *scene, bool all)
{
	text_clear(&scene->said);
	plan_add_text(&scene->said, scene->plan, NULL, all);
	return text_str(&scene->said);
}

const char *error_of(struct scene *scene, const char *word, int expected)
{
	struct plan_target target;

	text_clear(&scene->said);
	assert_int_equal(plan_find_target(scene->lab->model, word, &target, &scene->said), expected);
	return text_str(&scene->said);
}
