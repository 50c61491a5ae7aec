/* What a thread may do beyond others: its capabilities, and for whom it acts. */
#ifndef CLADE_ACTION_PRIVILEGE_H
#define CLADE_ACTION_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

enum { CALLER_GROUPS_MAX = 64 };

/* Who called: below sudo the user who typed it, else whoever we are. */
struct caller {
	bool is_other; /* we are root on behalf of somebody else */
	uid_t uid;
	gid_t gid;
	gid_t groups[CALLER_GROUPS_MAX];
	int n_groups;
};

/* From SUDO_UID, SUDO_GID and SUDO_USER when we are root. The groups are those of /etc/group.
 * Returns 0, or -EINVAL when they are there and say nothing. */
int caller_find(struct caller *caller);

/* Makes the calling thread, and none but this, act as the caller. Returns 0 or -errno. */
int caller_become(const struct caller *caller);

/* Drops the calling thread's capabilities but these, of which it keeps what it has. `keep` has a
 * bit for each. Returns 0 or -errno. */
int capabilities_drop(unsigned long keep);

/* What the calling thread has, a bit for each. */
unsigned long capabilities_held(void);

#endif
