/*
 * What clade.bpf.c writes and bpf.c reads: one record a process, and one for each further thread of
 * it, in the order of thread ids. Both are compiled for one machine: no field has padding before
 * it, and nothing is converted.
 */
#ifndef CLADE_TASK_RECORD_H
#define CLADE_TASK_RECORD_H

enum { TASK_COMM = 16 };

/* Begins every record. */
struct task_head {
	unsigned int size; /* of the whole record in bytes; tells the two kinds apart */
	int tgid; /* the process; this and all pids are as the reader's pid namespace numbers
		     them, 0: not visible there */
	unsigned int threads;
	unsigned int padding;

	/* of this thread */
	unsigned long long run_ns;
	unsigned long long read_bytes; /* all ones: the kernel does not count I/O */
	unsigned long long write_bytes;

	/* of the threads of the process that have ended */
	unsigned long long ended_run_ns;
	unsigned long long ended_read_bytes;
	unsigned long long ended_write_bytes;
};

struct task_record {
	struct task_head head;
	unsigned long long start_ns; /* since boot */
	unsigned long long rss_pages;
	unsigned long long stack;      /* mm->start_stack; 0: a kernel thread or a zombie */
	unsigned long long cgroup_set; /* address of its css_set: equal for processes that are in
					  the same groups of all hierarchies */
	int ppid;
	int pgrp;
	int session;
	int tty;
	int ns_pid; /* in its own pid namespace */
	unsigned int pid_ns;
	unsigned int mnt_ns; /* these two are 0 for a zombie */
	unsigned int uts_ns;
	unsigned int uid;
	unsigned int flags;
	unsigned int state;
	unsigned int exit_state;
	int nice;
	unsigned int padding;
	char comm[TASK_COMM];
};

#endif
