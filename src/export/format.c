#include <string.h>

#include "clade/redact.h"
#include "writers.h"

enum {
	DRAIN_BYTES = 64 << 10,
	PROGRESS_EACH = 64, /* processes */
};

/* clang-format off */
const struct export_format formats[] = {
	{"text",   "txt",    "a report for a ticket: verdict, machine, owners, the hottest tree", export_report, false},
	{"json",   "json",   "one document with everything, see clade-snapshot(5)", export_json, false},
	{"ndjson", "ndjson", "one object a line, see clade-snapshot(5)", export_ndjson, false},
	{"csv",    "csv",    "processes as a table (RFC 4180)", export_csv, false},
	{"openmetrics", "prom", "figures for Prometheus, of the machine and the hottest owners", export_openmetrics, true},
	{"html",   "html",   "one page for the post-mortem: verdict, owners, a tree that opens", export_html, false},
	{NULL, NULL, NULL, NULL, false},
};
/* clang-format on */

const struct export_format *export_find(const char *name)
{
	for (const struct export_format *format = formats; format->name; format++) {
		if (strcmp(format->name, name) == 0)
			return format;
	}
	return NULL;
}

int export_write(const struct export_format *format, const struct model *model,
		 const struct export_config *config, export_sink *sink, void *context)
{
	struct redacted *redacted = config->is_redacted ? redacted_new(model) : NULL;
	struct selection selection;
	int rc;

	if (redacted)
		model = redacted_model(redacted);
	selection_make(&selection, model, &config->wanted);
	rc = format->write(&(struct export_job){
		.model = model,
		.config = config,
		.selection = &selection,
		.sink = sink,
		.context = context,
	});
	selection_done(&selection);
	redacted_free(redacted);
	return rc;
}

bool export_has_column(const struct export_config *config, enum column_id id)
{
	for (size_t i = 0; i < config->n_columns; i++) {
		if (config->columns[i] == id)
			return true;
	}
	return config->n_columns == 0;
}

size_t export_columns(const struct export_config *config, unsigned flag, const enum column_id *own,
		      size_t n_own, enum column_id chosen[COLUMNS_N])
{
	size_t n = 0;

	if (config->n_columns == 0) {
		memcpy(chosen, own, n_own * sizeof(*own));
		return n_own;
	}
	for (size_t i = 0; i < config->n_columns && n < COLUMNS_N; i++) {
		enum column_id id = config->columns[i];

		if (id != COLUMN_NAME && (columns[id].flags & flag || id == COLUMN_PID))
			chosen[n++] = id;
	}
	return n;
}

struct outlet outlet_of(const struct export_job *job)
{
	return (struct outlet){.sink = job->sink, .context = job->context, .job = job};
}

static void hand_on(struct outlet *outlet)
{
	if (outlet->error == 0 && outlet->text.len > 0)
		outlet->error =
			outlet->sink(outlet->context, text_str(&outlet->text), outlet->text.len);
	text_clear(&outlet->text);
}

void outlet_drain(struct outlet *outlet)
{
	if (outlet->text.len >= DRAIN_BYTES)
		hand_on(outlet);
}

void outlet_count(struct outlet *outlet)
{
	const struct export_config *config = outlet->job->config;

	outlet->procs++;
	if (config->progress && outlet->procs % PROGRESS_EACH == 0 && outlet->error == 0)
		outlet->error = config->progress(config->progress_context, outlet->procs,
						 outlet->job->selection->n_procs);
}

int outlet_done(struct outlet *outlet)
{
	hand_on(outlet);
	text_done(&outlet->text);
	return outlet->error;
}
