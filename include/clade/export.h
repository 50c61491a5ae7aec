/*
 * Writes a model to a file or a pipe. `formats[]` in format.c lists what there is; adding a format
 * is adding a row there and its writer.
 */
#ifndef CLADE_EXPORT_H
#define CLADE_EXPORT_H

#include <stddef.h>

#include "clade/model.h"
#include "clade/text.h"
#include "clade/users.h"

struct export_config {
	const struct users *users;
	int columns; /* width of a text report; 0: 160 */
};

/* Where the bytes go; called as often as some tens of kilobytes are ready. Returns 0 or -errno,
 * which ends the export. */
typedef int export_sink(void *context, const char *bytes, size_t len);

struct export_format {
	const char *name;    /* "json" */
	const char *summary; /* for --help and `clade list formats` */
	int (*write)(const struct model *model, const struct export_config *config,
		     export_sink *sink, void *context);
};

extern const struct export_format formats[]; /* ends with a NULL name */

/* The format of that name, or NULL. */
const struct export_format *export_find(const char *name);

#endif
