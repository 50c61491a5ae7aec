/* What --columns makes of JSON, and what a document says of itself when it does not hold all. */
#ifndef CLADE_NARROW_H
#define CLADE_NARROW_H

#include "clade/jsonw.h"
#include "writers.h"

enum { RECORD_KEYS_MAX = 64 };

/* Fills in the keys of an owner or a process that the columns stand for, with those that it is
 * known by, for jsonw_keep(). Returns `keys`, or NULL when no columns were chosen: all. */
const char *const *record_keys(const char *keys[RECORD_KEYS_MAX],
			       const struct export_config *config);

/* Puts "redacted" and "left_out": how many owners and processes there are that the document does
 * not hold. */
void put_narrowed(struct jsonw *json, const struct export_job *job);

#endif
