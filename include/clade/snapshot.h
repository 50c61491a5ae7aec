/*
 * One moment of the machine: its processes and its figures, as they were read. A source (source.h)
 * makes it; once sealed it never changes, and everyone after that holds it as `const`. It owns
 * every byte it points to through one arena, but for the facts, which it shares with later
 * snapshots by counted reference.
 *
 * A number that is not known is UNKNOWN, a real that is not known is NAN, a string NULL: never 0,
 * never "".
 */
#ifndef CLADE_SNAPSHOT_H
#define CLADE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/arena.h"
#include "clade/text.h"
#include "clade/units.h"

/* What a process is, for ever: a pid is used again, a pid with its start time is not. No padding:
 * it is a hash key. */
struct proc_key {
	uint64_t start_ticks; /* since boot, proc_pid_stat(5) field 22 */
	int64_t pid;
};

enum env_state {
	ENV_UNREAD, /* not tried: a kernel thread, a zombie, or gone meanwhile */
	ENV_READ,
	ENV_DENIED,    /* another user's process */
	ENV_CLOBBERED, /* the program wrote something else there (perl's $0=, setproctitle) */
};

/*
 * What stays the same from one exec to the next, read once and shared by every process for which it
 * is equal. Immutable, counted; made by facts.c.
 */
struct facts {
	uint32_t refs;
	const char *comm; /* proc_pid_comm(5), the raw bytes, never NULL */
	const char *argv; /* arguments, each ended by NUL, without the NULs a title leaves behind;
			     NULL unknown */
	size_t argv_len;
	const char *exe; /* target of /proc/N/exe, " (deleted)" stripped; NULL unknown */
	const char *cwd; /* NULL unknown */
	const char *
		cgroup; /* the text of /proc/N/cgroup: lines "N:controllers:path\n"; NULL unknown */
	const char *markers; /* owner markers of the environment: "NAME=value" each ended by NUL; ""
				when none */
	size_t markers_len;
	enum env_state env;
	uint32_t uid;       /* effective user (proc_pid_status(5)); UINT32_MAX unknown */
	uint64_t pid_ns;    /* inode of its pid namespace; UNKNOWN */
	bool is_ns_foreign; /* pid, mount and UTS namespaces all differ from our own: a container's
			       mark */
	bool is_exe_deleted;
};

/* One more and one less reference; facts_put takes NULL. */
const struct facts *facts_get(const struct facts *facts);
void facts_put(const struct facts *facts);

/* The value of a marker, or NULL. */
const char *facts_marker(const struct facts *facts, const char *name);

/* Argument `i` (0 is the program), or NULL past the last. */
const char *facts_arg(const struct facts *facts, size_t i);
size_t facts_argc(const struct facts *facts);

struct process {
	int32_t pid;
	uint32_t ns_pid; /* in its innermost pid namespace (last number of NSpid); 0 unknown */
	int32_t ppid;    /* 0: none, or not visible to us */
	int32_t pgrp;
	int32_t session;
	int32_t tty; /* device number, 0 none */
	uint32_t threads;
	uint64_t start_ticks;
	uint64_t cpu_ticks; /* user and system time of all threads, in ticks */
	uint64_t rss_bytes;
	uint64_t io_read_bytes; /* storage reads and writes, proc_pid_io(5); UNKNOWN when denied or
				   not read yet */
	uint64_t io_write_bytes;
	float cpu_percent; /* of one CPU, since the sample before (since birth, if younger); NAN: no
			      sample before */
	float io_read_rate; /* bytes per second, likewise */
	float io_write_rate;
	int8_t nice;
	char state;                /* R S D Z T t X I, proc_pid_stat(5) field 3 */
	bool is_kernel;            /* a kernel thread */
	const struct facts *facts; /* never NULL */
};

static inline struct proc_key process_key(const struct process *proc)
{
	return (struct proc_key){.start_ticks = proc->start_ticks, .pid = proc->pid};
}

/* Machine-wide pressure: share of the last 10 s in which some or all tasks stood still, in percent
 * (Documentation/accounting/psi.rst). NAN unknown. */
struct pressure {
	double some_avg10;
	double full_avg10;
};

/* CPU time since boot in ticks, proc_stat(5). */
struct cpu_ticks {
	uint64_t user, nice, system, idle, iowait, irq, softirq, steal;
};

/* The same as shares of the interval since the sample before, in percent of all CPUs; NAN when
 * there is none. */
struct cpu_split {
	double user, nice, system, idle, iowait, irq, steal;
};

/* What is used and what may be used at most; UNKNOWN: not known, or no limit. */
struct bounded {
	uint64_t used, max;
};

/* A user's tasks, and how many RLIMIT_NPROC lets it have. */
struct user_tasks {
	uint64_t uid; /* UNKNOWN: no user is near a limit */
	struct bounded tasks;
};

struct machine {
	double load[3];
	struct cpu_ticks cpu;
	struct cpu_split cpu_percent;
	uint64_t mem_total_bytes, mem_available_bytes, mem_free_bytes, mem_cached_bytes;
	uint64_t swap_total_bytes, swap_free_bytes;
	struct pressure psi_cpu, psi_memory, psi_io;
	uint64_t tasks; /* threads of all processes, kernel's too: each holds a pid */
	uint64_t tasks_running;
	uint64_t pid_max;       /* kernel.pid_max */
	uint64_t threads_max;   /* kernel.threads-max */
	struct user_tasks user; /* of the users with a limit, the one nearest to it */
	uint64_t forks;         /* since boot: processes and threads made */
	double forks_per_s;     /* NAN without a sample before */
	uint64_t oom_kills;     /* since boot, oom_kill in /proc/vmstat */
	uint64_t oom_kills_new; /* since the sample before */
	double uptime_s;
};

/* What a process's control group uses; limits are those of the group or of one that it lies in,
 * whichever is nearest to being reached. */
struct cgroup_use {
	const char *cgroup;     /* the text of /proc/N/cgroup, of some facts of the snapshot */
	struct bounded pids;    /* tasks: pids.current, pids.max */
	struct bounded memory;  /* bytes that cannot simply be dropped; memory.max */
	uint64_t oom_kills;     /* since the group was made */
	uint64_t oom_kills_new; /* since the sample before */
};

/* Processes that began and ended between two samples, counted for the nearest ancestor that one of
 * the two holds. */
struct brief {
	struct proc_key parent;
	uint32_t lives;
};

/* Whose child a process was when it was forked, where this sample shows it below another: an
 * orphan's past. The parent is held by this sample or by the one before. */
struct origin {
	struct proc_key child;
	struct proc_key parent;
};

struct host {
	const char *name;    /* node name */
	const char *kernel;  /* release */
	const char *boot_id; /* /proc/sys/kernel/random/boot_id */
	uint32_t cpus;
	uint32_t ticks_per_s;
	uint64_t boot_ms;  /* when it booted, ms since the epoch: start_ticks counts from here */
	uint64_t self_pid; /* clade's own pid, or UNKNOWN in a file from elsewhere */
	uint64_t pid_ns;   /* inode of the pid namespace that was looked from */
};

struct recorded; /* recorded.h */

struct snapshot {
	struct arena arena;
	uint64_t taken_ms; /* since the epoch */
	uint64_t mono_ms;  /* a clock that nobody sets; differences only */
	double interval_s; /* since the sample before; NAN when there is none */
	double cost_s;     /* how long reading took */
	struct host host;
	struct machine machine;
	struct process *procs; /* by pid, ascending */
	size_t n_procs;
	size_t n_unread; /* of them those of which, for lack of time, nothing but what moves was
			    read: their facts are a name and guesses from their parents */
	struct cgroup_use *cgroups; /* by text, ascending; of all groups that have processes */
	size_t n_cgroups;
	bool has_events;      /* what was born and died since the sample before is known, also what
				 no sample has seen */
	bool is_at_least;     /* but events were lost: there were more */
	uint64_t brief_lives; /* processes that no sample has seen, also those of nobody here */
	struct brief *briefs;
	size_t n_briefs;
	struct origin *origins; /* by pid, ascending */
	size_t n_origins;
	const char **notes; /* what could not be seen, a sentence each ("/proc is mounted with
			       hidepid=2: …") */
	size_t n_notes;
	const struct recorded *recorded; /* what a file says of owners; NULL: nothing, as of a live
					    machine */
};

/* Gives the snapshot and its references back; NULL is fine. */
void snapshot_free(struct snapshot *snap);

enum { NO_PROC = -1 };

/* Index of the process with that pid, or NO_PROC: O(log n). */
int32_t snapshot_find_pid(const struct snapshot *snap, int64_t pid);

/* The same for a pid with its start time. */
int32_t snapshot_find(const struct snapshot *snap, struct proc_key key);

/* Who forked the process, where that is not its parent now, or NULL. */
const struct origin *snapshot_find_origin(const struct snapshot *snap, struct proc_key child);

/* What the group with that text uses, or NULL. */
const struct cgroup_use *snapshot_find_cgroup(const struct snapshot *snap, const char *cgroup);

/* When the process started, in ms since the epoch. */
uint64_t snapshot_start_ms(const struct snapshot *snap, const struct process *proc);

/* Its age at the moment of the snapshot. */
double snapshot_age_s(const struct snapshot *snap, const struct process *proc);

/* Adds what the process does to the line: its arguments joined by a space, made harmless, or
 * "[comm]" when it has none. */
void process_add_command(const struct process *proc, struct text *out);

#endif
