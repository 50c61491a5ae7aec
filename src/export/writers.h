/* The writers behind formats[], and the buffer they share. */
#ifndef CLADE_WRITERS_H
#define CLADE_WRITERS_H

#include "clade/export.h"

/* One writing of one model, already masked, with what of it is wanted. */
struct export_job {
	const struct model *model;
	const struct export_config *config;
	const struct selection *selection;
	export_sink *sink;
	void *context;
};

/* Whether --columns has this one, or has not been said. */
bool export_has_column(const struct export_config *config, enum column_id id);

/* The columns that were asked for and have a value for owners or processes (COL_OWNERS, COL_PROCS),
 * else the writer's own; without the name, which comes last by itself. Returns how many. */
size_t export_columns(const struct export_config *config, unsigned flag, const enum column_id *own,
		      size_t n_own, enum column_id chosen[COLUMNS_N]);

/* Bytes on their way to a sink: handed on whenever some tens of kilobytes are there. */
struct outlet {
	struct text text;
	export_sink *sink;
	void *context;
	const struct export_job *job;
	size_t procs; /* that were written */
	int error;    /* the first failure; nothing is handed on after it */
};

/* The outlet of a job. */
struct outlet outlet_of(const struct export_job *job);

/* Hands on what is there if it is much. */
void outlet_drain(struct outlet *outlet);

/* Counts a process that was written, and tells who waits. */
void outlet_count(struct outlet *outlet);

/* Hands on the rest and frees the buffer. Returns 0 or the first failure. */
int outlet_done(struct outlet *outlet);

int export_csv(const struct export_job *job);
int export_html(const struct export_job *job);
int export_json(const struct export_job *job);
int export_ndjson(const struct export_job *job);
int export_openmetrics(const struct export_job *job);
int export_report(const struct export_job *job);

#endif
