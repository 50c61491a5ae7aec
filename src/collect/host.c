#include "host.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "clade/clock.h"
#include "clade/io.h"
#include "clade/safe.h"
#include "facts.h"
#include "procfs.h"

enum { FILE_MAX = 1 << 20, NOTES_MAX = 6 };

/* PROC_PID_INIT_INO and PROC_USER_INIT_INO in the kernel's proc_ns.h. */
static const uint64_t INITIAL_PID_NS = 4026531836;
static const uint64_t INITIAL_USER_NS = 4026531837;

int host_read(struct snapshot *snap, uint64_t own_pid_ns)
{
	struct text bytes = {0};
	struct utsname names;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (uname(&names) != 0)
		memset(&names, 0, sizeof(names));
	snap->host.name = arena_strdup(&snap->arena, names.nodename);
	snap->host.kernel = arena_strdup(&snap->arena, names.release);
	snap->host.cpus = cpus > 0 ? (uint32_t)cpus : 1;
	snap->host.ticks_per_s = (uint32_t)sysconf(_SC_CLK_TCK);
	snap->host.boot_ms = (clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME)) / 1000000;
	snap->host.self_pid = (uint64_t)getpid();
	snap->host.pid_ns = own_pid_ns;
	if (io_read_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", FILE_MAX, &bytes) == 0) {
		bytes.data[strcspn(bytes.data, "\n")] = '\0';
		snap->host.boot_id = arena_strdup(&snap->arena, bytes.data);
	}
	text_done(&bytes);
	return snap->host.name && snap->host.kernel ? 0 : -ENOMEM;
}

bool host_is_initial(void)
{
	return facts_read_ns(AT_FDCWD, "/proc/self/ns/pid") == INITIAL_PID_NS &&
	       facts_read_ns(AT_FDCWD, "/proc/self/ns/user") == INITIAL_USER_NS;
}

static int hidepid_level(void)
{
	struct text bytes = {0};
	int level = 0;

	if (io_read_at(AT_FDCWD, "/proc/self/mountinfo", FILE_MAX, &bytes) == 0)
		level = procfs_parse_hidepid(text_str(&bytes), bytes.len);
	text_done(&bytes);
	return level;
}

static int add_note(struct snapshot *snap, char *note)
{
	if (!note)
		return -ENOMEM;
	snap->notes[snap->n_notes++] = note;
	return 0;
}

bool host_misses_environment(const struct process *proc)
{
	return proc->facts->env == ENV_DENIED && proc->pid != 1;
}

static const struct process *find_missed(const struct snapshot *snap)
{
	size_t i = 0;

	while (i < snap->n_procs && !host_misses_environment(&snap->procs[i]))
		i++;
	assert(i < snap->n_procs);
	return &snap->procs[i];
}

/* A single one is named: whoever reads it knows then whether it matters. */
static char *say_missed(struct snapshot *snap)
{
	const struct process *proc = find_missed(snap);
	struct text name = {0};
	char *note;

	safe_add(&name, proc->facts->comm, strlen(proc->facts->comm));
	note = arena_printf(&snap->arena,
			    "uid %u may not read the environment of %s (pid %d): its owner comes "
			    "from cgroup and ancestry only",
			    (unsigned)geteuid(), text_str(&name), proc->pid);
	text_done(&name);
	return note;
}

static char *say_denied(struct snapshot *snap, size_t denied)
{
	if (denied == 1)
		return say_missed(snap);
	return arena_printf(&snap->arena,
			    "uid %u may not read the environment of %zu processes: owners there "
			    "come from cgroup and ancestry only",
			    (unsigned)geteuid(), denied);
}

int host_add_notes(struct snapshot *snap, const struct host_limits *limits)
{
	int level = hidepid_level();
	int rc = 0;

	snap->notes = arena_new(&snap->arena, NOTES_MAX, sizeof(*snap->notes));
	if (!snap->notes)
		return -ENOMEM;
	if (level > 0 && geteuid() != 0)
		rc = add_note(
			snap,
			arena_printf(
				&snap->arena,
				"/proc is mounted with hidepid=%d: processes of other users are %s",
				level, level == 1 ? "visible by number only" : "not visible"));
	if (rc == 0 && limits->denied > 0)
		rc = add_note(snap, say_denied(snap, limits->denied));
	if (rc == 0 && snap->n_unread > 0)
		rc = add_note(snap,
			      arena_printf(&snap->arena,
					   "%zu processes were not looked at yet: their owners "
					   "come from ancestry only",
					   snap->n_unread));
	if (rc == 0 && is_known(snap->host.pid_ns) && snap->host.pid_ns != INITIAL_PID_NS)
		rc = add_note(snap, arena_strdup(&snap->arena, "run inside a pid namespace: only "
							       "the processes in it are visible"));
	if (rc == 0 && !limits->has_events)
		rc = add_note(snap, arena_strdup(&snap->arena,
						 "processes that live shorter than a sample are "
						 "not seen: the kernel tells of them only to root, "
						 "outside of namespaces"));
	if (rc == 0 && limits->has_lost)
		rc = add_note(snap, arena_strdup(&snap->arena,
						 "at least so many were born and died: in the "
						 "last minute some of the kernel's events were "
						 "lost"));
	return rc;
}
