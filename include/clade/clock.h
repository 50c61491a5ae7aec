/* The kernel's clocks as whole numbers: CLOCK_MONOTONIC for how long something took, CLOCK_BOOTTIME
 * for what start times of processes count in, CLOCK_REALTIME for people. */
#ifndef CLADE_CLOCK_H
#define CLADE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline uint64_t clock_ms(clockid_t clock)
{
	return clock_ns(clock) / 1000000;
}

#endif
