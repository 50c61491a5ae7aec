#include "landlock.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/landlock.h as of version 7: a header may be older than the kernel that we run on. */
enum {
	CREATE_RULESET_VERSION = 1 << 0,
	RULE_PATH_BENEATH = 1,

	FS_WRITE_FILE = 1 << 1,
	FS_MAKE_REG = 1 << 8,
	FS_ALL_1 = (1 << 13) - 1, /* execute to make_sym */
	FS_REFER_2 = 1 << 13,
	FS_TRUNCATE_3 = 1 << 14,
	FS_IOCTL_DEV_5 = 1 << 15,

	NET_ALL_4 = 1 << 0 | 1 << 1,   /* bind and connect TCP */
	SCOPE_ALL_6 = 1 << 0 | 1 << 1, /* abstract sockets, signals */
};

struct ruleset {
	uint64_t handled_fs;
	uint64_t handled_net; /* from 4 on */
	uint64_t scoped;      /* from 6 on */
};

struct path_beneath {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

int landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

/* A kernel refuses bits that it does not know. */
static struct ruleset ruleset_for(int abi)
{
	struct ruleset ruleset = {.handled_fs = FS_ALL_1};

	if (abi >= 2)
		ruleset.handled_fs |= FS_REFER_2;
	if (abi >= 3)
		ruleset.handled_fs |= FS_TRUNCATE_3;
	if (abi >= 4)
		ruleset.handled_net = NET_ALL_4;
	if (abi >= 5)
		ruleset.handled_fs |= FS_IOCTL_DEV_5;
	if (abi >= 6)
		ruleset.scoped = SCOPE_ALL_6;
	return ruleset;
}

int landlock_enter(int directory)
{
	struct ruleset ruleset = ruleset_for(landlock_abi());
	struct path_beneath beneath = {
		.allowed = FS_WRITE_FILE | FS_MAKE_REG,
		.parent_fd = directory,
	};
	/* an older kernel takes the longer struct as long as what it does not know is zero */
	int fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0);
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (syscall(SYS_landlock_add_rule, fd, RULE_PATH_BENEATH, &beneath, 0) != 0 ||
	    syscall(SYS_landlock_restrict_self, fd, 0) != 0)
		rc = -errno;
	close(fd);
	return rc;
}
