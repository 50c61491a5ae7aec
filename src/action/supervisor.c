#include "clade/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clade/aside.h"
#include "clade/io.h"
#include "clade/mem.h"
#include "clade/safe.h"
#include "supervisor_parts.h"

enum {
	ENVIRON_MAX = 256 << 10,
	ENVIRON_MS = 300, /* for one of them */
};

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

/* ---- Strings ------------------------------------------------------------------------------------
 */

void finding_add_word(struct text *out, const char *word)
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

char *finding_keep(struct finding *finding, const char *s)
{
	char *copy = arena_strdup(&finding->found->arena, s);

	if (!copy && s)
		finding->is_full = true;
	return copy;
}

const char *finding_take_line(struct finding *finding)
{
	const char *line = finding_keep(finding, text_str(&finding->line));

	text_clear(&finding->line);
	return line;
}

static const char *safe_copy(struct finding *finding, const char *s)
{
	text_clear(&finding->line);
	safe_add(&finding->line, s, strlen(s));
	return finding_take_line(finding);
}

struct supervisor *finding_add(struct finding *finding, enum supervisor_kind kind, int32_t owner,
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

void finding_set_process(const struct finding *finding, struct supervisor *item, int32_t proc)
{
	if (proc != NO_PROC)
		item->key = process_key(finding_process(finding, proc));
}

void finding_begin_sentence(struct finding *finding, const struct supervisor *item)
{
	text_clear(&finding->line);
	text_add(&finding->line, supervisor_kind_name(item->kind));
	if (item->key.pid > 0)
		text_printf(&finding->line, " (pid %d)", (int)item->key.pid);
}

void supervisor_check_sockets(struct supervisor *item)
{
	for (size_t i = 0; i < SUPERVISOR_SOCKETS_MAX && item->sockets[i]; i++) {
		if (access(item->sockets[i], F_OK) == 0)
			item->can_stop = true;
	}
}

/* ---- Environments -------------------------------------------------------------------------------
 */

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

/* The environment of a process, as far as it may be read in time: who forks holds the lock that it
 * is read under. Where no thread can be made, it is waited for. */
static void read_environment(const struct finding *finding, int32_t proc, struct text *block)
{
	struct text path = {0};
	int dir;

	text_printf(&path, "%s/proc/%d", finding->root, (int)finding_process(finding, proc)->pid);
	dir = open(text_str(&path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	text_done(&path);
	if (dir < 0)
		return;
	if (aside_read_at(finding->aside, dir, "environ", ENVIRON_MAX, ENVIRON_MS, block) == -EBUSY)
		io_read_at(dir, "environ", ENVIRON_MAX, block);
	close(dir);
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
	    facts_marker(finding_process(finding, parent)->facts, "pm_id"))
		return NO_PROC;
	return parent;
}

/* PM2 hands its settings to the app: "autorestart=false", or as JSON in "pm2_env" to one of a
 * cluster. */
static bool is_started_once(const struct finding *finding, int32_t root)
{
	struct text block = {0};
	const char *setting;
	const char *settings;
	bool is_once;

	read_environment(finding, root, &block);
	setting = variable(&block, "autorestart");
	settings = variable(&block, "pm2_env");
	is_once = (setting && strcmp(setting, "false") == 0) ||
		  (settings && strstr(settings, "\"autorestart\":false"));
	text_done(&block);
	return is_once;
}

static void find_pm2(struct finding *finding, int32_t owner, const int32_t *roots, size_t n)
{
	const struct owner *app = &finding->attr->owners[owner];
	const struct facts *facts = finding_process(finding, roots[0])->facts;
	const char *home = facts_marker(facts, "PM2_HOME");
	int32_t god = god_of(finding, roots[0]);
	struct supervisor *item;

	if (!facts_marker(facts, "pm_id") || god == NO_PROC || finding->is_planned[god] ||
	    is_started_once(finding, roots[0]))
		return;
	/* as PM2 itself looks for it */
	if (!home)
		home = facts_marker(finding_process(finding, god)->facts, "PM2_HOME");
	item = finding_add(finding, SUPERVISOR_PM2, owner, app->name);
	finding_set_process(finding, item, god);
	finding_begin_sentence(finding, item);
	text_printf(&finding->line, " starts %s again when it ends", item->name);
	item->sentence = finding_take_line(finding);
	if (home) {
		text_add(&finding->line, "PM2_HOME=");
		finding_add_word(&finding->line, home);
		text_add_char(&finding->line, ' ');
	}
	text_add(&finding->line, "pm2 stop ");
	finding_add_word(&finding->line, app->name);
	item->command = finding_take_line(finding);
	item->targets = arena_new(&finding->found->arena, n, sizeof(*item->targets));
	for (size_t i = 0; i < n && item->targets; i++) {
		const char *id = facts_marker(finding_process(finding, roots[i])->facts, "pm_id");

		/* an environment can hold anything */
		if (id && *id && strspn(id, "0123456789") == strlen(id))
			item->targets[item->n_targets++] = finding_keep(finding, id);
	}
	if (home) {
		text_printf(&finding->line, "%s/rpc.sock", home);
		item->sockets[0] = finding_take_line(finding);
	}
	supervisor_check_sockets(item);
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
	const struct process *proc = finding_process(finding, parent);
	const char *directory = proc->facts->cwd;
	const char *slash = directory ? strrchr(directory, '/') : NULL;
	struct supervisor *item;

	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		if (strcmp(proc->facts->comm, small[i].comm) != 0)
			continue;
		item = finding_add(finding, SUPERVISOR_RUNIT, finding->attr->procs[child].owner,
				   slash && slash[1]
					   ? slash + 1
					   : finding_process(finding, child)->facts->comm);
		finding_set_process(finding, item, parent);
		text_printf(&finding->line, "%s (pid %d) starts %s again when it ends",
			    small[i].comm, (int)proc->pid, item->name);
		item->sentence = finding_take_line(finding);
		text_printf(&finding->line, "%s ", small[i].command);
		finding_add_word(&finding->line, directory ? directory : "DIRECTORY");
		item->command = finding_take_line(finding);
		if (directory) {
			text_printf(&finding->line, "%s/supervise/control", directory);
			item->sockets[0] = finding_take_line(finding);
			supervisor_check_sockets(item);
		}
		return;
	}
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

	if (!is_supervisord(finding_process(finding, parent)))
		return;
	read_environment(finding, child, &block);
	group = variable(&block, "SUPERVISOR_GROUP_NAME");
	name = variable(&block, "SUPERVISOR_PROCESS_NAME");
	url = variable(&block, "SUPERVISOR_SERVER_URL");
	item = finding_add(finding, SUPERVISOR_SUPERVISORD, finding->attr->procs[child].owner,
			   name ? name : finding_process(finding, child)->facts->comm);
	finding_set_process(finding, item, parent);
	finding_begin_sentence(finding, item);
	text_printf(&finding->line, " starts %s again when it ends", item->name);
	item->sentence = finding_take_line(finding);
	text_clear(&path);
	if (group && name && strcmp(group, name) != 0)
		text_printf(&path, "%s:%s", group, name);
	else
		text_add(&path, name ? name : "NAME");
	text_add(&finding->line, "supervisorctl ");
	if (url) {
		text_add(&finding->line, "-s ");
		finding_add_word(&finding->line, url);
		text_add_char(&finding->line, ' ');
	}
	text_add(&finding->line, "stop ");
	finding_add_word(&finding->line, text_str(&path));
	item->command = finding_take_line(finding);
	if (name && url && strncmp(url, "unix://", 7) == 0) {
		item->id = finding_keep(finding, text_str(&path));
		item->sockets[0] = finding_keep(finding, url + 7);
		supervisor_check_sockets(item);
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
		find_container_engine(finding, owner, roots[0]);
	else if (o->kind == OWNER_SERVICE && strcmp(o->product, "systemd") == 0)
		find_systemd_manager(finding, owner, roots[0]);
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
		.aside = aside_new(),
		.is_planned = mem_new(model->snap->n_procs + 1, sizeof(bool)),
		.found = mem_new(1, sizeof(*finding.found)),
	};

	arena_init(&finding.found->arena);
	for (size_t i = 0; i < n; i++)
		finding.is_planned[procs[i]] = true;
	find_owners(&finding);
	find_parents(&finding);
	aside_free(finding.aside);
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
