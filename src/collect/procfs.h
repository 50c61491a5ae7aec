/*
 * Parsers for the files of /proc that the library lacks or hands out with a loss. Pure: bytes in,
 * values out; the output is left alone when they say no. Formats: proc(5),
 * Documentation/filesystems/proc.rst, Documentation/accounting/psi.rst.
 */
#ifndef CLADE_PROCFS_H
#define CLADE_PROCFS_H

#include "clade/snapshot.h"
#include "clade/source.h"

enum { COMM_MAX = 64 }; /* with NUL; kernel threads have up to 63 bytes */

/* /proc/N/stat: the name, which may hold anything, parentheses too, and the start time. Returns 0
 * or -EINVAL. */
int procfs_parse_stat(const char *bytes, size_t len, char comm[COMM_MAX], uint64_t *start_ticks);

/* The same, and what else of it a snapshot needs, without facts and rates; I/O is left at 0.
 * `stack` is the start of its stack, 0 when that is not shown; `is_forked`: it has executed nothing
 * since it was forked. Returns 0 or -EINVAL. */
int procfs_parse_process(const char *bytes, size_t len, size_t page_bytes, struct process *proc,
			 char comm[COMM_MAX], uint64_t *stack, bool *is_forked);

/* /proc/N/status: the effective user and the innermost pid. Each is UINT32_MAX or 0 when its line
 * is not there. */
void procfs_parse_status(const char *bytes, size_t len, uint32_t *uid, uint32_t *ns_pid);

/* /proc/N/io: bytes from and to storage. Returns 0 or -EINVAL. */
int procfs_parse_io(const char *bytes, size_t len, uint64_t *read_bytes, uint64_t *write_bytes);

/* /proc/N/cmdline: the length without the NULs that a shorter title leaves behind; always ends in
 * one NUL (the buffer must have room for one more byte). */
size_t procfs_trim_cmdline(char *bytes, size_t len);

/*
 * /proc/N/environ: adds to `markers` those variables that the groups want, "NAME=value" each ended
 * by NUL. A PM2 cluster worker has them as one JSON object in pm2_env. Returns ENV_READ, or
 * ENV_CLOBBERED when what stands there is no environment any more.
 */
enum env_state procfs_parse_environ(const char *bytes, size_t len,
				    const struct marker_group *groups, size_t n_groups,
				    struct text *markers);

/* /proc/pressure/X. Returns 0 or -EINVAL; `full` is NAN where the kernel has no such line. */
int procfs_parse_pressure(const char *bytes, size_t len, struct pressure *pressure);

/* /proc/loadavg: "0.20 0.18 0.12 1/80 11206": running and existing tasks. Returns 0 or -EINVAL. */
int procfs_parse_loadavg(const char *bytes, size_t len, double load[3], uint64_t *running,
			 uint64_t *tasks);

/* /proc/self/mountinfo: the hidepid level of what is mounted on /proc: 0 (none), 1, 2 or 4
 * (ptraceable). */
int procfs_parse_hidepid(const char *bytes, size_t len);

/* "pid:[4026531836]": the inode of a namespace link; UNKNOWN when it is none. */
uint64_t procfs_parse_ns(const char *link);

/* A file with one number. Returns 0 or -EINVAL. */
int procfs_parse_number(const char *bytes, size_t len, uint64_t *number);

#endif
