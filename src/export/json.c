/* One JSON document with everything; keys and meanings in clade(1). */
#include "objects.h"
#include "writers.h"

/* An array whose items stand one a line: two documents can be compared by eye. */
static void new_line(struct outlet *outlet)
{
	text_add_char(&outlet->text, '\n');
	outlet_drain(outlet);
}

int export_json(const struct model *model, const struct export_config *config, export_sink *sink,
		void *context)
{
	struct outlet outlet = {.sink = sink, .context = context};
	const struct snapshot *snap = model->snap;
	struct jsonw json;

	jsonw_init(&json, &outlet.text, 0);
	jsonw_object(&json);
	put_string(&json, "format", "clade-snapshot");
	put_uint(&json, "version", SNAPSHOT_VERSION);
	put_time(&json, "taken", snap->taken_ms);
	new_line(&outlet);
	put_host(&json, snap);
	new_line(&outlet);
	jsonw_key(&json, "notes");
	jsonw_array(&json);
	for (size_t i = 0; i < snap->n_notes; i++)
		jsonw_string(&json, snap->notes[i]);
	jsonw_array_end(&json);
	put_verdict(&json, model);
	new_line(&outlet);
	jsonw_key(&json, "owners");
	jsonw_array(&json);
	for (size_t g = 0; g < model->attr->n_owners; g++) {
		new_line(&outlet);
		put_owner(&json, model, (int32_t)g);
	}
	jsonw_array_end(&json);
	new_line(&outlet);
	jsonw_key(&json, "cgroups");
	jsonw_array(&json);
	for (size_t i = 0; i < snap->n_cgroups; i++) {
		new_line(&outlet);
		put_cgroup_use(&json, &snap->cgroups[i]);
	}
	jsonw_array_end(&json);
	new_line(&outlet);
	jsonw_key(&json, "processes");
	jsonw_array(&json);
	for (size_t i = 0; i < snap->n_procs && outlet.error == 0; i++) {
		new_line(&outlet);
		put_process(&json, model, i, config->users);
	}
	jsonw_array_end(&json);
	jsonw_object_end(&json);
	text_add_char(&outlet.text, '\n');
	return outlet_done(&outlet);
}
