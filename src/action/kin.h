/*
 * Who was forked by whom, as the kernel tells it (clade/events.h): descent that no double fork, no
 * new session and no exec can hide. A pid counts as kin from the moment at which its process was
 * known to be a member, or was forked by kin, until it is somebody else's. Where the kernel does
 * not tell, nobody is kin.
 */
#ifndef CLADE_KIN_H
#define CLADE_KIN_H

#include <stdbool.h>
#include <stdint.h>

struct kin;

/* Listens, if it may; NULL without memory. */
struct kin *kin_new(void);
void kin_free(struct kin *kin);

/* A look begins. When more than a single event was lost since the last one, strangers may count as
 * kin: all is forgotten then, and members are added as they are seen. */
void kin_begin(struct kin *kin);

/* Takes what has come, so that it does not pile up: from time to time. */
void kin_listen(struct kin *kin);

/* A member has the pid, and has had it since before the look began: events about it that have not
 * been looked at yet are its own. */
void kin_add(struct kin *kin, int32_t pid);

/* Whether who has the pid now is a member or descends from one. */
bool kin_has(struct kin *kin, int32_t pid);

/* Whether every fork was told. */
bool kin_is_whole(const struct kin *kin);

#endif
