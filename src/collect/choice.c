/* Whose facts a process has: its own of the sample before, those of what it was forked from, or
 * what is read now. */
#include "choice.h"

#include <errno.h>
#include <string.h>

#include "clade/clock.h"

enum {
	/* between fork and exec a child shows its parent's arguments: read again */
	FACTS_YOUNG_MS = 2000,
	CROWD = 8, /* that want to run on each CPU */
};

/* Where 64-bit programs have their stack when addresses are not random: in the last 16 MB. */
static const uint64_t FIXED_STACKS = 0x7ffffe000000;

/* Whether facts are no longer those of the process: it has executed something, become another
 * user's or a zombie. */
static bool is_stale(const struct sampler *sampler, const struct seen *seen,
		     const struct process *before, const struct side *side)
{
	uint64_t born_ms = seen->proc.start_ticks * 1000 / sampler->snap->host.ticks_per_s;

	if (!side)
		return true;
	if (seen->stack != side->stack ||
	    strncmp(seen->comm, before->facts->comm, COMM_MAX - 1) != 0)
		return seen->proc.state !=
		       'Z'; /* a zombie has no stack left, and keeps its facts */
	if ((seen->proc.state == 'Z') != (before->state == 'Z') ||
	    (seen->uid != UINT32_MAX && seen->uid != before->facts->uid))
		return true;
	/* where no stack is seen, nothing tells of an exec that keeps the name */
	return seen->stack == 0 && seen->proc.state != 'Z' &&
	       side->facts_ms < born_ms + FACTS_YOUNG_MS;
}

static int take_kernel(struct sampler *sampler, const struct seen *seen, struct process *proc,
		       const struct process *before)
{
	char comm[COMM_MAX];
	const struct facts plain = {
		.comm = comm,
		.markers = "",
		.uid = 0,
		.pid_ns = UNKNOWN,
		.cgroup = "0::/\n",
	};

	if (before) {
		proc->facts = facts_get(before->facts);
		return 0;
	}
	memcpy(comm, seen->comm, sizeof(comm));
	if (seen->is_deep)
		facts_read_comm(&sampler->reader, proc->pid, comm);
	proc->facts = facts_intern(sampler->store, &plain);
	return proc->facts ? 0 : -ENOMEM;
}

static int32_t *image_of(struct sampler *sampler, uint64_t stack)
{
	return &sampler->images[(stack >> 4) % IMAGES];
}

/* The process that is being added stands for those that run what it runs. The first one stays: it
 * is the one that the others were forked from, and least of all has moved away from it. */
void choice_keep_image(struct sampler *sampler, uint64_t stack)
{
	int32_t *image = image_of(sampler, stack);

	if (*image == NO_PROC || sampler->sides[*image].stack != stack ||
	    sampler->sides[*image].is_unread)
		*image = (int32_t)sampler->snap->n_procs;
}

/* The facts of a process of this sample that runs what `proc` runs, for one of them was forked from
 * the other or both from a third; or NULL. Stacks begin at a random address: that two are equal for
 * another reason needs a system without that, where they are of one session at least. */
static const struct facts *find_twin(struct sampler *sampler, const struct seen *seen)
{
	int32_t i = seen->stack != 0 ? *image_of(sampler, seen->stack) : NO_PROC;
	const struct process *twin = i != NO_PROC ? &sampler->snap->procs[i] : NULL;

	if (!seen->is_forked || !twin || sampler->sides[i].stack != seen->stack ||
	    sampler->sides[i].is_unread ||
	    (seen->stack >= FIXED_STACKS && twin->session != seen->proc.session) ||
	    strcmp(twin->facts->comm, seen->comm) != 0)
		return NULL;
	return twin->facts;
}

/* Time that was taken since `began_ns` is taken from what there is for it. */
static void spend(uint64_t *left_ns, uint64_t began_ns)
{
	uint64_t took_ns = clock_ns(CLOCK_MONOTONIC) - began_ns;

	*left_ns -= took_ns < *left_ns ? took_ns : *left_ns;
}

/* Whether that is due, and safe: who forks holds the lock that its arguments are read under, and in
 * a crowd of such does not run for seconds. */
static bool is_due_again(const struct sampler *sampler, const struct process *proc,
			 const struct side *side)
{
	return proc->state != 'Z' && proc->state != 'R' && proc->state != 'D' &&
	       sampler->spare_ns > 0 &&
	       (side->is_assumed || sampler_is_turn(sampler, proc->pid, LOOK_TURN));
}

/* Arguments are the dearest of all to read, and who has not run for 10 ms since has most likely not
 * written over them. */
static bool are_words_due(const struct sampler *sampler, const struct process *proc,
			  const struct side *side)
{
	return side->is_assumed || proc->cpu_ticks != side->looked_ticks ||
	       sampler_is_turn(sampler, proc->pid, IDLE_TURN);
}

/*
 * A program may write over its arguments, and a forked one may do so without executing anything
 * ("sshd: root@pts/0"). Nothing tells, so it is looked at again while there is time for that in
 * this sample: at what was never looked at first, in turn at the rest. Where the kernel has not
 * said the control group (`known` is NULL), at that too.
 */
static int look_again(struct sampler *sampler, struct process *proc,
		      const struct facts_known *known, struct side *side)
{
	const struct facts *older = proc->facts;
	bool are_words_old;
	uint64_t began_ns;
	int rc = 0;

	if (!is_due_again(sampler, proc, side))
		return 0;
	began_ns = clock_ns(CLOCK_MONOTONIC);
	are_words_old = are_words_due(sampler, proc, side);
	if (are_words_old)
		side->looked_ticks = proc->cpu_ticks;
	if ((are_words_old && !facts_hold(&sampler->reader, proc->pid, older)) ||
	    (!known && !facts_hold_cgroup(&sampler->reader, proc->pid, older->cgroup))) {
		rc = facts_read(&sampler->reader, process_key(proc), false, older, known,
				&proc->ns_pid, &proc->facts);
		if (rc == 0)
			facts_put(older);
		else if (rc == -ESRCH || rc == -EAGAIN)
			rc = 0; /* gone meanwhile, or not to be read: it stays as it was seen */
	}
	side->is_assumed = false;
	side->facts_ms = sampler->snap->mono_ms;
	spend(&sampler->spare_ns, began_ns);
	return rc;
}

/* For now; it is read in a later sample. */
static int take_guess(struct sampler *sampler, const struct facts *guess, struct process *proc,
		      struct side *side)
{
	side->is_unread = true;
	sampler->snap->n_unread++;
	proc->facts = facts_intern(sampler->store, guess);
	return proc->facts ? 0 : -ENOMEM;
}

/* Reads what the kernel has not said, while there is time for that in this sample. Who cannot be
 * read in time is read in a later one. */
static int read_deep(struct sampler *sampler, const struct facts_known *known, struct process *proc,
		     const struct process *before, struct side *side)
{
	const struct facts guess = {
		.comm = known->comm,
		.markers = "",
		.uid = known->uid,
		.cgroup = known->cgroup,
		.pid_ns = known->pid_ns,
		.is_ns_foreign = known->is_ns_foreign,
	};
	bool is_zombie = proc->state == 'Z';
	uint64_t began_ns = clock_ns(CLOCK_MONOTONIC);
	int rc = -EAGAIN;

	if (is_zombie || sampler->facts_ns > 0)
		rc = facts_read(&sampler->reader, process_key(proc), is_zombie,
				before ? before->facts : NULL, known, &proc->ns_pid, &proc->facts);
	spend(&sampler->facts_ns, began_ns);
	if (rc != -EAGAIN)
		return rc;
	return take_guess(sampler, &guess, proc, side);
}

/* Facts where the kernel says what has changed: nothing is read of a process that is as it was, or
 * as its parent is. */
static int take_deep(struct sampler *sampler, const struct seen *seen, struct process *proc,
		     const struct process *before, const struct side *old_side, struct side *side)
{
	const struct facts_known known = {
		.comm = seen->comm,
		.cgroup = seen->cgroup,
		.pid_ns = seen->pid_ns,
		.uid = seen->uid,
		.is_ns_foreign = seen->is_ns_foreign,
	};
	const struct facts *same = NULL;
	bool is_zombie = proc->state == 'Z';

	if (before && old_side && !old_side->is_unread && !is_zombie &&
	    old_side->stack == seen->stack && strcmp(before->facts->comm, seen->comm) == 0) {
		same = before->facts;
		side->facts_ms = old_side->facts_ms;
		side->looked_ticks = old_side->looked_ticks;
		side->is_assumed = old_side->is_assumed;
	} else if (before && is_zombie && before->state == 'Z' &&
		   facts_agree(before->facts, &known)) {
		proc->facts = facts_get(before->facts);
		return 0;
	} else if (!before && !is_zombie) {
		same = find_twin(sampler, seen);
		side->is_assumed = same != NULL;
	}
	if (!same)
		return read_deep(sampler, &known, proc, before, side);
	proc->facts = facts_inherit(&sampler->reader, same, &known);
	return proc->facts ? look_again(sampler, proc, &known, side) : -ENOMEM;
}

/* Reads facts while there is time for that in this sample. Returns 0 or what facts_read() does, and
 * -EAGAIN when the time is over. */
static int read_facts(struct sampler *sampler, const struct seen *seen, struct process *proc,
		      const struct process *before, struct side *side)
{
	const struct facts_place place = {
		.dir = seen->dir,
		.pid = proc->pid,
		.uid = seen->uid,
		.comm = seen->comm,
		.is_zombie = proc->state == 'Z',
	};
	const struct facts *older = before ? before->facts : NULL;
	uint64_t began_ns = clock_ns(CLOCK_MONOTONIC);
	int rc;

	if (sampler->facts_ns == 0)
		return -EAGAIN;
	rc = seen->dir > 0
		     ? facts_read_in(&sampler->reader, &place, older, &proc->ns_pid, &proc->facts)
		     : facts_read(&sampler->reader, process_key(proc), place.is_zombie, older, NULL,
				  &proc->ns_pid, &proc->facts);
	side->facts_ms = sampler->snap->mono_ms;
	spend(&sampler->facts_ns, began_ns);
	return rc;
}

/* The facts of its parent, as far as that was seen before it; or NULL. */
static const struct facts *parent_facts(const struct sampler *sampler, const struct process *proc)
{
	int32_t parent = snapshot_find_pid(sampler->snap, proc->ppid);

	return parent != NO_PROC ? sampler->snap->procs[parent].facts : NULL;
}

/* Only its name and user are known; a control group and namespaces are most often the parent's. */
static int guess_facts(struct sampler *sampler, const struct seen *seen, struct process *proc,
		       struct side *side)
{
	const struct facts *parent = parent_facts(sampler, proc);
	const struct facts guess = {
		.comm = seen->comm,
		.markers = "",
		.uid = seen->uid,
		.cgroup = parent ? parent->cgroup : NULL,
		.pid_ns = parent ? parent->pid_ns : UNKNOWN,
		.is_ns_foreign = parent && parent->is_ns_foreign,
	};

	return take_guess(sampler, &guess, proc, side);
}

/* A process that was forked and has executed nothing has the environment, the executable and, until
 * it is looked at, the arguments and the control group of what it was forked from. */
static int inherit_facts(struct sampler *sampler, const struct seen *seen, struct process *proc,
			 const struct facts *twin, struct side *side)
{
	const struct facts_known known = {
		.comm = seen->comm,
		.cgroup = twin->cgroup,
		.pid_ns = twin->pid_ns,
		.uid = seen->uid,
		.is_ns_foreign = twin->is_ns_foreign,
	};

	proc->facts = facts_inherit(&sampler->reader, twin, &known);
	if (twin->pid_ns == sampler->reader.own_pid_ns)
		proc->ns_pid = (uint32_t)proc->pid;
	side->is_assumed = true;
	side->facts_ms = sampler->snap->mono_ms;
	return proc->facts ? 0 : -ENOMEM;
}

/* Facts of a process of which only /proc/N/stat was read. */
static int take_plain(struct sampler *sampler, const struct seen *seen, struct process *proc,
		      const struct process *before, const struct side *old_side, struct side *side)
{
	const struct facts *twin = NULL;
	int rc;

	if (before && !is_stale(sampler, seen, before, old_side) && !old_side->is_unread) {
		proc->facts = facts_get(before->facts);
		proc->ns_pid = before->ns_pid;
		side->facts_ms = old_side->facts_ms;
		side->looked_ticks = old_side->looked_ticks;
		side->is_assumed = old_side->is_assumed;
		return look_again(sampler, proc, NULL, side);
	}
	/* a child may have been forked into a namespace of its own */
	if (proc->state != 'Z' && seen->dir > 0)
		twin = find_twin(sampler, seen);
	if (twin && facts_hold_place(&sampler->reader, seen->dir, twin))
		rc = inherit_facts(sampler, seen, proc, twin, side);
	else
		rc = read_facts(sampler, seen, proc, before, side);
	if (rc == -EAGAIN)
		return guess_facts(sampler, seen, proc, side);
	return rc == 0 && side->is_assumed ? look_again(sampler, proc, NULL, side) : rc;
}

/* Says what must be known before a process is read. */
static void prepare_reader(struct sampler *sampler, const struct process *proc)
{
	const struct snapshot *snap = sampler->snap;

	sampler->reader.is_crowd = is_known(snap->machine.tasks_running) &&
				   snap->machine.tasks_running > CROWD * snap->host.cpus;
	sampler->reader.is_busy = proc->state == 'R' || proc->state == 'D';
}

int choice_make(struct sampler *sampler, const struct seen *seen, struct process *proc,
		const struct process *before, const struct side *old_side, struct side *side)
{
	prepare_reader(sampler, proc);
	if (proc->is_kernel)
		return take_kernel(sampler, seen, proc, before);
	if (seen->is_deep)
		return take_deep(sampler, seen, proc, before, old_side, side);
	return take_plain(sampler, seen, proc, before, old_side, side);
}
