/*
 * The few members of the kernel's types that clade.bpf.c reads. With preserve_access_index an
 * access is kept by name and libbpf finds the place of the member in the kernel that runs (CO-RE),
 * so order and what is left out do not matter. A name ending in ___X is another form of the type.
 * Only types that every kernel has: for others libbpf would look into all modules, which needs
 * CAP_SYS_ADMIN.
 */
#ifndef CLADE_KERNEL_BPF_H
#define CLADE_KERNEL_BPF_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u32 __wsum;
typedef _Bool bool;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct pid_namespace {
	struct ns_common ns;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct uts_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct uts_namespace *uts_ns;
	struct mnt_namespace *mnt_ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

enum pid_type { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID, PIDTYPE_SID, PIDTYPE_MAX };

struct tty_driver {
	int major;
	int minor_start;
};

struct tty_struct {
	struct tty_driver *driver;
	int index;
};

struct task_io_accounting {
	__u64 read_bytes;
	__u64 write_bytes;
};

struct signal_struct {
	int nr_threads;
	struct pid *pids[PIDTYPE_MAX];
	struct tty_struct *tty;
	struct task_io_accounting ioac;
	unsigned long long sum_sched_runtime;
};

typedef struct {
	unsigned int val;
} kuid_t;

struct cred {
	kuid_t euid;
};

/* The kinds of resident pages, enum in mm_types_task.h. */
enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, NR_MM_COUNTERS };

/* Since Linux 6.2. */
struct percpu_counter {
	__s64 count;
};

struct mm_struct {
	unsigned long start_stack;
	struct percpu_counter rss_stat[NR_MM_COUNTERS];
};

/* Before. */
struct mm_struct___before_6_2 {
	struct {
		struct {
			long counter;
		} count[NR_MM_COUNTERS];
	} rss_stat;
};

struct sched_entity {
	__u64 sum_exec_runtime;
};

struct css_set;

struct task_struct {
	unsigned int __state;
	int exit_state;
	unsigned int flags;
	int static_prio;
	int pid;
	int tgid;
	__u64 start_boottime;
	char comm[16];
	struct sched_entity se;
	struct mm_struct *mm;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	const struct cred *real_cred;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct css_set *cgroups;
	struct task_io_accounting ioac;
};

/* Before Linux 5.14. */
struct task_struct___before_5_14 {
	long state;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

#endif
