#include "clade/diff.h"

#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "clade/mem.h"

/* Where an owner stands among the changes. */
struct place {
	const char *id;
	size_t at;
	UT_hash_handle hh;
};

struct making {
	struct difference *diff;
	const struct selection *before, *after;
	struct place *places;
	size_t *of_before; /* each owner's place, by index */
	size_t *of_after;
};

static size_t get_place(struct making *making, const char *id)
{
	struct difference *diff = making->diff;
	struct place *place;

	HASH_FIND_STR(making->places, id, place);
	if (place)
		return place->at;
	place = mem_new(1, sizeof(*place));
	place->id = id;
	place->at = diff->n_owners++;
	HASH_ADD_KEYPTR(hh, making->places, place->id, strlen(place->id), place);
	diff->owners[place->at] = (struct owner_change){.before = NO_OWNER, .after = NO_OWNER};
	return place->at;
}

static void place_owners(struct making *making)
{
	struct difference *diff = making->diff;
	const struct attribution *before = diff->before->attr;
	const struct attribution *after = diff->after->attr;

	diff->owners = mem_new(before->n_owners + after->n_owners + 1, sizeof(*diff->owners));
	making->of_before = mem_new(before->n_owners + 1, sizeof(size_t));
	making->of_after = mem_new(after->n_owners + 1, sizeof(size_t));
	for (size_t g = 0; g < before->n_owners; g++) {
		if (!making->before->has_owner[g])
			continue;
		making->of_before[g] = get_place(making, before->owners[g].id);
		diff->owners[making->of_before[g]].before = (int32_t)g;
	}
	for (size_t g = 0; g < after->n_owners; g++) {
		if (!making->after->has_owner[g])
			continue;
		making->of_after[g] = get_place(making, after->owners[g].id);
		diff->owners[making->of_after[g]].after = (int32_t)g;
	}
}

static void vanished(struct making *making, int32_t i)
{
	struct difference *diff = making->diff;

	if (!making->before->has_proc[i])
		return;
	diff->vanished[diff->n_vanished++] = i;
	diff->owners[making->of_before[diff->before->attr->procs[i].owner]].vanished++;
}

static void appeared(struct making *making, int32_t i)
{
	struct difference *diff = making->diff;

	if (!making->after->has_proc[i])
		return;
	diff->appeared[diff->n_appeared++] = i;
	diff->owners[making->of_after[diff->after->attr->procs[i].owner]].appeared++;
}

static bool has_grown(const struct process *before, const struct process *after)
{
	return is_known(before->rss_bytes) && is_known(after->rss_bytes) &&
	       after->rss_bytes > before->rss_bytes;
}

/* One that went over to another owner has left the one and come to the other. */
static void stayed(struct making *making, int32_t b, int32_t a)
{
	struct difference *diff = making->diff;
	size_t from = making->of_before[diff->before->attr->procs[b].owner];
	size_t to = making->of_after[diff->after->attr->procs[a].owner];

	if (!making->before->has_proc[b] || !making->after->has_proc[a]) {
		vanished(making, b);
		appeared(making, a);
		return;
	}
	if (from != to) {
		diff->owners[from].vanished++;
		diff->owners[to].appeared++;
	}
	if (has_grown(&diff->before->snap->procs[b], &diff->after->snap->procs[a]))
		diff->grew[diff->n_grew++] = (struct proc_change){b, a};
}

/* Walks both tables in step, for both are by pid. */
static void match(struct making *making)
{
	struct difference *diff = making->diff;
	const struct snapshot *before = diff->before->snap;
	const struct snapshot *after = diff->after->snap;
	size_t b = 0;
	size_t a = 0;

	while (b < before->n_procs || a < after->n_procs) {
		bool has_both = b < before->n_procs && a < after->n_procs;
		int32_t pid_before = has_both ? before->procs[b].pid : 0;
		int32_t pid_after = has_both ? after->procs[a].pid : 0;

		if (a == after->n_procs || (has_both && pid_before < pid_after)) {
			vanished(making, (int32_t)b++);
		} else if (b == before->n_procs || pid_after < pid_before) {
			appeared(making, (int32_t)a++);
		} else if (diff->is_same_boot &&
			   before->procs[b].start_ticks == after->procs[a].start_ticks) {
			stayed(making, (int32_t)b++, (int32_t)a++);
		} else {
			vanished(making, (int32_t)b++);
			appeared(making, (int32_t)a++);
		}
	}
}

static bool is_same_boot(const struct snapshot *before, const struct snapshot *after)
{
	if (before->host.boot_id && after->host.boot_id)
		return strcmp(before->host.boot_id, after->host.boot_id) == 0;
	return before->host.boot_ms == after->host.boot_ms;
}

const struct owner *diff_owner(const struct difference *diff, const struct owner_change *change)
{
	return change->after != NO_OWNER ? &diff->after->attr->owners[change->after]
					 : &diff->before->attr->owners[change->before];
}

struct totals diff_totals_before(const struct difference *diff, const struct owner_change *change)
{
	return change->before != NO_OWNER ? diff->before->groups[change->before].own
					  : (struct totals){0};
}

struct totals diff_totals_after(const struct difference *diff, const struct owner_change *change)
{
	return change->after != NO_OWNER ? diff->after->groups[change->after].own
					 : (struct totals){0};
}

static int by_change(const void *a, const void *b, void *context)
{
	const struct owner_change *x = a;
	const struct owner_change *y = b;
	uint64_t size_x = (uint64_t)x->appeared + x->vanished;
	uint64_t size_y = (uint64_t)y->appeared + y->vanished;

	if (size_x != size_y)
		return size_x < size_y ? 1 : -1;
	if (x->rss_bytes != y->rss_bytes)
		return x->rss_bytes < y->rss_bytes ? 1 : -1;
	return strcmp(diff_owner(context, x)->id, diff_owner(context, y)->id);
}

static uint64_t growth_of(const struct difference *diff, const struct proc_change *change)
{
	return diff->after->snap->procs[change->after].rss_bytes -
	       diff->before->snap->procs[change->before].rss_bytes;
}

static int by_growth(const void *a, const void *b, void *context)
{
	uint64_t x = growth_of(context, a);
	uint64_t y = growth_of(context, b);

	return (x < y) - (x > y);
}

void diff_make(struct difference *diff, const struct model *before,
	       const struct selection *selected_before, const struct model *after,
	       const struct selection *selected_after)
{
	struct making making = {.diff = diff, .before = selected_before, .after = selected_after};
	struct place *place, *next;

	*diff = (struct difference){
		.before = before,
		.after = after,
		.is_same_boot = is_same_boot(before->snap, after->snap),
		.appeared = mem_new(after->snap->n_procs + 1, sizeof(int32_t)),
		.vanished = mem_new(before->snap->n_procs + 1, sizeof(int32_t)),
		.grew = mem_new(after->snap->n_procs + 1, sizeof(struct proc_change)),
	};
	place_owners(&making);
	match(&making);
	for (size_t i = 0; i < diff->n_owners; i++) {
		struct owner_change *change = &diff->owners[i];

		change->rss_bytes = (double)diff_totals_after(diff, change).rss_bytes -
				    (double)diff_totals_before(diff, change).rss_bytes;
	}
	qsort_r(diff->owners, diff->n_owners, sizeof(*diff->owners), by_change, diff);
	qsort_r(diff->grew, diff->n_grew, sizeof(*diff->grew), by_growth, diff);
	HASH_ITER (hh, making.places, place, next) {
		HASH_DEL(making.places, place);
		free(place);
	}
	free(making.of_before);
	free(making.of_after);
}

void diff_done(struct difference *diff)
{
	free(diff->owners);
	free(diff->appeared);
	free(diff->vanished);
	free(diff->grew);
	*diff = (struct difference){0};
}
