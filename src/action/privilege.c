#include "privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { GROUP_LINE_MAX = 1 << 16 };

/* A number from 0 to 2^32 - 2: the last one means "leave it" to setresuid(2). */
static int parse_id(const char *digits, uint32_t *id)
{
	char *end;
	unsigned long long parsed;

	if (!digits || *digits < '0' || *digits > '9')
		return -EINVAL;
	errno = 0;
	parsed = strtoull(digits, &end, 10);
	if (errno != 0 || *end || parsed >= UINT32_MAX)
		return -EINVAL;
	*id = (uint32_t)parsed;
	return 0;
}

static bool has_member(const struct group *group, const char *user)
{
	for (char **member = group->gr_mem; *member; member++) {
		if (strcmp(*member, user) == 0)
			return true;
	}
	return false;
}

/* getgrouplist(3) would ask NSS, which can hang. */
static void find_groups(struct caller *caller, const char *user)
{
	FILE *file = fopen("/etc/group", "re");
	char *line = malloc(GROUP_LINE_MAX);
	struct group entry;
	struct group *group;

	while (file && line && caller->n_groups < CALLER_GROUPS_MAX &&
	       fgetgrent_r(file, &entry, line, GROUP_LINE_MAX, &group) == 0) {
		if (has_member(group, user))
			caller->groups[caller->n_groups++] = group->gr_gid;
	}
	free(line);
	if (file)
		fclose(file);
}

int caller_find(struct caller *caller)
{
	const char *uid = getenv("SUDO_UID");
	const char *user = getenv("SUDO_USER");
	struct caller found = {.uid = getuid(), .gid = getgid()};

	if (geteuid() == 0 && uid) {
		if (parse_id(uid, &found.uid) != 0 || parse_id(getenv("SUDO_GID"), &found.gid) != 0)
			return -EINVAL;
	}
	found.is_other = found.uid != geteuid();
	if (found.is_other && user)
		find_groups(&found, user);
	*caller = found;
	return 0;
}

int caller_become(const struct caller *caller)
{
	if (!caller->is_other)
		return 0;
	/* the C library's functions would change all threads */
	if (syscall(SYS_setgroups, caller->n_groups, caller->groups) != 0 ||
	    syscall(SYS_setresgid, caller->gid, caller->gid, caller->gid) != 0 ||
	    syscall(SYS_setresuid, caller->uid, caller->uid, caller->uid) != 0)
		return -errno;
	/* the caller's own debugger must not reach our memory through this thread */
	return prctl(PR_SET_DUMPABLE, 0) != 0 ? -errno : 0;
}

static int get_sets(struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3])
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capget, &header, sets) != 0 ? -errno : 0;
}

int capabilities_drop(unsigned long keep)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
	int rc = get_sets(sets);

	if (rc != 0)
		return rc;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	/* without CAP_SETPCAP this fails, and then no exec can gain any: no_new_privs is set */
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		prctl(PR_CAPBSET_DROP, cap);
	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		sets[i].permitted &= (uint32_t)(keep >> 32 * i);
		sets[i].effective = sets[i].permitted;
		sets[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, sets) != 0 ? -errno : 0;
}

unsigned long capabilities_held(void)
{
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	if (get_sets(sets) != 0)
		return 0;
	return (unsigned long)sets[1].effective << 32 | sets[0].effective;
}
