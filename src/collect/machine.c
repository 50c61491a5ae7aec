#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <libproc2/meminfo.h>
#include <libproc2/stat.h>
#include <libproc2/vmstat.h>
#include <math.h>
#include <stddef.h>
#include <unistd.h>

#include "clade/clock.h"
#include "clade/io.h"
#include "procfs.h"
#include "rates.h"

enum { FILE_MAX = 1 << 20 };

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

static void read_cpu(struct machine_reader *reader, struct machine *machine)
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
	const struct stat_stack *stack = procps_stat_select(reader->stat, wanted, TICS_N + 1);

	for (size_t i = 0; i < TICS_N; i++)
		*values[i] = stack ? stack->head[i].result.ull_int : UNKNOWN;
	machine->forks = stack ? stack->head[TICS_N].result.ul_int : UNKNOWN;
}

static void read_memory(struct machine_reader *reader, struct machine *machine)
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
	const struct meminfo_stack *stack = procps_meminfo_select(reader->meminfo, wanted, N);

	for (size_t i = 0; i < N; i++)
		*values[i] = stack ? (uint64_t)stack->head[i].result.ul_int * 1024 : UNKNOWN;
}

static void read_oom(struct machine_reader *reader, struct machine *machine)
{
	enum vmstat_item wanted[] = {VMSTAT_OOM_KILL};
	const struct vmstat_stack *stack =
		reader->vmstat ? procps_vmstat_select(reader->vmstat, wanted, 1) : NULL;

	machine->oom_kills = stack ? stack->head[0].result.ul_int : UNKNOWN;
}

int machine_init(struct machine_reader *reader)
{
	int rc;

	*reader = (struct machine_reader){0};
	/* the library would end the program */
	if (access("/proc/self/stat", R_OK) != 0)
		return -ENOSYS;
	rc = procps_stat_new(&reader->stat);
	if (rc >= 0)
		rc = procps_meminfo_new(&reader->meminfo);
	/* containers may hide /proc/vmstat */
	if (rc >= 0 && procps_vmstat_new(&reader->vmstat) < 0)
		reader->vmstat = NULL;
	return rc < 0 ? rc : 0;
}

void machine_done(struct machine_reader *reader)
{
	if (reader->stat)
		procps_stat_unref(&reader->stat);
	if (reader->meminfo)
		procps_meminfo_unref(&reader->meminfo);
	if (reader->vmstat)
		procps_vmstat_unref(&reader->vmstat);
}

void machine_read(struct machine_reader *reader, struct snapshot *snap,
		  const struct snapshot *previous)
{
	struct machine *machine = &snap->machine;

	read_loadavg(machine);
	read_cpu(reader, machine);
	read_memory(reader, machine);
	read_oom(reader, machine);
	read_pressure("/proc/pressure/cpu", &machine->psi_cpu);
	read_pressure("/proc/pressure/memory", &machine->psi_memory);
	read_pressure("/proc/pressure/io", &machine->psi_io);
	if (read_number("/proc/sys/kernel/pid_max", &machine->pid_max) != 0)
		machine->pid_max = UNKNOWN;
	machine->user = (struct user_tasks){UNKNOWN, {UNKNOWN, UNKNOWN}};
	if (read_number("/proc/sys/kernel/threads-max", &machine->threads_max) != 0)
		machine->threads_max = UNKNOWN;
	machine->uptime_s = (double)clock_ns(CLOCK_BOOTTIME) / 1e9;
	rates_machine(snap, previous);
}
