/* One document: keys and meanings in clade-snapshot(5). */
#include "clade/diff_export.h"
#include "objects.h"
#include "writers.h"

enum { DIFF_VERSION = 1 };

struct document {
	struct outlet outlet;
	struct jsonw json;
	const struct difference *diff;
	const struct export_config *config;
};

static void new_line(struct document *document)
{
	text_add_char(&document->outlet.text, '\n');
	outlet_drain(&document->outlet);
}

static void put_moment(struct document *document, const char *key, const struct model *model)
{
	struct jsonw *json = &document->json;

	jsonw_key(json, key);
	jsonw_object(json);
	put_time(json, "taken", model->snap->taken_ms);
	put_bytes(json, "host", model->snap->host.name);
	put_uint(json, "processes", model->snap->n_procs);
	put_uint(json, "tasks", model->snap->machine.tasks);
	put_uint(json, "mem_available_bytes", model->snap->machine.mem_available_bytes);
	put_verdict(json, model);
	jsonw_object_end(json);
	new_line(document);
}

static void put_pair(struct jsonw *json, const char *key, uint64_t before, uint64_t after)
{
	jsonw_key(json, key);
	jsonw_object(json);
	put_uint(json, "before", before);
	put_uint(json, "after", after);
	jsonw_object_end(json);
}

static void put_change(struct document *document, const struct owner_change *change)
{
	struct jsonw *json = &document->json;
	const struct owner *owner = diff_owner(document->diff, change);
	struct totals before = diff_totals_before(document->diff, change);
	struct totals after = diff_totals_after(document->diff, change);

	jsonw_object(json);
	put_bytes(json, "id", owner->id);
	put_string(json, "kind", owner_kind_name(owner->kind));
	put_string(json, "product", owner->product);
	put_bytes(json, "name", owner->name);
	put_string(json, "change",
		   change->before == NO_OWNER  ? "appeared"
		   : change->after == NO_OWNER ? "vanished"
					       : "stayed");
	put_uint(json, "appeared", change->appeared);
	put_uint(json, "vanished", change->vanished);
	put_pair(json, "processes", before.procs, after.procs);
	put_pair(json, "threads", before.threads, after.threads);
	put_pair(json, "zombies", before.zombies, after.zombies);
	put_pair(json, "orphans", before.orphans, after.orphans);
	put_pair(json, "blocked", before.blocked, after.blocked);
	put_pair(json, "rss_bytes", before.rss_bytes, after.rss_bytes);
	jsonw_object_end(json);
}

static void put_owners(struct document *document)
{
	jsonw_key(&document->json, "owners");
	jsonw_array(&document->json);
	for (size_t i = 0; i < document->diff->n_owners; i++) {
		new_line(document);
		put_change(document, &document->diff->owners[i]);
	}
	jsonw_array_end(&document->json);
	new_line(document);
}

static void put_processes(struct document *document, const char *key, const struct model *model,
			  const int32_t *procs, size_t n)
{
	jsonw_key(&document->json, key);
	jsonw_array(&document->json);
	for (size_t i = 0; i < n && document->outlet.error == 0; i++) {
		new_line(document);
		put_process(&document->json, model, (size_t)procs[i], document->config->users);
	}
	jsonw_array_end(&document->json);
	new_line(document);
}

static void put_grown(struct document *document)
{
	const struct difference *diff = document->diff;
	struct jsonw *json = &document->json;

	jsonw_key(json, "grew");
	jsonw_array(json);
	for (size_t i = 0; i < diff->n_grew; i++) {
		const struct process *before = &diff->before->snap->procs[diff->grew[i].before];
		const struct process *after = &diff->after->snap->procs[diff->grew[i].after];
		int32_t owner = diff->after->attr->procs[diff->grew[i].after].owner;

		new_line(document);
		jsonw_object(json);
		put_int(json, "pid", after->pid);
		put_uint(json, "start_ticks", after->start_ticks);
		put_string(json, "owner", diff->after->attr->owners[owner].id);
		put_bytes(json, "comm", after->facts->comm);
		put_pair(json, "rss_bytes", before->rss_bytes, after->rss_bytes);
		jsonw_object_end(json);
	}
	jsonw_array_end(json);
}

int diff_write_json(const struct difference *diff, const struct export_config *config,
		    export_sink *sink, void *context)
{
	struct document document = {
		.outlet = {.sink = sink, .context = context},
		.diff = diff,
		.config = config,
	};
	struct jsonw *json = &document.json;

	jsonw_init(json, &document.outlet.text, 0);
	jsonw_object(json);
	put_string(json, "format", "clade-diff");
	put_uint(json, "version", DIFF_VERSION);
	put_bool(json, "same_boot", diff->is_same_boot);
	put_bool(json, "redacted", config->is_redacted);
	new_line(&document);
	put_moment(&document, "before", diff->before);
	put_moment(&document, "after", diff->after);
	put_owners(&document);
	put_processes(&document, "appeared", diff->after, diff->appeared, diff->n_appeared);
	put_processes(&document, "vanished", diff->before, diff->vanished, diff->n_vanished);
	put_grown(&document);
	jsonw_object_end(json);
	text_add_char(&document.outlet.text, '\n');
	return outlet_done(&document.outlet);
}
