/*
 * The machine's own figures: load, CPU, memory, pressure, the process table. Every collector of the
 * live machine takes them from here. It stands outside of the core library, for it knows libproc2.
 */
#ifndef CLADE_MACHINE_H
#define CLADE_MACHINE_H

#include "clade/snapshot.h"

struct stat_info;
struct meminfo_info;
struct vmstat_info;

struct machine_reader {
	struct stat_info *stat;
	struct meminfo_info *meminfo;
	struct vmstat_info *vmstat; /* NULL where /proc/vmstat is hidden: OOM kills are unknown */
};

/* Returns 0; -ENOSYS when /proc is not mounted; -errno. machine_done() is due in any case. */
int machine_init(struct machine_reader *reader);
void machine_done(struct machine_reader *reader);

/* Sets snap->machine; rates are differences to `previous` (may be NULL). */
void machine_read(struct machine_reader *reader, struct snapshot *snap,
		  const struct snapshot *previous);

#endif
