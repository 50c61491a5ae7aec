#include "engine.h"

#include <string.h>

static void add_socket(struct engine *engine, const char *path)
{
	size_t n = 0;

	while (n < ENGINE_SOCKETS_MAX && engine->sockets[n]) {
		if (path && strcmp(engine->sockets[n], path) == 0)
			return;
		n++;
	}
	if (path && n < ENGINE_SOCKETS_MAX - 1)
		engine->sockets[n] = path;
}

static bool is_program(const struct process *proc, const char *name)
{
	const char *path = proc->facts->exe ? proc->facts->exe : facts_arg(proc->facts, 0);
	const char *slash = path ? strrchr(path, '/') : NULL;

	return path && strcmp(slash ? slash + 1 : path, name) == 0;
}

/* The values of an option: "--host X", "--host=X", "-H X". Calls `take` with each. */
static const char *next_value(const struct facts *facts, const char *name, const char *letter,
			      size_t *at)
{
	size_t len = strlen(name);

	for (; facts_arg(facts, *at); ++*at) {
		const char *argument = facts_arg(facts, *at);

		if (strcmp(argument, name) == 0 || (letter && strcmp(argument, letter) == 0)) {
			*at += 2;
			return facts_arg(facts, *at - 1);
		}
		if (strncmp(argument, name, len) == 0 && argument[len] == '=') {
			++*at;
			return argument + len + 1;
		}
	}
	return NULL;
}

static const char *value_of(const struct facts *facts, const char *name, const char *letter)
{
	size_t at = 1;

	return next_value(facts, name, letter, &at);
}

/* unix:///run/docker.sock -> /run/docker.sock */
static const char *unix_path(const char *url)
{
	return strncmp(url, "unix://", 7) == 0 && url[7] == '/' ? url + 7 : NULL;
}

static void add_hosts(struct engine *engine, const struct facts *facts, struct arena *arena)
{
	size_t at = 1;
	const char *host;

	while ((host = next_value(facts, "--host", "-H", &at)) != NULL)
		add_socket(engine, arena_strdup(arena, unix_path(host)));
}

static void add_default(struct engine *engine, struct arena *arena, const char *root,
			const char *path)
{
	add_socket(engine, arena_printf(arena, "%s%s", root, path));
}

void engine_find_docker(const struct snapshot *snap, const char *id, const char *root,
			struct arena *arena, struct engine *engine)
{
	struct text policy = {0};
	struct text path = {0};

	*engine = (struct engine){.proc = NO_PROC};
	for (size_t i = 0; i < snap->n_procs; i++) {
		const struct process *proc = &snap->procs[i];
		const char *directory;
		enum restart restart;

		if (!is_program(proc, "dockerd"))
			continue;
		directory = value_of(proc->facts, "--data-root", "-g");
		text_clear(&path);
		text_printf(&path, "%s%s", directory ? "" : root,
			    directory ? directory : "/var/lib/docker");
		restart = restart_read_docker(text_str(&path), id, &policy);
		/* the first is as good as any as long as none is known to have it */
		if (restart == RESTART_UNKNOWN && engine->proc != NO_PROC)
			continue;
		*engine = (struct engine){.proc = (int32_t)i, .restart = restart};
		add_hosts(engine, proc->facts, arena);
		if (restart != RESTART_UNKNOWN) {
			engine->policy = arena_strdup(arena, text_str(&policy));
			break;
		}
	}
	if (!engine->sockets[0])
		add_default(engine, arena, root, "/var/run/docker.sock");
	text_done(&path);
	text_done(&policy);
}

void engine_find_podman(const struct snapshot *snap, uint32_t uid, const char *root,
			struct arena *arena, struct engine *engine)
{
	*engine = (struct engine){.proc = NO_PROC};
	for (size_t i = 0; i < snap->n_procs; i++) {
		const struct process *proc = &snap->procs[i];
		const struct facts *facts = proc->facts;

		if (!is_program(proc, "podman") || facts->uid != uid)
			continue;
		/* podman system service --time=0 unix:///run/podman/podman.sock */
		for (size_t at = 1; facts_arg(facts, at); at++) {
			const char *path = unix_path(facts_arg(facts, at));

			if (path) {
				engine->proc = (int32_t)i;
				add_socket(engine, arena_strdup(arena, path));
			}
		}
	}
	if (uid == 0)
		add_default(engine, arena, root, "/run/podman/podman.sock");
	else
		add_socket(engine, arena_printf(arena, "%s/run/user/%u/podman/podman.sock", root,
						(unsigned)uid));
}

const char *engine_shim_option(const struct process *shim, const char *name)
{
	return value_of(shim->facts, name, NULL);
}
