#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Both threads: the C library's own needs, and the end. */
static const char *const common_calls[] = {
	"brk",          "clock_gettime", "close",           "exit",        "exit_group",
	"fstat",        "futex",         "futex_time64",    "getpid",      "gettid",
	"madvise",      "munmap",        "restart_syscall", "rseq",        "rt_sigprocmask",
	"rt_sigreturn", "sched_yield",   "set_robust_list", "sigaltstack", "write",
	NULL,
};

/* To read files, to wait, and to know who and where one is. None of these changes anything outside
 * of the process but the bytes that go to what was open before. */
static const char *const reader_calls[] = {
	/* files */
	"access",
	"dup",
	"faccessat",
	"faccessat2",
	"fdatasync",
	"fstatfs",
	"fsync",
	"getcwd",
	"getdents64",
	"lseek",
	"name_to_handle_at",
	"newfstatat",
	"pread64",
	"preadv",
	"preadv2",
	"read",
	"readlink",
	"readlinkat",
	"readv",
	"stat",
	"lstat",
	"statfs",
	"statx",
	"writev",
	/* waiting */
	"clock_getres",
	"clock_nanosleep",
	"epoll_create1",
	"epoll_ctl",
	"epoll_pwait",
	"epoll_wait",
	"gettimeofday",
	"nanosleep",
	"poll",
	"ppoll",
	"pselect6",
	"select",
	"time",
	/* sockets that are open: the kernel's process events */
	"recvfrom",
	"recvmmsg",
	"recvmsg",
	/* itself and the machine */
	"getegid",
	"geteuid",
	"getgid",
	"getgroups",
	"getpgid",
	"getpgrp",
	"getppid",
	"getpriority",
	"getrandom",
	"getresgid",
	"getresuid",
	"getrlimit",
	"getrusage",
	"getsid",
	"getuid",
	"sched_getaffinity",
	"sched_getparam",
	"sched_getscheduler",
	"sysinfo",
	"times",
	"uname",
	/* memory and its own signals' handlers */
	"membarrier",
	"mlock",
	"mlock2",
	"mlockall",
	"mremap",
	"msync",
	"munlock",
	"munlockall",
	"rt_sigaction",
	"rt_sigpending",
	"rt_sigtimedwait",
	NULL,
};

/* On a terminal, these only. TIOCSTI types into it, which is as good as exec. */
static const unsigned long terminal_requests[] = {
	FIONREAD, TCFLSH, TCGETS, TCSBRK, TCSETS, TCSETSF, TCSETSW, TIOCGPGRP, TIOCGWINSZ, TIOCOUTQ,
};

/* Without the owner of a descriptor: to whom it belongs gets its signals, of whatever number. */
static const unsigned long descriptor_commands[] = {
	F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_GETFL, F_SETFD,
};

static const unsigned long own_settings[] = {
	PR_GET_NAME,
	PR_GET_SECCOMP,
	PR_SET_NAME,
	0x53564d41 /* PR_SET_VMA: names memory */,
};

/* An iterator that is loaded begins anew with each sample. */
static const unsigned long bpf_commands[] = {BPF_ITER_CREATE};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Allows the call, if this machine has it, when all conditions hold. */
static int allow(scmp_filter_ctx context, const char *name, unsigned n,
		 const struct scmp_arg_cmp *conditions)
{
	int call = seccomp_syscall_resolve_name(name);
	int rc;

	if (call == __NR_SCMP_ERROR)
		return 0; /* newer than this libseccomp */
	rc = seccomp_rule_add_array(context, SCMP_ACT_ALLOW, call, n, conditions);
	return rc == -EDOM ? 0 : rc;
}

static int allow_all(scmp_filter_ctx context, const char *const *names)
{
	int rc = 0;

	for (; *names && rc == 0; names++)
		rc = allow(context, *names, 0, NULL);
	return rc;
}

static struct scmp_arg_cmp equals(unsigned at, uint64_t value)
{
	return (struct scmp_arg_cmp){.arg = at, .op = SCMP_CMP_EQ, .datum_a = value};
}

/* Those bits of the argument have that value. */
static struct scmp_arg_cmp has_bits(unsigned at, uint64_t mask, uint64_t value)
{
	return (struct scmp_arg_cmp){
		.arg = at,
		.op = SCMP_CMP_MASKED_EQ,
		.datum_a = mask,
		.datum_b = value,
	};
}

/* The call with one of these values as its argument `at`. */
static int allow_values(scmp_filter_ctx context, const char *name, unsigned at,
			const unsigned long *values, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		struct scmp_arg_cmp condition = equals(at, values[i]);

		rc = allow(context, name, 1, &condition);
	}
	return rc;
}

static int allow_bits(scmp_filter_ctx context, const char *name, unsigned at, uint64_t mask,
		      uint64_t value)
{
	struct scmp_arg_cmp condition = has_bits(at, mask, value);

	return allow(context, name, 1, &condition);
}

/* Memory, but none that could be run. */
static int allow_memory(scmp_filter_ctx context)
{
	int rc = allow_bits(context, "mmap", 2, PROT_EXEC, 0);

	return rc == 0 ? allow_bits(context, "mprotect", 2, PROT_EXEC, 0) : rc;
}

static int allow_reader(scmp_filter_ctx context, bool keeps_bpf)
{
	/* O_TMPFILE holds O_DIRECTORY, with which reading is fine */
	static const unsigned long writes =
		O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
	int rc = allow_all(context, reader_calls);

	if (rc == 0)
		rc = allow_bits(context, "open", 1, writes, O_RDONLY);
	if (rc == 0)
		rc = allow_bits(context, "openat", 2, writes, O_RDONLY);
	if (rc == 0)
		rc = allow_values(context, "ioctl", 1, terminal_requests, COUNT(terminal_requests));
	if (rc == 0)
		rc = allow_values(context, "fcntl", 1, descriptor_commands,
				  COUNT(descriptor_commands));
	if (rc == 0)
		rc = allow(context, "fcntl", 2,
			   (struct scmp_arg_cmp[]){
				   equals(1, F_SETFL),
				   has_bits(2, O_ASYNC, 0),
			   });
	if (rc == 0)
		rc = allow_values(context, "prctl", 0, own_settings, COUNT(own_settings));
	/* reads a limit; with a third argument it would set one */
	if (rc == 0)
		rc = allow(context, "prlimit64", 1, (struct scmp_arg_cmp[]){equals(2, 0)});
	if (rc == 0 && keeps_bpf)
		rc = allow_values(context, "bpf", 0, bpf_commands, COUNT(bpf_commands));
	return rc;
}

/* New files only: one that is there is neither opened nor removed, whoever owns it. */
static int allow_scribe(scmp_filter_ctx context)
{
	static const unsigned long is_new = O_CREAT | O_EXCL | O_NOFOLLOW;
	int rc = allow_bits(context, "openat", 2, O_TMPFILE, O_TMPFILE);

	if (rc == 0)
		rc = allow_bits(context, "openat", 2, is_new, is_new);
	return rc == 0 ? allow(context, "linkat", 0, NULL) : rc;
}

/* `arch` 0 is this machine's. Calls of another machine's kind (32 bits on x86-64) are denied like
 * all that is not listed. */
static int make(const struct filter_config *config, uint32_t arch, scmp_filter_ctx *made)
{
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc = context ? 0 : -ENOMEM;

	if (rc == 0)
		rc = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM));
	if (rc == 0 && arch != 0 && arch != seccomp_arch_native()) {
		rc = seccomp_arch_add(context, arch);
		if (rc == 0)
			rc = seccomp_arch_remove(context, seccomp_arch_native());
	}
	if (rc == 0)
		rc = allow_all(context, common_calls);
	if (rc == 0)
		rc = allow_memory(context);
	if (rc == 0)
		rc = config->role == FILTER_SCRIBE ? allow_scribe(context)
						   : allow_reader(context, config->keeps_bpf);
	if (rc != 0) {
		seccomp_release(context);
		return rc;
	}
	*made = context;
	return 0;
}

bool filter_is_supported(void)
{
	uint32_t action = SECCOMP_RET_ERRNO;

	return prctl(PR_GET_SECCOMP) >= 0 &&
	       syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

bool filter_is_on(void)
{
	return prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER;
}

int filter_enter(const struct filter_config *config)
{
	scmp_filter_ctx context;
	int rc = make(config, 0, &context);

	if (rc != 0)
		return rc;
	rc = seccomp_load(context);
	seccomp_release(context);
	return rc;
}

int filter_export(const struct filter_config *config, const char *arch, int fd)
{
	uint32_t token = seccomp_arch_resolve_name(arch);
	scmp_filter_ctx context;
	int rc = token ? make(config, token, &context) : -EINVAL;

	if (rc != 0)
		return rc;
	rc = seccomp_export_bpf(context, fd);
	seccomp_release(context);
	return rc;
}

#if defined(__SANITIZE_ADDRESS__)
#define HAS_LEAK_CHECK 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_LEAK_CHECK 1
#endif
#endif

#ifdef HAS_LEAK_CHECK
/* The leak check of a sanitizer build clones a thread that ptraces this one: what is forbidden
 * here. It asks whether to go on. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return filter_is_on();
}
#endif
