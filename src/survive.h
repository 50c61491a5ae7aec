/*
 * Staying alive on a machine that is dying: the one program that must still run when everything
 * else has stopped.
 */
#ifndef CLADE_SURVIVE_H
#define CLADE_SURVIVE_H

#include <stdbool.h>

/*
 * Takes what the system allows, each for itself, and does without the rest: all pages stay in
 * memory, so that no key waits for a disk; a little more than a fair share of the CPU; the last to
 * be killed for lack of memory. Call before privileges are given up; `keeps_privileges` says that
 * they will not be. Whatever happens, the program goes on.
 */
void survive(bool keeps_privileges);

/* From now on the program that has no memory left begins anew, in the same process and with the
 * same words, rather than to end: for who keeps nothing that is not written. */
void begin_anew_when_exhausted(void);

#endif
