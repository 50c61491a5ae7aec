/*
 * The live machine through a BPF task iterator: one read gives all processes. The one file that
 * knows libbpf. The program in clade.bpf.c is loaded when the collector is opened; afterwards only
 * a file is opened and read, so that a confined clade can go on.
 *
 * What the iterator does not give (arguments, environment, executable) comes from /proc, when a
 * process begins and when it executes something else.
 */
#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroup_sets.h"
#include "clade/clock.h"
#include "clade/hash.h"
#include "clade/io.h"
#include "clade/source.h"
#include "clade_bpf.skel.h"
#include "machine.h"
#include "sampler.h"
#include "task_record.h"

enum {
	SLICE_NS = 4000000, /* the keyboard is looked at this often while reading */
	BUFFER = 64 << 10,  /* twice what the kernel hands out at once */
	FILE_MAX = 64 << 10,
	FIRST_FACTS_NS = 250000000, /* for reading what is new, before the first rows */
};

/* Of the kernel's include/linux/sched.h. */
enum {
	PF_EXITING = 0x4,
	PF_FORKNOEXEC = 0x40,
	PF_KTHREAD = 0x200000,
	TASK_REPORT = 0x7f,
	TASK_UNINTERRUPTIBLE = 0x2,
	TASK_NOLOAD = 0x400,
	TASK_RTLOCK_WAIT = 0x1000,
	TASK_FROZEN = 0x8000,
};

/* The threads of a process that has several, as far as they were seen in this sample. */
struct crowd {
	int32_t tgid;
	bool has_leader;
	struct task_head sum;
	UT_hash_handle hh;
};

struct bpf {
	struct source base;
	struct sampler sampler;
	struct machine_reader machine;
	struct cgroup_sets cgroups;
	struct crowd *crowds;
	int directory;  /* a file system of our own that holds the iterator, or -1 */
	int link;       /* the iterator itself where there is no such file system, or -1 */
	int fd;         /* of the sample that is being taken, or -1 */
	bool has_begun; /* a process was seen in it */
	uint64_t tick_ns;
	uint64_t page_bytes;
	size_t filled; /* bytes in the buffer */
	alignas(struct task_record) char buffer[BUFFER];
};

static struct bpf *bpf_of(struct source *source)
{
	return (struct bpf *)source;
}

static void drop_sample(struct bpf *bpf)
{
	struct crowd *crowd, *next;

	HASH_ITER (hh, bpf->crowds, crowd, next) {
		HASH_DEL(bpf->crowds, crowd);
		free(crowd);
	}
	if (bpf->fd >= 0)
		close(bpf->fd);
	bpf->fd = -1;
	bpf->filled = 0;
	bpf->has_begun = false;
	sampler_drop(&bpf->sampler);
}

static int open_iterator(const struct bpf *bpf)
{
	int fd = bpf->directory >= 0 ? openat(bpf->directory, "tasks", O_RDONLY | O_CLOEXEC)
				     : bpf_iter_create(bpf->link);

	return fd >= 0 ? fd : -errno;
}

static int bpf_begin(struct source *source, const struct snapshot *previous)
{
	struct bpf *bpf = bpf_of(source);
	const struct machine *machine;
	int rc;

	drop_sample(bpf);
	rc = sampler_begin(&bpf->sampler, previous);
	if (rc != 0)
		return rc;
	if (!previous)
		bpf->sampler.facts_ns = FIRST_FACTS_NS;
	machine_read(&bpf->machine, bpf->sampler.snap, previous);
	machine = &bpf->sampler.snap->machine;
	rc = sampler_reserve(&bpf->sampler, previous                   ? previous->n_procs
					    : is_known(machine->tasks) ? (size_t)machine->tasks
								       : 0);
	if (rc == 0) {
		bpf->fd = open_iterator(bpf);
		rc = bpf->fd < 0 ? bpf->fd : 0;
	}
	cgroup_sets_begin(&bpf->cgroups);
	if (rc != 0)
		drop_sample(bpf);
	return rc;
}

/* get_task_state() and task_state_index() of the kernel's fs/proc/array.c and sched.h. */
static char state_letter(const struct task_record *record)
{
	static const char letters[] = "RSDTtXZP";
	unsigned int state = (record->state | record->exit_state) & TASK_REPORT;
	size_t bit = 0;

	if (record->state == (TASK_UNINTERRUPTIBLE | TASK_NOLOAD))
		return 'I';
	if (record->state & (TASK_RTLOCK_WAIT | TASK_FROZEN))
		state = TASK_UNINTERRUPTIBLE;
	while (state >> bit != 0)
		bit++;
	return letters[bit];
}

static uint64_t sum_io(unsigned long long living, unsigned long long ended)
{
	return is_known(living) ? living + ended : UNKNOWN;
}

static struct seen_use use_of(const struct bpf *bpf, const struct task_head *head)
{
	return (struct seen_use){
		.cpu_ticks = (head->run_ns + head->ended_run_ns) / bpf->tick_ns,
		.io_read_bytes = sum_io(head->read_bytes, head->ended_read_bytes),
		.io_write_bytes = sum_io(head->write_bytes, head->ended_write_bytes),
	};
}

/* Adds a thread to its process. What has ended counts as it was when the first of the threads was
 * seen: a thread that was seen and ended before the next was seen would else count twice. */
static void add_thread(struct bpf *bpf, const struct task_head *head, bool is_leader)
{
	struct crowd *crowd;

	HASH_FIND(hh, bpf->crowds, &head->tgid, sizeof(head->tgid), crowd);
	if (!crowd) {
		crowd = mem_new(1, sizeof(*crowd));
		crowd->tgid = head->tgid;
		crowd->sum = *head;
		HASH_ADD(hh, bpf->crowds, tgid, sizeof(crowd->tgid), crowd);
	} else {
		crowd->sum.run_ns += head->run_ns;
		if (is_known(head->read_bytes)) {
			crowd->sum.read_bytes += head->read_bytes;
			crowd->sum.write_bytes += head->write_bytes;
		}
	}
	crowd->has_leader = crowd->has_leader || is_leader;
}

/* A process whose main thread has no siblings any more, or had none yet, was counted at once. */
static void add_crowds(struct bpf *bpf)
{
	for (struct crowd *crowd = bpf->crowds; crowd; crowd = crowd->hh.next) {
		struct seen_use use = use_of(bpf, &crowd->sum);

		if (crowd->has_leader)
			sampler_set_use(&bpf->sampler, crowd->tgid, &use);
	}
}

static uint64_t inode_of(unsigned int inum)
{
	return inum != 0 ? inum : UNKNOWN;
}

static int add_process(struct bpf *bpf, const struct task_record *record)
{
	const struct task_head *head = &record->head;
	struct seen_use use = use_of(bpf, head);
	char state = state_letter(record);
	uint64_t pid_ns = state == 'Z' ? UNKNOWN : inode_of(record->pid_ns);
	struct seen seen = {
		.proc =
			{
				.pid = head->tgid,
				.ns_pid = (uint32_t)record->ns_pid,
				.ppid = record->ppid,
				.pgrp = record->pgrp,
				.session = record->session,
				.tty = record->tty,
				.threads = head->threads > 0 ? head->threads : 1,
				.start_ticks = record->start_ns / bpf->tick_ns,
				.cpu_ticks = use.cpu_ticks,
				.rss_bytes = record->rss_pages * bpf->page_bytes,
				.io_read_bytes = use.io_read_bytes,
				.io_write_bytes = use.io_write_bytes,
				.nice = (int8_t)record->nice,
				.state = state,
				.is_kernel = (record->flags & PF_KTHREAD) != 0,
			},
		.stack = record->stack,
		.is_deep = true,
		.is_forked = (record->flags & PF_FORKNOEXEC) != 0,
		.pid_ns = pid_ns,
		.uid = record->uid,
		.is_ns_foreign =
			facts_are_foreign(&bpf->sampler.reader, pid_ns, inode_of(record->mnt_ns),
					  inode_of(record->uts_ns)),
	};

	memcpy(seen.comm, record->comm, TASK_COMM);
	/* what kernel threads do is for others, and what zombies did is past */
	if (seen.proc.is_kernel || state == 'Z')
		seen.proc.io_read_bytes = seen.proc.io_write_bytes = UNKNOWN;
	if (seen.proc.is_kernel) {
		seen.proc.ns_pid = 0;
	} else {
		seen.cgroup = cgroup_sets_get(&bpf->cgroups, record->cgroup_set,
					      (record->flags & PF_EXITING) != 0, seen.proc.pid);
	}
	if (head->threads > 1)
		add_thread(bpf, head, true);
	return sampler_add(&bpf->sampler, &seen);
}

/* Process 1 is in every namespace, but some kernels of virtual machines hide it from iterators. */
static int add_init(struct bpf *bpf)
{
	struct text bytes = {0};
	struct seen seen = {.uid = UINT32_MAX};
	int rc = io_read_at(AT_FDCWD, "/proc/1/stat", FILE_MAX, &bytes);

	if (rc == 0)
		rc = procfs_parse_process(text_str(&bytes), bytes.len, bpf->page_bytes, &seen.proc,
					  seen.comm, &seen.stack, &seen.is_forked);
	text_done(&bytes);
	return rc == 0 ? sampler_add(&bpf->sampler, &seen) : 0;
}

static int add_record(struct bpf *bpf, const struct task_head *head)
{
	int rc = 0;

	if (head->size == sizeof(*head)) {
		add_thread(bpf, head, false);
		return 0;
	}
	if (!bpf->has_begun && head->tgid != 1)
		rc = add_init(bpf);
	bpf->has_begun = true;
	return rc == 0 ? add_process(bpf, (const struct task_record *)head) : rc;
}

/* Takes the whole records in the buffer; a piece of one stays. Returns 0 or -errno. */
static int take_records(struct bpf *bpf)
{
	size_t at = 0;

	while (bpf->filled - at >= sizeof(struct task_head)) {
		/* the sizes of both kinds are multiples of their alignment */
		const struct task_head *head = (const void *)(bpf->buffer + at);
		int rc;

		if (head->size != sizeof(struct task_head) &&
		    head->size != sizeof(struct task_record))
			return -EPROTO;
		if (bpf->filled - at < head->size)
			break;
		rc = add_record(bpf, head);
		if (rc != 0)
			return rc;
		at += head->size;
	}
	memmove(bpf->buffer, bpf->buffer + at, bpf->filled - at);
	bpf->filled -= at;
	return 0;
}

/* Returns 1 when there may be more, 0 at the end, or -errno. */
static int read_some(struct bpf *bpf)
{
	ssize_t len = read(bpf->fd, bpf->buffer + bpf->filled, BUFFER - bpf->filled);
	int rc;

	if (len < 0)
		return errno == EINTR || errno == EAGAIN ? 1 : -errno;
	if (len == 0)
		return bpf->has_begun && bpf->filled == 0 ? 0 : -EPROTO;
	bpf->filled += (size_t)len;
	rc = take_records(bpf);
	return rc == 0 ? 1 : rc;
}

static int bpf_step(struct source *source)
{
	struct bpf *bpf = bpf_of(source);
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + SLICE_NS;
	int more;

	assert(bpf->sampler.snap);
	sampler_drain(&bpf->sampler);
	do
		more = read_some(bpf);
	while (more > 0 && clock_ns(CLOCK_MONOTONIC) < until);
	if (more < 0)
		drop_sample(bpf);
	return more;
}

static int bpf_seal(struct source *source, struct snapshot **snapshot)
{
	struct bpf *bpf = bpf_of(source);
	int rc;

	add_crowds(bpf);
	cgroup_sets_end(&bpf->cgroups);
	rc = sampler_seal(&bpf->sampler, snapshot);
	drop_sample(bpf);
	return rc;
}

static size_t bpf_progress(const struct source *source)
{
	return sampler_progress(&((const struct bpf *)source)->sampler);
}

static void bpf_idle(struct source *source)
{
	sampler_drain(&bpf_of(source)->sampler);
}

static void bpf_close(struct source *source)
{
	struct bpf *bpf = bpf_of(source);

	drop_sample(bpf);
	if (bpf->directory >= 0)
		close(bpf->directory);
	if (bpf->link >= 0)
		close(bpf->link);
	cgroup_sets_done(&bpf->cgroups);
	machine_done(&bpf->machine);
	sampler_done(&bpf->sampler);
	free(bpf);
}

/* A BPF file system that nobody else sees. It goes when its descriptor is closed. */
static int open_file_system(void)
{
	int context = (int)syscall(SYS_fsopen, "bpf", FSOPEN_CLOEXEC);
	int fd = -1;

	if (context < 0)
		return -1;
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		fd = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	close(context);
	return fd;
}

/*
 * Puts the iterator into a file system of our own: each sample opens that file. It needs no
 * privilege any more, and no bpf(), both of which a confined clade has given away.
 */
static void pin(struct bpf *bpf, int link)
{
	char path[48];

	bpf->directory = open_file_system();
	if (bpf->directory >= 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d/tasks", bpf->directory);
		if (bpf_obj_pin(link, path) == 0)
			return;
		close(bpf->directory);
		bpf->directory = -1;
	}
	bpf->link = fcntl(link, F_DUPFD_CLOEXEC, 3);
}

static int stay_silent(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

static int load(struct bpf *bpf)
{
	struct clade_bpf *program;
	struct bpf_link *link;
	int rc;

	libbpf_set_print(stay_silent);
	program = clade_bpf__open_and_load();
	if (!program)
		return -errno;
	link = bpf_program__attach_iter(program->progs.write_task, NULL);
	rc = link ? 0 : -errno;
	if (link) {
		pin(bpf, bpf_link__fd(link));
		bpf_link__destroy(link);
	}
	clade_bpf__destroy(program);
	return rc;
}

/* The first sample is taken as a trial: what the kernel says and what /proc says of ourselves must
 * be the same, or the two speak of different namespaces. */
static bool is_true(struct bpf *bpf)
{
	struct text bytes = {0};
	struct process self = {0};
	char comm[COMM_MAX];
	uint64_t stack;
	bool is_forked;
	bool is_found = false;
	int fd = open_iterator(bpf);

	if (io_read_at(AT_FDCWD, "/proc/self/stat", FILE_MAX, &bytes) == 0)
		procfs_parse_process(text_str(&bytes), bytes.len, bpf->page_bytes, &self, comm,
				     &stack, &is_forked);
	text_done(&bytes);
	while (fd >= 0 && !is_found) {
		ssize_t len = read(fd, bpf->buffer, BUFFER);
		struct task_record record;

		if (len <= 0)
			break;
		for (ssize_t at = 0; at + (ssize_t)sizeof(record) <= len; at += record.head.size) {
			memcpy(&record, bpf->buffer + at, sizeof(record));
			if (record.head.size == sizeof(record) && record.head.tgid == self.pid)
				is_found = record.start_ns / bpf->tick_ns == self.start_ticks &&
					   record.ppid == self.ppid && self.pid == getpid();
			if (record.head.size == 0)
				break;
		}
	}
	if (fd >= 0)
		close(fd);
	return is_found;
}

static int bpf_open(const struct source_config *config, struct source **source)
{
	struct bpf *bpf = calloc(1, sizeof(*bpf));
	int rc;

	if (!bpf)
		return -ENOMEM;
	bpf->base = (struct source){
		.kind = &source_bpf,
		.begin = bpf_begin,
		.step = bpf_step,
		.seal = bpf_seal,
		.progress = bpf_progress,
		.idle = bpf_idle,
		.close = bpf_close,
	};
	bpf->directory = bpf->link = bpf->fd = -1;
	bpf->tick_ns = 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK);
	bpf->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	rc = sampler_init(&bpf->sampler, config);
	if (rc == 0)
		rc = machine_init(&bpf->machine);
	if (rc == 0)
		rc = load(bpf);
	if (rc == 0 && !is_true(bpf))
		rc = -EXDEV;
	if (rc != 0) {
		bpf_close(&bpf->base);
		return rc;
	}
	*source = &bpf->base;
	return 0;
}

const struct source_kind source_bpf = {
	.name = "bpf",
	.summary = "a BPF task iterator: for root, where the kernel has BTF",
	.open = bpf_open,
};
