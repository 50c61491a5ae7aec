/* Engines of containers, and the kubelet. */
#include "supervisor_parts.h"

#include <string.h>

#include "clade/safe.h"
#include "engine.h"
#include "restart.h"

static bool is_in_pod(const struct finding *finding, int32_t owner)
{
	const struct owner *owners = finding->attr->owners;

	for (int32_t g = owner; g != NO_OWNER; g = owners[g].parent) {
		if (strcmp(owners[g].product, "kubernetes") == 0 ||
		    strcmp(owners[g].product, "kubepods") == 0)
			return true;
	}
	return false;
}

static void find_kubelet(struct finding *finding, int32_t owner)
{
	const struct owner *container = &finding->attr->owners[owner];
	const struct owner *pod = container->parent != NO_OWNER
					  ? &finding->attr->owners[container->parent]
					  : container;
	struct supervisor *item =
		finding_add(finding, SUPERVISOR_KUBERNETES, owner, container->name);

	text_printf(&finding->line, "the kubelet starts %s again, of the pod ", item->name);
	safe_add(&finding->line, pod->name, strlen(pod->name));
	item->sentence = finding_take_line(finding);
	text_add(&finding->line, "crictl stop ");
	text_printf(&finding->line, "%.12s", container->key);
	text_add(&finding->line, "   # and for good: kubectl delete pod, or what made it");
	item->command = finding_take_line(finding);
}

static void copy_sockets(struct supervisor *item, const struct engine *engine)
{
	for (size_t i = 0; i < SUPERVISOR_SOCKETS_MAX - 1 && engine->sockets[i]; i++)
		item->sockets[i] = engine->sockets[i];
	supervisor_check_sockets(item);
}

static void add_engine(struct finding *finding, enum supervisor_kind kind, int32_t owner,
		       const struct engine *engine, const char *program)
{
	const struct owner *container = &finding->attr->owners[owner];
	struct supervisor *item = finding_add(finding, kind, owner, container->name);

	finding_set_process(finding, item, engine->proc);
	item->is_certain = engine->restart == RESTART_YES;
	item->id = finding_keep(finding, container->key);
	copy_sockets(item, engine);
	finding_begin_sentence(finding, item);
	if (engine->restart == RESTART_YES) {
		text_printf(&finding->line, " starts %s again: its restart policy is ", item->name);
		safe_add(&finding->line, engine->policy, strlen(engine->policy));
	} else {
		text_printf(&finding->line,
			    " may start %s again: its restart policy cannot be read", item->name);
	}
	item->sentence = finding_take_line(finding);
	text_printf(&finding->line, "%s ", program);
	/* an engine of one's own is not found by its client */
	if (kind == SUPERVISOR_DOCKER && item->sockets[0] &&
	    !strstr(item->sockets[0], "/run/docker.sock")) {
		text_add(&finding->line, "-H unix://");
		finding_add_word(&finding->line, item->sockets[0]);
		text_add_char(&finding->line, ' ');
	}
	text_add(&finding->line, "stop ");
	finding_add_word(&finding->line, container->name);
	item->command = finding_take_line(finding);
}

/* One that is not the client's own choice has to be said to it. */
static void add_shim_option(struct finding *finding, const struct process *shim, const char *name,
			    const char *usual)
{
	const char *value = shim ? engine_shim_option(shim, name) : NULL;

	if (!value || strcmp(value, usual) == 0)
		return;
	text_printf(&finding->line, "-%s ", name);
	finding_add_word(&finding->line, value);
	text_add_char(&finding->line, ' ');
}

/* nerdctl's restart policies are kept by a plugin of containerd, in labels. Its shim says whose it
 * is: containerd-shim-runc-v2 -namespace shop -id 1234 -address /run/containerd/containerd.sock */
static void find_containerd(struct finding *finding, int32_t owner, int32_t root)
{
	const struct owner *container = &finding->attr->owners[owner];
	int32_t parent = finding->model->nodes[root].parent;
	const struct process *shim = parent != NO_PROC ? finding_process(finding, parent) : NULL;
	struct supervisor *item =
		finding_add(finding, SUPERVISOR_CONTAINERD, owner, container->name);

	item->is_certain = false;
	text_printf(&finding->line,
		    "containerd may start %s again, if it was run with --restart or by another "
		    "program",
		    item->name);
	item->sentence = finding_take_line(finding);
	text_add(&finding->line, "nerdctl ");
	add_shim_option(finding, shim, "-namespace", "default");
	add_shim_option(finding, shim, "-address", "/run/containerd/containerd.sock");
	text_add(&finding->line, "stop ");
	finding_add_word(&finding->line, container->key);
	item->command = finding_take_line(finding);
}

void find_container_engine(struct finding *finding, int32_t owner, int32_t root)
{
	const struct owner *container = &finding->attr->owners[owner];
	struct arena *arena = &finding->found->arena;
	struct engine engine;

	if (is_in_pod(finding, owner)) {
		find_kubelet(finding, owner);
	} else if (strcmp(container->product, "docker") == 0) {
		engine_find_docker(finding->snap, container->key, finding->root, arena, &engine);
		if (engine.restart != RESTART_NO)
			add_engine(finding, SUPERVISOR_DOCKER, owner, &engine, "docker");
	} else if (strcmp(container->product, "podman") == 0) {
		/* the container's own user can be any: its monitor is the user's who ran it */
		int32_t monitor = finding->model->nodes[root].parent;
		uint32_t uid =
			monitor != NO_PROC ? finding_process(finding, monitor)->facts->uid : 0;

		engine_find_podman(finding->snap, uid, finding->root, arena, &engine);
		add_engine(finding, SUPERVISOR_PODMAN, owner, &engine, "podman");
	} else if (strcmp(container->product, "containerd") == 0) {
		find_containerd(finding, owner, root);
	}
}
