/* Writes what diff.h has found: as a report for a ticket, and as one JSON document
 * (clade-snapshot(5)). */
#ifndef CLADE_DIFF_EXPORT_H
#define CLADE_DIFF_EXPORT_H

#include "clade/diff.h"
#include "clade/export.h"

/* Returns 0 or -errno, as export_write() does. */
int diff_write_text(const struct difference *diff, const struct export_config *config,
		    export_sink *sink, void *context);
int diff_write_json(const struct difference *diff, const struct export_config *config,
		    export_sink *sink, void *context);

#endif
