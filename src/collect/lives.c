#include "lives.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

void lives_clear(struct lives *lives)
{
	free(lives->briefs);
	free(lives->origins);
	*lives = (struct lives){0};
}

/* {"pid":4211,"start_ticks":907,…}; false when it is none. */
static bool get_process(const json_t *object, const char *pid_key, const char *start_key,
			struct proc_key *key)
{
	json_int_t pid = json_integer_value(json_object_get(object, pid_key));
	uint64_t start_ticks = parse_get_uint(object, start_key);

	if (pid <= 0 || pid > INT32_MAX || !is_known(start_ticks))
		return false;
	key->pid = (int32_t)pid;
	key->start_ticks = start_ticks;
	return true;
}

static int by_child(const void *a, const void *b)
{
	const struct origin *x = a;
	const struct origin *y = b;

	return (x->child.pid > y->child.pid) - (x->child.pid < y->child.pid);
}

int lives_take(struct lives *lives, const json_t *object)
{
	const json_t *briefs = json_object_get(object, "briefs");
	const json_t *origins = json_object_get(object, "origins");
	uint64_t all = parse_get_uint(object, "brief_lives");
	const json_t *item;
	size_t i;

	lives_clear(lives);
	lives->briefs = calloc(json_array_size(briefs) + 1, sizeof(*lives->briefs));
	lives->origins = calloc(json_array_size(origins) + 1, sizeof(*lives->origins));
	if (!lives->briefs || !lives->origins)
		return -ENOMEM;
	json_array_foreach (briefs, i, item) {
		struct brief *brief = &lives->briefs[lives->n_briefs];
		uint64_t n = parse_get_uint(item, "lives");

		brief->lives = n < UINT32_MAX ? (uint32_t)n : 0;
		lives->n_briefs += get_process(item, "pid", "start_ticks", &brief->parent);
	}
	json_array_foreach (origins, i, item) {
		struct origin *origin = &lives->origins[lives->n_origins];

		lives->n_origins +=
			get_process(item, "pid", "start_ticks", &origin->child) &&
			get_process(item, "parent_pid", "parent_start_ticks", &origin->parent);
	}
	if (lives->n_origins > 0)
		qsort(lives->origins, lives->n_origins, sizeof(*lives->origins), by_child);
	lives->brief_lives = is_known(all) ? all : 0;
	lives->is_at_least = json_is_true(json_object_get(object, "at_least"));
	lives->are_known = true;
	return 0;
}

int lives_copy(const struct lives *lives, struct snapshot *snap)
{
	if (!lives->are_known)
		return 0;
	snap->briefs = arena_new(&snap->arena, lives->n_briefs + 1, sizeof(*snap->briefs));
	snap->origins = arena_new(&snap->arena, lives->n_origins + 1, sizeof(*snap->origins));
	if (!snap->briefs || !snap->origins)
		return -ENOMEM;
	memcpy(snap->briefs, lives->briefs, lives->n_briefs * sizeof(*snap->briefs));
	memcpy(snap->origins, lives->origins, lives->n_origins * sizeof(*snap->origins));
	snap->n_briefs = lives->n_briefs;
	snap->n_origins = lives->n_origins;
	snap->brief_lives = lives->brief_lives;
	snap->is_at_least = lives->is_at_least;
	snap->has_events = true;
	return 0;
}
