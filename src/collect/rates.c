#include "rates.h"

#include <math.h>

static uint64_t rise(uint64_t now, uint64_t before)
{
	return is_known(now) && is_known(before) && now >= before ? now - before : UNKNOWN;
}

static double share(uint64_t now, uint64_t before, double total)
{
	uint64_t part = rise(now, before);

	return is_known(part) && total > 0 ? 100.0 * (double)part / total : NAN;
}

static double cpu_total(const struct cpu_ticks *cpu)
{
	return (double)(cpu->user + cpu->nice + cpu->system + cpu->idle + cpu->iowait + cpu->irq +
			cpu->softirq + cpu->steal);
}

void rates_machine(struct snapshot *snap, const struct snapshot *previous)
{
	struct machine *now = &snap->machine;
	const struct machine *then = previous ? &previous->machine : NULL;
	double total = then && is_known(now->cpu.user) && is_known(then->cpu.user)
			       ? cpu_total(&now->cpu) - cpu_total(&then->cpu)
			       : 0;
	uint64_t forks = then ? rise(now->forks, then->forks) : UNKNOWN;

	now->cpu_percent = (struct cpu_split){
		.user = then ? share(now->cpu.user, then->cpu.user, total) : NAN,
		.nice = then ? share(now->cpu.nice, then->cpu.nice, total) : NAN,
		.system = then ? share(now->cpu.system, then->cpu.system, total) : NAN,
		.idle = then ? share(now->cpu.idle, then->cpu.idle, total) : NAN,
		.iowait = then ? share(now->cpu.iowait, then->cpu.iowait, total) : NAN,
		.irq = then ? share(now->cpu.irq + now->cpu.softirq,
				    then->cpu.irq + then->cpu.softirq, total)
			    : NAN,
		.steal = then ? share(now->cpu.steal, then->cpu.steal, total) : NAN,
	};
	now->forks_per_s =
		is_known(forks) && snap->interval_s > 0 ? (double)forks / snap->interval_s : NAN;
	now->oom_kills_new = then ? rise(now->oom_kills, then->oom_kills) : UNKNOWN;
}

float rates_bytes(uint64_t now, uint64_t before, double seconds)
{
	uint64_t bytes = rise(now, before);

	return is_known(bytes) && seconds > 0 ? (float)((double)bytes / seconds) : NAN;
}

float rates_cpu(const struct snapshot *snap, const struct snapshot *previous,
		const struct process *proc, const struct process *before)
{
	uint64_t ticks = rise(proc->cpu_ticks, before ? before->cpu_ticks : 0);
	double ticks_per_s;
	double seconds;

	if (!previous || !is_known(ticks))
		return NAN;
	if (ticks == 0)
		return 0;
	ticks_per_s = snap->host.ticks_per_s;
	seconds = before ? snap->interval_s
			 : (double)snap->mono_ms / 1000 - (double)proc->start_ticks / ticks_per_s;
	if (seconds < 1 / ticks_per_s)
		seconds = 1 / ticks_per_s;
	return (float)(100.0 * (double)ticks / ticks_per_s / seconds);
}
