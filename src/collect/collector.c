#include "clade/collector.h"

#include <config.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char btf[] = "/sys/kernel/btf/vmlinux";

#ifdef HAVE_BPF
#define BPF_KIND &source_bpf
#else
#define BPF_KIND NULL
#endif

const struct collector collectors[] = {
	{"bpf", "a BPF task iterator, for root on kernels with BTF", BPF_KIND},
	{"procps", "libproc2, for any user on any kernel", &source_procps},
	{0},
};

static bool has_capability(const struct __user_cap_data_struct *data, unsigned int capability)
{
	return data[capability / 32].effective & 1u << capability % 32;
}

/* Newer headers than ours may be needed for the names: capability.h of Linux 5.8. */
static bool may_use_bpf(void)
{
	enum { SYS_ADMIN = 21, PERFMON = 38, BPF = 39 };
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data) != 0)
		return false;
	return has_capability(data, SYS_ADMIN) ||
	       (has_capability(data, PERFMON) && has_capability(data, BPF));
}

/* What can be said beforehand, better than the kernel would. */
static int look_ahead(const struct collector *collector, const char **why)
{
	*why = NULL;
	if (!collector->kind) {
		*why = "this clade was built without it";
		return -ENOTSUP;
	}
	if (strcmp(collector->name, "bpf") != 0)
		return 0;
	if (!may_use_bpf()) {
		*why = "it needs root, or CAP_BPF and CAP_PERFMON";
		return -EPERM;
	}
	if (access(btf, R_OK) != 0) {
		*why = "this kernel has no BTF in /sys/kernel/btf/vmlinux";
		return -ENOTSUP;
	}
	return 0;
}

static void add_why(struct text *why, const char *name, const char *reason, int error)
{
	if (!reason && error == -ENOSYS)
		reason = "/proc is not mounted";
	if (!reason && error == -EXDEV)
		reason = "/proc is of another pid or time namespace than clade";
	if (why->len > 0)
		text_add(why, "; ");
	text_printf(why, "%s is not used: ", name);
	if (reason)
		text_add(why, reason);
	else
		text_printf(why, "this kernel does not take its program (%s)", strerror(-error));
}

int collector_open(const char *name, const struct source_config *config, struct source **source,
		   struct text *why)
{
	int rc = -EINVAL;

	for (const struct collector *at = collectors; at->name; at++) {
		const char *reason;

		if (strcmp(name, "auto") != 0 && strcmp(name, at->name) != 0)
			continue;
		rc = look_ahead(at, &reason);
		if (rc == 0)
			rc = at->kind->open(config, source);
		if (rc == 0)
			return 0;
		add_why(why, at->name, reason, rc);
	}
	return rc;
}
