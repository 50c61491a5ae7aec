#include "clade/nice.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clade/clock.h"
#include "crew.h"
#include "look.h"

enum {
	SLICE_MS = 8, /* of one step */
	UNIT = 16,    /* processes between two looks at the clock */
	LOOKS_MOST = 8,
	IO_CLASS_SHIFT = 13, /* linux/ioprio.h */
	IO_WHO_PROCESS = 1,
	TASK_PATH = 40,
};

/* The value of a member's leader before and after. */
struct values {
	int before, after;
};

struct nicing {
	struct nice_change change;
	struct look *look;
	struct crew crew;
	struct values *values; /* by member */
	size_t values_size;
	size_t next;    /* the member that is to be changed next */
	size_t at_look; /* members when this look began: one without newcomers is the last */
	int looks;
	bool is_looking; /* at /proc, for newcomers */
	bool is_over;
	struct nice_progress progress;
};

/* ---- Pure ---- */

int nice_value(int value, int by)
{
	int wanted = value + by;

	if (wanted < NICE_LOWEST)
		return NICE_LOWEST;
	return wanted > NICE_HIGHEST ? NICE_HIGHEST : wanted;
}

bool nice_is_behind(const struct nice_change *change, int value, int before, int after)
{
	/* a class is the same for all: setting it twice does no harm */
	return change->what == NICE_IO || (before != after && value == before);
}

static int io_priority(const struct nice_change *change)
{
	bool has_level = change->io == NICE_IO_REAL_TIME || change->io == NICE_IO_BEST_EFFORT;

	return (int)change->io << IO_CLASS_SHIFT | (has_level ? change->level : 0);
}

/* ---- One thread ---- */

/* Both return 0 when it has been changed, 1 when nothing is to change, or -errno. */
static int renice(int32_t tid, int by, struct values *values)
{
	int wanted;

	errno = 0;
	values->before = getpriority(PRIO_PROCESS, (id_t)tid);
	if (errno != 0)
		return -errno;
	wanted = nice_value(values->before, by);
	values->after = values->before;
	if (wanted == values->before)
		return 1;
	if (setpriority(PRIO_PROCESS, (id_t)tid, wanted) != 0)
		return -errno;
	values->after = wanted;
	return 0;
}

static int set_io(int32_t tid, int priority)
{
	long now = syscall(SYS_ioprio_get, IO_WHO_PROCESS, tid);

	if (now < 0)
		return -errno;
	if (now == priority)
		return 1;
	return syscall(SYS_ioprio_set, IO_WHO_PROCESS, tid, priority) != 0 ? -errno : 0;
}

static int change_thread(struct nicing *nicing, int32_t tid, struct values *values)
{
	return nicing->change.what == NICE_BY ? renice(tid, nicing->change.by, values)
					      : set_io(tid, io_priority(&nicing->change));
}

/* ---- One process ---- */

/* All its threads: the kernel keeps both values for each. Returns as for a thread; what one thread
 * is refused counts. */
static int change_threads(struct nicing *nicing, int32_t pid, struct values *values)
{
	char path[TASK_PATH];
	const struct dirent *entry;
	int result = 1;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return errno == ENOENT ? -ESRCH : -errno;
	for (entry = readdir(tasks); entry; entry = readdir(tasks)) {
		int32_t tid = (int32_t)strtol(entry->d_name, NULL, 10);
		struct values of_thread = {0};
		int rc;

		if (tid <= 0)
			continue;
		rc = change_thread(nicing, tid, &of_thread);
		if (tid == pid)
			*values = of_thread;
		if ((rc == 0 && result == 1) || (rc < 0 && rc != -ESRCH && result >= 0))
			result = rc;
	}
	closedir(tasks);
	return result;
}

static void count_refused(struct nice_progress *progress, int error)
{
	size_t i = 0;

	progress->refused++;
	while (i < NICE_ERRORS - 1 && progress->errors[i].n > 0 &&
	       progress->errors[i].error != error)
		i++;
	progress->errors[i].error = error;
	progress->errors[i].n++;
}

static bool is_there(const struct nicing *nicing, const struct member *member)
{
	struct look_entry entry;

	return look_read(nicing->look, member->pid, &entry) == 0 &&
	       entry.start_ticks == member->start_ticks && !look_is_dead(&entry);
}

/* Whether the pid is somebody else's: not only nobody's. */
static bool is_taken_over(const struct nicing *nicing, const struct member *member)
{
	struct look_entry entry;

	return look_read(nicing->look, member->pid, &entry) == 0 &&
	       entry.start_ticks != member->start_ticks;
}

static void change_member(struct nicing *nicing, size_t index)
{
	const struct member *member = &nicing->crew.members[index];
	struct nice_progress *progress = &nicing->progress;
	int rc;

	if (!is_there(nicing, member)) {
		progress->gone++;
		return;
	}
	rc = change_threads(nicing, member->pid, &nicing->values[index]);
	if (rc >= 0 && is_taken_over(nicing, member))
		progress->mistaken++;
	else if (rc == 0)
		progress->changed++;
	else if (rc == 1)
		progress->same++;
	else if (rc == -ESRCH)
		progress->gone++;
	else
		count_refused(progress, -rc);
}

/* ---- Who came since ---- */

static int add_member(struct nicing *nicing, int32_t pid, uint64_t start_ticks)
{
	int32_t index;
	int rc = crew_add_member(&nicing->crew,
				 &(struct member){.pid = pid, .start_ticks = start_ticks}, &index);

	if (rc != 0)
		return rc;
	if ((size_t)index >= nicing->values_size) {
		size_t size = 2 * (size_t)index + 64;
		struct values *values = realloc(nicing->values, size * sizeof(*values));

		if (!values)
			return -ENOMEM;
		nicing->values = values;
		nicing->values_size = size;
	}
	nicing->values[index] = (struct values){0};
	return 0;
}

static int judge(struct nicing *nicing, const struct look_entry *entry)
{
	const struct member *parent;
	struct values *values;
	int value;

	if (look_is_dead(entry) ||
	    crew_find(&nicing->crew, entry->pid, entry->start_ticks) != CREW_UNKNOWN)
		return 0;
	parent = crew_find_pid(&nicing->crew, entry->ppid);
	if (!parent || parent->start_ticks > entry->start_ticks)
		return 0;
	values = &nicing->values[parent - nicing->crew.members];
	errno = 0;
	value = getpriority(PRIO_PROCESS, (id_t)entry->pid);
	if (errno != 0 || !nice_is_behind(&nicing->change, value, values->before, values->after))
		return 0;
	nicing->progress.newcomers++;
	return add_member(nicing, entry->pid, entry->start_ticks);
}

static void begin_look(struct nicing *nicing)
{
	nicing->is_looking = nicing->looks++ < LOOKS_MOST;
	nicing->is_over = !nicing->is_looking;
	nicing->at_look = nicing->crew.n;
	if (nicing->is_looking)
		look_begin(nicing->look);
}

static int look_at_one(struct nicing *nicing)
{
	struct look_entry entry;
	int rc = look_next(nicing->look, &entry);

	if (rc > 0)
		return judge(nicing, &entry);
	nicing->is_looking = false;
	nicing->is_over = nicing->crew.n == nicing->at_look;
	return rc;
}

/* ---- For the caller ---- */

static int work(struct nicing *nicing)
{
	if (nicing->is_looking)
		return look_at_one(nicing);
	if (nicing->next < nicing->crew.n)
		change_member(nicing, nicing->next++);
	else
		begin_look(nicing);
	return 0;
}

/* Clade and what it runs in, whatever the plan says. */
static int add_self(struct nicing *nicing)
{
	struct look_entry entry;
	int32_t pid = getpid();
	int rc = 0;

	while (rc == 0 && pid > 0 && look_read(nicing->look, pid, &entry) == 0) {
		if (crew_find(&nicing->crew, pid, entry.start_ticks) >= 0)
			return -EPERM;
		rc = crew_add_other(&nicing->crew, pid, entry.start_ticks);
		pid = entry.ppid;
	}
	return rc;
}

static int prepare(struct nicing *nicing, const struct plan *plan)
{
	int rc = look_open(&nicing->look);

	if (rc == 0)
		rc = crew_init(&nicing->crew, plan->n_steps, plan->n_others);
	for (size_t i = 0; i < plan->n_steps && rc == 0; i++)
		rc = add_member(nicing, (int32_t)plan->steps[i].key.pid,
				plan->steps[i].key.start_ticks);
	for (size_t i = 0; i < plan->n_others && rc == 0; i++)
		rc = crew_add_other(&nicing->crew, (int32_t)plan->others[i].pid,
				    plan->others[i].start_ticks);
	return rc == 0 ? add_self(nicing) : rc;
}

int nice_begin(const struct plan *plan, const struct nice_change *change, struct nicing **begun)
{
	struct nicing *nicing = calloc(1, sizeof(*nicing));
	int rc;

	if (!nicing)
		return -ENOMEM;
	nicing->change = *change;
	nicing->progress.planned = plan->n_steps;
	rc = prepare(nicing, plan);
	if (rc == 0)
		*begun = nicing;
	else
		nice_free(nicing);
	return rc;
}

int nice_step(struct nicing *nicing)
{
	uint64_t end = clock_ms(CLOCK_MONOTONIC) + SLICE_MS;

	while (!nicing->is_over && clock_ms(CLOCK_MONOTONIC) < end) {
		for (int i = 0; i < UNIT && !nicing->is_over; i++) {
			int rc = work(nicing);

			if (rc < 0) {
				nicing->progress.error = rc;
				nicing->is_over = true;
				return rc;
			}
		}
	}
	return !nicing->is_over;
}

void nice_stop(struct nicing *nicing)
{
	nicing->progress.is_stopped = !nicing->is_over;
	nicing->is_over = true;
}

void nice_progress(const struct nicing *nicing, struct nice_progress *progress)
{
	*progress = nicing->progress;
}

void nice_free(struct nicing *nicing)
{
	if (!nicing)
		return;
	look_close(nicing->look);
	crew_done(&nicing->crew);
	free(nicing->values);
	free(nicing);
}
