/*
 * Runs in the kernel: writes a record for each task while bpf.c reads the iterator. It only reads,
 * and only what bpf.c needs to make a snapshot like that of procps.c.
 */
#include "kernel.bpf.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "task_record.h"

enum { NICE_0_PRIO = 120, MINOR_BITS = 20 };

/* The pid namespace of the process that reads, found at its first task: it cannot change. */
static struct pid_namespace *reader_ns;
static unsigned int reader_level;

static int find_reader(void)
{
	struct task_struct *reader = (struct task_struct *)bpf_get_current_task();
	struct pid *pid = BPF_CORE_READ(reader, thread_pid);
	unsigned int level = BPF_CORE_READ(pid, level);
	struct upid upid;

	if (bpf_core_read(&upid, bpf_core_type_size(struct upid),
			  (void *)&pid->numbers[0] + level * bpf_core_type_size(struct upid)) != 0)
		return -1;
	reader_level = level;
	reader_ns = upid.ns;
	return 0;
}

/* The number of `pid` on a level of pid namespaces; 0 when it has none in the namespace `ns`. */
static int number_at(struct pid *pid, unsigned int level, const struct pid_namespace *ns)
{
	struct upid upid;

	if (!pid || pid->level < level)
		return 0;
	if (bpf_core_read(&upid, bpf_core_type_size(struct upid),
			  (void *)&pid->numbers[0] + level * bpf_core_type_size(struct upid)) != 0)
		return 0;
	return ns && upid.ns != ns ? 0 : upid.nr;
}

/* The number by which the reader knows it; on the outermost level everything has one. */
static int number_of(struct pid *pid)
{
	if (reader_level > 0)
		return number_at(pid, reader_level, reader_ns);
	return pid ? pid->numbers[0].nr : 0;
}

static int tgid_of(struct task_struct *task)
{
	return reader_level > 0 ? number_of(task->group_leader->thread_pid) : task->tgid;
}

static unsigned int state_of(struct task_struct *task)
{
	if (bpf_core_field_exists(task->__state))
		return task->__state;
	return (unsigned int)((struct task_struct___before_5_14 *)task)->state;
}

static unsigned long long positive(long long count)
{
	return count > 0 ? (unsigned long long)count : 0;
}

static unsigned long long rss_of(struct mm_struct *mm)
{
	struct mm_struct___before_6_2 *old = (struct mm_struct___before_6_2 *)mm;

	if (bpf_core_field_exists(old->rss_stat.count)) {
		return positive(old->rss_stat.count[MM_FILEPAGES].counter) +
		       positive(old->rss_stat.count[MM_ANONPAGES].counter) +
		       positive(old->rss_stat.count[MM_SHMEMPAGES].counter);
	}
	return positive(mm->rss_stat[MM_FILEPAGES].count) +
	       positive(mm->rss_stat[MM_ANONPAGES].count) +
	       positive(mm->rss_stat[MM_SHMEMPAGES].count);
}

/* tty_devnum() and new_encode_dev() in the kernel. */
static int tty_of(struct tty_struct *tty)
{
	unsigned int device;
	unsigned int minor;

	if (!tty || !tty->driver)
		return 0;
	device = ((unsigned int)tty->driver->major << MINOR_BITS | tty->driver->minor_start) +
		 tty->index;
	minor = device & ((1u << MINOR_BITS) - 1);
	return (int)((minor & 0xff) | device >> MINOR_BITS << 8 | (minor & ~0xffu) << 12);
}

static void fill_head(struct task_head *head, struct task_struct *task, unsigned int size)
{
	struct signal_struct *signal = task->signal;

	head->size = size;
	head->tgid = tgid_of(task);
	head->threads = (unsigned int)signal->nr_threads;
	head->run_ns = task->se.sum_exec_runtime;
	head->ended_run_ns = signal->sum_sched_runtime;
	if (bpf_core_field_exists(task->ioac.read_bytes)) {
		head->read_bytes = task->ioac.read_bytes;
		head->write_bytes = task->ioac.write_bytes;
		head->ended_read_bytes = signal->ioac.read_bytes;
		head->ended_write_bytes = signal->ioac.write_bytes;
	} else {
		head->read_bytes = head->write_bytes = ~0ull;
	}
}

/* Its number in its own pid namespace, and which that is. */
static void fill_namespace(struct task_record *record, struct pid *pid)
{
	struct upid own;

	if (pid->level == 0) { /* the outermost: without a copy, for nearly all are in it */
		record->ns_pid = pid->numbers[0].nr;
		record->pid_ns = pid->numbers[0].ns->ns.inum;
		return;
	}
	if (bpf_core_read(&own, bpf_core_type_size(struct upid),
			  (void *)&pid->numbers[0] +
				  pid->level * bpf_core_type_size(struct upid)) != 0)
		return;
	record->ns_pid = own.nr;
	record->pid_ns = BPF_CORE_READ(own.ns, ns.inum);
}

static void write_thread(struct seq_file *seq, struct task_struct *task)
{
	struct task_head head = {};

	fill_head(&head, task, sizeof(head));
	if (head.tgid != 0)
		bpf_seq_write(seq, &head, sizeof(head));
}

static void write_process(struct seq_file *seq, struct task_struct *task)
{
	struct task_record record = {};
	struct signal_struct *signal = task->signal;
	struct pid *pid = task->thread_pid;
	struct nsproxy *nsproxy = task->nsproxy;
	struct mm_struct *mm = task->mm;

	fill_head(&record.head, task, sizeof(record));
	if (record.head.tgid == 0)
		return;
	record.start_ns = task->start_boottime;
	record.ppid = tgid_of(task->real_parent);
	record.pgrp = number_of(signal->pids[PIDTYPE_PGID]);
	record.session = number_of(signal->pids[PIDTYPE_SID]);
	record.tty = tty_of(signal->tty);
	record.uid = task->real_cred->euid.val;
	record.flags = task->flags;
	record.state = state_of(task);
	record.exit_state = (unsigned int)task->exit_state;
	record.nice = task->static_prio - NICE_0_PRIO;
	if (mm) {
		record.stack = mm->start_stack;
		record.rss_pages = rss_of(mm);
	}
	if (pid)
		fill_namespace(&record, pid);
	if (nsproxy) {
		record.mnt_ns = nsproxy->mnt_ns->ns.inum;
		record.uts_ns = nsproxy->uts_ns->ns.inum;
	}
	if (bpf_core_field_exists(task->cgroups))
		record.cgroup_set = (unsigned long long)task->cgroups;
	bpf_probe_read_kernel(record.comm, sizeof(record.comm), task->comm);
	bpf_seq_write(seq, &record, sizeof(record));
}

SEC("iter/task")
int write_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task)
		return 0;
	if (!reader_ns && find_reader() != 0)
		return 0;
	if (task->pid == task->tgid)
		write_process(ctx->meta->seq, task);
	else
		write_thread(ctx->meta->seq, task);
	return 0;
}

char _license[] SEC("license") = "GPL";
