#include "clade/thresholds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct thresholds, member)

/*
 * A badge must not come and go with every sample, so growth looks at windows of ten seconds and
 * more and asks for a size that ordinary work does not reach: `make -j64` grows by 64 in a second
 * and is then level.
 */
/* clang-format off */
const struct threshold_row threshold_rows[] = {
	{"growing_per_s",   AT(growing_per_s),     5, 0.1, 1e6, "GROWING: net processes per second over 10 s"},
	{"growing_per_min", AT(growing_per_min),  60,   1, 1e6, "GROWING: or net processes per minute over 60 s"},
	{"growing_least",   AT(growing_least),    25,   1, 1e6, "GROWING: and so many processes more, however short the time"},
	{"exploding_per_s", AT(exploding_per_s), 100,   1, 1e6, "EXPLODING: net processes per second over 10 s"},
	{"exploding_eta_s", AT(exploding_eta_s), 600,   1, 1e6, "EXPLODING: or growing, with a limit so many seconds away"},
	{"loop_per_min",    AT(loop_per_min),      3,   1, 1e6, "LOOP: so many lives of the root began and ended in the last minute"},
	{"zombies",         AT(zombies),           5,   1, 1e6, "ZOMBIES: of an owner; one or two are soon reaped"},
	{"blocked",         AT(blocked),           5,   1, 1e6, "BLOCKED: processes in state D"},
	{"pids_percent",    AT(pids_percent),     90,   1, 100, "LIMIT: tasks of a control group, percent of what it may have"},
	{"memory_percent",  AT(memory_percent),   95,   1, 100, "LIMIT: its memory, likewise; databases live near their limit"},
	{"table_percent",   AT(table_percent),    80,   1, 100, "verdict LIMIT: tasks of the machine, percent of pid_max or threads-max"},
	{"user_percent",    AT(user_percent),     90,   1, 100, "verdict LIMIT: tasks of a user, percent of RLIMIT_NPROC"},
	{"memory_eta_s",    AT(memory_eta_s),    600,   1, 1e6, "GROWING: memory that grows so that a limit is so many seconds away"},
	{"memory_growing",  AT(memory_growing),    8, 0.1, 1e6, "GROWING: and by so many MiB per second, over 10 s and over 60 s"},
	{"memory_full",     AT(memory_full),      97,   1, 100, "verdict MEMORY: of the machine, percent of what there is"},
	{"memory_psi",      AT(memory_psi),       20,   1, 100, "verdict MEMORY: percent of the time that tasks wait for memory"},
	{"iowait_percent",  AT(iowait_percent),   50,   1, 100, "verdict I/O: percent of the CPU that waits for I/O"},
	{"io_psi",          AT(io_psi),           40,   1, 100, "verdict I/O: percent of the time that all tasks wait for I/O"},
	{"verdict_zombies", AT(verdict_zombies),  50,   1, 1e6, "verdict ZOMBIES: on the machine"},
	{"verdict_blocked", AT(verdict_blocked),  20,   1, 1e6, "verdict BLOCKED: processes in state D on the machine"},
	{"verdict_orphans", AT(verdict_orphans),  10,   1, 1e6, "verdict ORPHANS: of one owner"},
	{NULL, 0, 0, 0, 0, NULL},
};
/* clang-format on */

static double *member_of(struct thresholds *thresholds, const struct threshold_row *row)
{
	return (double *)(void *)((char *)thresholds + row->offset);
}

struct thresholds thresholds_default(void)
{
	struct thresholds thresholds = {0};

	for (const struct threshold_row *row = threshold_rows; row->name; row++)
		*member_of(&thresholds, row) = row->value;
	return thresholds;
}

double thresholds_get(const struct thresholds *thresholds, const struct threshold_row *row)
{
	return *(const double *)(const void *)((const char *)thresholds + row->offset);
}

int thresholds_set(struct thresholds *thresholds, const char *name, const char *value,
		   struct text *error)
{
	const struct threshold_row *row = threshold_rows;
	char *end;
	double parsed;

	while (row->name && strcmp(row->name, name) != 0)
		row++;
	if (!row->name) {
		if (error)
			text_printf(error, "unknown threshold '%s'; see clade list thresholds",
				    name);
		return -EINVAL;
	}
	parsed = strtod(value, &end);
	if (end == value || *end || !(parsed >= row->least && parsed <= row->most)) {
		if (error)
			text_printf(error, "%s takes a number from %g to %g, not '%s'", name,
				    row->least, row->most, value);
		return -EINVAL;
	}
	*member_of(thresholds, row) = parsed;
	return 0;
}

void thresholds_list(struct text *out)
{
	for (const struct threshold_row *row = threshold_rows; row->name; row++)
		text_printf(out, "%-16s  %5g  %s\n", row->name, row->value, row->help);
}
