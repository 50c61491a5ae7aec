#include "trial.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clade/text.h"

enum { NO_SUCH = 0x7ffffff0 }; /* a command, flag or identifier that nothing has */

/* Where nobody can make anything. */
static const char nowhere[] = "/proc/self/nowhere/clade";

void trial_judge(struct trial *trial, const char *act, long result)
{
	int error = errno;
	/* EXDEV is how Landlock denies a link from elsewhere */
	bool is_denied = result < 0 && (error == EPERM || error == EACCES || error == EXDEV);
	struct text line = {0};

	if (is_denied)
		trial->denied++;
	else
		trial->allowed++;
	text_printf(&line, "%-8s %-7s %s", is_denied ? "denied" : "ALLOWED", trial->who, act);
	if (!is_denied && result < 0)
		text_printf(&line, " (%s)", strerror(error));
	trial->line(text_str(&line));
	text_done(&line);
}

/* The system call itself: the C library may have an emulation or a check of its own. */
#define TRY(act, ...) trial_judge(trial, act, syscall(__VA_ARGS__))

static void try_signals(struct trial *trial)
{
	pid_t child = trial->child;
	siginfo_t info = {.si_signo = SIGTERM, .si_code = SI_QUEUE};
	struct {
		int type;
		pid_t pid;
	} owner = {1 /* F_OWNER_PID */, child};

	info.si_pid = getpid();
	TRY("kill", SYS_kill, child, SIGTERM);
	TRY("kill, only asking", SYS_kill, child, 0);
	TRY("kill of its process group", SYS_kill, -child, SIGTERM);
	TRY("tkill", SYS_tkill, child, SIGTERM);
	TRY("tgkill", SYS_tgkill, child, child, SIGTERM);
	TRY("rt_sigqueueinfo", SYS_rt_sigqueueinfo, child, SIGTERM, &info);
	TRY("rt_tgsigqueueinfo", SYS_rt_tgsigqueueinfo, child, child, SIGTERM, &info);
	TRY("pidfd_open", SYS_pidfd_open, child, 0);
	TRY("pidfd_send_signal", SYS_pidfd_send_signal, trial->child_pidfd, SIGTERM, NULL, 0);
	TRY("fcntl F_SETOWN", SYS_fcntl, trial->socket, F_SETOWN, child);
	TRY("fcntl F_SETOWN_EX", SYS_fcntl, trial->socket, F_SETOWN_EX, &owner);
	TRY("fcntl F_SETSIG", SYS_fcntl, trial->socket, F_SETSIG, SIGKILL);
	TRY("fcntl O_ASYNC", SYS_fcntl, trial->socket, F_SETFL, O_ASYNC);
	TRY("ioctl FIOSETOWN", SYS_ioctl, trial->socket, 0x8901, &child);
}

static void try_tracing(struct trial *trial)
{
	pid_t child = trial->child;
	long copy = 0;
	struct iovec here = {&copy, sizeof(copy)};
	struct iovec there = {trial->word, sizeof(*trial->word)};

	TRY("ptrace", SYS_ptrace, PTRACE_SEIZE, child, 0, 0);
	TRY("process_vm_readv", SYS_process_vm_readv, child, &here, 1, &there, 1, 0);
	TRY("process_vm_writev", SYS_process_vm_writev, child, &here, 1, &there, 1, 0);
#ifdef SYS_process_madvise
	TRY("process_madvise", SYS_process_madvise, trial->child_pidfd, &there, 1, MADV_COLD, 0);
#endif
#ifdef SYS_pidfd_getfd
	TRY("pidfd_getfd", SYS_pidfd_getfd, trial->child_pidfd, 0, 0);
#endif
	TRY("kcmp", SYS_kcmp, child, child, 0, 0, 0);
	TRY("move_pages", SYS_move_pages, child, 0, NULL, NULL, NULL, 0);
	TRY("migrate_pages", SYS_migrate_pages, child, 0, NULL, NULL);
}

static void try_priorities(struct trial *trial)
{
	pid_t child = trial->child;
	struct sched_param param = {0};
	struct rlimit limit = {64, 64};
	uint32_t attributes[12] = {48, SCHED_BATCH};
	unsigned long cpus[16] = {1};

	TRY("setpriority", SYS_setpriority, PRIO_PROCESS, child, 5);
	TRY("ioprio_set", SYS_ioprio_set, 1, child, 2 << 13 | 7);
	TRY("sched_setscheduler", SYS_sched_setscheduler, child, SCHED_BATCH, &param);
	TRY("sched_setparam", SYS_sched_setparam, child, &param);
	TRY("sched_setattr", SYS_sched_setattr, child, attributes, 0);
	TRY("sched_setaffinity", SYS_sched_setaffinity, child, sizeof(cpus), cpus);
	TRY("prlimit64", SYS_prlimit64, child, RLIMIT_NOFILE, &limit, NULL);
	TRY("setpgid", SYS_setpgid, child, 0);
}

static void try_fork(struct trial *trial)
{
	long pid;

#ifdef SYS_fork
	pid = syscall(SYS_fork);
	if (pid == 0)
		_exit(0);
	trial_judge(trial, "fork", pid);
#endif
	pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		_exit(0);
	trial_judge(trial, "clone", pid);
	pid = vfork();
	if (pid == 0)
		_exit(0);
	trial_judge(trial, "vfork", pid);
	TRY("clone3", SYS_clone3, NULL, 0);
}

static void try_exec(struct trial *trial)
{
	char *const none[] = {NULL};
	void *page;

	TRY("execve", SYS_execve, nowhere, none, none);
	TRY("execveat", SYS_execveat, AT_FDCWD, nowhere, none, none, 0);
	TRY("memfd_create", SYS_memfd_create, "clade", 0);
	page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	trial_judge(trial, "mmap of memory that can be run", page == MAP_FAILED ? -1 : 0);
	page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	trial_judge(trial, "mprotect into memory that can be run",
		    page == MAP_FAILED ? 0 : mprotect(page, 4096, PROT_READ | PROT_EXEC));
	TRY("typing into the terminal", SYS_ioctl, STDIN_FILENO, TIOCSTI, NULL);
	TRY("pasting into the console", SYS_ioctl, STDIN_FILENO, 0x541c /* TIOCLINUX */, NULL);
	TRY("taking a terminal", SYS_ioctl, STDIN_FILENO, TIOCSCTTY, 0);
}

static void try_sockets(struct trial *trial)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX,
				      .sun_path = "/proc/self/nowhere/socket"};
	struct msghdr message = {0};
	int pair[2];

	TRY("socket unix", SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	TRY("socket inet", SYS_socket, AF_INET, SOCK_STREAM, 0);
	TRY("socket netlink", SYS_socket, AF_NETLINK, SOCK_RAW, 0);
	TRY("socketpair", SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
	TRY("connect", SYS_connect, trial->socket, &address, sizeof(address));
	TRY("bind", SYS_bind, trial->socket, &address, sizeof(address));
	TRY("listen", SYS_listen, trial->socket, 1);
	TRY("sendto", SYS_sendto, trial->socket, "x", 1, MSG_NOSIGNAL, NULL, 0);
	TRY("sendmsg", SYS_sendmsg, trial->socket, &message, MSG_NOSIGNAL);
}

static void try_open(struct trial *trial, const char *what, const char *directory, const char *name,
		     int flags)
{
	struct text path = {0};
	struct text act = {0};

	text_printf(&path, "%s/%s", directory, name);
	text_printf(&act, "open %s", what);
	trial_judge(trial, text_str(&act),
		    syscall(SYS_openat, AT_FDCWD, text_str(&path), flags | O_CLOEXEC, 0600));
	text_done(&act);
	text_done(&path);
}

static void try_opening(struct trial *trial)
{
	struct {
		uint64_t flags, mode, resolve;
	} how = {O_WRONLY, 0, 0};
	char handle[128] = {0};

	try_open(trial, "for writing", trial->outside, "file", O_WRONLY);
	try_open(trial, "for both", trial->outside, "file", O_RDWR);
	try_open(trial, "to append", trial->outside, "file", O_WRONLY | O_APPEND);
	try_open(trial, "to truncate", trial->outside, "file", O_RDONLY | O_TRUNC);
	try_open(trial, "with access mode 3", trial->outside, "file", O_ACCMODE);
	try_open(trial, "of a new file", trial->outside, "new-1", O_WRONLY | O_CREAT);
	try_open(trial, "of a new file, exclusive", trial->outside, "new-2",
		 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
	try_open(trial, "of a new file, read only", trial->outside, "new-3", O_RDONLY | O_CREAT);
	try_open(trial, "of a file without a name", trial->outside, ".", O_WRONLY | O_TMPFILE);
	try_open(trial, "of a snapshot that is there", trial->inside, "file", O_WRONLY);
	try_open(trial, "of a snapshot that is there, to truncate", trial->inside, "file",
		 O_WRONLY | O_CREAT | O_TRUNC);
	try_open(trial, "of a new file through a link", trial->inside, "link/new-4",
		 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
	try_open(trial, "of a control group", "/sys/fs/cgroup", "cgroup.procs", O_WRONLY);
	try_open(trial, "of the kernel's settings", "/proc/sys/kernel", "pid_max", O_WRONLY);
	try_open(trial, "of its OOM score", "/proc/self", "oom_score_adj", O_WRONLY);
	try_open(trial, "of its own memory", "/proc/self", "mem", O_RDWR);
	try_open(trial, "of a terminal", "/dev", "tty", O_RDWR);
#ifdef SYS_openat2
	TRY("openat2 for writing", SYS_openat2, AT_FDCWD, "/dev/null", &how, sizeof(how));
#endif
#ifdef SYS_open
	TRY("open, the old call", SYS_open, "/dev/null", O_WRONLY);
#endif
#ifdef SYS_creat
	TRY("creat", SYS_creat, "/dev/null", 0600);
#endif
	TRY("open_by_handle_at", SYS_open_by_handle_at, AT_FDCWD, handle, O_RDONLY);
}

static void try_names(struct trial *trial, const char *directory)
{
	struct text file = {0};
	struct text other = {0};
	struct text empty = {0};
	struct timespec times[2] = {{0, 0}, {0, 0}};
	const char *f;
	const char *o;

	text_printf(&file, "%s/file", directory);
	text_printf(&other, "%s/other", directory);
	text_printf(&empty, "%s/empty", directory);
	f = text_str(&file);
	o = text_str(&other);
	TRY("rename", SYS_renameat2, AT_FDCWD, f, AT_FDCWD, o, 0);
	TRY("renameat", SYS_renameat2, AT_FDCWD, f, AT_FDCWD, o, 1 /* RENAME_NOREPLACE */);
	TRY("unlink", SYS_unlinkat, AT_FDCWD, f, 0);
	TRY("rmdir", SYS_unlinkat, AT_FDCWD, text_str(&empty), AT_REMOVEDIR);
	TRY("mkdir", SYS_mkdirat, AT_FDCWD, o, 0700);
	TRY("symlink", SYS_symlinkat, f, AT_FDCWD, o);
	TRY("mknod of a pipe", SYS_mknodat, AT_FDCWD, o, S_IFIFO | 0600, 0);
	TRY("truncate", SYS_truncate, f, 0L);
	TRY("chmod", SYS_fchmodat, AT_FDCWD, f, 0777);
	TRY("chown", SYS_fchownat, AT_FDCWD, f, getuid(), getgid(), 0);
	TRY("utimensat", SYS_utimensat, AT_FDCWD, f, times, 0);
	TRY("setxattr", SYS_setxattr, f, "user.clade", "x", 1L, 0);
	TRY("removexattr", SYS_removexattr, f, "user.clade");
	text_done(&empty);
	text_done(&other);
	text_done(&file);
}

static void try_files(struct trial *trial)
{
	struct text from = {0};
	struct text to = {0};

	try_names(trial, trial->outside);
	try_names(trial, trial->inside);
	text_printf(&from, "%s/file", trial->outside);
	text_printf(&to, "%s/linked", trial->outside);
	TRY("link", SYS_linkat, AT_FDCWD, text_str(&from), AT_FDCWD, text_str(&to), 0);
	text_clear(&to);
	text_printf(&to, "%s/linked", trial->inside);
	TRY("link of a foreign file into the directory", SYS_linkat, AT_FDCWD, text_str(&from),
	    AT_FDCWD, text_str(&to), 0);
	text_done(&to);
	text_done(&from);
	TRY("ftruncate", SYS_ftruncate, trial->file_fd, 0L);
	TRY("fchmod", SYS_fchmod, trial->file_fd, 0777);
	TRY("fchown", SYS_fchown, trial->file_fd, getuid(), getgid());
	TRY("fsetxattr", SYS_fsetxattr, trial->file_fd, "user.clade", "x", 1L, 0);
	TRY("fallocate", SYS_fallocate, trial->file_fd, 0, 0L, 4096L);
	TRY("chdir", SYS_chdir, "/");
	TRY("umask", SYS_umask, 0);
}

static void try_mounts(struct trial *trial)
{
	TRY("mount", SYS_mount, "none", nowhere, "tmpfs", 0, NULL);
	TRY("umount2", SYS_umount2, nowhere, 0);
	TRY("pivot_root", SYS_pivot_root, nowhere, nowhere);
	TRY("chroot", SYS_chroot, nowhere);
	TRY("unshare", SYS_unshare, 0);
	TRY("setns", SYS_setns, -1, 0);
#ifdef SYS_fsopen
	TRY("open_tree", SYS_open_tree, AT_FDCWD, nowhere, 0);
	TRY("move_mount", SYS_move_mount, AT_FDCWD, nowhere, AT_FDCWD, nowhere, 0);
	TRY("fsopen", SYS_fsopen, "clade", 0);
	TRY("fsmount", SYS_fsmount, -1, 0, 0);
	TRY("fspick", SYS_fspick, AT_FDCWD, nowhere, 0);
#endif
#ifdef SYS_mount_setattr
	TRY("mount_setattr", SYS_mount_setattr, AT_FDCWD, nowhere, 0, NULL, 0);
#endif
	TRY("swapon", SYS_swapon, nowhere, 0);
	TRY("swapoff", SYS_swapoff, nowhere);
	TRY("acct", SYS_acct, nowhere);
	TRY("quotactl", SYS_quotactl, NO_SUCH, nowhere, 0, NULL);
}

static void try_kernel(struct trial *trial)
{
	char name[] = "clade";

	TRY("init_module", SYS_init_module, NULL, 0UL, "");
	TRY("finit_module", SYS_finit_module, -1, "", 0);
	TRY("delete_module", SYS_delete_module, "clade-no-such-module", O_NONBLOCK);
	TRY("kexec_load", SYS_kexec_load, 0UL, 1UL << 20, NULL, 0UL);
	TRY("kexec_file_load", SYS_kexec_file_load, -1, -1, 0UL, NULL, 0UL);
	TRY("bpf, a program", SYS_bpf, BPF_PROG_LOAD, NULL, 0);
	TRY("bpf, a map", SYS_bpf, BPF_MAP_CREATE, NULL, 0);
	TRY("bpf, writing into a map", SYS_bpf, BPF_MAP_UPDATE_ELEM, NULL, 0);
	TRY("perf_event_open", SYS_perf_event_open, NULL, 0, -1, -1, 0UL);
	TRY("io_uring_setup", SYS_io_uring_setup, 0, NULL);
	TRY("io_uring_enter", SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0UL);
	TRY("userfaultfd", SYS_userfaultfd, NO_SUCH);
	TRY("reboot", SYS_reboot, 0, 0, 0, NULL);
	TRY("sethostname", SYS_sethostname, name, -1);
	TRY("clock_settime", SYS_clock_settime, CLOCK_REALTIME, NULL);
	TRY("syslog", SYS_syslog, NO_SUCH, NULL, 0);
	TRY("keyctl", SYS_keyctl, NO_SUCH, 0UL, 0UL, 0UL, 0UL);
	TRY("add_key", SYS_add_key, NULL, NULL, NULL, 0UL, 0);
	TRY("shmget", SYS_shmget, NO_SUCH, 1UL, 0);
	TRY("msgget", SYS_msgget, NO_SUCH, 0);
	TRY("semget", SYS_semget, NO_SUCH, 1, 0);
	TRY("mq_unlink", SYS_mq_unlink, "clade-no-such-queue");
	TRY("personality", SYS_personality, 0xffffffffUL);
	TRY("setuid", SYS_setuid, getuid());
	TRY("setresuid", SYS_setresuid, -1, -1, -1);
	TRY("capset", SYS_capset, NULL, NULL);
	TRY("seccomp", SYS_seccomp, NO_SUCH, 0, NULL);
	TRY("prctl, to be traced", SYS_prctl, 0x59616d61 /* PR_SET_PTRACER */, 0UL, 0UL, 0UL, 0UL);
#ifdef SYS_iopl
	TRY("iopl", SYS_iopl, 0);
	TRY("ioperm", SYS_ioperm, 0UL, 1UL, 0);
	TRY("modify_ldt", SYS_modify_ldt, 0, name, 0UL);
#endif
	TRY("a system call that is not there yet", 10000);
}

#ifdef __x86_64__
/* As a program of 32 bits calls the kernel. */
static long call_32(long number, long first, long second)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(first), "c"(second)
			 : "memory", "r8", "r9", "r10", "r11");
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

static void try_other_machines(struct trial *trial)
{
	enum { X32 = 0x40000000, KILL_32 = 37, PTRACE_32 = 26 };

	TRY("kill, as x32 calls it", X32 | SYS_kill, trial->child, SIGTERM);
	TRY("unlinkat, as x32 calls it", X32 | SYS_unlinkat, AT_FDCWD, nowhere, 0);
	if (!trial->has_32)
		return;
	trial_judge(trial, "kill, as 32 bits call it", call_32(KILL_32, trial->child, SIGTERM));
	trial_judge(trial, "ptrace, as 32 bits call it",
		    call_32(PTRACE_32, PTRACE_SEIZE, trial->child));
}

/* Where the kernel has no such way, who tries it is ended. */
bool trial_can_call_32(void)
{
	enum { GETPID_32 = 20 };
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(call_32(GETPID_32, 0, 0) > 0 ? 0 : 1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}
#else
bool trial_can_call_32(void)
{
	return false;
}
#endif

void trial_run(struct trial *trial)
{
	try_signals(trial);
	try_tracing(trial);
	try_priorities(trial);
	try_fork(trial);
	try_exec(trial);
	try_sockets(trial);
	try_opening(trial);
	try_files(trial);
	try_mounts(trial);
	try_kernel(trial);
#ifdef __x86_64__
	try_other_machines(trial);
#endif
}
