/* A model whose strings are masked: the figures are those of the model that it stands for, whose
 * nodes and groups it shares. */
#include <stdlib.h>
#include <string.h>

#include "clade/arena.h"
#include "clade/hash.h"
#include "clade/mem.h"
#include "clade/redact.h"

/* Processes share their facts and sentences: each is masked once. */
struct masked {
	const void *from;
	const void *to;
	UT_hash_handle hh;
};

/* An id that owners are known by. */
struct known_id {
	const char *id;
	UT_hash_handle hh;
};

struct redacted {
	struct arena arena;
	struct snapshot snap;
	struct attribution attr;
	struct model model;
	struct masked *masked;
	struct known_id *ids;
	struct redact_rules rules;  /* for texts */
	struct redact_rules strict; /* for paths and ids */
	struct text buffer;
};

static bool is_id(const void *context, const char *word, size_t len)
{
	const struct redacted *redacted = context;
	const struct known_id *known;

	HASH_FIND(hh, redacted->ids, word, len, known);
	return known != NULL;
}

static void *get_memory(struct redacted *redacted, size_t count, size_t size)
{
	void *memory = arena_new(&redacted->arena, count + 1, size);

	if (!memory)
		mem_exhausted();
	return memory;
}

/* Hands the buffer over to the arena. */
static const char *keep_buffer(struct redacted *redacted)
{
	char *kept = get_memory(redacted, redacted->buffer.len, 1);

	memcpy(kept, text_str(&redacted->buffer), redacted->buffer.len);
	return kept;
}

static const void *find_masked(const struct redacted *redacted, const void *from)
{
	const struct masked *masked;

	HASH_FIND_PTR(redacted->masked, &from, masked);
	return masked ? masked->to : NULL;
}

static void remember(struct redacted *redacted, const void *from, const void *to)
{
	struct masked *masked = get_memory(redacted, 1, sizeof(*masked));

	masked->from = from;
	masked->to = to;
	HASH_ADD_PTR(redacted->masked, from, masked);
}

static const char *mask(struct redacted *redacted, const char *s, const struct redact_rules *rules)
{
	const char *masked;

	if (!s)
		return NULL;
	masked = find_masked(redacted, s);
	if (masked)
		return masked;
	text_clear(&redacted->buffer);
	redact_add(&redacted->buffer, s, strlen(s), rules);
	masked = keep_buffer(redacted);
	remember(redacted, s, masked);
	return masked;
}

static const char *mask_text(struct redacted *redacted, const char *s)
{
	return mask(redacted, s, &redacted->rules);
}

/* A path or an id: what is random in it is no secret. */
static const char *mask_id(struct redacted *redacted, const char *s)
{
	return mask(redacted, s, &redacted->strict);
}

static void mask_markers(struct redacted *redacted, struct facts *facts)
{
	const char *end = facts->markers + facts->markers_len;

	text_clear(&redacted->buffer);
	for (const char *entry = facts->markers; entry < end; entry += strlen(entry) + 1) {
		redact_add(&redacted->buffer, entry, strlen(entry), &redacted->strict);
		text_add_char(&redacted->buffer, '\0');
	}
	facts->markers = keep_buffer(redacted);
	facts->markers_len = redacted->buffer.len;
}

static const struct facts *mask_facts(struct redacted *redacted, const struct facts *facts)
{
	struct facts *masked = (struct facts *)(uintptr_t)find_masked(redacted, facts);

	if (masked)
		return masked;
	masked = get_memory(redacted, 1, sizeof(*masked));
	*masked = *facts;
	masked->comm = mask_text(redacted, facts->comm);
	masked->exe = mask_id(redacted, facts->exe);
	masked->cwd = mask_id(redacted, facts->cwd);
	if (facts->argv) {
		text_clear(&redacted->buffer);
		redact_add_argv(&redacted->buffer, facts->argv, facts->argv_len, &redacted->rules);
		masked->argv = keep_buffer(redacted);
		masked->argv_len = redacted->buffer.len;
	}
	mask_markers(redacted, masked);
	remember(redacted, facts, masked);
	return masked;
}

static void mask_snapshot(struct redacted *redacted, const struct snapshot *snap)
{
	struct process *procs = get_memory(redacted, snap->n_procs, sizeof(*procs));

	redacted->snap = *snap;
	redacted->snap.procs = procs;
	for (size_t i = 0; i < snap->n_procs; i++) {
		procs[i] = snap->procs[i];
		procs[i].facts = mask_facts(redacted, procs[i].facts);
	}
}

static void mask_attribution(struct redacted *redacted, const struct attribution *attr)
{
	struct owner *owners = get_memory(redacted, attr->n_owners, sizeof(*owners));
	struct assignment *procs = get_memory(redacted, attr->n_procs, sizeof(*procs));

	redacted->attr = *attr;
	redacted->attr.owners = owners;
	redacted->attr.procs = procs;
	for (size_t g = 0; g < attr->n_owners; g++) {
		owners[g] = attr->owners[g];
		owners[g].id = mask_id(redacted, owners[g].id);
		owners[g].key = mask_id(redacted, owners[g].key);
		owners[g].started_by = mask_id(redacted, owners[g].started_by);
		owners[g].cwd = mask_id(redacted, owners[g].cwd);
		owners[g].file = mask_id(redacted, owners[g].file);
		owners[g].name = mask_text(redacted, owners[g].name);
		owners[g].status = mask_text(redacted, owners[g].status);
		owners[g].evidence = mask_text(redacted, owners[g].evidence);
	}
	for (size_t i = 0; i < attr->n_procs; i++) {
		procs[i] = attr->procs[i];
		procs[i].evidence = mask_text(redacted, procs[i].evidence);
		procs[i].title = mask_text(redacted, procs[i].title);
	}
}

static void add_id(struct redacted *redacted, const char *id)
{
	struct known_id *known;

	if (!id || is_id(redacted, id, strlen(id)))
		return;
	known = get_memory(redacted, 1, sizeof(*known));
	known->id = id;
	HASH_ADD_KEYPTR(hh, redacted->ids, known->id, strlen(known->id), known);
}

struct redacted *redacted_new(const struct model *model)
{
	struct redacted *redacted = mem_new(1, sizeof(*redacted));

	arena_init(&redacted->arena);
	redacted->rules = (struct redact_rules){.is_id = is_id, .context = redacted};
	redacted->strict = (struct redact_rules){.keeps_random = true};
	for (size_t g = 0; g < model->attr->n_owners; g++) {
		add_id(redacted, model->attr->owners[g].key);
		add_id(redacted, model->attr->owners[g].name);
	}
	mask_snapshot(redacted, model->snap);
	mask_attribution(redacted, model->attr);
	redacted->model = *model;
	redacted->model.snap = &redacted->snap;
	redacted->model.attr = &redacted->attr;
	redacted->model.verdict.line = mask_text(redacted, model->verdict.line);
	return redacted;
}

const struct model *redacted_model(const struct redacted *redacted)
{
	return &redacted->model;
}

void redacted_free(struct redacted *redacted)
{
	if (!redacted)
		return;
	HASH_CLEAR(hh, redacted->masked);
	HASH_CLEAR(hh, redacted->ids);
	text_done(&redacted->buffer);
	arena_done(&redacted->arena);
	free(redacted);
}
