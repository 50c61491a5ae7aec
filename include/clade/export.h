/*
 * Writes a model to a file or a pipe. `formats[]` in format.c lists what there is; adding a format
 * is adding a row there and its writer. What is written is narrowed and masked here, before a
 * writer sees it, so that all formats agree.
 */
#ifndef CLADE_EXPORT_H
#define CLADE_EXPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "clade/column.h"
#include "clade/model.h"
#include "clade/selection.h"
#include "clade/text.h"
#include "clade/users.h"

/* Called now and then while processes are written: how many of how many. Returns 0 or -errno, which
 * ends the export. */
typedef int export_progress(void *context, size_t done, size_t all);

/* `{0}` is everything, in full. */
struct export_config {
	const struct users *users; /* NULL: numbers for names */
	int width;                 /* of a text report; 0: 160 */
	struct wanted wanted;
	const enum column_id *columns; /* only these, in this order */
	size_t n_columns;              /* 0: all that the format has */
	bool is_redacted;              /* what looks like a secret is masked */
	export_progress *progress;     /* NULL: nobody waits */
	void *progress_context;
};

/* Where the bytes go; called as often as some tens of kilobytes are ready. Returns 0 or -errno,
 * which ends the export. */
typedef int export_sink(void *context, const char *bytes, size_t len);

struct export_job; /* writers.h */

struct export_format {
	const char *name;      /* "json" */
	const char *extension; /* of a file that holds it */
	const char *summary;   /* for --help and `clade list formats` */
	int (*write)(const struct export_job *job);
	bool is_public; /* a file of it may be read by others */
};

extern const struct export_format formats[]; /* ends with a NULL name */

/* The format of that name, or NULL. */
const struct export_format *export_find(const char *name);

/* Writes the model as `config` has it. Memory is bounded whatever the size of the machine, but for
 * a few bytes a process. Returns 0 or -errno. */
int export_write(const struct export_format *format, const struct model *model,
		 const struct export_config *config, export_sink *sink, void *context);

#endif
