/* What owners are called: titles, names, directories, and since when they are. */
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "pass.h"

enum { LOOK_AGAIN_MS = 10000 }; /* how old what files said of an owner may be */

/* The process that stands for an owner: its root, else the oldest that was found. */
static int32_t face_of(const struct draft *draft)
{
	return draft->owner.root != NO_PROC ? draft->owner.root : draft->sample;
}

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash && slash[1] ? slash + 1 : path;
}

/* The process that runs a container: the one that names its id, or that is its root's parent, as
 * the shim of a pod is for each of the pod's containers. NO_PROC when there is none. */
static int32_t monitor_of(const struct pass *pass, const struct draft *draft)
{
	int32_t root = draft->owner.root;
	int32_t parent = root != NO_PROC ? pass->found[root].parent : NO_PROC;

	for (size_t i = 0; i < pass->snap->n_procs; i++) {
		const char *id = pass->found[i].profile->monitor
					 ? facts_monitored(pass->snap->procs[i].facts, draft->rule)
					 : NULL;

		if (id && strcmp(id, draft->owner.key) == 0)
			return (int32_t)i;
	}
	return parent >= 0 && pass->found[parent].profile->monitor == draft->rule ? parent
										  : NO_PROC;
}

/* Its command line holds what the engine was told; it works in the container's bundle, or says
 * where that is. */
static void ask_monitor(const struct pass *pass, const struct draft *draft,
			struct name_query *query, struct identity *identity)
{
	const struct rule *rule = draft->rule;
	int32_t monitor = rule->monitors.n > 0 ? monitor_of(pass, draft) : NO_PROC;
	const struct facts *facts = monitor >= 0 ? pass->snap->procs[monitor].facts : NULL;

	if (!facts)
		return;
	if (rule->monitor_name && facts_option(facts, rule->monitor_name))
		identity->name = mem_strdup(facts_option(facts, rule->monitor_name));
	query->bundle =
		rule->monitor_bundle ? facts_option(facts, rule->monitor_bundle) : facts->cwd;
}

/* Every directory where a running engine of this product keeps its containers, then the usual ones.
 */
static void ask_engines(const struct pass *pass, const struct draft *draft,
			struct name_query *query, struct identity *identity)
{
	const struct line *engine = &draft->rule->engine;
	struct text home_dir = {0};

	for (size_t i = 0; i < pass->snap->n_procs && !identity->name; i++) {
		if (pass->found[i].profile->engine != draft->rule)
			continue;
		query->data_dir = pass->found[i].profile->engine_dir;
		names_read_name(query, identity);
	}
	if (!identity->name && engine->n > 2) {
		query->data_dir = engine->words[2];
		names_read_name(query, identity);
	}
	if (!identity->name && engine->n > 3 && query->home) {
		text_printf(&home_dir, "%s/%s", query->home, engine->words[3]);
		query->data_dir = text_str(&home_dir);
		names_read_name(query, identity);
	}
	query->data_dir = NULL;
	text_done(&home_dir);
}

static struct name_query query_of(const struct pass *pass, const struct draft *draft, int32_t face)
{
	const struct process *proc = face >= 0 ? &pass->snap->procs[face] : NULL;
	bool is_alive = proc && draft->owner.root != NO_PROC;

	return (struct name_query){
		.rule = draft->rule,
		.facts = proc ? proc->facts : NULL,
		.home = proc ? pass->found[face].profile->home : NULL,
		.key = draft->owner.key,
		.session = draft->session,
		.pid = is_alive ? proc->pid : 0,
		.ns_pid = proc ? proc->ns_pid : 0,
		.start_ticks = proc ? proc->start_ticks : 0,
		.since_ms = is_alive ? snapshot_start_ms(pass->snap, proc) : 0,
	};
}

/* An agent's registry and logs, as the process `face` would have written them. */
static void look_as(const struct pass *pass, const struct draft *draft, int32_t face,
		    struct identity *identity)
{
	struct name_query query = query_of(pass, draft, face);

	names_read_session(&query, identity);
	query.source = identity->source;
	names_read_title(&query, identity);
}

static void look(const struct pass *pass, const struct draft *draft, struct known_owner *known)
{
	struct name_query query = query_of(pass, draft, face_of(draft));

	identity_done(&known->identity);
	identity_init(&known->identity);
	if (draft->owner.kind == OWNER_AGENT) {
		look_as(pass, draft, face_of(draft), &known->identity);
		/* of merged wrappers the innermost may be the one that keeps files */
		if (!known->identity.name && draft->owner.root != NO_PROC &&
		    draft->core != draft->owner.root)
			look_as(pass, draft, draft->core, &known->identity);
		return;
	}
	/* a frame's key may hold its container's: files know the last part */
	if (draft->owner.kind == OWNER_SERVICE || draft->owner.kind == OWNER_LOGIN)
		query.key = base_name(draft->owner.key);
	ask_monitor(pass, draft, &query, &known->identity);
	if (!known->identity.name && draft->rule->engine.n > 0)
		ask_engines(pass, draft, &query, &known->identity);
	if (!known->identity.name)
		names_read_name(&query, &known->identity);
}

/* What files say, asked for a new owner, again after some seconds while it lives, and never on
 * another machine. */
static struct known_owner *known_of(struct pass *pass, const struct draft *draft)
{
	struct known_owner *known = memory_owner(pass->memory, draft->owner.id);
	bool is_named = draft->owner.kind != OWNER_AGENT && known->identity.name;

	if (!known->rule) {
		known->rule = draft->rule;
		known->key = mem_strdup(draft->owner.key);
		known->session = mem_strdup(draft->session);
		known->is_child = draft->is_child;
	}
	if (draft->procs > 0)
		known->lived_ms = pass->snap->mono_ms;
	if (!pass->use_files || draft->is_child || is_named)
		return known;
	if (known->looked_ms != UNKNOWN && pass->snap->mono_ms - known->looked_ms < LOOK_AGAIN_MS)
		return known;
	look(pass, draft, known);
	known->looked_ms = pass->snap->mono_ms;
	return known;
}

/* What a shell of a cron job runs: the arguments behind -c. */
static const char *job_name(const struct pass *pass, const struct draft *draft)
{
	for (size_t i = 0; i < pass->snap->n_procs; i++) {
		const struct facts *facts = pass->snap->procs[i].facts;

		if (pass->found[i].parent != draft->owner.root || !facts->argv)
			continue;
		return facts_option(facts, "-c") ? facts_option(facts, "-c") : facts_arg(facts, 0);
	}
	return NULL;
}

/* A name that the rule makes of the process itself: a template, or a part of its title. */
static char *rule_name(const struct pass *pass, const struct draft *draft)
{
	int32_t face = draft->core >= 0 ? draft->core : face_of(draft);
	const struct facts *facts = face >= 0 ? pass->snap->procs[face].facts : NULL;
	struct name_query query = {
		.rule = draft->rule,
		.facts = facts,
		.home = face >= 0 ? pass->found[face].profile->home : NULL,
		.key = base_name(draft->owner.key),
		.session = draft->session,
	};
	struct text title = {0};
	char *name = names_expand(draft->rule->name_template, &query);
	size_t start, end;

	if (name || !draft->rule->name_pattern.is_set || !facts || !facts->argv)
		return name;
	for (size_t i = 0; i < facts_argc(facts); i++)
		text_printf(&title, "%s%s", i > 0 ? " " : "", facts_arg(facts, i));
	if (pattern_find(&draft->rule->name_pattern, text_str(&title), &start, &end))
		name = mem_strndup(text_str(&title) + start, end - start);
	text_done(&title);
	return name;
}

/* When all else fails: the directory it works in, the beginning of its key. */
static const char *last_name(struct pass *pass, const struct draft *draft)
{
	int32_t face = face_of(draft);

	if (draft->owner.kind == OWNER_AGENT && draft->owner.cwd &&
	    strcmp(draft->owner.cwd, "/") != 0)
		return base_name(draft->owner.cwd);
	if (draft->owner.kind == OWNER_CONTAINER && draft->rule->is_namespace && face >= 0)
		return pass->snap->procs[face].facts->comm;
	return pass_say(pass, "%.12s", draft->owner.key);
}

static void label(struct pass *pass, struct draft *draft)
{
	struct known_owner *known = known_of(pass, draft);
	const struct identity *identity = &known->identity;
	int32_t face = face_of(draft);
	char *own;

	if (identity->cwd || known->cwd)
		draft->owner.cwd =
			arena_strdup(pass->arena, identity->cwd ? identity->cwd : known->cwd);
	else if (face >= 0)
		draft->owner.cwd = pass->snap->procs[face].facts->cwd;
	if (!known->cwd)
		known->cwd = mem_strdup(draft->owner.cwd);
	draft->owner.file = identity->source ? arena_strdup(pass->arena, identity->source) : NULL;
	draft->owner.status = identity->status ? arena_strdup(pass->arena, identity->status) : NULL;
	if (is_known(identity->since_ms))
		draft->owner.since_ms = identity->since_ms;
	if (draft->is_child && draft->rule->any_child)
		draft->owner.name = job_name(pass, draft);
	if (identity->name && !draft->is_child)
		draft->owner.name = arena_strdup(pass->arena, identity->name);
	if (!draft->owner.name && !draft->is_child) {
		own = rule_name(pass, draft);
		if (own)
			draft->owner.name = arena_strdup(pass->arena, own);
		free(own);
	}
	if (!draft->owner.name && known->identity.name)
		draft->owner.name = arena_strdup(pass->arena, known->identity.name);
	if (!draft->owner.name)
		draft->owner.name = last_name(pass, draft);
	if (draft->is_child && !known->identity.name)
		known->identity.name = mem_strdup(draft->owner.name);
	if (!is_known(draft->owner.since_ms) && face >= 0)
		draft->owner.since_ms = snapshot_start_ms(pass->snap, &pass->snap->procs[face]);
	known->since_ms = draft->owner.since_ms;
	free(known->parent_id);
	known->parent_id = draft->owner.parent != NO_OWNER
				   ? mem_strdup(pass_draft(pass, draft->owner.parent)->owner.id)
				   : NULL;
}

void owners_label(struct pass *pass)
{
	for (size_t i = 0; i < pass->roster.n; i++) {
		struct draft *draft = pass_draft(pass, (int32_t)i);

		if (draft->procs == 0 && draft->owner.root == NO_PROC && draft->sample == NO_PROC &&
		    !draft->is_lingering)
			draft->owner.name =
				draft->owner.name ? draft->owner.name : draft->owner.key;
		if (draft->rule)
			label(pass, draft);
	}
}
