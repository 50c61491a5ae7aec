#include "clade/haste.h"

#include <errno.h>
#include <sched.h>
#include <sys/resource.h>

enum { NICE_LEAST = -20 };

void haste_begin(struct haste *haste)
{
	struct sched_param param = {0};

	if (haste->is_on)
		return;
	haste->is_on = true;
	haste->policy = sched_getscheduler(0);
	sched_getparam(0, &param);
	haste->priority = param.sched_priority;
	haste->nice = getpriority(PRIO_PROCESS, 0);
	param.sched_priority = sched_get_priority_min(SCHED_RR);
	haste->is_realtime = sched_setscheduler(0, SCHED_RR, &param) == 0;
	if (!haste->is_realtime)
		setpriority(PRIO_PROCESS, 0, NICE_LEAST);
}

void haste_end(struct haste *haste)
{
	struct sched_param param = {.sched_priority = haste->priority};

	if (!haste->is_on)
		return;
	haste->is_on = false;
	if (haste->is_realtime)
		sched_setscheduler(0, haste->policy, &param);
	else
		setpriority(PRIO_PROCESS, 0, haste->nice);
}
