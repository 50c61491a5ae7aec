/* One JSON document with everything; keys and meanings in clade-snapshot(5). */
#include "narrow.h"
#include "objects.h"

/* In the document, an array, an object of that. */
enum { RECORD_DEPTH = 3 };

struct document {
	struct outlet outlet;
	struct jsonw json;
	const struct export_job *job;
	const char *keys[RECORD_KEYS_MAX]; /* of owners and processes, when not all are wanted */
};

/* Owners, control groups and processes stand one a line: two documents can be compared by eye. */
static void new_line(struct document *document)
{
	text_add_char(&document->outlet.text, '\n');
	outlet_drain(&document->outlet);
}

static void put_head(struct document *document)
{
	const struct model *model = document->job->model;
	struct jsonw *json = &document->json;

	put_string(json, "format", "clade-snapshot");
	put_uint(json, "version", SNAPSHOT_VERSION);
	put_time(json, "taken", model->snap->taken_ms);
	put_narrowed(json, document->job);
	new_line(document);
	put_host(json, model);
	new_line(document);
	jsonw_key(json, "notes");
	jsonw_array(json);
	for (size_t i = 0; i < model->snap->n_notes; i++)
		jsonw_string(json, model->snap->notes[i]);
	jsonw_array_end(json);
	if (model->snap->has_events) {
		jsonw_key(json, "lives");
		jsonw_object(json);
		put_lives_keys(json, model->snap);
		jsonw_object_end(json);
	}
	put_verdict(json, model);
	new_line(document);
}

static void put_owners(struct document *document)
{
	jsonw_key(&document->json, "owners");
	jsonw_array(&document->json);
	jsonw_keep(&document->json, record_keys(document->keys, document->job->config),
		   RECORD_DEPTH);
	for (size_t g = 0; g < document->job->model->attr->n_owners; g++) {
		if (!document->job->selection->has_owner[g])
			continue;
		new_line(document);
		put_owner(&document->json, document->job->model, (int32_t)g);
	}
	jsonw_keep(&document->json, NULL, 0);
	jsonw_array_end(&document->json);
	new_line(document);
}

static void put_cgroups(struct document *document)
{
	const struct snapshot *snap = document->job->model->snap;
	bool are_wanted = export_has_column(document->job->config, COLUMN_LIMIT);

	jsonw_key(&document->json, "cgroups");
	jsonw_array(&document->json);
	for (size_t i = 0; i < snap->n_cgroups && are_wanted; i++) {
		if (!document->job->selection->has_cgroup[i])
			continue;
		new_line(document);
		put_cgroup_use(&document->json, &snap->cgroups[i]);
	}
	jsonw_array_end(&document->json);
	new_line(document);
}

static void put_processes(struct document *document)
{
	const struct model *model = document->job->model;

	jsonw_key(&document->json, "processes");
	jsonw_array(&document->json);
	jsonw_keep(&document->json, record_keys(document->keys, document->job->config),
		   RECORD_DEPTH);
	for (size_t i = 0; i < model->snap->n_procs && document->outlet.error == 0; i++) {
		if (!document->job->selection->has_proc[i])
			continue;
		new_line(document);
		put_process(&document->json, model, i, document->job->config->users);
		outlet_count(&document->outlet);
	}
	jsonw_keep(&document->json, NULL, 0);
	jsonw_array_end(&document->json);
}

int export_json(const struct export_job *job)
{
	struct document document = {.outlet = outlet_of(job), .job = job};

	jsonw_init(&document.json, &document.outlet.text, 0);
	jsonw_object(&document.json);
	put_head(&document);
	put_owners(&document);
	put_cgroups(&document);
	put_processes(&document);
	jsonw_object_end(&document.json);
	text_add_char(&document.outlet.text, '\n');
	return outlet_done(&document.outlet);
}
