#include "tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = -1, FIRST_SIZE = 1024 };

/* A process that was born in this interval, or that was there and had children in it. */
struct entry {
	int32_t pid;
	int32_t parent; /* place of an entry, NONE */
	int32_t next;   /* of an older entry in the same slot */
	int32_t place;  /* where it goes when the interval is closed, NONE */
	uint32_t lives; /* brief ones below it, likewise */
	bool is_born;
	bool is_dead;
	bool is_late;          /* born in the interval before, after the sample had passed */
	struct proc_key above; /* of a late one without parent: who was above it; pid 0: nobody */
};

struct tally {
	struct entry *entries;
	int32_t *slots; /* place of the newest entry by hash of the pid, NONE; as many as entries */
	size_t n;
	size_t size; /* a power of 2 */
	size_t most;
	uint64_t strays; /* births that had no room */
	bool is_lossy;
};

static void clear_slots(struct tally *tally)
{
	for (size_t i = 0; i < tally->size; i++)
		tally->slots[i] = NONE;
}

static int32_t *slot_of(const struct tally *tally, int32_t pid)
{
	return &tally->slots[((uint32_t)pid * 2654435761u >> 7) & (tally->size - 1)];
}

static void link_all(struct tally *tally)
{
	clear_slots(tally);
	for (size_t i = 0; i < tally->n; i++) {
		int32_t *slot = slot_of(tally, tally->entries[i].pid);

		tally->entries[i].next = *slot;
		*slot = (int32_t)i;
	}
}

struct tally *tally_new(size_t most)
{
	struct tally *tally = calloc(1, sizeof(*tally));

	if (!tally)
		return NULL;
	tally->most = most;
	tally->size = FIRST_SIZE;
	tally->entries = calloc(tally->size, sizeof(*tally->entries));
	tally->slots = calloc(tally->size, sizeof(*tally->slots));
	if (!tally->entries || !tally->slots) {
		tally_free(tally);
		return NULL;
	}
	clear_slots(tally);
	return tally;
}

void tally_free(struct tally *tally)
{
	if (!tally)
		return;
	free(tally->entries);
	free(tally->slots);
	free(tally);
}

static bool grow(struct tally *tally)
{
	size_t size = tally->size * 2;
	struct entry *entries = reallocarray(tally->entries, size, sizeof(*entries));
	int32_t *slots;

	if (!entries)
		return false;
	tally->entries = entries;
	slots = reallocarray(tally->slots, size, sizeof(*slots));
	if (!slots)
		return false;
	tally->slots = slots;
	tally->size = size;
	link_all(tally);
	return true;
}

static int32_t add(struct tally *tally, int32_t pid, int32_t parent, bool is_born)
{
	int32_t *slot;

	if (tally->n >= tally->most || (tally->n == tally->size && !grow(tally)))
		return NONE;
	slot = slot_of(tally, pid);
	tally->entries[tally->n] = (struct entry){
		.pid = pid,
		.parent = parent,
		.next = *slot,
		.is_born = is_born,
	};
	*slot = (int32_t)tally->n++;
	return *slot;
}

/* The newest that had this pid; NONE: it has lived since before this interval and has done nothing.
 */
static int32_t find(const struct tally *tally, int32_t pid)
{
	int32_t at = *slot_of(tally, pid);

	while (at != NONE && tally->entries[at].pid != pid)
		at = tally->entries[at].next;
	return at;
}

void tally_fork(struct tally *tally, int32_t parent, int32_t child)
{
	int32_t above = find(tally, parent);

	if (above == NONE)
		above = add(tally, parent, NONE, false);
	if (add(tally, child, above, true) == NONE) {
		tally->strays++;
		tally->is_lossy = true;
	}
}

/* A thread that executes takes over the pid of its process, whose first thread ends by that. */
void tally_exec(struct tally *tally, int32_t pid)
{
	int32_t at = find(tally, pid);

	if (at != NONE)
		tally->entries[at].is_dead = false;
}

void tally_exit(struct tally *tally, int32_t pid)
{
	int32_t at = find(tally, pid);

	if (at != NONE)
		tally->entries[at].is_dead = true;
}

void tally_lose(struct tally *tally)
{
	tally->is_lossy = true;
}

void tally_begin(struct tally *tally)
{
	tally->n = 0;
	tally->strays = 0;
	tally->is_lossy = false;
	clear_slots(tally);
}

static bool was_held(const struct snapshot *previous, struct proc_key key)
{
	return previous && snapshot_find(previous, key) != NO_PROC;
}

/* Whether `snap` holds the process of the entry, and not an older one that had its pid. */
static bool is_held(const struct entry *entry, const struct snapshot *snap,
		    const struct snapshot *previous)
{
	int32_t i = snapshot_find_pid(snap, entry->pid);

	return i != NO_PROC && !was_held(previous, process_key(&snap->procs[i]));
}

/* The key of the nearest process at or above `at` that this sample or the one before holds. */
static bool find_holder(const struct tally *tally, int32_t at, const struct snapshot *snap,
			const struct snapshot *previous, struct proc_key *key)
{
	for (; at != NONE; at = tally->entries[at].parent) {
		const struct entry *entry = &tally->entries[at];
		int32_t then = previous ? snapshot_find_pid(previous, entry->pid) : NO_PROC;

		if (entry->is_born && is_held(entry, snap, previous)) {
			*key = process_key(&snap->procs[snapshot_find_pid(snap, entry->pid)]);
			return true;
		}
		if (entry->is_born && entry->parent == NONE && entry->above.pid != 0) {
			*key = entry->above;
			return true;
		}
		if (!entry->is_born && then != NO_PROC) {
			*key = process_key(&previous->procs[then]);
			return true;
		}
	}
	return false;
}

/* Lives that no sample holds are handed up to the nearest entry that one holds. Parents stand
 * before their children in the table. */
static void hand_up(struct tally *tally, const struct snapshot *snap,
		    const struct snapshot *previous)
{
	for (size_t i = 0; i < tally->n; i++)
		tally->entries[i].lives = 0;
	for (size_t i = tally->n; i-- > 0;) {
		struct entry *entry = &tally->entries[i];

		if (!entry->is_born || is_held(entry, snap, previous))
			continue;
		if (entry->is_dead)
			entry->lives++;
		if (entry->parent == NONE)
			continue;
		tally->entries[entry->parent].lives += entry->lives;
		entry->lives = 0;
	}
}

static int take_briefs(struct tally *tally, struct snapshot *snap, const struct snapshot *previous)
{
	size_t n = 0;

	hand_up(tally, snap, previous);
	for (size_t i = 0; i < tally->n; i++)
		n += tally->entries[i].lives > 0;
	snap->briefs = arena_new(&snap->arena, n + 1, sizeof(*snap->briefs));
	if (!snap->briefs)
		return -ENOMEM;
	snap->brief_lives = tally->strays;
	for (size_t i = 0; i < tally->n; i++) {
		uint32_t lives = tally->entries[i].lives;
		struct proc_key key;

		snap->brief_lives += lives;
		if (lives > 0 && find_holder(tally, (int32_t)i, snap, previous, &key))
			snap->briefs[snap->n_briefs++] =
				(struct brief){.parent = key, .lives = lives};
	}
	return 0;
}

static int by_child(const void *a, const void *b)
{
	const struct origin *x = a;
	const struct origin *y = b;

	return (x->child.pid > y->child.pid) - (x->child.pid < y->child.pid);
}

/* Those that this sample shows below another parent than they were forked by. */
static int take_origins(struct tally *tally, struct snapshot *snap, const struct snapshot *previous)
{
	size_t n = 0;

	for (size_t i = 0; i < tally->n; i++)
		n += tally->entries[i].is_born;
	snap->origins = arena_new(&snap->arena, n + 1, sizeof(*snap->origins));
	if (!snap->origins)
		return -ENOMEM;
	for (size_t i = 0; i < tally->n; i++) {
		const struct entry *entry = &tally->entries[i];
		const struct process *proc;
		struct proc_key key;

		if (!entry->is_born || !is_held(entry, snap, previous))
			continue;
		proc = &snap->procs[snapshot_find_pid(snap, entry->pid)];
		if (entry->parent == NONE)
			key = entry->above;
		else if (!find_holder(tally, entry->parent, snap, previous, &key))
			continue;
		if (key.pid != 0 && key.pid != proc->ppid)
			snap->origins[snap->n_origins++] =
				(struct origin){.child = process_key(proc), .parent = key};
	}
	qsort(snap->origins, snap->n_origins, sizeof(*snap->origins), by_child);
	return 0;
}

/* What was born after the sample had passed its place is for the next, once. */
static bool is_for_next(const struct tally *tally, const struct entry *entry,
			const struct snapshot *snap, const struct snapshot *previous)
{
	return entry->is_born && !entry->is_dead && !entry->is_late && !tally->is_lossy &&
	       !is_held(entry, snap, previous);
}

static void carry_over(struct tally *tally, const struct snapshot *snap,
		       const struct snapshot *previous)
{
	size_t n = 0;

	/* parents stand before their children: those that stay know their new place already */
	for (size_t i = 0; i < tally->n; i++) {
		struct entry *entry = &tally->entries[i];

		entry->place = NONE;
		if (!is_for_next(tally, entry, snap, previous))
			continue;
		if (entry->parent != NONE)
			find_holder(tally, entry->parent, snap, previous, &entry->above);
		entry->place = (int32_t)n++;
	}
	for (size_t i = 0; i < tally->n; i++) {
		struct entry *entry = &tally->entries[i];

		if (entry->place != NONE && entry->parent != NONE)
			entry->parent = tally->entries[entry->parent].place;
	}
	for (size_t i = 0; i < tally->n; i++) {
		struct entry entry = tally->entries[i];

		if (entry.place == NONE)
			continue;
		entry.is_late = true;
		tally->entries[entry.place] = entry;
	}
	tally->n = n;
	tally->strays = 0;
	tally->is_lossy = false;
	link_all(tally);
}

int tally_close(struct tally *tally, struct snapshot *snap, const struct snapshot *previous)
{
	int rc = previous ? take_briefs(tally, snap, previous) : 0;

	if (rc == 0)
		rc = take_origins(tally, snap, previous);
	if (rc != 0)
		return rc;
	snap->has_events = previous != NULL;
	snap->is_at_least = tally->is_lossy;
	carry_over(tally, snap, previous);
	return 0;
}
