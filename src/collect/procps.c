/*
 * The live machine through libproc2: every user can use it, every kernel has what it reads. The one
 * file that knows libproc2; it keeps the library's peculiarities to itself:
 *  - it reads /proc and nothing else, and ends the program when that is not mounted: looked at
 * beforehand;
 *  - it cannot say "denied" and rewrites names and arguments: those are read in facts.c;
 *  - PIDS_VAL takes four arguments up to 4.0.4 and three from 4.0.5: results are taken by their
 * place.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libproc2/meminfo.h>
#include <libproc2/pids.h>
#include <libproc2/stat.h>
#include <libproc2/vmstat.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "clade/io.h"
#include "clade/source.h"
#include "facts.h"
#include "procfs.h"
#include "rates.h"

enum {
	SLICE_NS = 4000000,    /* the keyboard is looked at this often while reading */
	PROCS_SLACK = 1024,    /* processes that may come while we read */
	IO_EACH_SAMPLE = 4096, /* /proc/N/io costs as much as all else: of more processes it is read
				  in turn */
	FACTS_TURN = 16, /* user and cgroup can change without an exec: looked at again every so
			    many samples */
	FACTS_YOUNG_MS =
		2000, /* between fork and exec a child shows its parent's arguments: read again */
	KERNEL_THREAD = 0x200000, /* PF_KTHREAD in stat's flags */
	FILE_MAX = 1 << 20,
	NOTES_MAX = 4,
};

static const uint64_t INITIAL_PID_NS = 4026531836; /* PROC_PID_INIT_INO in the kernel's proc_ns.h */

/* What of stat is asked for, in this order. */
enum item {
	PID,
	PPID,
	PGRP,
	SESSION,
	TTY,
	STATE,
	THREADS,
	NICE,
	FLAGS,
	BEGAN,
	TICS,
	RSS,
	STACK,
	CMD,
	ITEMS
};

static enum pids_item items[ITEMS] = {
	[PID] = PIDS_ID_PID,
	[PPID] = PIDS_ID_PPID,
	[PGRP] = PIDS_ID_PGRP,
	[SESSION] = PIDS_ID_SESSION,
	[TTY] = PIDS_TTY,
	[STATE] = PIDS_STATE,
	[THREADS] = PIDS_NLWP,
	[NICE] = PIDS_NICE,
	[FLAGS] = PIDS_FLAGS,
	[BEGAN] = PIDS_TICS_BEGAN,
	[TICS] = PIDS_TICS_ALL,
	[RSS] = PIDS_RSS,
	[STACK] = PIDS_ADDR_STACK_START,
	[CMD] = PIDS_CMD,
};

/* What is kept of a process for the next sample and is no business of a snapshot. */
struct side {
	uint64_t stack; /* start of its stack: another address means another exec; 0 when not ours
			   to see */
	uint64_t facts_ms; /* when its facts were read, by the clock of snapshots */
	uint64_t io_ms;
};

struct procps {
	struct source base;
	struct facts_store *store;
	struct facts_reader reader;
	struct cgroup_reader cgroups;
	struct pids_info *pids;
	struct stat_info *stat;
	struct meminfo_info *meminfo;
	struct vmstat_info *vmstat;

	/* the sample that is being taken */
	struct snapshot *snap;
	struct side *sides;
	size_t size; /* of procs and sides */
	const struct snapshot *previous;
	size_t at;     /* how far in `previous` */
	size_t denied; /* processes whose environment may not be read */
	uint64_t started_ns;

	/* the one before */
	struct side *old_sides;
	uint64_t old_mono_ms;
	uint64_t sample;
	size_t io_turns;
};

static struct procps *procps_of(struct source *source)
{
	return (struct procps *)source;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int read_number(const char *path, uint64_t *number)
{
	struct text bytes = {0};
	int rc = io_read_at(AT_FDCWD, path, FILE_MAX, &bytes);

	if (rc == 0)
		rc = procfs_parse_number(text_str(&bytes), bytes.len, number);
	text_done(&bytes);
	return rc;
}

static void read_pressure(const char *path, struct pressure *pressure)
{
	struct text bytes = {0};

	*pressure = (struct pressure){.some_avg10 = NAN, .full_avg10 = NAN};
	if (io_read_at(AT_FDCWD, path, FILE_MAX, &bytes) == 0)
		procfs_parse_pressure(text_str(&bytes), bytes.len, pressure);
	text_done(&bytes);
}

static void read_loadavg(struct machine *machine)
{
	struct text bytes = {0};

	for (int i = 0; i < 3; i++)
		machine->load[i] = NAN;
	machine->tasks = UNKNOWN;
	machine->tasks_running = UNKNOWN;
	if (io_read_at(AT_FDCWD, "/proc/loadavg", FILE_MAX, &bytes) == 0)
		procfs_parse_loadavg(text_str(&bytes), bytes.len, machine->load,
				     &machine->tasks_running, &machine->tasks);
	text_done(&bytes);
}

static void read_cpu(struct procps *procps, struct machine *machine)
{
	enum stat_item wanted[] = {
		STAT_TIC_USER,    STAT_TIC_NICE,   STAT_TIC_SYSTEM,
		STAT_TIC_IDLE,    STAT_TIC_IOWAIT, STAT_TIC_IRQ,
		STAT_TIC_SOFTIRQ, STAT_TIC_STOLEN, STAT_SYS_PROC_CREATED,
	};
	uint64_t *const values[] = {
		&machine->cpu.user,    &machine->cpu.nice,   &machine->cpu.system,
		&machine->cpu.idle,    &machine->cpu.iowait, &machine->cpu.irq,
		&machine->cpu.softirq, &machine->cpu.steal,
	};
	enum { TICS_N = sizeof(values) / sizeof(values[0]) };
	const struct stat_stack *stack = procps_stat_select(procps->stat, wanted, TICS_N + 1);

	for (size_t i = 0; i < TICS_N; i++)
		*values[i] = stack ? stack->head[i].result.ull_int : UNKNOWN;
	machine->forks = stack ? stack->head[TICS_N].result.ul_int : UNKNOWN;
}

static void read_memory(struct procps *procps, struct machine *machine)
{
	enum meminfo_item wanted[] = {
		MEMINFO_MEM_TOTAL,  MEMINFO_MEM_AVAILABLE, MEMINFO_MEM_FREE,
		MEMINFO_MEM_CACHED, MEMINFO_SWAP_TOTAL,    MEMINFO_SWAP_FREE,
	};
	uint64_t *const values[] = {
		&machine->mem_total_bytes,  &machine->mem_available_bytes,
		&machine->mem_free_bytes,   &machine->mem_cached_bytes,
		&machine->swap_total_bytes, &machine->swap_free_bytes,
	};
	enum { N = sizeof(values) / sizeof(values[0]) };
	const struct meminfo_stack *stack = procps_meminfo_select(procps->meminfo, wanted, N);

	for (size_t i = 0; i < N; i++)
		*values[i] = stack ? (uint64_t)stack->head[i].result.ul_int * 1024 : UNKNOWN;
}

static void read_oom(struct procps *procps, struct machine *machine)
{
	enum vmstat_item wanted[] = {VMSTAT_OOM_KILL};
	const struct vmstat_stack *stack =
		procps->vmstat ? procps_vmstat_select(procps->vmstat, wanted, 1) : NULL;

	machine->oom_kills = stack ? stack->head[0].result.ul_int : UNKNOWN;
}

static void read_machine(struct procps *procps)
{
	struct machine *machine = &procps->snap->machine;

	read_loadavg(machine);
	read_cpu(procps, machine);
	read_memory(procps, machine);
	read_oom(procps, machine);
	read_pressure("/proc/pressure/cpu", &machine->psi_cpu);
	read_pressure("/proc/pressure/memory", &machine->psi_memory);
	read_pressure("/proc/pressure/io", &machine->psi_io);
	if (read_number("/proc/sys/kernel/pid_max", &machine->pid_max) != 0)
		machine->pid_max = UNKNOWN;
	if (read_number("/proc/sys/kernel/threads-max", &machine->threads_max) != 0)
		machine->threads_max = UNKNOWN;
	machine->uptime_s = (double)now_ns(CLOCK_BOOTTIME) / 1e9;
	rates_machine(procps->snap, procps->previous);
}

static int read_host(struct procps *procps)
{
	struct snapshot *snap = procps->snap;
	struct text bytes = {0};
	struct utsname names;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (uname(&names) != 0)
		memset(&names, 0, sizeof(names));
	snap->host.name = arena_strdup(&snap->arena, names.nodename);
	snap->host.kernel = arena_strdup(&snap->arena, names.release);
	snap->host.cpus = cpus > 0 ? (uint32_t)cpus : 1;
	snap->host.ticks_per_s = (uint32_t)sysconf(_SC_CLK_TCK);
	snap->host.boot_ms = (now_ns(CLOCK_REALTIME) - now_ns(CLOCK_BOOTTIME)) / 1000000;
	snap->host.self_pid = (uint64_t)getpid();
	snap->host.pid_ns = procps->reader.own_pid_ns;
	if (io_read_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", FILE_MAX, &bytes) == 0) {
		bytes.data[strcspn(bytes.data, "\n")] = '\0';
		snap->host.boot_id = arena_strdup(&snap->arena, bytes.data);
	}
	text_done(&bytes);
	return snap->host.name && snap->host.kernel ? 0 : -ENOMEM;
}

static void drop_sample(struct procps *procps)
{
	snapshot_free(procps->snap);
	procps->snap = NULL;
	free(procps->sides);
	procps->sides = NULL;
}

/* Room for so many processes; what is there moves along. */
static int reserve(struct procps *procps, size_t size)
{
	struct process *procs = arena_new(&procps->snap->arena, size, sizeof(*procs));
	struct side *sides = reallocarray(procps->sides, size, sizeof(*sides));

	if (sides)
		procps->sides = sides;
	if (!procs || !sides)
		return -ENOMEM;
	if (procps->snap->n_procs > 0)
		memcpy(procs, procps->snap->procs, procps->snap->n_procs * sizeof(*procs));
	procps->snap->procs = procs;
	procps->size = size;
	return 0;
}

/* Once the library has come to the end of /proc it stays there: each sample asks it anew. */
static int open_pids(struct procps *procps)
{
	int rc;

	if (procps->pids)
		procps_pids_unref(&procps->pids);
	rc = procps_pids_new(&procps->pids, items, ITEMS);
	return rc < 0 ? rc : 0;
}

static int procps_begin(struct source *source, const struct snapshot *previous)
{
	struct procps *procps = procps_of(source);
	struct snapshot *snap;
	int rc;

	drop_sample(procps);
	snap = calloc(1, sizeof(*snap));
	if (!snap)
		return -ENOMEM;
	arena_init(&snap->arena);
	procps->snap = snap;
	procps->previous = previous;
	procps->at = 0;
	procps->denied = 0;
	procps->started_ns = now_ns(CLOCK_MONOTONIC);
	snap->taken_ms = now_ns(CLOCK_REALTIME) / 1000000;
	snap->mono_ms = now_ns(CLOCK_BOOTTIME) / 1000000;
	snap->interval_s = previous ? (double)(snap->mono_ms - previous->mono_ms) / 1000 : NAN;
	read_machine(procps);
	rc = open_pids(procps);
	if (rc == 0)
		rc = read_host(procps);
	if (rc == 0)
		rc = reserve(procps,
			     (is_known(snap->machine.tasks) ? (size_t)snap->machine.tasks : 0) +
				     PROCS_SLACK);
	procps->io_turns = previous ? previous->n_procs / IO_EACH_SAMPLE + 1 : 1;
	if (rc != 0)
		drop_sample(procps);
	return rc;
}

/* The same process in the sample before, or NULL: both are in the order of pids. */
static const struct process *find_previous(struct procps *procps, const struct process *proc)
{
	const struct snapshot *previous = procps->previous;

	if (!previous)
		return NULL;
	while (procps->at < previous->n_procs && previous->procs[procps->at].pid < proc->pid)
		procps->at++;
	if (procps->at == previous->n_procs || previous->procs[procps->at].pid != proc->pid ||
	    previous->procs[procps->at].start_ticks != proc->start_ticks)
		return NULL;
	return &previous->procs[procps->at];
}

static const struct side *side_of(const struct procps *procps, const struct process *before)
{
	if (!before || !procps->old_sides || procps->previous->mono_ms != procps->old_mono_ms)
		return NULL;
	return &procps->old_sides[before - procps->previous->procs];
}

static bool is_stale(const struct procps *procps, const struct process *proc,
		     const struct process *before, const struct side *side, const struct side *now,
		     const char *comm)
{
	uint64_t born_ms = proc->start_ticks * 1000 / procps->snap->host.ticks_per_s;

	if (!side)
		return true;
	if (now->stack != side->stack || strncmp(comm, before->facts->comm, COMM_MAX - 1) != 0)
		return proc->state != 'Z'; /* a zombie has no stack left, and keeps its facts */
	if ((proc->state == 'Z') != (before->state == 'Z'))
		return true;
	if (side->facts_ms < born_ms + FACTS_YOUNG_MS)
		return true;
	return ((uint64_t)proc->pid + procps->sample) % FACTS_TURN == 0;
}

static int take_facts(struct procps *procps, struct process *proc, const struct process *before,
		      const struct side *old_side, struct side *side, const char *comm)
{
	int rc;

	if (proc->is_kernel) {
		const struct facts plain = {
			.comm = comm,
			.markers = "",
			.uid = 0,
			.pid_ns = UNKNOWN,
			.cgroup = "0::/\n",
		};

		proc->facts =
			before ? facts_get(before->facts) : facts_intern(procps->store, &plain);
		return proc->facts ? 0 : -ENOMEM;
	}
	if (before && old_side && !is_stale(procps, proc, before, old_side, side, comm)) {
		proc->facts = facts_get(before->facts);
		side->facts_ms = old_side->facts_ms;
		return 0;
	}
	rc = facts_read(&procps->reader, process_key(proc), proc->state == 'Z',
			before ? before->facts : NULL, &proc->facts);
	side->facts_ms = procps->snap->mono_ms;
	return rc;
}

static void read_io(struct process *proc)
{
	struct text bytes = {0};
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/io", proc->pid);
	if (io_read_at(AT_FDCWD, path, FILE_MAX, &bytes) == 0)
		procfs_parse_io(text_str(&bytes), bytes.len, &proc->io_read_bytes,
				&proc->io_write_bytes);
	text_done(&bytes);
}

static void take_io(struct procps *procps, struct process *proc, const struct process *before,
		    const struct side *old_side, struct side *side)
{
	proc->io_read_bytes = before ? before->io_read_bytes : UNKNOWN;
	proc->io_write_bytes = before ? before->io_write_bytes : UNKNOWN;
	proc->io_read_rate = before ? before->io_read_rate : NAN;
	proc->io_write_rate = before ? before->io_write_rate : NAN;
	side->io_ms = old_side ? old_side->io_ms : procps->snap->mono_ms;
	if (proc->is_kernel || proc->state == 'Z' || proc->facts->env == ENV_DENIED ||
	    ((uint64_t)proc->pid + procps->sample) % procps->io_turns != 0)
		return;
	read_io(proc);
	if (before && old_side) {
		double seconds = (double)(procps->snap->mono_ms - old_side->io_ms) / 1000;

		proc->io_read_rate =
			rates_bytes(proc->io_read_bytes, before->io_read_bytes, seconds);
		proc->io_write_rate =
			rates_bytes(proc->io_write_bytes, before->io_write_bytes, seconds);
	}
	side->io_ms = procps->snap->mono_ms;
}

static void copy_comm(char comm[COMM_MAX], const char *from)
{
	size_t len = from ? strnlen(from, COMM_MAX - 1) : 0;

	if (len > 0)
		memcpy(comm, from, len);
	comm[len] = '\0';
}

/* One process into the snapshot. Returns 0, also when it vanished, or -ENOMEM. */
static int take_process(struct procps *procps, const struct pids_stack *stack)
{
	const struct pids_result *head = stack->head;
	struct snapshot *snap = procps->snap;
	const struct process *before;
	const struct side *old_side;
	struct process *proc;
	struct side *side;
	char comm[COMM_MAX];
	int rc = 0;

	if (snap->n_procs == procps->size)
		rc = reserve(procps, procps->size * 2);
	if (rc != 0)
		return rc;
	proc = &snap->procs[snap->n_procs];
	side = &procps->sides[snap->n_procs];
	*side = (struct side){.stack = head[STACK].result.ul_int, .facts_ms = snap->mono_ms};
	*proc = (struct process){
		.pid = head[PID].result.s_int,
		.ppid = head[PPID].result.s_int,
		.pgrp = head[PGRP].result.s_int,
		.session = head[SESSION].result.s_int,
		.tty = head[TTY].result.s_int,
		.state = (char)head[STATE].result.s_ch,
		.threads =
			head[THREADS].result.s_int > 0 ? (uint32_t)head[THREADS].result.s_int : 1,
		.nice = (int8_t)head[NICE].result.s_int,
		.is_kernel = (head[FLAGS].result.ul_int & KERNEL_THREAD) != 0,
		.start_ticks = head[BEGAN].result.ull_int,
		.cpu_ticks = head[TICS].result.ull_int,
		.rss_bytes = (uint64_t)head[RSS].result.ul_int * (uint64_t)sysconf(_SC_PAGESIZE),
	};
	copy_comm(comm, head[CMD].result.str);
	before = find_previous(procps, proc);
	old_side = side_of(procps, before);
	rc = take_facts(procps, proc, before, old_side, side, comm);
	if (rc == -ESRCH)
		return 0;
	if (rc != 0)
		return rc;
	procps->denied += proc->facts->env == ENV_DENIED;
	proc->cpu_percent = rates_cpu(procps->snap, procps->previous, proc, before);
	take_io(procps, proc, before, old_side, side);
	snap->n_procs++;
	return 0;
}

static int procps_step(struct source *source)
{
	struct procps *procps = procps_of(source);
	uint64_t until = now_ns(CLOCK_MONOTONIC) + SLICE_NS;

	assert(procps->snap);
	do {
		const struct pids_stack *stack =
			procps_pids_get(procps->pids, PIDS_FETCH_TASKS_ONLY);
		int rc;

		if (!stack)
			return 0;
		rc = take_process(procps, stack);
		if (rc != 0) {
			drop_sample(procps);
			return rc;
		}
	} while (now_ns(CLOCK_MONOTONIC) < until);
	return 1;
}

static int hidepid_level(void)
{
	struct text bytes = {0};
	int level = 0;

	if (io_read_at(AT_FDCWD, "/proc/self/mountinfo", FILE_MAX, &bytes) == 0)
		level = procfs_parse_hidepid(text_str(&bytes), bytes.len);
	text_done(&bytes);
	return level;
}

static int add_note(struct snapshot *snap, char *note)
{
	if (!note)
		return -ENOMEM;
	snap->notes[snap->n_notes++] = note;
	return 0;
}

/* What could not be seen, said once for all. */
static int add_notes(struct procps *procps)
{
	struct snapshot *snap = procps->snap;
	int level = hidepid_level();
	int rc = 0;

	snap->notes = arena_new(&snap->arena, NOTES_MAX, sizeof(*snap->notes));
	if (!snap->notes)
		return -ENOMEM;
	if (level > 0 && geteuid() != 0)
		rc = add_note(
			snap,
			arena_printf(
				&snap->arena,
				"/proc is mounted with hidepid=%d: processes of other users are %s",
				level, level == 1 ? "visible by number only" : "not visible"));
	if (rc == 0 && procps->denied > 0)
		rc = add_note(snap, arena_printf(&snap->arena,
						 "uid %u may not read the environment of %zu %s: "
						 "owners there come from cgroup and ancestry only",
						 (unsigned)geteuid(), procps->denied,
						 procps->denied == 1 ? "process" : "processes"));
	if (rc == 0 && is_known(snap->host.pid_ns) && snap->host.pid_ns != INITIAL_PID_NS)
		rc = add_note(snap, arena_strdup(&snap->arena, "run inside a pid namespace: only "
							       "the processes in it are visible"));
	return rc;
}

static int by_pid(const void *a, const void *b)
{
	const struct process *x = a;
	const struct process *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* /proc lists pids in ascending order. Should it ever not, sort; what is kept aside is then lost
 * for one sample. */
static void keep_order(struct procps *procps)
{
	struct snapshot *snap = procps->snap;

	for (size_t i = 1; i < snap->n_procs; i++) {
		if (snap->procs[i - 1].pid < snap->procs[i].pid)
			continue;
		qsort(snap->procs, snap->n_procs, sizeof(*snap->procs), by_pid);
		free(procps->sides);
		procps->sides = NULL;
		return;
	}
}

static int procps_seal(struct source *source, struct snapshot **snapshot)
{
	struct procps *procps = procps_of(source);
	int rc = add_notes(procps);

	if (rc == 0)
		rc = cgroups_read(&procps->cgroups, procps->snap, procps->previous);
	if (rc != 0) {
		drop_sample(procps);
		return rc;
	}
	keep_order(procps);
	procps->snap->cost_s = (double)(now_ns(CLOCK_MONOTONIC) - procps->started_ns) / 1e9;
	free(procps->old_sides);
	procps->old_sides = procps->sides;
	procps->sides = NULL;
	procps->old_mono_ms = procps->snap->mono_ms;
	procps->sample++;
	*snapshot = procps->snap;
	procps->snap = NULL;
	procps->previous = NULL;
	return 0;
}

static size_t procps_progress(const struct source *source)
{
	const struct procps *procps = (const struct procps *)source;

	return procps->snap ? procps->snap->n_procs : 0;
}

static void procps_close(struct source *source)
{
	struct procps *procps = procps_of(source);

	drop_sample(procps);
	free(procps->old_sides);
	if (procps->pids)
		procps_pids_unref(&procps->pids);
	if (procps->stat)
		procps_stat_unref(&procps->stat);
	if (procps->meminfo)
		procps_meminfo_unref(&procps->meminfo);
	if (procps->vmstat)
		procps_vmstat_unref(&procps->vmstat);
	cgroup_reader_done(&procps->cgroups);
	facts_reader_done(&procps->reader);
	facts_store_free(procps->store);
	free(procps);
}

static void find_cgroups(struct procps *procps)
{
	struct text bytes = {0};

	io_read_at(AT_FDCWD, "/proc/self/mountinfo", FILE_MAX, &bytes);
	cgroup_reader_init(&procps->cgroups, text_str(&bytes));
	text_done(&bytes);
}

static int procps_open(const struct source_config *config, struct source **source)
{
	struct procps *procps;
	int rc;

	/* the library would end the program */
	if (access("/proc/self/stat", R_OK) != 0)
		return -ENOSYS;
	procps = calloc(1, sizeof(*procps));
	if (!procps)
		return -ENOMEM;
	procps->base = (struct source){
		.kind = &source_procps,
		.begin = procps_begin,
		.step = procps_step,
		.seal = procps_seal,
		.progress = procps_progress,
		.close = procps_close,
	};
	procps->store = facts_store_new();
	facts_reader_init(&procps->reader, procps->store, config);
	find_cgroups(procps);
	rc = procps->store ? procps_stat_new(&procps->stat) : -ENOMEM;
	if (rc >= 0)
		rc = procps_meminfo_new(&procps->meminfo);
	/* containers may hide /proc/vmstat: OOM kills are then unknown */
	if (rc >= 0 && procps_vmstat_new(&procps->vmstat) < 0)
		procps->vmstat = NULL;
	if (rc < 0) {
		procps_close(&procps->base);
		return rc;
	}
	*source = &procps->base;
	return 0;
}

const struct source_kind source_procps = {
	.name = "procps",
	.summary = "libproc2: any user, any kernel",
	.open = procps_open,
};
