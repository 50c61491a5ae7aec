/*
 * Snapshots from a file: what `clade snapshot -f json` wrote is read back as a source, on whatever
 * machine. The format is described in clade(1). What the file does not say is unknown; what it says
 * of owners is not read: they are found anew.
 */
#ifndef CLADE_RECORDING_H
#define CLADE_RECORDING_H

#include <stddef.h>

#include "clade/source.h"
#include "clade/text.h"

/* Opens the snapshot in `path` as a source (source_close()). Each sample of it is that moment.
 * Returns 0; -EINVAL when the file is no snapshot, with the place and the reason in `error`; or
 * another -errno. */
int recording_open(const char *path, struct source **source, struct text *error);

/* Reads the document in `json[0..len)`. Returns 0 and hands the snapshot over (snapshot_free), or
 * as above. */
int recording_parse(const char *json, size_t len, struct snapshot **snapshot, struct text *error);

#endif
