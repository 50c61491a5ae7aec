/* What read-only mode's system call filters say, for this machine and for another: their programs are
 * exported and run here. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "action/filter.h"
#include "suite.h"

enum { PROGRAM_MAX = 4096, DENIED = SECCOMP_RET_ERRNO | EPERM };

struct program {
	struct sock_filter code[PROGRAM_MAX];
	size_t n;
	uint32_t token; /* of the machine */
};

static const char *const machines[] = {"x86_64", "aarch64"};

static void load(struct program *program, enum filter_role role, const char *machine)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	ssize_t len;

	assert_true(fd >= 0);
	assert_int_equal(filter_export(&(struct filter_config){.role = role}, machine, fd), 0);
	len = pread(fd, program->code, sizeof(program->code), 0);
	close(fd);
	assert_true(len > 0 && (size_t)len < sizeof(program->code));
	program->n = (size_t)len / sizeof(program->code[0]);
	program->token = seccomp_arch_resolve_name(machine);
}

/* Classic BPF as far as libseccomp writes it. */
static uint32_t run(const struct program *program, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t at = 0; at < program->n; at++) {
		const struct sock_filter *op = &program->code[at];
		bool is_true = false;

		switch (op->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(op->k + sizeof(a) <= sizeof(*data));
			memcpy(&a, (const char *)data + op->k, sizeof(a));
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= op->k;
			continue;
		case BPF_RET | BPF_K:
			return op->k;
		case BPF_JMP | BPF_JA:
			at += op->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			is_true = a == op->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			is_true = a >= op->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			is_true = a > op->k;
			break;
		default:
			fail_msg("an instruction that this test does not know: %#x", op->code);
		}
		at += is_true ? op->jt : op->jf;
	}
	fail_msg("the program has no end");
	return 0;
}

struct call {
	const char *name;
	uint64_t args[6];
};

static uint32_t verdict(const struct program *program, const struct call *call)
{
	struct seccomp_data data = {.arch = program->token};

	data.nr = seccomp_syscall_resolve_name_arch(program->token, call->name);
	memcpy(data.args, call->args, sizeof(data.args));
	/* this machine has no such call: there is nothing to deny */
	return data.nr < 0 ? DENIED : run(program, &data);
}

static void all_are(enum filter_role role, const struct call *calls, uint32_t expected)
{
	struct program program;

	for (size_t m = 0; m < sizeof(machines) / sizeof(machines[0]); m++) {
		load(&program, role, machines[m]);
		for (const struct call *call = calls; call->name; call++) {
			uint32_t got = verdict(&program, call);

			if (got != expected)
				fail_msg("%s on %s: %#x, not %#x", call->name, machines[m], got,
					 expected);
		}
	}
}

/* clang-format off */
static const struct call forbidden[] = {
	{"kill", {0}}, {"tkill", {0}}, {"tgkill", {0}}, {"rt_sigqueueinfo", {0}},
	{"rt_tgsigqueueinfo", {0}}, {"pidfd_send_signal", {0}}, {"pidfd_open", {0}}, {"pidfd_getfd", {0}},
	{"ptrace", {0}}, {"process_vm_readv", {0}}, {"process_vm_writev", {0}}, {"process_madvise", {0}},
	{"setpriority", {0}}, {"ioprio_set", {0}}, {"sched_setscheduler", {0}}, {"sched_setattr", {0}},
	{"sched_setparam", {0}}, {"sched_setaffinity", {0}}, {"prlimit64", {1, 7, 0x1000}},
	{"execve", {0}}, {"execveat", {0}}, {"fork", {0}}, {"vfork", {0}}, {"clone", {0}}, {"clone3", {0}},
	{"socket", {0}}, {"socketpair", {0}}, {"connect", {0}}, {"bind", {0}}, {"sendto", {0}}, {"sendmsg", {0}},
	{"sendmmsg", {0}}, {"mount", {0}}, {"umount2", {0}}, {"fsopen", {0}}, {"move_mount", {0}},
	{"open_tree", {0}}, {"mount_setattr", {0}}, {"pivot_root", {0}}, {"chroot", {0}}, {"unshare", {0}},
	{"setns", {0}}, {"unlink", {0}}, {"unlinkat", {0}}, {"rmdir", {0}}, {"rename", {0}}, {"renameat", {0}},
	{"renameat2", {0}}, {"mkdir", {0}}, {"mkdirat", {0}}, {"mknod", {0}}, {"mknodat", {0}}, {"symlink", {0}},
	{"symlinkat", {0}}, {"link", {0}}, {"truncate", {0}}, {"ftruncate", {0}}, {"fallocate", {0}},
	{"chmod", {0}}, {"fchmod", {0}}, {"fchmodat", {0}}, {"chown", {0}}, {"fchown", {0}}, {"fchownat", {0}},
	{"setxattr", {0}}, {"fsetxattr", {0}}, {"utimensat", {0}}, {"pwrite64", {0}}, {"sendfile", {0}},
	{"splice", {0}}, {"copy_file_range", {0}}, {"creat", {0}}, {"openat2", {0}}, {"open_by_handle_at", {0}},
	{"init_module", {0}}, {"finit_module", {0}}, {"delete_module", {0}}, {"kexec_load", {0}},
	{"kexec_file_load", {0}}, {"reboot", {0}}, {"bpf", {5}}, {"bpf", {33}}, {"perf_event_open", {0}},
	{"io_uring_setup", {0}}, {"io_uring_enter", {0}}, {"io_uring_register", {0}}, {"userfaultfd", {0}},
	{"keyctl", {0}}, {"add_key", {0}}, {"setuid", {0}}, {"setresuid", {0}}, {"capset", {0}},
	{"personality", {0}}, {"seccomp", {0}}, {"memfd_create", {0}},
	{"mmap", {0, 4096, PROT_READ | PROT_EXEC}}, {"mprotect", {0, 4096, PROT_WRITE | PROT_EXEC}},
	{"pkey_mprotect", {0}},
	{NULL, {0}},
};

static const struct call for_reader_forbidden[] = {
	{"linkat", {0}}, {"open", {0, O_WRONLY}}, {"open", {0, O_RDWR}}, {"openat", {0, 0, O_WRONLY}},
	{"openat", {0, 0, O_RDWR}}, {"openat", {0, 0, O_ACCMODE}}, {"openat", {0, 0, O_CREAT}},
	{"openat", {0, 0, O_TRUNC}}, {"openat", {0, 0, O_TMPFILE | O_RDWR}},
	{"openat", {0, 0, UINT64_C(0xffffffff00000000) | O_WRONLY}},
	{"ioctl", {0, TIOCSTI}}, {"ioctl", {0, TIOCSCTTY}}, {"ioctl", {0, 0x541c}}, {"ioctl", {0, FIOASYNC}},
	{"ioctl", {0, 0x8901}}, {"ioctl", {0, UINT64_C(0x100000000) | TIOCSTI}},
	{"fcntl", {0, F_SETOWN}}, {"fcntl", {0, 15}}, {"fcntl", {0, 10}}, {"fcntl", {0, F_SETFL, O_ASYNC}},
	{"fcntl", {0, F_SETLEASE}}, {"prctl", {22}}, {"prctl", {4}},
	{NULL, {0}},
};

static const struct call for_reader_allowed[] = {
	{"read", {0}}, {"pread64", {0}}, {"write", {0}}, {"writev", {0}}, {"open", {0, O_RDONLY | O_CLOEXEC}},
	{"openat", {0, 0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC}}, {"getdents64", {0}},
	{"readlinkat", {0}}, {"newfstatat", {0}}, {"statx", {0}}, {"ppoll", {0}}, {"clock_nanosleep", {0}},
	{"ioctl", {0, TCGETS}}, {"ioctl", {0, TCSETSW}}, {"ioctl", {0, TIOCGWINSZ}}, {"fcntl", {0, F_GETFL}},
	{"fcntl", {0, F_SETFL, O_NONBLOCK}}, {"prlimit64", {0, 7, 0}}, {"mmap", {0, 4096, PROT_READ | PROT_WRITE}},
	{"prctl", {21}}, {"exit_group", {0}}, {"recvmsg", {0}},
	{NULL, {0}},
};

static const struct call for_scribe_forbidden[] = {
	{"read", {0}}, {"open", {0, 0}}, {"openat", {0, 0, O_RDONLY}}, {"openat", {0, 0, O_WRONLY}},
	{"openat", {0, 0, O_WRONLY | O_CREAT}}, {"openat", {0, 0, O_WRONLY | O_CREAT | O_EXCL}},
	{"openat", {0, 0, O_DIRECTORY}}, {"ioctl", {0, TCGETS}}, {"fcntl", {0, F_GETFD}}, {"prctl", {21}},
	{NULL, {0}},
};

static const struct call for_scribe_allowed[] = {
	{"openat", {0, 0, O_WRONLY | O_TMPFILE | O_CLOEXEC}},
	{"openat", {0, 0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC}}, {"linkat", {0}}, {"write", {0}},
	{"close", {0}}, {"futex", {0}},
	{NULL, {0}},
};
/* clang-format on */

/* Flags of open(2) differ from machine to machine: those here are this one's, so only it is asked. */
static void here_are(enum filter_role role, const struct call *calls, uint32_t expected)
{
	struct program program;

	load(&program, role, machines[seccomp_arch_native() == SCMP_ARCH_AARCH64]);
	for (const struct call *call = calls; call->name; call++) {
		uint32_t got = verdict(&program, call);

		if (got != expected && (expected == DENIED || got != DENIED ||
					seccomp_syscall_resolve_name(call->name) >= 0))
			fail_msg("%s: %#x, not %#x", call->name, got, expected);
	}
}

static void what_changes_the_machine_is_denied_to_both_threads_on_both_machines(void **state)
{
	(void)state;
	all_are(FILTER_READER, forbidden, DENIED);
	all_are(FILTER_SCRIBE, forbidden, DENIED);
}

static void the_reader_opens_nothing_for_writing(void **state)
{
	(void)state;
	here_are(FILTER_READER, for_reader_forbidden, DENIED);
	here_are(FILTER_READER, for_reader_allowed, SECCOMP_RET_ALLOW);
}

static void the_scribe_makes_new_files_only(void **state)
{
	(void)state;
	here_are(FILTER_SCRIBE, for_scribe_forbidden, DENIED);
	here_are(FILTER_SCRIBE, for_scribe_allowed, SECCOMP_RET_ALLOW);
}

static void calls_of_another_machine_are_denied(void **state)
{
	struct program program;
	struct seccomp_data data = {.nr = 3, .arch = AUDIT_ARCH_I386};

	(void)state;
	load(&program, FILTER_READER, "x86_64");
	assert_int_equal(run(&program, &data), DENIED);
	/* x32: the same numbers with a bit more */
	data = (struct seccomp_data){.nr = 0x40000000, .arch = AUDIT_ARCH_X86_64};
	assert_int_equal(run(&program, &data), DENIED);
	data.nr = 0;
	assert_int_equal(run(&program, &data), SECCOMP_RET_ALLOW);
}

static void bpf_is_read_only_where_a_collector_needs_it(void **state)
{
	struct filter_config config = {.role = FILTER_READER, .keeps_bpf = true};
	struct program program = {.token = seccomp_arch_resolve_name("x86_64")};
	int fd = memfd_create("filter", MFD_CLOEXEC);
	ssize_t len;

	(void)state;
	assert_int_equal(filter_export(&config, "x86_64", fd), 0);
	len = pread(fd, program.code, sizeof(program.code), 0);
	close(fd);
	program.n = (size_t)len / sizeof(program.code[0]);
	/* a new iterator; a program, a map, an update */
	assert_int_equal(verdict(&program, &(struct call){"bpf", {33}}), SECCOMP_RET_ALLOW);
	assert_int_equal(verdict(&program, &(struct call){"bpf", {5}}), DENIED);
	assert_int_equal(verdict(&program, &(struct call){"bpf", {0}}), DENIED);
	assert_int_equal(verdict(&program, &(struct call){"bpf", {2}}), DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_changes_the_machine_is_denied_to_both_threads_on_both_machines),
		cmocka_unit_test(the_reader_opens_nothing_for_writing),
		cmocka_unit_test(the_scribe_makes_new_files_only),
		cmocka_unit_test(calls_of_another_machine_are_denied),
		cmocka_unit_test(bpf_is_read_only_where_a_collector_needs_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
