#include "clade/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clade/io.h"
#include "clade/mem.h"
#include "clade/safe.h"
#include "clade/users.h"
#include "engine.h"
#include "restart.h"

enum { ENVIRON_MAX = 256 << 10 };

const char *supervisor_kind_name(enum supervisor_kind kind)
{
	static const char *const names[] = {
		[SUPERVISOR_PM2] = "PM2",
		[SUPERVISOR_DOCKER] = "Docker",
		[SUPERVISOR_PODMAN] = "Podman",
		[SUPERVISOR_KUBERNETES] = "Kubernetes",
		[SUPERVISOR_CONTAINERD] = "containerd",
		[SUPERVISOR_SYSTEMD] = "systemd",
		[SUPERVISOR_RUNIT] = "runit",
		[SUPERVISOR_SUPERVISORD] = "supervisord",
	};

	return names[kind];
}

/* What is being found. */
struct finding {
	const struct model *model;
	const struct snapshot *snap;
	const struct attribution *attr;
	const char *root;
	bool *is_planned; /* a process each */
	struct supervisors *found;
	size_t size;
	struct text line; /* for building strings */
	bool is_full;     /* no memory left */
};

static const struct process *process_of(const struct finding *finding, int32_t index)
{
	return &finding->snap->procs[index];
}

/* ---- Strings ------------------------------------------------------------------------------------
 */

/* A word for a shell: in quotes unless it needs none. */
static void add_word(struct text *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./:@%+=,-";
	struct text safe = {0};

	safe_add(&safe, word, strlen(word));
	if (safe.len > 0 && strspn(text_str(&safe), plain) == safe.len) {
		text_add(out, text_str(&safe));
		text_done(&safe);
		return;
	}
	text_add_char(out, '\'');
	for (const char *c = text_str(&safe); *c; c++) {
		if (*c == '\'')
			text_add(out, "'\\''");
		else
			text_add_char(out, *c);
	}
	text_add_char(out, '\'');
	text_done(&safe);
}

static char *kept(struct finding *finding, const char *s)
{
	char *copy = arena_strdup(&finding->found->arena, s);

	if (!copy && s)
		finding->is_full = true;
	return copy;
}

/* The line that was built, kept; the next begins. */
static const char *take_line(struct finding *finding)
{
	const char *line = kept(finding, text_str(&finding->line));

	text_clear(&finding->line);
	return line;
}

static const char *safe_copy(struct finding *finding, const char *s)
{
	text_clear(&finding->line);
	safe_add(&finding->line, s, strlen(s));
	return take_line(finding);
}

/* One more, which everything else is set in; NULL without memory. */
static struct supervisor *add(struct finding *finding, enum supervisor_kind kind, int32_t owner,
			      const char *name)
{
	struct supervisors *found = finding->found;
	struct supervisor *item;

	if (found->n == finding->size) {
		finding->size = finding->size ? 2 * finding->size : 8;
		found->items = mem_grow(found->items, finding->size, sizeof(*found->items));
	}
	item = &found->items[found->n++];
	*item = (struct supervisor){
		.kind = kind,
		.owner = owner,
		.is_certain = true,
		.name = safe_copy(finding, name),
	};
	return item;
}

static void set_process(const struct finding *finding, struct supervisor *item, int32_t proc)
{
	if (proc != NO_PROC)
		item->key = process_key(process_of(finding, proc));
}

/* "Docker (pid 90)" */
static void begin_sentence(struct finding *finding, const struct supervisor *item)
{
	text_clear(&finding->line);
	text_add(&finding->line, supervisor_kind_name(item->kind));
	if (item->key.pid > 0)
		text_printf(&finding->line, " (pid %d)", (int)item->key.pid);
}

static void check_sockets(struct supervisor *item)
{
	for (size_t i = 0; i < SUPERVISOR_SOCKETS_MAX && item->sockets[i]; i++) {
		if (access(item->sockets[i], F_OK) == 0)
			item->can_stop = true;
	}
}

/* ---- PM2 ----------------------------------------------------------------------------------------
 */

/* The God daemon that is the parent of an app's root, or NO_PROC when that one is gone. */
static int32_t god_of(const struct finding *finding, int32_t root)
{
	int32_t parent = finding->model->nodes[root].parent;
	const struct assignment *assigned;

	if (parent == NO_PROC)
		return NO_PROC;
	assigned = &finding->attr->procs[parent];
	if (!assigned->is_root || finding->attr->owners[assigned->owner].kind != OWNER_PM2 ||
	    facts_marker(process_of(finding, parent)->facts, "pm_id"))
		return NO_PROC;
	return parent;
}

static void find_pm2(struct finding *finding, int32_t owner, const int32_t *roots, size_t n)
{
	const struct owner *app = &finding->attr->owners[owner];
	const struct facts *facts = process_of(finding, roots[0])->facts;
	const char *home = facts_marker(facts, "PM2_HOME");
	int32_t god = god_of(finding, roots[0]);
	struct supervisor *item;

	if (!facts_marker(facts, "pm_id") || god == NO_PROC || finding->is_planned[god])
		return;
	/* as PM2 itself looks for it */
	if (!home)
		home = facts_marker(process_of(finding, god)->facts, "PM2_HOME");
	item = add(finding, SUPERVISOR_PM2, owner, app->name);
	set_process(finding, item, god);
	begin_sentence(finding, item);
	text_printf(&finding->line, " starts %s again when it ends", item->name);
	item->sentence = take_line(finding);
	if (home) {
		text_add(&finding->line, "PM2_HOME=");
		add_word(&finding->line, home);
		text_add_char(&finding->line, ' ');
	}
	text_add(&finding->line, "pm2 stop ");
	add_word(&finding->line, app->name);
	item->command = take_line(finding);
	item->targets = arena_new(&finding->found->arena, n, sizeof(*item->targets));
	for (size_t i = 0; i < n && item->targets; i++) {
		const char *id = facts_marker(process_of(finding, roots[i])->facts, "pm_id");

		/* an environment can hold anything */
		if (id && *id && strspn(id, "0123456789") == strlen(id))
			item->targets[item->n_targets++] = kept(finding, id);
	}
	if (home) {
		text_printf(&finding->line, "%s/rpc.sock", home);
		item->sockets[0] = take_line(finding);
	}
	check_sockets(item);
}

/* ---- Containers ---------------------------------------------------------------------------------
 */

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
	struct supervisor *item = add(finding, SUPERVISOR_KUBERNETES, owner, container->name);

	text_printf(&finding->line, "the kubelet starts %s again, of the pod ", item->name);
	safe_add(&finding->line, pod->name, strlen(pod->name));
	item->sentence = take_line(finding);
	text_add(&finding->line, "crictl stop ");
	text_printf(&finding->line, "%.12s", container->key);
	text_add(&finding->line, "   # and for good: kubectl delete pod, or what made it");
	item->command = take_line(finding);
}

static void copy_sockets(struct supervisor *item, const struct engine *engine)
{
	for (size_t i = 0; i < SUPERVISOR_SOCKETS_MAX - 1 && engine->sockets[i]; i++)
		item->sockets[i] = engine->sockets[i];
	check_sockets(item);
}

static void add_engine(struct finding *finding, enum supervisor_kind kind, int32_t owner,
		       const struct engine *engine, const char *program)
{
	const struct owner *container = &finding->attr->owners[owner];
	struct supervisor *item = add(finding, kind, owner, container->name);

	set_process(finding, item, engine->proc);
	item->is_certain = engine->restart == RESTART_YES;
	item->id = kept(finding, container->key);
	copy_sockets(item, engine);
	begin_sentence(finding, item);
	if (engine->restart == RESTART_YES) {
		text_printf(&finding->line, " starts %s again: its restart policy is ", item->name);
		safe_add(&finding->line, engine->policy, strlen(engine->policy));
	} else {
		text_printf(&finding->line,
			    " may start %s again: its restart policy cannot be read", item->name);
	}
	item->sentence = take_line(finding);
	text_printf(&finding->line, "%s ", program);
	/* an engine of one's own is not found by its client */
	if (kind == SUPERVISOR_DOCKER && item->sockets[0] &&
	    !strstr(item->sockets[0], "/run/docker.sock")) {
		text_add(&finding->line, "-H unix://");
		add_word(&finding->line, item->sockets[0]);
		text_add_char(&finding->line, ' ');
	}
	text_add(&finding->line, "stop ");
	add_word(&finding->line, container->name);
	item->command = take_line(finding);
}

/* nerdctl's restart policies are kept by a plugin of containerd, in labels. */
static void find_containerd(struct finding *finding, int32_t owner)
{
	const struct owner *container = &finding->attr->owners[owner];
	struct supervisor *item = add(finding, SUPERVISOR_CONTAINERD, owner, container->name);

	item->is_certain = false;
	text_printf(&finding->line,
		    "containerd may start %s again, if it was run with --restart or by another "
		    "program",
		    item->name);
	item->sentence = take_line(finding);
	text_printf(&finding->line, "nerdctl stop %.12s", container->key);
	item->command = take_line(finding);
}

static void find_container(struct finding *finding, int32_t owner, int32_t root)
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
		uint32_t uid = monitor != NO_PROC ? process_of(finding, monitor)->facts->uid : 0;

		engine_find_podman(finding->snap, uid, finding->root, arena, &engine);
		add_engine(finding, SUPERVISOR_PODMAN, owner, &engine, "podman");
	} else if (strcmp(container->product, "containerd") == 0) {
		find_containerd(finding, owner);
	}
}

/* ---- systemd ------------------------------------------------------------------------------------
 */

/* Whether a unit is of a user's own manager: "…/user@1000.service/app.slice/x.service". */
static bool is_users(const char *cgroup, const char *unit, uint32_t *uid)
{
	const char *manager = cgroup ? strstr(cgroup, "/user@") : NULL;
	char *end;

	if (!manager)
		return false;
	*uid = (uint32_t)strtoul(manager + strlen("/user@"), &end, 10);
	return strncmp(end, ".service/", 9) == 0 && strncmp(unit, "user@", 5) != 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whether a component of a path, with \xNN as systemd-escape(1) writes it, is that name. */
static bool is_escaped(const char *component, size_t len, const char *name)
{
	for (size_t i = 0; i < len; name++) {
		char c = component[i++];

		if (c == '\\' && len - i >= 3 && component[i] == 'x' &&
		    hex_value(component[i + 1]) >= 0 && hex_value(component[i + 2]) >= 0) {
			c = (char)(16 * hex_value(component[i + 1]) + hex_value(component[i + 2]));
			i += 3;
		}
		if (c != *name)
			return false;
	}
	return !*name;
}

/* The unit as systemd calls it, for which a control group is named: an owner's key is for people,
 * and has "my-shop" for "my\x2dshop". NULL when there is none. */
static char *unit_name(const char *cgroup, const char *key)
{
	while (cgroup && *cgroup) {
		size_t len = strcspn(cgroup, "/\n");

		if (len > 0 && is_escaped(cgroup, len, key))
			return mem_strndup(cgroup, len);
		cgroup += len + (cgroup[len] != '\0');
	}
	return NULL;
}

/* Where the manager listens: on its own socket for its own user, else on the bus. */
static void set_managers(struct finding *finding, struct supervisor *item, bool is_user,
			 uint32_t uid)
{
	text_add(&finding->line, finding->root);
	if (is_user)
		text_printf(&finding->line, "/run/user/%u/systemd/private", (unsigned)uid);
	else
		text_add(&finding->line, "/run/systemd/private");
	item->sockets[0] = take_line(finding);
	if (!is_user) {
		text_printf(&finding->line, "%s/run/dbus/system_bus_socket", finding->root);
		item->sockets[1] = take_line(finding);
	}
	check_sockets(item);
}

static void say_systemd(struct finding *finding, struct supervisor *item, const struct text *value)
{
	text_printf(&finding->line,
		    "systemd %s %s again: ", item->is_certain ? "starts" : "may start", item->name);
	if (item->is_certain) {
		text_add(&finding->line, "Restart=");
		safe_add(&finding->line, text_str(value), value->len);
	} else {
		text_add(&finding->line, "its unit file cannot be found");
	}
	item->sentence = take_line(finding);
}

static void find_systemd(struct finding *finding, int32_t owner, int32_t root)
{
	const struct owner *unit = &finding->attr->owners[owner];
	const char *cgroup = process_of(finding, root)->facts->cgroup;
	char *name = unit_name(cgroup, unit->key);
	uint32_t uid = 0;
	bool is_user = is_users(cgroup, unit->key, &uid);
	struct text value = {0};
	struct text passwd = {0};
	struct users *users;
	const char *home;
	const char *user;
	enum restart restart;

	if (!name)
		return;
	text_printf(&passwd, "%s/etc/passwd", finding->root);
	users = users_new(text_str(&passwd));
	home = users_find_home(users, uid);
	user = users_find_name(users, uid);
	restart = restart_read_unit(finding->root,
				    !is_user ? NULL
				    : home   ? home
					     : "/nonexistent",
				    name, &value);
	if (restart != RESTART_NO) {
		struct supervisor *item = add(finding, SUPERVISOR_SYSTEMD, owner, unit->name);

		item->is_certain = restart == RESTART_YES;
		item->id = kept(finding, name);
		say_systemd(finding, item, &value);
		text_add(&finding->line, "systemctl ");
		if (is_user)
			text_printf(&finding->line, "--user --machine=%s@ ", user ? user : "USER");
		text_add(&finding->line, "stop ");
		add_word(&finding->line, name);
		item->command = take_line(finding);
		set_managers(finding, item, is_user, uid);
	}
	users_free(users);
	free(name);
	text_done(&passwd);
	text_done(&value);
}

/* ---- Supervisors that are just the parent -------------------------------------------------------
 */

static const struct {
	const char *comm;
	const char *command;
} small[] = {
	{"runsv", "sv down"},
	{"s6-supervise", "s6-svc -d"},
	{"supervise", "svc -d"},
};

static void find_runit(struct finding *finding, int32_t parent, int32_t child)
{
	const struct process *proc = process_of(finding, parent);
	const char *directory = proc->facts->cwd;
	const char *slash = directory ? strrchr(directory, '/') : NULL;
	struct supervisor *item;

	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		if (strcmp(proc->facts->comm, small[i].comm) != 0)
			continue;
		item = add(finding, SUPERVISOR_RUNIT, finding->attr->procs[child].owner,
			   slash && slash[1] ? slash + 1 : process_of(finding, child)->facts->comm);
		set_process(finding, item, parent);
		text_printf(&finding->line, "%s (pid %d) starts %s again when it ends",
			    small[i].comm, (int)proc->pid, item->name);
		item->sentence = take_line(finding);
		text_printf(&finding->line, "%s ", small[i].command);
		add_word(&finding->line, directory ? directory : "DIRECTORY");
		item->command = take_line(finding);
		if (directory) {
			text_printf(&finding->line, "%s/supervise/control", directory);
			item->sockets[0] = take_line(finding);
			check_sockets(item);
		}
		return;
	}
}

/* The value of a variable in an environment block, or NULL. */
static const char *variable(const struct text *block, const char *name)
{
	size_t len = strlen(name);
	const char *at = text_str(block);
	const char *end = at + block->len;

	for (; at < end; at += strlen(at) + 1) {
		if (strncmp(at, name, len) == 0 && at[len] == '=')
			return at + len + 1;
	}
	return NULL;
}

static bool is_supervisord(const struct process *proc)
{
	for (size_t i = 0; i < 3; i++) {
		const char *argument = facts_arg(proc->facts, i);
		const char *slash = argument ? strrchr(argument, '/') : NULL;

		if (argument && strcmp(slash ? slash + 1 : argument, "supervisord") == 0)
			return true;
	}
	return false;
}

/* It tells its children who they are: SUPERVISOR_GROUP_NAME and the like are in their environment.
 */
static void find_supervisord(struct finding *finding, int32_t parent, int32_t child)
{
	struct text path = {0};
	struct text block = {0};
	const char *group;
	const char *name;
	const char *url;
	struct supervisor *item;

	if (!is_supervisord(process_of(finding, parent)))
		return;
	text_printf(&path, "%s/proc/%d/environ", finding->root,
		    (int)process_of(finding, child)->pid);
	io_read_at(AT_FDCWD, text_str(&path), ENVIRON_MAX, &block);
	group = variable(&block, "SUPERVISOR_GROUP_NAME");
	name = variable(&block, "SUPERVISOR_PROCESS_NAME");
	url = variable(&block, "SUPERVISOR_SERVER_URL");
	item = add(finding, SUPERVISOR_SUPERVISORD, finding->attr->procs[child].owner,
		   name ? name : process_of(finding, child)->facts->comm);
	set_process(finding, item, parent);
	begin_sentence(finding, item);
	text_printf(&finding->line, " starts %s again when it ends", item->name);
	item->sentence = take_line(finding);
	text_clear(&path);
	if (group && name && strcmp(group, name) != 0)
		text_printf(&path, "%s:%s", group, name);
	else
		text_add(&path, name ? name : "NAME");
	text_add(&finding->line, "supervisorctl ");
	if (url) {
		text_add(&finding->line, "-s ");
		add_word(&finding->line, url);
		text_add_char(&finding->line, ' ');
	}
	text_add(&finding->line, "stop ");
	add_word(&finding->line, text_str(&path));
	item->command = take_line(finding);
	if (name && url && strncmp(url, "unix://", 7) == 0) {
		item->id = kept(finding, text_str(&path));
		item->sockets[0] = kept(finding, url + 7);
		check_sockets(item);
	}
	text_done(&block);
	text_done(&path);
}

static void find_parents(struct finding *finding)
{
	for (size_t i = 0; i < finding->snap->n_procs; i++) {
		int32_t parent = finding->model->nodes[i].parent;

		if (!finding->is_planned[i] || parent == NO_PROC || finding->is_planned[parent])
			continue;
		find_runit(finding, parent, (int32_t)i);
		find_supervisord(finding, parent, (int32_t)i);
	}
}

/* ---- All ----------------------------------------------------------------------------------------
 */

/* What ends when these roots of an owner do: an app, a container, a unit. */
static void find_of_owner(struct finding *finding, int32_t owner, const int32_t *roots, size_t n)
{
	const struct owner *o = &finding->attr->owners[owner];

	if (o->kind == OWNER_PM2)
		find_pm2(finding, owner, roots, n);
	else if (o->kind == OWNER_CONTAINER)
		find_container(finding, owner, roots[0]);
	else if (o->kind == OWNER_SERVICE && strcmp(o->product, "systemd") == 0)
		find_systemd(finding, owner, roots[0]);
}

static void find_owners(struct finding *finding)
{
	int32_t *roots = mem_new(finding->snap->n_procs + 1, sizeof(*roots));

	for (size_t g = 0; g < finding->attr->n_owners; g++) {
		const struct group *group = &finding->model->groups[g];
		size_t n = 0;

		for (uint32_t i = 0; i < group->own.procs; i++) {
			int32_t proc = finding->model->by_owner[group->first_proc + i];

			if (finding->is_planned[proc] && finding->attr->procs[proc].is_root)
				roots[n++] = proc;
		}
		/* the root of a container or a unit can be an inner owner's: a God, an agent */
		if (n == 0 && finding->attr->owners[g].root != NO_PROC &&
		    finding->is_planned[finding->attr->owners[g].root])
			roots[n++] = finding->attr->owners[g].root;
		if (n > 0)
			find_of_owner(finding, (int32_t)g, roots, n);
	}
	free(roots);
}

int supervisors_find(const struct model *model, const int32_t *procs, size_t n, const char *root,
		     struct supervisors **supervisors)
{
	struct finding finding = {
		.model = model,
		.snap = model->snap,
		.attr = model->attr,
		.root = root,
		.is_planned = mem_new(model->snap->n_procs + 1, sizeof(bool)),
		.found = mem_new(1, sizeof(*finding.found)),
	};

	arena_init(&finding.found->arena);
	for (size_t i = 0; i < n; i++)
		finding.is_planned[procs[i]] = true;
	find_owners(&finding);
	find_parents(&finding);
	free(finding.is_planned);
	text_done(&finding.line);
	if (finding.is_full) {
		supervisors_free(finding.found);
		return -ENOMEM;
	}
	*supervisors = finding.found;
	return 0;
}

void supervisors_free(struct supervisors *supervisors)
{
	if (!supervisors)
		return;
	arena_done(&supervisors->arena);
	free(supervisors->items);
	free(supervisors);
}
