/* What files say of whether something is started again. Parsers take bytes; *_read look them up. */
#ifndef CLADE_ACTION_RESTART_H
#define CLADE_ACTION_RESTART_H

#include <stddef.h>

#include "clade/text.h"

enum restart { RESTART_UNKNOWN, RESTART_NO, RESTART_YES };

/* Docker's hostconfig.json: {…,"RestartPolicy":{"Name":"always","MaximumRetryCount":0},…}. The
 * policy's name goes into `name`. */
enum restart restart_parse_docker(const char *json, size_t len, struct text *name);

/* A unit file or drop-in: the last Restart= under [Service] goes into `value`; "Restart=" takes
 * back what was before. Leaves it alone when there is none. */
void restart_parse_unit(const char *ini, size_t len, struct text *value);

/* The policy of a container in an engine's data directory. */
enum restart restart_read_docker(const char *directory, const char *id, struct text *name);

/* Restart= of a unit, from its file and drop-ins below `root`. `home` is that of the user whose
 * unit it is, NULL for the system's. */
enum restart restart_read_unit(const char *root, const char *home, const char *unit,
			       struct text *value);

#endif
